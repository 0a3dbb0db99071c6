"""Ledger: what was said in which order, by whom, and who holds which key."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from tocsin.desk.ledger import queries
from tocsin.desk.site.session import unlocked


@require_GET
def show(request: HttpRequest, newest: int | None = None) -> HttpResponse:
    """Show the ledger, records from a number downwards."""
    return render(request, "ledger.html", {"page": queries.ledger_page(unlocked(), newest)})
