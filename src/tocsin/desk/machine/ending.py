"""What stays readable on this desk, whether founders removed it, and erasing it for good."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from tocsin.core.ledger import EVERYBODYS
from tocsin.desk.desk import Desk
from tocsin.desk.errors import Removed
from tocsin.desk.removal import erase_folder
from tocsin.desk.site.errors import status_of
from tocsin.desk.site.session import session, unlocked
from tocsin.errors import TocsinError


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingPage:
    """The whole page."""

    is_removed: bool
    cases: tuple[str, ...]
    rooms: tuple[str, ...]
    n_shares: int
    n_waiting: int
    trouble: str


def ending_page(desk: Desk, trouble: str = "") -> EndingPage:
    """Gather the page."""
    names = [name for name in sorted(desk.keyring.compartments) if name not in EVERYBODYS]
    return EndingPage(
        is_removed=isinstance(session.trouble, Removed),
        cases=tuple(sorted(desk.keyring.open_cases())),
        rooms=tuple(name for name in names if not name.startswith("case/")),
        n_shares=len(desk.keyring.shares),
        n_waiting=desk.n_waiting,
        trouble=trouble,
    )


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show what stays readable here, and how to erase it."""
    return render(request, "ending.html", {"page": ending_page(unlocked())})


@require_POST
def erase(request: HttpRequest) -> HttpResponse:
    """Erase this desk: its passphrase is asked once more."""
    desk = unlocked()
    try:
        session.check_passphrase(request.POST.get("passphrase", ""))
    except TocsinError as trouble:
        shown = {"page": ending_page(desk, str(trouble))}
        return render(request, "ending.html", shown, status=status_of(trouble.code))
    session.lock()
    erase_folder(desk.folder)
    return render(request, "erased.html")
