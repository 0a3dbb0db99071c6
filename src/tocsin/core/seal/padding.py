"""Hide lengths: frames of fixed size for records, grants and submissions, Padmé sizes for attachments."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from tocsin.core.seal.errors import DamagedFile, TooLongToSeal

ATTACHMENT_FLOOR = 65536
"""No attachment is smaller, in bytes, so a short note and a photograph of a page look alike."""

_PIECE = 65536
_LENGTH_BYTES = 8


def frame(content: bytes, size: int) -> bytes:
    """Put content into a frame of exactly `size` bytes: `length (4) ‖ content ‖ zeros`.

    Raises
    ------
    TooLongToSeal
        The content has more than `size - 4` bytes.
    """
    n_spare = size - 4 - len(content)
    if n_spare < 0:
        raise TooLongToSeal(have=len(content), limit=size - 4)
    return len(content).to_bytes(4, "big") + content + bytes(n_spare)


def unframe(framed: bytes) -> bytes:
    """Take the content out of a frame.

    Raises
    ------
    DamagedFile
        The length does not fit, or the padding is not all zeros: it must not carry a second message.
    """
    end = 4 + int.from_bytes(framed[:4], "big")
    if len(framed) < 4 or end > len(framed):
        raise DamagedFile("its length does not fit")
    if framed[end:] != bytes(len(framed) - end):
        raise DamagedFile("its padding is not empty")
    return framed[4:end]


def padme(n: int, floor: int) -> int:
    """Say to which size `n` bytes are padded: at most 12 % more, and only O(log log n) bits leak.

    Parameters
    ----------
    n : bytes
    floor : bytes
        The smallest size ever used.

    References
    ----------
    Nikitin et al. (2019), Reducing Metadata Leakage from Encrypted Files, PoPETs 2019 (4), 6-33,
    algorithm 1.
    """
    if n < 2:
        return max(n, floor)
    exponent = n.bit_length() - 1
    n_zero_bits = exponent - exponent.bit_length()
    mask = (1 << n_zero_bits) - 1
    return max((n + mask) & ~mask, floor)


def pad_file(source: BinaryIO, n_bytes: int, *, floor: int = ATTACHMENT_FLOOR) -> BinaryIO:
    """Wrap a source so that reading it yields `length (8) ‖ bytes ‖ zeros`, up to Padmé's size.

    Constant memory: give the result to `seal_stream`. Reading raises DamagedFile when the source does not
    have exactly `n_bytes` bytes (a file that grew or shrank meanwhile).
    """
    return io.BufferedReader(_Padded(source, n_bytes, padme(_LENGTH_BYTES + n_bytes, floor)), _PIECE)


@contextmanager
def unpad_file(sink: BinaryIO, *, floor: int = ATTACHMENT_FLOOR) -> Iterator[BinaryIO]:
    """Yield a sink for `open_stream` that passes only the bytes proper on, and checks the padding at the end.

    Raises
    ------
    DamagedFile
        Length, padding or size are not as `pad_file` writes them. What `sink` then holds must be thrown
        away.
    """
    writer = _Unpadding(sink)
    yield writer  # type: ignore[misc]  # as above: a RawIOBase is not a BinaryIO to typeshed
    writer.finish(floor)


class _Padded(io.RawIOBase):
    """Length, then the source, then zeros."""

    def __init__(self, source: BinaryIO, n_bytes: int, size: int) -> None:
        self._source = source
        self._head = n_bytes.to_bytes(_LENGTH_BYTES, "big")
        self._n_body = n_bytes
        self._n_zeros = size - _LENGTH_BYTES - n_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # narrower than WriteableBuffer
        piece = self._next(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def _next(self, n_wanted: int) -> bytes:
        if self._head:
            piece, self._head = self._head[:n_wanted], self._head[n_wanted:]
            return piece
        if self._n_body:
            return self._next_of_body(n_wanted)
        if self._source.read(1):
            raise DamagedFile("the file became longer while it was read")
        piece = bytes(min(n_wanted, self._n_zeros))
        self._n_zeros -= len(piece)
        return piece

    def _next_of_body(self, n_wanted: int) -> bytes:
        piece = self._source.read(min(n_wanted, self._n_body))
        if not piece:
            raise DamagedFile("the file became shorter while it was read")
        self._n_body -= len(piece)
        return piece


class _Unpadding(io.RawIOBase):
    """Passes `length` bytes on to the sink, insists that the rest is zero, counts all."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._head = b""
        self._n_seen = 0
        self._n_left = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]  # narrower than ReadableBuffer
        self._n_seen += len(piece)
        rest = self._take_head(piece)
        body, zeros = rest[: self._n_left], rest[self._n_left :]
        self._n_left -= len(body)
        self._sink.write(body)
        if zeros != bytes(len(zeros)):
            raise DamagedFile("its padding is not empty")
        return len(piece)

    def finish(self, floor: int) -> None:
        if len(self._head) < _LENGTH_BYTES or self._n_left:
            raise DamagedFile("its length does not fit")
        n_bytes = int.from_bytes(self._head, "big")
        if self._n_seen != padme(_LENGTH_BYTES + n_bytes, floor):
            raise DamagedFile("its size is none of the padded sizes")

    def _take_head(self, piece: bytes) -> bytes:
        n_missing = _LENGTH_BYTES - len(self._head)
        if n_missing <= 0:
            return piece
        self._head += piece[:n_missing]
        if len(self._head) == _LENGTH_BYTES:
            self._n_left = int.from_bytes(self._head, "big")
        return piece[n_missing:]
