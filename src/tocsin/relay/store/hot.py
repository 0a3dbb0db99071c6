"""The statements that every append runs, written out: building them anew each time costs more than running them.

All else goes by Django's queries. Both databases understand these; only the lock differs, and SQLite needs none, since its
transactions begin IMMEDIATE.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import connection

from tocsin.relay.store.models import Coalition

Row = tuple[Any, ...]  # Any: a row mixes whole numbers and bytes

_COALITION_FIELDS = ("id", "name", "size", "root", "day", "signature", "peaks", "roll_version", "swept_on")
_COALITION = f"SELECT {', '.join(_COALITION_FIELDS)} FROM relay_coalition WHERE "  # noqa: S608 - constants only
_SAVE_HEAD = (
    "UPDATE relay_coalition SET size = %s, root = %s, day = %s, signature = %s, peaks = %s, roll_version = %s WHERE id = %s"
)
_HEADERS = "INSERT INTO relay_headerrow (coalition_id, number, device, chain, clear) VALUES (%s, %s, %s, %s, %s)"
_BODIES = "INSERT INTO relay_bodyrow (coalition_id, number, content) VALUES (%s, %s, %s)"
_NODES = 'INSERT INTO relay_node (coalition_id, level, "index", hash) VALUES (%s, %s, %s, %s)'
_TIPS = "SELECT device, chain, previous FROM relay_authortip WHERE coalition_id = %s AND device IN "
_SAVE_TIPS = (
    "INSERT INTO relay_authortip (coalition_id, device, chain, previous) VALUES (%s, %s, %s, %s) "
    "ON CONFLICT (coalition_id, device) DO UPDATE SET chain = excluded.chain, previous = excluded.previous"
)
_TAKEN = "SELECT chain, number, clear FROM relay_headerrow WHERE coalition_id = %s AND device = %s AND chain IN "
_USED = "SELECT device, n_items, n_bytes FROM relay_usage WHERE coalition_id = %s AND day = %s AND what = %s AND device IN "
_SAVE_USED = (
    "INSERT INTO relay_usage (coalition_id, day, what, device, n_items, n_bytes) VALUES (%s, %s, %s, %s, %s, %s) "
    "ON CONFLICT (coalition_id, day, what, device) "
    "DO UPDATE SET n_items = excluded.n_items, n_bytes = excluded.n_bytes"
)


def _all(statement: str, values: Sequence[object]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _many(statement: str, rows: Iterable[Row]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)


def _list(values: Collection[object]) -> str:
    return "(" + ", ".join(["%s"] * len(values)) + ")"


def find_coalition(name: bytes) -> Coalition | None:
    """Look a coalition up by its id."""
    found = _all(_COALITION + "name = %s", [name])
    return Coalition.from_db("default", _COALITION_FIELDS, found[0]) if found else None


def lock_coalition(key: int) -> Coalition:
    """Read a coalition's row and keep everybody else from appending to it until the transaction ends."""
    # NO KEY: rows that refer to this one may still be added meanwhile.
    lock = "" if connection.vendor == "sqlite" else " FOR NO KEY UPDATE"
    (row,) = _all(_COALITION + "id = %s" + lock, [key])
    return Coalition.from_db("default", _COALITION_FIELDS, row)


def save_head(row: Coalition) -> None:
    """Keep what appending changed in a coalition's row."""
    values = [row.size, row.root, row.day, row.signature, row.peaks, row.roll_version, row.pk]
    _many(_SAVE_HEAD, [tuple(values)])


def add_records(headers: Iterable[Row], bodies: Iterable[Row], nodes: Iterable[Row]) -> None:
    """Add header, body and node rows."""
    _many(_HEADERS, headers)
    _many(_BODIES, bodies)
    _many(_NODES, nodes)


def tips_of(coalition: int, devices: Collection[int]) -> list[Row]:
    """Say where authors' chains stand: device, chain, previous."""
    return _all(_TIPS + _list(devices), [coalition, *devices])


def save_tips(rows: Iterable[Row]) -> None:
    """Move authors' chains on: coalition, device, chain, previous."""
    _many(_SAVE_TIPS, rows)


def taken(coalition: int, device: int, chains: Collection[int]) -> list[Row]:
    """Say which chain numbers of an author are taken: chain, number, clear part."""
    return _all(_TAKEN + _list(chains), [coalition, device, *chains])


def used(coalition: int, day: int, what: str, devices: Collection[int]) -> list[Row]:
    """Say what devices have sent today: device, items, bytes."""
    return _all(_USED + _list(devices), [coalition, day, what, *devices])


def save_used(rows: Iterable[Row]) -> None:
    """Keep what devices have sent: coalition, day, what, device, items, bytes."""
    _many(_SAVE_USED, rows)
