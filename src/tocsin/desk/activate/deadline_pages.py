"""Check-ins: what must have happened by when; set in a case or an activation, met, moved or cancelled here."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.core.activate import DeadlineCode
from tocsin.desk.activate import deadlines, night
from tocsin.desk.site import forms
from tocsin.desk.site.errors import BadField
from tocsin.desk.site.session import session, unlocked

MOST_HOURS = 366 * 24


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show every check-in that runs or was over in the last days."""
    return render(request, "deadlines.html", {"check_ins": deadlines.open_check_ins(unlocked())})


@require_POST
def set_one(request: HttpRequest) -> HttpResponseBase:
    """Set one for a case or an activation."""
    what = forms.text(request, "what")
    if len(what) > deadlines.MOST_WORDS:
        raise BadField("what")
    deadlines.set_check_in(unlocked(), to=forms.text(request, "to"), what=what, hours=_hours(request))
    session.sync_now()
    return redirect("deadlines")


@require_POST
def move(request: HttpRequest) -> HttpResponseBase:
    """Give it more time, or less."""
    deadlines.move_check_in(unlocked(), DeadlineCode(forms.text(request, "deadline")), hours=_hours(request))
    session.sync_now()
    return redirect("deadlines")


@require_POST
def end(request: HttpRequest) -> HttpResponseBase:
    """It has happened, or nobody waits for it any more."""
    deadlines.end_check_in(unlocked(), DeadlineCode(forms.text(request, "deadline")))
    session.sync_now()
    return redirect("deadlines")


def _hours(request: HttpRequest) -> int:
    hours = forms.number(request, "hours")
    if not 1 <= hours <= MOST_HOURS:
        raise BadField("hours")
    return hours


@require_POST
def send_night(request: HttpRequest) -> HttpResponseBase:
    """Put tonight's check-ins before this desk's worker's own phone."""
    night.send_night(unlocked(), forms.text(request, "pocket"))
    session.sync_now()
    return redirect("pockets")
