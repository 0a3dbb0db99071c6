"""Count: who claims what; stating a tally; signing another organisation's."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.desk.count import actions, queries
from tocsin.desk.site import forms
from tocsin.desk.site.session import unlocked


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show what is claimed and the tallies."""
    return render(request, "count.html", {"page": queries.count_page(unlocked())})


@require_POST
def state_tally(request: HttpRequest) -> HttpResponseBase:
    """State what is claimed of a place."""
    actions.state_tally(unlocked(), forms.place(request))
    return redirect("count")


@require_POST
def assess(request: HttpRequest) -> HttpResponseBase:
    """Recompute a tally and sign it; next comes what it is for."""
    actions.assess(unlocked(), forms.code(request, "tally"))
    return redirect("activate")
