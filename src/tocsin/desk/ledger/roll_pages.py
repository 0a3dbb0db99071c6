"""Pages about the roll: propose, sign, take back; each post goes on to the changes, where the next thing to do stands."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.core.ledger import Duty
from tocsin.desk.ledger import changes
from tocsin.desk.ledger.roll_queries import changes_page, device_page
from tocsin.desk.site import forms
from tocsin.desk.site.errors import BadField
from tocsin.desk.site.session import session, unlocked

LANGUAGE = re.compile(r"[a-z]{2,3}")
MOST_LANGUAGES = 12


@require_GET
def show_changes(request: HttpRequest) -> HttpResponse:
    """Show what founders are asked to sign."""
    return render(request, "changes.html", {"page": changes_page(unlocked())})


@require_GET
def show_device(request: HttpRequest, number: int) -> HttpResponse:
    """Show one device and what may be proposed about it."""
    return render(request, "device.html", {"page": device_page(unlocked(), number)})


@require_POST
def propose_duties(request: HttpRequest, number: int) -> HttpResponseBase:
    """Propose a device's duties."""
    changes.propose_duties(unlocked(), number, duties_of(request), languages_of(request))
    return _go_on()


@require_POST
def propose_removal(_request: HttpRequest, number: int) -> HttpResponseBase:
    """Propose to remove a device for good."""
    changes.propose_removal(unlocked(), number)
    return _go_on()


@require_POST
def sign(request: HttpRequest) -> HttpResponseBase:
    """Sign as this desk's founder."""
    changes.sign(unlocked(), forms.code(request, "change"))
    return _go_on()


@require_POST
def withdraw(request: HttpRequest) -> HttpResponseBase:
    """Take a proposal of this desk back."""
    changes.withdraw(unlocked(), forms.code(request, "change"))
    return _go_on()


@require_POST
def propose_again(request: HttpRequest) -> HttpResponseBase:
    """Propose anew what was overtaken or has lapsed."""
    changes.propose_again(unlocked(), forms.code(request, "change"))
    return _go_on()


def duties_of(request: HttpRequest) -> list[Duty]:
    """Read which duties a form ticks.

    Raises
    ------
    BadField
    """
    try:
        return [Duty(name) for name in request.POST.getlist("duty")]
    except ValueError:
        raise BadField("duty") from None


def languages_of(request: HttpRequest) -> list[str]:
    """Read language codes, which may be none.

    Raises
    ------
    BadField
    """
    codes = request.POST.get("languages", "").replace(",", " ").lower().split()
    if len(codes) > MOST_LANGUAGES or not all(map(LANGUAGE.fullmatch, codes)):
        raise BadField("languages")
    return codes


def _go_on() -> HttpResponseBase:
    session.sync_now()
    return redirect("ledger_changes")
