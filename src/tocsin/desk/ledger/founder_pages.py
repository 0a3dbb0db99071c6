"""Pages about the founders: a new key for one who lost theirs, and the change that the others sign."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.desk.ledger import founders
from tocsin.desk.site import forms
from tocsin.desk.site.errors import BadField, status_of
from tocsin.desk.site.session import session, unlocked
from tocsin.errors import TocsinError


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show who the founders are."""
    return _show(request)


def _show(request: HttpRequest, trouble: str = "", status: int = 200) -> HttpResponse:
    shown = {"page": founders.founders_page(unlocked()), "trouble": trouble, "typed": request.POST}
    return render(request, "founders.html", shown, status=status)


@require_POST
def make_key(request: HttpRequest) -> HttpResponseBase:
    """Make a founder's key here."""
    try:
        founders.make_key(unlocked(), forms.number(request, "number"))
    except TocsinError as trouble:
        return _show(request, str(trouble), status_of(trouble.code))
    return redirect("ledger_founders")


@require_POST
def propose(request: HttpRequest) -> HttpResponseBase:
    """Propose who the founders are, and go where they sign."""
    try:
        stay = {int(number) for number in request.POST.getlist("stays")}
    except ValueError:
        raise BadField("stays") from None
    text = request.POST.get("pasted", "")
    if len(text) > forms.MOST_PASTED:
        raise BadField("pasted")
    try:
        founders.propose(
            unlocked(),
            stay=stay,
            text=text,
            heard=request.POST.get("heard", ""),
            threshold=forms.number(request, "threshold"),
        )
    except TocsinError as trouble:
        return _show(request, str(trouble), status_of(trouble.code))
    session.sync_now()
    return redirect("ledger_changes")
