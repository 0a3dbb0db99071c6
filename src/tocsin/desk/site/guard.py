"""What every request must pass and every answer carries.

Shut out are: other names for this address (DNS rebinding), other sites and other ports of this machine (cross-site forms),
and other people who are logged in to this machine (no cookie, no page).
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve, reverse

from tocsin.desk.desk import Desk
from tocsin.desk.errors import Locked
from tocsin.desk.site import errors
from tocsin.desk.site.entrance import entrance
from tocsin.desk.site.session import BUSY_SECONDS, session
from tocsin.desk.site.waiting import n_leaving

OPEN_TO_ALL = {"open", "style", "script", "icon"}
"""Pages that need no cookie: the entrance itself, and style sheet, script and icon, which say nothing."""

NEED_NO_DESK = OPEN_TO_ALL | {"unlock", "lock", "quit", "away", "mend", "machine_return", "ledger_help"}

COME_BY_THEMSELVES = {"machine_watch"}
"""Pages that a browser loads without a person: they keep no desk open."""

NEED_NO_TURN = {"machine_job", "machine_watch", "machine_stop", "machine_fit", "intake_file_look"}
"""Pages about one job, the machine, or a file in memory: they touch nothing of the ledger, and answer while a sync has the
desk."""

SAFE = {"GET", "HEAD"}

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    # Not `no-referrer`: under it browsers send `Origin: null` with our own forms, and the check below would go blind.
    # Under this one nobody but ourselves is told where we came from.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-DNS-Prefetch-Control": "off",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), clipboard-read=()",
}

NO_RIGHTS = "sandbox; default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
"""What a stranger's file may do, if a browser ever takes it for a page: nothing."""
STRANGERS_FILES = {"intake_file_bytes"}
FRAMED = {"intake_file_look"}
"""A stranger's file in a frame of one of our pages: what the answer holds is shown, nothing is loaded, nothing runs."""
IN_A_FRAME = (
    "sandbox; default-src 'none'; img-src data:; media-src data:; frame-ancestors 'self'; base-uri 'none'"
)

Answer = Callable[[HttpRequest], HttpResponseBase]


def page_name(request: HttpRequest) -> str:
    """Name the page that a path leads to, empty if none."""
    try:
        return resolve(request.path_info).url_name or ""
    except Resolver404:
        return ""


class Headers:
    """Put the same headers on every answer, and turn trouble into a page."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        for name, value in HEADERS.items():
            response.headers[name] = value
        if page_name(request) in STRANGERS_FILES:
            response.headers["Content-Security-Policy"] = NO_RIGHTS
        if page_name(request) in FRAMED:
            response.headers["Content-Security-Policy"] = IN_A_FRAME
            response.headers["X-Frame-Options"] = "SAMEORIGIN"
        return response

    def process_exception(self, request: HttpRequest, trouble: Exception) -> HttpResponseBase | None:
        """Answer for whatever a page raised."""
        return errors.answer_for(request, trouble)


class Guard:
    """Refuse what does not come from the person at this machine."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.META.get("HTTP_HOST") != entrance.host:
            return errors.plain(400, "This address is not the desk's.")
        if not _is_ours(request):
            return errors.plain(403, "This request came from another page, so nothing was done.")
        if page_name(request) not in OPEN_TO_ALL and not entrance.knows(request):
            return errors.plain(
                403, "Open the desk by its starter, or by the link that `tocsin desk` printed."
            )
        return self._get_response(request)


def _is_ours(request: HttpRequest) -> bool:
    """Say whether what would change something was sent by one of our own pages."""
    if request.method in SAFE:
        return True
    fetched_from = request.headers.get("Sec-Fetch-Site", "same-origin")
    return request.headers.get("Origin") == f"http://{entrance.host}" and fetched_from == "same-origin"


class Turn:
    """Let one page at a time use the desk, so that what it shows fits together."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        name = page_name(request)
        if name in NEED_NO_DESK or name.startswith("start"):
            return self._get_response(request)
        session.lock_if_idle()
        desk = session.desk
        if desk is None:
            return errors.answer_for(request, Locked())
        if name not in COME_BY_THEMSELVES:
            session.idle.seen()
        response = self._answer(request, name, desk)
        if (limit := session.lock_seconds) is not None and session.desk is desk:
            # What stands on the screen goes when the desk locks.
            response.headers.setdefault("Refresh", f"{int(limit) + 5}; url={reverse('away')}")
        return response

    def _answer(self, request: HttpRequest, name: str, desk: Desk) -> HttpResponseBase:
        if name in NEED_NO_TURN:
            return self._get_response(request)
        if not desk.lock.acquire(timeout=BUSY_SECONDS):
            return errors.plain(503, str(errors.Busy()))
        try:
            if session.desk is not desk:  # Locked while this page waited.
                return errors.answer_for(request, Locked())
            response = self._get_response(request)
            if request.method not in SAFE and session.desk is desk and n_leaving(desk):
                # What can wait does not show by a sync of its own that somebody is at work here.
                session.sync_soon()
            return response
        finally:
            desk.lock.release()
