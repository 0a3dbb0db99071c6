"""Pages about who comes in: what a coalition still lacks, invitations, and the first desks."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.desk.beginning import missing, open_without
from tocsin.desk.ledger import inviting, ready
from tocsin.desk.ledger.invite_queries import invite_page
from tocsin.desk.ledger.roll_pages import duties_of, languages_of
from tocsin.desk.site import forms
from tocsin.desk.site.errors import status_of
from tocsin.desk.site.session import session, unlocked
from tocsin.desk.start.errors import NotCompared
from tocsin.errors import TocsinError


@require_POST
def go_on_without(_request: HttpRequest) -> HttpResponseBase:
    """Open what everybody reads without the desks that are missing."""
    desk = unlocked()
    open_without(desk, missing(desk))
    session.sync_now()
    return redirect("home")


@require_GET
def show_ready(request: HttpRequest) -> HttpResponse:
    """Show what the coalition still lacks."""
    return render(request, "ready.html", {"page": ready.ready_page(unlocked(), session.jobs)})


@require_POST
def note_compared(_request: HttpRequest) -> HttpResponseBase:
    """Note that head words were compared."""
    ready.note_compared(unlocked())
    return redirect("ledger_ready")


# inviting ---


@require_GET
def show_invite(request: HttpRequest) -> HttpResponse:
    """Show the open invitations."""
    return _show(request)


def _show(request: HttpRequest, trouble: str = "", status: int = 200) -> HttpResponse:
    shown = {"page": invite_page(unlocked()), "trouble": trouble, "typed": request.POST}
    return render(request, "invite.html", shown, status=status)


@require_POST
def invite(request: HttpRequest) -> HttpResponseBase:
    """Make an invitation, and show its words and its text."""
    second = "second" in request.POST
    inviting.invite(unlocked(), organisation=None if second else forms.number(request, "organisation"))
    return redirect("ledger_invite")


@require_POST
def take_back(request: HttpRequest) -> HttpResponseBase:
    """Take an invitation back."""
    inviting.take_back(unlocked(), forms.text(request, "invitation"))
    return redirect("ledger_invite")


@require_POST
def receive(request: HttpRequest) -> HttpResponseBase:
    """Take an answer, and show the words to compare."""
    try:
        inviting.receive(unlocked(), forms.pasted(request))
    except TocsinError as trouble:
        return _show(request, str(trouble), status_of(trouble.code))
    return redirect("ledger_invite")


@require_POST
def let_in(request: HttpRequest) -> HttpResponseBase:
    """Note the comparison, propose the newcomer to the founders, and go where they sign."""
    heard = request.POST.get("heard", "").strip()
    try:
        if not heard and "same" not in request.POST:
            raise NotCompared
        inviting.let_in(
            unlocked(),
            forms.text(request, "invitation"),
            heard=heard or None,
            duties=duties_of(request),
            languages=languages_of(request),
        )
    except TocsinError as trouble:
        return _show(request, str(trouble), status_of(trouble.code))
    session.sync_now()
    return redirect("ledger_changes")
