"""Intake: take in what came; make cases of calls."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.desk.intake import actions, queries
from tocsin.desk.site import forms
from tocsin.desk.site.session import session, unlocked


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show what waits and what was taken."""
    return render(request, "intake.html", {"page": queries.intake_page(unlocked())})


@require_POST
def take(request: HttpRequest) -> HttpResponseBase:
    """Take the oldest in, as many as the form says; they can be read once they have gone through the ledger."""
    actions.take_calls(unlocked(), most=forms.number(request, "most"))
    session.sync_now()
    return redirect("intake")
