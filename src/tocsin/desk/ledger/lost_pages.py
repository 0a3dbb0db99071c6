"""My laptop is lost: choose the device, see what it could open, bar it with one button, and do what follows."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.desk.ledger import actions, changes, lost
from tocsin.desk.protect.actions import stop_leg
from tocsin.desk.site import forms
from tocsin.desk.site.errors import BadField
from tocsin.desk.site.session import session, unlocked


@require_GET
def choose(request: HttpRequest) -> HttpResponse:
    """Ask which device it is."""
    return render(request, "lost.html", {"devices": lost.devices_to_choose(unlocked())})


@require_GET
def show(request: HttpRequest, number: int) -> HttpResponse:
    """Show what the device could open, whom to warn, which legs stop, and where its bar stands."""
    return render(request, "lost_one.html", {"page": lost.lost_page(unlocked(), number)})


@require_POST
def bar(request: HttpRequest, number: int) -> HttpResponseBase:
    """Bar the device, tell all at once, and give what this desk shares with it new keys."""
    desk, reason = unlocked(), forms.text(request, "reason")
    if reason not in actions.REASONS:
        raise BadField("reason")
    actions.bar(desk, number, reason=reason)
    session.sync_now()
    return rotate(request, number)


@require_POST
def rotate(_request: HttpRequest, number: int) -> HttpResponseBase:
    """Give what this desk shares with the device new keys."""
    actions.rotate(unlocked(), number)
    return _go_on(number)


@require_POST
def stop(request: HttpRequest, number: int) -> HttpResponseBase:
    """Stop a leg that the device knows."""
    stop_leg(unlocked(), forms.text(request, "leg"))
    return _go_on(number)


@require_POST
def lift(_request: HttpRequest, number: int) -> HttpResponseBase:
    """Say as a founder that the bar may end."""
    actions.lift(unlocked(), number)
    return _go_on(number)


@require_POST
def let_back(_request: HttpRequest, number: int) -> HttpResponseBase:
    """Give the device the present keys again."""
    actions.let_back(unlocked(), number)
    return _go_on(number)


@require_POST
def give_anew(_request: HttpRequest, number: int) -> HttpResponseBase:
    """Give the device everybody's keys once more."""
    actions.give_anew(unlocked(), number)
    return _go_on(number)


@require_POST
def remove(_request: HttpRequest, number: int) -> HttpResponseBase:
    """Propose to remove the device for good."""
    changes.propose_removal(unlocked(), number)
    return _go_on(number)


def _go_on(number: int) -> HttpResponseBase:
    session.sync_now()
    return redirect("ledger_lost_one", number=number)
