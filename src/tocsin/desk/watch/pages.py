"""Watch: one page, as of a day; checking a place; entering claims from a table."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.core.watch import Panel, claim_from
from tocsin.desk.site import forms
from tocsin.desk.site.errors import BadField
from tocsin.desk.site.session import unlocked
from tocsin.desk.watch import actions, queries
from tocsin.feeds import read_crisis_file
from tocsin.terms import Day, Period

LAST_DAY = 100_000


@require_GET
def show(request: HttpRequest, as_of: int | None = None) -> HttpResponse:
    """Show what was known by a day."""
    if as_of is not None and as_of > LAST_DAY:
        raise BadField("day")
    page = queries.watch_page(unlocked(), None if as_of is None else Day(as_of))
    return render(request, "watch.html", {"page": page})


@require_POST
def go_to_day(request: HttpRequest) -> HttpResponseBase:
    """Go to the page of a day."""
    return redirect("watch_day", as_of=forms.day(request, "day"))


@require_POST
def ring(request: HttpRequest) -> HttpResponseBase:
    """Check a place today; an alarm leaves at once."""
    actions.ring(unlocked(), forms.place(request))
    return redirect("watch")


@require_POST
def declare_panel(request: HttpRequest) -> HttpResponseBase:
    """Declare who watched a place."""
    names = {name.strip() for name in forms.text(request, "sources").split(";") if name.strip()}
    panel = Panel(
        place=forms.place(request),
        sources=tuple(sorted(names)),
        watched=Period(forms.day(request, "from"), forms.day(request, "to")),
        basis=forms.text(request, "basis"),
    )
    actions.declare_panel(unlocked(), panel)
    return redirect("watch")


@require_POST
def read_table(request: HttpRequest) -> HttpResponseBase:
    """Enter the claims of a table, known since today."""
    desk, table = unlocked(), request.FILES.get("table")
    if table is None:
        raise BadField("table")
    reports = read_crisis_file(table.read(), place=forms.place(request))
    actions.record_claims(desk, [claim_from(report, known_on=desk.today) for report in reports])
    return redirect("watch")
