"""Seal and open the payload of an age file: 64 KiB chunks that know their place and the last one (STREAM)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from tocsin.core.seal.errors import DamagedFile
from tocsin.core.seal.header import derive_key

NONCE_BYTES = 16
CHUNK_BYTES = 65536
_AUTHENTICATOR = 16


def seal_payload(file_key: bytes, nonce: bytes, source: BinaryIO, sink: BinaryIO) -> None:
    """Write the nonce and then the source's bytes, sealed, in constant memory.

    The nonce is 16 random bytes, fresh for each payload under one file key.
    """
    cipher = ChaCha20Poly1305(derive_key(file_key, nonce, b"payload"))
    sink.write(nonce)
    for place, (chunk, is_last) in enumerate(_chunks(source, CHUNK_BYTES)):
        sink.write(cipher.encrypt(_chunk_nonce(place, is_last), chunk, None))


def open_payload(file_key: bytes, source: BinaryIO, sink: BinaryIO) -> None:
    """Write the opened bytes into the sink, each chunk once it is authenticated.

    Raises
    ------
    DamagedFile
        Something was changed, cut off or added, wherever in the file. What the sink then holds must be
        thrown away.
    """
    nonce = _read_fully(source, NONCE_BYTES)
    if len(nonce) != NONCE_BYTES:
        raise DamagedFile("it ends before its payload")
    cipher = ChaCha20Poly1305(derive_key(file_key, nonce, b"payload"))
    for place, (chunk, is_last) in enumerate(_chunks(source, CHUNK_BYTES + _AUTHENTICATOR)):
        if place and len(chunk) == _AUTHENTICATOR:
            raise DamagedFile("its last part is empty")
        try:
            sink.write(cipher.decrypt(_chunk_nonce(place, is_last), chunk, None))
        except InvalidTag as trouble:
            raise DamagedFile("a part was changed, or the end is missing") from trouble


def payload_size(n_plaintext: int) -> int:
    """Say how long the payload of a file is, its nonce included, in bytes."""
    n_chunks = max(1, -(-n_plaintext // CHUNK_BYTES))
    return NONCE_BYTES + n_plaintext + n_chunks * _AUTHENTICATOR


def _chunks(source: BinaryIO, size: int) -> Iterator[tuple[bytes, bool]]:
    """Yield chunks with whether each is the last; an empty source has one empty chunk."""
    chunk = _read_fully(source, size)
    while True:
        # Only the next read tells whether this chunk is the last, so nothing can trail it unseen.
        following = _read_fully(source, size) if len(chunk) == size else b""
        yield chunk, not following
        if not following:
            return
        chunk = following


def _read_fully(source: BinaryIO, size: int) -> bytes:
    pieces = []
    while size and (piece := source.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _chunk_nonce(place: int, is_last: bool) -> bytes:
    return place.to_bytes(11, "big") + bytes((is_last,))
