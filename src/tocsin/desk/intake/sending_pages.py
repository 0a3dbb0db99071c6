"""What somebody else took down: a form as the witness's, a sealed text that was passed on, a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from tocsin.core.intake import Account, Facts, Who
from tocsin.desk.errors import NotThatFile
from tocsin.desk.intake import importing, sending, shredding
from tocsin.desk.site import forms
from tocsin.desk.site.between import Between
from tocsin.desk.site.errors import BadField
from tocsin.desk.site.session import session, unlocked
from tocsin.feeds.tables import Table, read_table

CHANNELS = {"hotline": "a call by phone", "chat": "a chat, pasted", "friend": "a friend's report"}
_TRUTH = {"": None, "yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A table that was chosen in the browser, and what its file is known by."""

    table: Table
    source: shredding.Source


_tables: Between[Uploaded] = Between()
"""The table between matching and handing in."""
_sources: Between[shredding.Source] = Between()
"""What the file of the table that was handed in last is known by."""


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
    desk = unlocked()
    file = request.FILES.get("file")
    if file is None:
        raise BadField("file")
    content = file.read()
    key = _tables.keep(desk, Uploaded(read_table(content), shredding.Source.of(content)))
    return _ask_columns(request, key, ())


def _ask_columns(request: HttpRequest, key: str, troubles: tuple[importing.RowTrouble, ...]) -> HttpResponse:
    table = _uploaded(key).table
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


def _uploaded(key: str) -> Uploaded:
    uploaded = _tables.look(unlocked(), key)
    if uploaded is None:
        raise BadField("file")
    return uploaded


@require_POST
def hand_in_table(request: HttpRequest) -> HttpResponse:
    """Hand in every row, or say which do not fit and hand in none."""
    desk, key = unlocked(), forms.text(request, "key")
    uploaded = _uploaded(key)
    table = uploaded.table
    chosen = {field: request.POST.get(field, "") for field in importing.FIELDS}
    columns = {field: int(at) for field, at in chosen.items() if at.isascii() and at.isdecimal()}
    if not columns or max(columns.values()) >= len(table.columns):
        raise BadField("columns")
    matched = importing.match(table, columns, consent=request.POST.get("consent") == "yes")
    if matched.troubles or len(matched.ready) > importing.MOST_AT_ONCE:
        return _ask_columns(request, key, matched.troubles)
    n = importing.hand_in_all(desk, matched)
    _tables.take(desk, key)
    key = _sources.keep(desk, uploaded.source)
    session.sync_now()
    return _offer_to_destroy(request, key, uploaded.source, n_rows=n)


@require_POST
def destroy_file(request: HttpRequest) -> HttpResponse:
    """Destroy one file that has the table's very bytes, and look whether there are more."""
    key = forms.text(request, "key")
    source = _sources.look(unlocked(), key)
    if source is None:
        raise NotThatFile
    shredding.destroy(source, Path(forms.text(request, "where")))
    return _offer_to_destroy(request, key, source, was_destroyed=True)


def _offer_to_destroy(
    request: HttpRequest, key: str, source: shredding.Source, *, n_rows: int = 0, was_destroyed: bool = False
) -> HttpResponse:
    shown = {
        "key": key,
        "n_rows": n_rows,
        "was_destroyed": was_destroyed,
        "copies": shredding.copies(source, Path.home()),
    }
    return render(request, "table_done.html", shown)
