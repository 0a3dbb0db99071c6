"""Every vector of npm `cctv-age`, none skipped.

- With hybrid identities only: read by `open_stream`, to the expected end.
- With a passphrase: read by `PassphraseFile.open`, to the expected end.
- With a classical identity: refused whole by `open_stream`. Their armor, header and payload are then read
  with the vector's own file key, where it has one, to the expected end. The `x25519` group, which is about
  unwrapping classical stanzas, has nothing more to read: we do not do that.
- Without any key: refused as malformed.

Four hybrid files that another program opens are refused: they have a stanza that is not hybrid.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

import pytest

from tocsin.core.seal import (
    ClassicalRecipient,
    DamagedFile,
    Identity,
    PassphraseFile,
    WorkFactorTooHigh,
    WrongKey,
    WrongPassphrase,
    dearmor,
    open_stream,
)
from tocsin.core.seal.header import read_header
from tocsin.core.seal.stream import open_payload
from tocsin.errors import SealError

N_VECTORS = 143
HYBRID_SECRET = "AGE-SECRET-KEY-PQ-1"

EXPECTED: dict[str, tuple[type[SealError], ...]] = {
    "no match": (WrongKey, WrongPassphrase),
    "HMAC failure": (DamagedFile,),
    "header failure": (DamagedFile, WorkFactorTooHigh),
    "payload failure": (DamagedFile,),
    "armor failure": (DamagedFile,),
}

# Refused before any key is tried, for a stanza that is not hybrid, whatever the vector expects.
NOT_HYBRID_THROUGHOUT = {"hybrid_and_x25519", "hybrid_grease", "hybrid_uppercase", "hybrid_x25519_arg"}

# `cryptography` does not say why decapsulation failed, so a degenerate share looks like somebody else's.
WRONG_KEY_INSTEAD = {"hybrid_identity", "hybrid_low_order"}

# We look for the end before opening a chunk, so of these less is let out than the vector's author expects.
LET_OUT_LESS = {
    "armor_garbage_encoded",
    "stream_no_final_full",
    "stream_no_final_two_chunks_full",
    "stream_trailing_garbage_long",
    "stream_trailing_garbage_short",
    "stream_two_final_chunks",
    "stream_two_final_chunks_full",
    "stream_two_final_chunks_second",
}


@dataclass(frozen=True)
class Vector:
    """One vector of the collection, decompressed."""

    expect: str
    file: bytes
    payload: str | None
    file_key: bytes | None
    identities: tuple[str, ...]
    passphrases: tuple[str, ...]
    is_armored: bool

    @property
    def is_hybrid(self) -> bool:
        return any(identity.startswith(HYBRID_SECRET) for identity in self.identities)

    def binary(self) -> bytes:
        return dearmor(self.file.decode("latin-1")) if self.is_armored else self.file


def read_vector(raw: bytes) -> Vector:
    head, _, file = raw.partition(b"\n\n")
    pairs = [line.split(": ", 1) for line in head.decode().split("\n")]
    first = dict(reversed(pairs))
    return Vector(
        expect=first["expect"],
        file=zlib.decompress(file) if first.get("compressed") == "zlib" else file,
        payload=first.get("payload"),
        file_key=bytes.fromhex(first["file key"]) if "file key" in first else None,
        identities=tuple(value for key, value in pairs if key == "identity"),
        passphrases=tuple(value for key, value in pairs if key == "passphrase"),
        is_armored=first.get("armored") == "yes",
    )


@pytest.fixture(scope="module")
def vectors(interop: Any) -> dict[str, Vector]:
    return {name: read_vector(b64decode(text)) for name, text in interop.said["vectors"].items()}


def open_as_ours(vector: Vector, sink: io.BytesIO) -> None:
    """Open with all the vector's keys that we know a use for."""
    file = vector.binary()
    if vector.passphrases:
        sink.write(PassphraseFile.open(file, vector.passphrases[0])[1])
    else:
        identities = [Identity.decode(text) for text in vector.identities if text.startswith(HYBRID_SECRET)]
        open_stream(io.BytesIO(file), sink, identities)


def open_with_file_key(vector: Vector, sink: io.BytesIO) -> None:
    """Read armor, header and payload below the stanzas, whose kind we refuse."""
    assert vector.file_key is not None
    source = io.BytesIO(vector.binary())
    read_header(source).check(vector.file_key)
    open_payload(vector.file_key, source, sink)


def hash_of(sink: io.BytesIO) -> str:
    return hashlib.sha256(sink.getvalue()).hexdigest()


def check_end(name: str, vector: Vector, opener: Any) -> None:
    """Insist on the vector's expected end and on the hash of what was let out until then."""
    sink = io.BytesIO()
    if vector.expect == "success":
        opener(vector, sink)
    else:
        refusals = (WrongKey,) if name in WRONG_KEY_INSTEAD else EXPECTED[vector.expect]
        with pytest.raises(refusals):
            opener(vector, sink)
    if vector.payload is not None:
        assert (hash_of(sink) == vector.payload) == (name not in LET_OUT_LESS), name


def test_the_collection_is_the_one_this_table_was_written_for(vectors: dict[str, Vector]) -> None:
    assert len(vectors) == N_VECTORS


def test_hybrid_and_passphrase_vectors_end_as_expected(vectors: dict[str, Vector]) -> None:
    ours = {
        n: v for n, v in vectors.items() if (v.is_hybrid or v.passphrases) and n not in NOT_HYBRID_THROUGHOUT
    }

    for name, vector in ours.items():
        check_end(name, vector, open_as_ours)

    assert len(ours) >= 40


def test_a_file_with_one_classical_or_unknown_stanza_is_refused_whole(vectors: dict[str, Vector]) -> None:
    for name in NOT_HYBRID_THROUGHOUT:
        with pytest.raises(ClassicalRecipient):
            open_as_ours(vectors[name], io.BytesIO())


def test_classical_vectors_are_refused_whatever_they_hold(vectors: dict[str, Vector]) -> None:
    others = {n: v for n, v in vectors.items() if not v.is_hybrid and not v.passphrases}

    for name, vector in others.items():
        sink = io.BytesIO()
        with pytest.raises((ClassicalRecipient, DamagedFile)):
            open_as_ours(vector, sink)
        assert not sink.getvalue(), name

    assert all(v.is_hybrid or v.passphrases or n in others for n, v in vectors.items())


def test_armor_header_and_stream_of_classical_vectors_end_as_expected(vectors: dict[str, Vector]) -> None:
    # The x25519 group is about unwrapping classical stanzas, which we do not do.
    below = {
        name: vector
        for name, vector in vectors.items()
        if not vector.is_hybrid
        and not vector.passphrases
        and vector.file_key
        and not name.startswith("x25519")
    }

    for name, vector in below.items():
        if vector.expect != "no match":
            check_end(name, vector, open_with_file_key)

    assert len(below) >= 70
