"""Passphrases of this desk: the real one, and one to give under duress. Each step asks for the present one again."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from tocsin.desk.errors import PassphrasesDiffer
from tocsin.desk.site.errors import status_of
from tocsin.desk.site.session import session, unlocked
from tocsin.errors import TocsinError

SAID = {
    "change": "From now on this desk opens by the new passphrase.",
    "duress": "From now on that passphrase opens an empty desk and calls for help.",
    "remove": "From now on no duress passphrase opens this desk.",
}


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show what can be changed; whether there is a duress passphrase this desk itself does not know."""
    return render(request, "passphrases.html")


@require_POST
def change(request: HttpRequest, what: str) -> HttpResponse:
    """Change one of the two, and say so; no address and no error holds what was typed."""
    try:
        _change(request, what)
    except TocsinError as trouble:
        return render(request, "passphrases.html", {"trouble": str(trouble)}, status=status_of(trouble.code))
    return render(request, "passphrases.html", {"said": SAID[what]})


def _change(request: HttpRequest, what: str) -> None:
    keyfile = unlocked().keyfile
    session.check_passphrase(request.POST.get("passphrase", ""))
    new, again = request.POST.get("new", ""), request.POST.get("again", "")
    if new != again:
        raise PassphrasesDiffer
    match what:
        case "change":
            keyfile.change_passphrase(new)
        case "duress":
            keyfile.set_duress(new)
        case _:
            keyfile.remove_duress()
