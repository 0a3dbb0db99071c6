"""Seal to people and devices, and open: age v1 files whose every recipient is post-quantum hybrid.

One classical recipient would let a quantum computer open the whole file, so a file with any other stanza
is refused, on writing by construction and on reading before a key is tried.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Sequence
from typing import BinaryIO

from tocsin.core.seal.errors import DamagedFile, WrongKey
from tocsin.core.seal.header import FILE_KEY_BYTES, Header, header_size, read_header, write_header
from tocsin.core.seal.hybrid import HYBRID, Identity, Recipient, check_stanza
from tocsin.core.seal.stream import NONCE_BYTES, open_payload, payload_size, seal_payload

_ENCAPSULATED_TEXT = 1494  # 1120 bytes in base64 without padding.


def seal(plaintext: bytes, recipients: Sequence[Recipient]) -> bytes:
    """Seal bytes to one or more recipients; any of them opens the file alone.

    The file does not say who they are, only how many. It is not signed: anybody can seal to a public key.

    Raises
    ------
    TooLongToSeal
        More than 256 recipients.
    """
    sink = io.BytesIO()
    seal_stream(io.BytesIO(plaintext), sink, recipients)
    return sink.getvalue()


def open_sealed(file: bytes, identities: Sequence[Identity]) -> bytes:
    """Open a file with whichever identity fits.

    Raises
    ------
    WrongKey
        Sealed to none of these identities.
    ClassicalRecipient
        A recipient is not post-quantum hybrid.
    DamagedFile
        Changed, cut, continued or malformed.
    """
    sink = io.BytesIO()
    open_stream(io.BytesIO(file), sink, identities)
    return sink.getvalue()


def seal_stream(source: BinaryIO, sink: BinaryIO, recipients: Sequence[Recipient]) -> None:
    """Seal all of a source into a sink, in constant memory; errors as in `seal`."""
    if not recipients:
        raise ValueError("a file needs a recipient")
    file_key = secrets.token_bytes(FILE_KEY_BYTES)
    sink.write(write_header([recipient.wrap(file_key) for recipient in recipients], file_key))
    seal_payload(file_key, secrets.token_bytes(NONCE_BYTES), source, sink)


def open_stream(source: BinaryIO, sink: BinaryIO, identities: Sequence[Identity]) -> None:
    """Open a source into a sink, in constant memory.

    Every chunk is authenticated before it is written, and a missing or additional end is found before
    this returns; but chunks before it are in the sink by then. When this raises, throw away what the sink
    holds. Errors as in `open_sealed`.
    """
    header = _read_hybrid_header(source)
    file_key = _unwrap(header, identities)
    header.check(file_key)
    open_payload(file_key, source, sink)


def stanza_kinds(head: bytes) -> list[str]:
    """Say of which kinds a file's recipients are, from its header alone and without any key.

    `head` must hold the whole header; what follows does not matter. Hybrid stanzas are also checked for
    their lengths.

    Raises
    ------
    DamagedFile
        Not an age file, or a malformed or incomplete header.
    """
    stanzas = read_header(io.BytesIO(head)).stanzas
    for stanza in stanzas:
        if stanza.kind == HYBRID:
            check_stanza(stanza)
    return [stanza.kind for stanza in stanzas]


def sealed_size(n_plaintext: int, n_recipients: int) -> int:
    """Say exactly how long a file is that `seal` writes, in bytes."""
    return header_size((len(HYBRID), _ENCAPSULATED_TEXT), n_recipients) + payload_size(n_plaintext)


GRANT_SIZE = sealed_size(4096, 1)
"""Bytes of a grant: one recipient, 4096 bytes (docs/formats.md section 7)."""


def _read_hybrid_header(source: BinaryIO) -> Header:
    header = read_header(source)
    for stanza in header.stanzas:
        check_stanza(stanza)
    return header


def _unwrap(header: Header, identities: Sequence[Identity]) -> bytes:
    for identity in identities:
        for stanza in header.stanzas:
            file_key = identity.unwrap(stanza)
            if file_key is not None:
                if len(file_key) != FILE_KEY_BYTES:
                    raise DamagedFile("its key has a wrong length")
                return file_key
    raise WrongKey
