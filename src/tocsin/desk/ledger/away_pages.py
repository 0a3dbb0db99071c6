"""Pages about devices away: who is, and a founder's words for one whose holder calls."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from tocsin.desk.ledger.away import devices_away, share_page
from tocsin.desk.site.session import unlocked


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show the devices away on a journey."""
    return render(request, "away.html", {"rows": devices_away(unlocked())})


@require_POST
def show_words(request: HttpRequest, number: int) -> HttpResponse:
    """Show this founder's words for one device: asked for by a form, so that no address leads here."""
    return render(request, "away_words.html", {"page": share_page(unlocked(), number)})
