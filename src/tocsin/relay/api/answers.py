"""What the relay answers in msgpack."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from django.http import HttpResponse, StreamingHttpResponse

BINARY = "application/octet-stream"


class Refusal(msgspec.Struct, frozen=True):
    """Every answer with a status of 400 or more."""

    code: str
    sentence: str


class Taken(msgspec.Struct, frozen=True):
    """Records were kept: their numbers, and the head over them."""

    numbers: tuple[int, ...]
    size: int
    root: bytes
    day: int
    signature: bytes


class Lodged(msgspec.Struct, frozen=True):
    """A coalition moved in."""

    coalition: bytes
    relay_key: bytes


class HeadAnswer(msgspec.Struct, frozen=True):
    """The newest head, and each device's newest co-signature as device, size, root, signature."""

    size: int
    root: bytes
    day: int
    signature: bytes
    cosignatures: tuple[tuple[int, int, bytes, bytes], ...]


class Beside(HeadAnswer, frozen=True):
    """The head, and what lies beside the ledger: which keys, and each folder's day, grants and submissions."""

    keys: bytes
    folders: tuple[tuple[int, int, int], ...]


def answer(content: bytes | msgspec.Struct = b"") -> HttpResponse:
    """Answer with bytes, or with a struct as msgpack."""
    data = content if isinstance(content, bytes) else msgspec.msgpack.encode(content)
    return HttpResponse(data, content_type=BINARY)


def stream(pieces: Iterable[bytes]) -> StreamingHttpResponse:
    """Answer piece by piece."""
    return StreamingHttpResponse(pieces, content_type=BINARY)


def refusal(status: int, code: str, sentence: str) -> HttpResponse:
    """Answer that it was refused, and why."""
    response = answer(Refusal(code, sentence))
    response.status_code = status
    return response
