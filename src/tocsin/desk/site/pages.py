"""The entrance, unlocking, and home."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tocsin.desk.errors import TravelLocked
from tocsin.desk.ledger.explaining import topic_of
from tocsin.desk.mending import mends_of
from tocsin.desk.site import home
from tocsin.desk.site.entrance import COOKIE, entrance
from tocsin.desk.site.errors import plain, status_of
from tocsin.desk.site.session import session, unlocked
from tocsin.desk.site.settings import DOOR
from tocsin.desk.start.state import Stage
from tocsin.errors import TocsinError

SCRIPT = (Path(__file__).parent / "static" / "desk.js").read_bytes()
STYLE = (Path(__file__).parent / "static" / "desk.css").read_bytes()

USED = (
    "This link was used before, or is not this desk's. Each link opens one browser, once. If that was not you, somebody "
    "else on this machine has it: quit the desk. To come in, start it again: that opens a page by a new link."
)

GOODBYE_SECONDS = 0.5
"""For the last page to arrive."""


@require_GET
def enter(request: HttpRequest, token: str) -> HttpResponseBase:
    """Take the one-time token for a cookie."""
    cookie = entrance.admit(token)
    if cookie is None:
        return plain(410, USED)
    # A browser that was sent here by a file or another site would not show the cookie after a plain redirect.
    came_directly = request.headers.get("Sec-Fetch-Site", "none") == "none"
    response: HttpResponse = redirect("home") if came_directly else render(request, "come_in.html")
    response.set_cookie(COOKIE, cookie, path=f"/{DOOR}/", httponly=True, samesite="Strict")
    return response


@require_GET
def style(_request: HttpRequest) -> HttpResponse:
    """Serve the one style sheet."""
    return HttpResponse(STYLE, content_type="text/css; charset=utf-8")


@require_GET
def script(_request: HttpRequest) -> HttpResponse:
    """Serve the one script: it copies texts and looks whether a wait is over; every page works without it."""
    return HttpResponse(SCRIPT, content_type="text/javascript; charset=utf-8")


@require_GET
def icon(_request: HttpRequest) -> HttpResponse:
    """Have no icon: browsers ask for one without a cookie."""
    return HttpResponse(status=204)


@require_http_methods(["GET", "POST"])
def unlock(request: HttpRequest) -> HttpResponseBase:
    """Ask for the passphrase."""
    if session.start is not None or session.stage is Stage.EMPTY:
        return redirect("start")
    if not session.is_locked:
        return redirect("home")
    if request.method == "GET":
        return redirect("machine_return") if session.away else render(request, "unlock.html")
    passphrase, mends = request.POST.get("passphrase", ""), request.POST.get("mends", "")
    try:
        if mends:
            session.unlock_without(mends, passphrase)
        else:
            session.unlock(passphrase)
    except TravelLocked:
        return redirect("machine_return")
    except TocsinError as trouble:
        shown = {"trouble": str(trouble), "topic": topic_of(trouble.code), "mends": mends_of(trouble.code)}
        return render(request, "unlock.html", shown, status=status_of(trouble.code))
    return redirect("home")


@require_POST
def mend(request: HttpRequest) -> HttpResponseBase:
    """Put aside a damaged file of the open desk, and go on without it."""
    session.open_without(request.POST.get("mends", ""))
    session.sync_soon()
    return redirect("home")


@require_POST
def lock(_request: HttpRequest) -> HttpResponseBase:
    """Forget everything that was opened."""
    session.lock()
    return redirect("unlock")


@require_GET
def away(_request: HttpRequest) -> HttpResponseBase:
    """Where a page goes that nobody looks at any more: locked, to the door; else to the job that keeps the desk open."""
    session.lock_if_idle()
    if session.jobs is None:
        return redirect("unlock")
    running = next((job for job in session.jobs.all() if job.runs), None)
    if session.is_idle and running is not None:
        return redirect("machine_watch", running.id)
    # Somebody works in another window: what stands here stays.
    return HttpResponse(status=204)


@require_POST
def quit_desk(request: HttpRequest) -> HttpResponse:
    """Lock, say goodbye, and end this process as Ctrl+C would."""
    session.lock()
    threading.Timer(GOODBYE_SECONDS, signal.raise_signal, [signal.SIGINT]).start()
    return render(request, "quit.html")


@require_POST
def sync_now(_request: HttpRequest) -> HttpResponseBase:
    """Sync once and show what came."""
    session.sync_now()
    return redirect("home")


@require_POST
def send_everything(_request: HttpRequest) -> HttpResponseBase:
    """Send what waits for a fixed hour too, and show what came."""
    session.sync_now(everything=True)
    return redirect("home")


@require_GET
def show_home(request: HttpRequest) -> HttpResponse:
    """Show where the coalition stands and what needs this person now."""
    return render(request, "home.html", {"page": home.home(unlocked(), session)})
