"""Travel lock: prepare it, lock, and come back by two founders' words, for which no desk is open yet."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tocsin.core.ledger import TRAVEL_SHARES_NEEDED, ShareWords
from tocsin.desk.machine import travel
from tocsin.desk.site import forms
from tocsin.desk.site.errors import status_of
from tocsin.desk.site.session import session, unlocked
from tocsin.errors import TocsinError


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show how far the travel lock is prepared."""
    return render(request, "travel.html", {"page": travel.travel_page(unlocked())})


@require_POST
def prepare(_request: HttpRequest) -> HttpResponseBase:
    """Ask the founders to keep shares."""
    travel.prepare(unlocked())
    session.sync_now()
    return redirect("machine_travel")


@require_POST
def call_off(_request: HttpRequest) -> HttpResponseBase:
    """Do not travel after all."""
    travel.call_off(unlocked())
    session.sync_now()
    return redirect("machine_travel")


@require_POST
def lock(_request: HttpRequest) -> HttpResponseBase:
    """Send what waits if the relay answers, put the keys away, and forget everything that was opened."""
    session.sync_now(everything=True)
    travel.put_away(unlocked())
    session.lock()
    return redirect("unlock")


@require_http_methods(["GET", "POST"])
def come_back(request: HttpRequest) -> HttpResponseBase:
    """Take founders' words one after the other; with the second set the desk opens as it was."""
    if session.away is None:
        return redirect("home")
    trouble: TocsinError | None = None
    if request.method == "POST":
        try:
            words = ShareWords.parse(request.POST.get("words", ""))
            if session.hear_share(forms.number(request, "number"), words.secret):
                return redirect("home")
        except TocsinError as found:
            trouble = found
    shown = {
        "device": session.away.away.device,
        "n_heard": session.n_heard,
        "n_needed": TRAVEL_SHARES_NEEDED,
        "trouble": "" if trouble is None else str(trouble),
    }
    status = 200 if trouble is None else status_of(trouble.code)
    return render(request, "come_back.html", shown, status=status)
