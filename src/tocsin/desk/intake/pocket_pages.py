"""Pockets on the desk: issue one, write to it, read what it answered, end it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.desk.intake import page_texts, pockets, queries
from tocsin.desk.site import forms
from tocsin.desk.site.session import session, unlocked


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show the pockets that this desk can write to."""
    desk = unlocked()
    shown = {"pockets": queries.pocket_rows(desk), "roles": pockets.ROLES, "pin": page_texts.pin(desk)}
    return render(request, "pockets.html", shown)


@require_POST
def issue(request: HttpRequest) -> HttpResponse:
    """Issue a pocket; its words are shown on this page alone, and never again."""
    desk = unlocked()
    code, receipt = pockets.issue(desk, forms.text(request, "role"))
    session.sync_now()
    shown = {"code": code, "words": receipt.words, "digits": receipt.digits, "pin": page_texts.pin(desk)}
    return render(request, "pocket_issued.html", shown)


@require_POST
def take_back(request: HttpRequest) -> HttpResponseBase:
    """End a pocket."""
    pockets.take_back(unlocked(), forms.text(request, "pocket"))
    session.sync_now()
    return redirect("pockets")
