"""Activate: the list, one activation, and what a seat may do about it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.core.activate import ActivationCode
from tocsin.desk.activate import actions, queries, releasing
from tocsin.desk.site import forms
from tocsin.desk.site.session import session, unlocked


@require_GET
def show_all(request: HttpRequest) -> HttpResponse:
    """Show every activation of this desk's seats."""
    desk = unlocked()
    shown = {"page": queries.list_page(desk), "releases": releasing.release_rows(desk)}
    return render(request, "activations.html", shown)


@require_GET
def show(request: HttpRequest, number: int) -> HttpResponse:
    """Show one activation."""
    return render(request, "activation.html", {"page": queries.activation_page(unlocked(), number)})


@require_POST
def raise_alarm(request: HttpRequest) -> HttpResponseBase:
    """Put a tally, and the alarm of its place if one rang, before the seats."""
    alarm = forms.code(request, "alarm") if request.POST.get("alarm") else None
    actions.raise_alarm(unlocked(), alarm, forms.code(request, "tally"))
    session.sync_now()
    return redirect("activate")


@require_POST
def act(request: HttpRequest, number: int, what: str) -> HttpResponseBase:
    """Do one of the things a seat may do, then show where that leaves the activation."""
    desk = unlocked()
    code: ActivationCode = queries.activation_page(desk, number).code
    match what:
        case "sign":
            actions.sign(desk, code)
        case "assess":
            actions.assess(desk, code)
        case "announce":
            actions.announce(desk, code)
        case _:
            actions.stand_down(desk, code, forms.text(request, "reason"))
    return redirect("activate_one", number=number)
