"""On duty: who takes calls today and in the coming days, who is awake, and what the next must know."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.desk.ledger import duty, notes
from tocsin.desk.sentry import choices
from tocsin.desk.site import forms
from tocsin.desk.site.session import session, unlocked


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show who is on duty, and the notes."""
    desk = unlocked()
    board, shifts = duty.duty_board(desk), notes.shifts(desk)
    shown = {"board": board, "shifts": shifts, "notes": notes.notes(desk), "today": desk.today}
    return render(request, "duty.html", shown)


@require_POST
def take(request: HttpRequest) -> HttpResponseBase:
    """Be on duty; the keys leave at once."""
    until = forms.day(request, "until") if request.POST.get("until") else None
    duty.take_duty(unlocked(), until=until)
    session.sync_now()
    return redirect("duty")


@require_POST
def end(_request: HttpRequest) -> HttpResponseBase:
    """Publish no more keys, and go on to the note for the next."""
    duty.end_duty(unlocked())
    return redirect("duty")


@require_GET
def show_pings(request: HttpRequest) -> HttpResponse:
    """Show how this person is pinged, and whether it works."""
    return render(request, "pings.html", {"page": choices.ping_page(unlocked())})


@require_POST
def choose_pings(request: HttpRequest) -> HttpResponseBase:
    """Choose how; the sentries try it within minutes."""
    by = forms.text(request, "by")
    to = "" if by == "none" else forms.text(request, "to")
    choices.choose(unlocked(), by=by, to=to)
    session.sync_now()
    return redirect("pings")


@require_POST
def try_pings(_request: HttpRequest) -> HttpResponseBase:
    """Have it tried again."""
    choices.try_again(unlocked())
    session.sync_now()
    return redirect("pings")


@require_POST
def write_note(request: HttpRequest) -> HttpResponseBase:
    """Leave a note; it leaves with the next sync."""
    notes.write_note(unlocked(), to=forms.text(request, "to"), text=forms.text(request, "text"))
    session.sync_soon()
    return redirect("duty")


@require_POST
def take_note(request: HttpRequest) -> HttpResponseBase:
    """Take over from whoever wrote a note."""
    notes.take_note(unlocked(), forms.code(request, "note"))
    session.sync_soon()
    return redirect("duty")
