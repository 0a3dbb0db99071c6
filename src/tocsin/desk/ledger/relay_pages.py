"""The relay: where the ledger lies, and what to do when it is lost. Each form goes on to the next step."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.desk.ledger import relay
from tocsin.desk.ledger.relay_queries import relay_page
from tocsin.desk.site import forms
from tocsin.desk.site.session import running_jobs, session, unlocked


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show where the ledger lies and how far a move has come."""
    return render(request, "relay.html", {"page": relay_page(unlocked(), running_jobs(), session.trouble)})


@require_POST
def begin(request: HttpRequest) -> HttpResponseBase:
    """Move into a fresh relay, and watch it being filled."""
    relay.begin(unlocked(), address=forms.text(request, "address"), code=forms.text(request, "code"))
    return fill(request)


@require_POST
def fill(_request: HttpRequest) -> HttpResponseBase:
    """Fill the new relay, or go on filling it."""
    return redirect("machine_job", running_jobs().start(relay.FILL.name).id)


@require_POST
def sign(_request: HttpRequest) -> HttpResponseBase:
    """Sign as a founder."""
    relay.sign(unlocked())
    return _go_on()


@require_POST
def take(request: HttpRequest) -> HttpResponseBase:
    """Take what somebody passed on; with enough signatures this desk goes to the new relay at once."""
    if relay.take_text(unlocked(), forms.pasted(request)):
        session.sync_now()
    return _go_on()


@require_POST
def open_again(_request: HttpRequest) -> HttpResponseBase:
    """Post the signed roll, so that the new relay takes new records."""
    relay.open_relay(unlocked())
    session.sync_now()
    return _go_on()


@require_POST
def give_up(_request: HttpRequest) -> HttpResponseBase:
    """Go on without records that two organisations had vouched for."""
    unlocked().gives_up_firm = True
    session.sync_now()
    return _go_on()


@require_POST
def stay(_request: HttpRequest) -> HttpResponseBase:
    """Go by the relay of the roll again."""
    relay.stay(unlocked())
    session.sync_now()
    return _go_on()


@require_POST
def put_away(_request: HttpRequest) -> HttpResponseBase:
    """Forget what was begun here, or is done."""
    relay.put_away(unlocked())
    return _go_on()


def _go_on() -> HttpResponseBase:
    return redirect("ledger_relay")
