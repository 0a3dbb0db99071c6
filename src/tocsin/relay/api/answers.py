"""Answers over HTTP: bytes, a struct as msgpack, a stream, a refusal."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from django.http import HttpResponse, StreamingHttpResponse

from tocsin.core.ledger import Refusal

BINARY = "application/octet-stream"


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
    # The witness's page reads no msgpack.
    response.headers["Tocsin-Code"] = code
    return response
