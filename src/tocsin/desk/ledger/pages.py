"""Ledger: what was said in which order, by whom, and who holds which key."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.desk.ledger import actions, queries
from tocsin.desk.ledger.exposure import exposure_page
from tocsin.desk.site import forms
from tocsin.desk.site.errors import BadField
from tocsin.desk.site.session import session, unlocked


@require_GET
def show(request: HttpRequest, newest: int | None = None) -> HttpResponse:
    """Show the ledger, records from a number downwards."""
    return render(request, "ledger.html", {"page": queries.ledger_page(unlocked(), newest)})


@require_GET
def show_exposure(request: HttpRequest) -> HttpResponse:
    """Show what is lost if one of us is taken."""
    return render(request, "exposure.html", {"page": exposure_page(unlocked())})


@require_POST
def bar(request: HttpRequest) -> HttpResponseBase:
    """Bar a device, tell the others at once, and show where it stands."""
    reason = forms.text(request, "reason")
    if reason not in actions.REASONS:
        raise BadField("reason")
    actions.bar(unlocked(), forms.number(request, "device"), reason=reason)
    session.sync_now()
    return redirect("ledger")
