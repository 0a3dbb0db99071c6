"""The custodians' page: who asks for which case, and this desk's answer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.desk.ledger import custody
from tocsin.desk.site import forms
from tocsin.desk.site.session import session, unlocked


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show the requests for cases whose share this desk keeps."""
    return render(request, "custody.html", {"page": custody.custody_page(unlocked())})


@require_POST
def answer(request: HttpRequest, what: str) -> HttpResponseBase:
    """Release this desk's share or say no, and tell the others at once."""
    act = custody.release if what == "release" else custody.refuse
    act(unlocked(), forms.text(request, "case"), number=forms.number(request, "number"))
    session.sync_now()
    return redirect("custody")
