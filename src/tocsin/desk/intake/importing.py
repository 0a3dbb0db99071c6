"""A table of cases that an organisation has already, row by row by the same way as a call: sealed, handed in, opened again.

Columns are matched on the page by whoever knows the table. A row that does not fit is named by its number and its column,
never quoted. Nothing is handed in while a row is wrong, so that no table is half in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from tocsin.core.intake import Account, Facts, Who
from tocsin.desk.desk import Desk
from tocsin.desk.intake.sending import TakenDown, hand_in
from tocsin.feeds.tables import Table

FIELDS: Final = {
    "name": "what they want to be called",
    "reach": "how they can be reached",
    "not_ask": "what they must not be asked",
    "to_warn": "who must be warned",
    "text": "what happened",
    "when": "when it happened",
    "language": "language of the words (two letters)",
    "place": "place code (az, az-ba)",
    "people": "people who must stay together",
    "n_children": "how many of them are under 18",
    "danger_now": "in danger now (yes, no)",
    "held": "one of them is held (yes, no)",
    "tortured": "one of them was tortured (yes, no)",
    "needs_care": "one of them needs a doctor (yes, no)",
    "needs_step_free": "one of them cannot take stairs (yes, no)",
}
"""What a column may hold."""
_YES, _NO = frozenset({"yes", "y", "true", "1", "x"}), frozenset({"no", "n", "false", "0"})
_TRUTHS = frozenset({"danger_now", "held", "tortured", "needs_care", "needs_step_free"})
_WHO, _ACCOUNT = frozenset({"name", "reach", "not_ask", "to_warn"}), frozenset({"text", "when", "language"})
MOST_AT_ONCE: Final = 500
"""Rows of one table: a list beyond that is counted by its organisation, not taken into intake."""


@dataclass(frozen=True, slots=True)
class RowTrouble:
    """A row, counted as the table shows it, and what of it does not fit."""

    row: int
    field: str


@dataclass(frozen=True, slots=True)
class Matched:
    """A table whose columns were matched: what may be handed in, and what must be mended first."""

    ready: tuple[TakenDown, ...]
    troubles: tuple[RowTrouble, ...]


def match(table: Table, columns: dict[str, int], *, consent: bool) -> Matched:
    """Read every row by the columns that were chosen for it."""
    ready, troubles = [], []
    for number, row in enumerate(table.rows, start=2):
        wrong: list[str] = []
        cells = {field: row[at].strip() for field, at in columns.items() if row[at].strip()}
        made = _read(cells, consent, wrong)
        if made is None:
            troubles += [RowTrouble(number, field) for field in dict.fromkeys(wrong)]
        else:
            ready.append(made)
    return Matched(tuple(ready), tuple(troubles))


def _read(cells: dict[str, str], consent: bool, wrong: list[str]) -> TakenDown | None:
    facts: dict[str, object] = {"place": cells.get("place", "zz").lower()}
    for field in cells.keys() - _WHO - _ACCOUNT - {"place"}:
        value = _truth(cells[field]) if field in _TRUTHS else _count(cells[field])
        if value is None:
            wrong.append(field)
        facts[field] = value
    who = {field: text for field, text in cells.items() if field in _WHO}
    account = {field: text for field, text in cells.items() if field in _ACCOUNT}
    made = [_convert(what, kind, wrong) for what, kind in ((who, Who), (account, Account), (facts, Facts))]
    if wrong:
        return None
    return TakenDown(channel="table", consent=consent, who=made[0], account=made[1], facts=made[2])


def _convert(what: dict[str, object] | dict[str, str], kind: type, wrong: list[str]):  # type: ignore[no-untyped-def]  # one of three structs
    for field, value in what.items():
        required = {"place": "zz"} if kind is Facts else {}
        try:
            msgspec.convert({**required, field: value}, kind)
        except msgspec.ValidationError:
            # Its own words would quote the cell.
            wrong.append(field)
    return None if wrong else msgspec.convert(what, kind)


def _truth(text: str) -> bool | None:
    folded = text.casefold()
    return True if folded in _YES else False if folded in _NO else None


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else None


def hand_in_all(desk: Desk, matched: Matched) -> int:
    """Hand in every row; raises what handing in one raises."""
    for taken in matched.ready[:MOST_AT_ONCE]:
        hand_in(desk, taken)
    return len(matched.ready[:MOST_AT_ONCE])
