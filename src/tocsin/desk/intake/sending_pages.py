"""What somebody else took down: a form as the witness's, a sealed text that was passed on, a table."""

from __future__ import annotations

import secrets

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from tocsin.core.intake import Account, Facts, Who
from tocsin.desk.intake import importing, sending
from tocsin.desk.site import forms
from tocsin.desk.site.errors import BadField
from tocsin.desk.site.session import session, unlocked
from tocsin.feeds.tables import Table, read_table

CHANNELS = {"hotline": "a call by phone", "chat": "a chat, pasted", "friend": "a friend's report"}
_TRUTH = {"": None, "yes": True, "no": False}
_tables: dict[str, Table] = {}
"""Tables between matching and handing in, in memory alone; the newest only."""


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show the form, and the two other ways in."""
    return render(request, "taken_down.html", {"channels": CHANNELS})


@require_POST
def hand_in(request: HttpRequest) -> HttpResponse:
    """Seal what was taken down, hand it in, and show the person's receipt once."""
    receipt = sending.hand_in(unlocked(), _taken_down(request))
    session.sync_now()
    return render(request, "taken_down_done.html", {"words": receipt.words, "digits": receipt.digits})


def _taken_down(request: HttpRequest) -> sending.TakenDown:
    channel = forms.text(request, "channel")
    if channel not in CHANNELS:
        raise BadField("channel")
    who = {name: request.POST.get(name, "").strip() for name in ("name", "reach", "not_ask", "to_warn")}
    account = {name: request.POST.get(name, "").strip() for name in ("text", "when")}
    facts: dict[str, object] = {
        name: _truth(request, name)
        for name in ("danger_now", "held", "tortured", "named_others", "needs_care")
    }
    facts |= {"place": request.POST.get("place", "").strip().lower() or "zz"}
    facts |= {"people": forms.number(request, "people")}
    try:
        return sending.TakenDown(
            channel=channel,
            consent=request.POST.get("consent") == "yes",
            who=msgspec.convert(who, Who),
            account=msgspec.convert(account, Account),
            facts=msgspec.convert(facts, Facts),
        )
    except msgspec.ValidationError:
        # Its own words quote what was typed.
        raise BadField("text") from None


def _truth(request: HttpRequest, name: str) -> bool | None:
    try:
        return _TRUTH[request.POST.get(name, "")]
    except KeyError:
        raise BadField(name) from None


@require_POST
def hand_in_sealed(request: HttpRequest) -> HttpResponse:
    """Hand in a text that the one-file page sealed."""
    sending.hand_in_sealed(unlocked(), forms.pasted(request))
    session.sync_now()
    return render(request, "taken_down_done.html", {})


@require_POST
def show_table(request: HttpRequest) -> HttpResponse:
    """Read a table and ask which column is what."""
    unlocked()
    file = request.FILES.get("file")
    if file is None:
        raise BadField("file")
    _tables.clear()
    key = secrets.token_hex(8)
    _tables[key] = read_table(file.read())
    return _ask_columns(request, key, ())


def _ask_columns(request: HttpRequest, key: str, troubles: tuple[importing.RowTrouble, ...]) -> HttpResponse:
    table = _table(key)
    shown = {
        "key": key,
        "columns": list(enumerate(table.columns)),
        "n_rows": len(table.rows),
        "fields": importing.FIELDS,
        "troubles": troubles[:50],
        "n_troubles": len(troubles),
        "most": importing.MOST_AT_ONCE,
    }
    return render(request, "table.html", shown)


def _table(key: str) -> Table:
    try:
        return _tables[key]
    except KeyError:
        raise BadField("file") from None


@require_POST
def hand_in_table(request: HttpRequest) -> HttpResponse:
    """Hand in every row, or say which do not fit and hand in none."""
    desk, key = unlocked(), forms.text(request, "key")
    table = _table(key)
    chosen = {field: request.POST.get(field, "") for field in importing.FIELDS}
    columns = {field: int(at) for field, at in chosen.items() if at.isascii() and at.isdecimal()}
    if not columns or max(columns.values()) >= len(table.columns):
        raise BadField("columns")
    matched = importing.match(table, columns, consent=request.POST.get("consent") == "yes")
    if matched.troubles or len(matched.ready) > importing.MOST_AT_ONCE:
        return _ask_columns(request, key, matched.troubles)
    n = importing.hand_in_all(desk, matched)
    _tables.clear()
    session.sync_now()
    return render(request, "taken_down_done.html", {"n_rows": n})
