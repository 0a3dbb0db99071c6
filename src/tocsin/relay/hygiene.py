"""Around every request: refusals become answers, nothing is cached, no time of day stays on the disk.

granian puts the time into each answer's Date header. It tells the asker nothing the asker does not know, and
stays nowhere. A file's change time (ctime) cannot be set; an encrypted disk is the remedy, and `tocsin check`
asks for one.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase

from tocsin.core.ledger import BadRoll, NotOnRoll
from tocsin.core.seal import BadSignature
from tocsin.errors import TocsinError
from tocsin.relay.api.answers import refusal
from tocsin.relay.clock import blur
from tocsin.relay.errors import Fault, Malformed, NoSuchPath, Refused, RelayDiskFull, TooLarge, UnknownHere

log = logging.getLogger("tocsin.relay")

MOST_DRAINED = 8 << 20
_NO_SPACE = (28, 122)  # ENOSPC and EDQUOT
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Hygiene:
    """The relay's one middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if response.status_code >= 400:
            drain(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if isinstance(response, HttpResponse) and request.method != "HEAD":
            response.headers["Content-Length"] = str(len(response.content))
        blur_home()
        return response

    def process_exception(self, _request: HttpRequest, trouble: Exception) -> HttpResponse:
        """Say what went wrong without a word of the request."""
        return refusal(*explain(trouble))


def drain(request: HttpRequest) -> None:
    """Read what a refused request still sends, within reason: else its sender never sees the answer."""
    left = MOST_DRAINED
    try:
        while left > 0 and (piece := request.read(min(left, 1 << 16))):
            left -= len(piece)
    except UnreadablePostError:
        return  # The sender has gone.


def explain(trouble: Exception) -> tuple[int, str, str]:
    """Turn an exception into status, code and sentence."""
    if isinstance(trouble, BadSignature | NotOnRoll):
        trouble = UnknownHere()
    elif isinstance(trouble, RequestDataTooBig):
        trouble = TooLarge()
    elif isinstance(trouble, SuspiciousOperation):
        trouble = Malformed("its form is none of ours")
    elif isinstance(trouble, UnreadablePostError):
        trouble = Malformed("it broke off")
    elif is_full(trouble):
        trouble = RelayDiskFull()
    if isinstance(trouble, Refused):
        return trouble.status, trouble.code, str(trouble)
    if isinstance(trouble, TocsinError):
        return (409 if isinstance(trouble, BadRoll) else 400), trouble.code, str(trouble)
    code = secrets.token_hex(4)
    log.error("%s %s", type(trouble).__name__, code)
    return explain(Fault(code=code))


def is_full(trouble: Exception) -> bool:
    """Say whether an exception means that a disk is full, on whichever database."""
    if isinstance(trouble, OperationalError):
        return "disk is full" in str(trouble) or getattr(trouble.__cause__, "sqlstate", None) == "53100"
    return isinstance(trouble, OSError) and trouble.errno in _NO_SPACE


def no_such_path(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's form
    """Answer for paths that do not exist."""
    return refusal(*explain(NoSuchPath()))


def blur_home() -> None:
    """Hide when the relay last wrote to its own files."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        for side in ("", "-wal", "-shm"):
            blur(f"{database['NAME']}{side}")
    blur(Path(settings.HOME))
