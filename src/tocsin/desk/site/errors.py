"""Trouble as a page: a status for every code, the error's own sentence, and nothing else.

An unexpected error shows and logs a class and a random code; its words may be somebody's testimony.
"""

from __future__ import annotations

import logging
import secrets
import sys

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from tocsin.desk.errors import Locked
from tocsin.desk.ledger.explaining import topic_of
from tocsin.desk.mending import mends_of
from tocsin.errors import DeskError, TocsinError

log = logging.getLogger("tocsin.desk")

STATUS = {
    # 400: what was typed or sent cannot be used; 403: not yours to do; 404: not here;
    # 409: not now; 503: this machine or the relay must come back first.
    "tocsin": 400,
    "seal": 409,
    "seal.passphrase": 403,
    "seal.empty_passphrase": 403,
    "seal.caseload": 409,
    "seal.no_post_quantum": 503,
    "ledger": 409,
    "ledger.not-entitled": 403,
    "ledger.no-key": 404,
    "watch": 400,
    "intake": 400,
    "count": 409,
    "count.table": 400,
    "count.settings": 400,
    "activate": 409,
    "activate.seat": 403,
    "protect": 409,
    "protect.reason": 400,
    "protect.same-worker": 400,
    "feed": 400,
    "relay": 503,
    "desk": 409,
    "desk.full": 503,
    "desk.busy": 503,
    "desk.field": 400,
    "desk.ping-address": 400,
    "desk.not-here": 404,
    "desk.not-that-file": 404,
    "desk.not-recoverable": 409,
    "desk.travel-locked": 403,
    "desk.no-duty": 403,
}
"""Code → status; a code that is not listed takes that of its family, the part before the dot."""


class Busy(DeskError):
    """The desk is talking to the relay and did not finish in time."""

    code = "desk.busy"

    def __init__(self) -> None:
        super().__init__(
            "The desk is still talking to the relay. Wait a little and try again; nothing is lost."
        )


class BadField(DeskError):
    """A form's field holds what it cannot hold."""

    code = "desk.field"

    def __init__(self, field: str) -> None:
        super().__init__(f"The field “{field}” is empty or cannot be read. Go back, mend it and send again.")
        self.field = field


def status_of(code: str) -> int:
    """Look up the status of a code."""
    return STATUS.get(code) or STATUS[code.partition(".")[0]]


def answer_for(request: HttpRequest, trouble: Exception) -> HttpResponseBase:
    """Turn whatever was raised into an answer."""
    if isinstance(trouble, Locked):
        return redirect("unlock")
    if isinstance(trouble, TocsinError):
        return error_page(request, status_of(trouble.code), str(trouble), trouble.code)
    if isinstance(trouble, Http404):
        return error_page(request, 404, "There is no such page.", "desk.page")
    if isinstance(trouble, RequestDataTooBig):
        return error_page(request, 413, "That is more than a form may hold.", "desk.field")
    if isinstance(trouble, BadRequest | SuspiciousOperation | PermissionDenied):
        return plain(400, "This request cannot be read.")
    code = secrets.token_hex(4)
    log.error("%s %s", type(trouble).__name__, code)
    return error_page(request, 500, "Something went wrong that should not. Nothing was sent.", code)


def error_page(request: HttpRequest, status: int, sentence: str, code: str) -> HttpResponse:
    """Show a sentence, its code and the way home."""
    return render(
        request,
        "error.html",
        {"sentence": sentence, "code": code, "topic": topic_of(code), "mends": mends_of(code)},
        status=status,
    )


def plain(status: int, sentence: str) -> HttpResponse:
    """Answer somebody who may not even see our pages."""
    return HttpResponse(f"{sentence}\n", status=status, content_type="text/plain; charset=utf-8")


def form_refused(_request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's form
    """Answer a form without its token."""
    return plain(
        403,
        "This form is too old or not ours, so nothing was done. Go back, load the page again and send it.",
    )


def bad_request(_request: HttpRequest, exception: Exception) -> HttpResponseBase:  # noqa: ARG001 - Django's form
    """Answer what Django could not read."""
    return plain(400, "This request cannot be read.")


def no_such_page(request: HttpRequest, exception: Exception) -> HttpResponseBase:  # noqa: ARG001 - Django's form
    """Answer for a path that leads nowhere."""
    return answer_for(request, Http404())


def broken(_request: HttpRequest) -> HttpResponseBase:
    """Answer for what was raised outside any page."""
    log.error("%s %s", type(sys.exception()).__name__, code := secrets.token_hex(4))
    return plain(500, f"Something went wrong that should not. Nothing was sent. [{code}]")
