"""Ledger: what is the matter in plain words, and comparing words with a colleague."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from tocsin.desk.ledger import explaining, heads, queries
from tocsin.desk.site import forms
from tocsin.desk.site.session import unlocked


@require_GET
def explain(request: HttpRequest, topic: str) -> HttpResponse:
    """Explain one kind of trouble."""
    return render(request, "explain.html", {"topic": topic, "about": explaining.explain(topic)})


@require_http_methods(["GET", "POST"])
def compare(request: HttpRequest) -> HttpResponse:
    """Compare a colleague's words with ours; what they said stays in this answer."""
    desk, found = unlocked(), ""
    if request.method == "POST":
        size, words = forms.number(request, "size"), forms.text(request, "words")
        found = heads.compare(desk, size=size, words=words)
    return render(request, "compare.html", {"head": queries.head_row(desk), "found": found})
