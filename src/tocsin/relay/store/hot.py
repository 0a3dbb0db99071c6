"""The statements that every append and every sync runs, written out: building them anew each time costs more than running
them.

All else goes by Django's queries. Both databases understand these; only the lock differs, and SQLite needs
none, since its transactions begin IMMEDIATE.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection

from tocsin.relay.store.models import Coalition

_AT_ONCE = 200
"""Files of one statement: far below the number of values that either database takes."""
Row = tuple[Any, ...]  # Any: rows and values mix whole numbers and bytes

_COALITION_FIELDS = (
    "id", "name", "size", "root", "day", "signature", "peaks", "roll_version", "swept_on", "filling"
)  # fmt: skip
_COALITION = "SELECT " + ", ".join(_COALITION_FIELDS) + " FROM relay_coalition WHERE "  # noqa: S608 - constants
_SAVE_HEAD = (
    "UPDATE relay_coalition SET size = %s, root = %s, day = %s, signature = %s, peaks = %s, "
    "roll_version = %s WHERE id = %s"
)
_HEADERS = "INSERT INTO relay_headerrow (coalition_id, number, device, chain, clear) VALUES "
_BODIES = "INSERT INTO relay_bodyrow (coalition_id, number, content) VALUES "
_NODES = 'INSERT INTO relay_node (coalition_id, level, "index", hash) VALUES '
_TIPS = "SELECT device, chain, previous FROM relay_authortip WHERE coalition_id = %s AND device IN "
_SAVE_TIPS = "INSERT INTO relay_authortip (coalition_id, device, chain, previous) VALUES "
_TIPS_MOVE_ON = (
    " ON CONFLICT (coalition_id, device) DO UPDATE SET chain = excluded.chain, previous = excluded.previous"
)
_TAKEN = (
    "SELECT chain, number, clear FROM relay_headerrow WHERE coalition_id = %s AND device = %s AND chain IN "
)
_USED = (
    "SELECT device, n_items, n_bytes FROM relay_usage "
    "WHERE coalition_id = %s AND day = %s AND what = %s AND device IN "
)
_SAVE_USED = "INSERT INTO relay_usage (coalition_id, day, what, device, n_items, n_bytes) VALUES "
_USE_GROWS = (
    " ON CONFLICT (coalition_id, day, what, device) "
    "DO UPDATE SET n_items = excluded.n_items, n_bytes = excluded.n_bytes"
)
_HEADERS_FROM = "SELECT number, clear FROM relay_headerrow WHERE coalition_id = %s AND number >= %s ORDER BY number LIMIT %s"
_BODIES_BETWEEN = (
    "SELECT number, content FROM relay_bodyrow WHERE coalition_id = %s AND number BETWEEN %s AND %s"
)
_COSIGNATURES = (
    "SELECT device, size, root, signature FROM relay_cosignaturerow WHERE coalition_id = %s ORDER BY device"
)
_SAVE_COSIGNATURE = (
    "INSERT INTO relay_cosignaturerow (coalition_id, device, size, root, signature) VALUES (%s, %s, %s, %s, %s) "
    "ON CONFLICT (coalition_id, device) DO UPDATE "
    "SET size = excluded.size, root = excluded.root, signature = excluded.signature "
    "WHERE relay_cosignaturerow.size <= excluded.size"
)
_SLOTS = (
    "SELECT purpose, device, period FROM relay_keyrow WHERE coalition_id = %s AND ends_on >= %s "
    "ORDER BY device, purpose, period"
)
_FOLDERS = (
    "SELECT day, kind, count(*) FROM relay_folderitem WHERE coalition_id = %s AND day BETWEEN %s AND %s "
    "GROUP BY day, kind ORDER BY day"
)

_KNOWN_ITEMS = (
    "SELECT hash FROM relay_folderitem WHERE coalition_id = %s AND day = %s AND kind = %s AND hash IN "
)
_ITEMS = "INSERT INTO relay_folderitem (coalition_id, day, kind, hash, content) VALUES "
# Another worker process may have filed the same a moment ago.
_ITEM_STAYS = " ON CONFLICT (coalition_id, day, kind, hash) DO NOTHING"


def _all(statement: str, values: Sequence[Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[Row] = cursor.fetchall()
    return rows


def _insert(statement: str, rows: Sequence[Row], otherwise: str = "") -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.executemany(statement + _list(rows[0]) + otherwise, rows)
        else:
            # One statement: PostgreSQL would plan and answer each row of many by itself.
            values = ", ".join([_list(rows[0])] * len(rows))
            cursor.execute(statement + values + otherwise, [value for row in rows for value in row])


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
    values: list[Any] = [row.size, row.root, row.day, row.signature, row.peaks, row.roll_version, row.pk]
    with connection.cursor() as cursor:
        cursor.execute(_SAVE_HEAD, values)


def add_records(headers: Sequence[Row], bodies: Sequence[Row], nodes: Sequence[Row]) -> None:
    """Add header, body and node rows."""
    _insert(_HEADERS, headers)
    _insert(_BODIES, bodies)
    _insert(_NODES, nodes)


def tips_of(coalition: int, devices: Collection[int]) -> list[Row]:
    """Say where authors' chains stand: device, chain, previous."""
    return _all(_TIPS + _list(devices), [coalition, *devices])


def save_tips(rows: Sequence[Row]) -> None:
    """Move authors' chains on: coalition, device, chain, previous."""
    _insert(_SAVE_TIPS, rows, _TIPS_MOVE_ON)


def taken(coalition: int, device: int, chains: Collection[int]) -> list[Row]:
    """Say which chain numbers of an author are taken: chain, number, clear part."""
    return _all(_TAKEN + _list(chains), [coalition, device, *chains])


def used(coalition: int, day: int, what: str, devices: Collection[int]) -> list[Row]:
    """Say what devices have sent today: device, items, bytes."""
    return _all(_USED + _list(devices), [coalition, day, what, *devices]) if devices else []


def save_used(rows: Sequence[Row]) -> None:
    """Keep what devices have sent: coalition, day, what, device, items, bytes."""
    _insert(_SAVE_USED, rows, _USE_GROWS)


def headers_from(coalition: int, since: int, limit: int) -> list[Row]:
    """Read headers in order: number, clear part."""
    return _all(_HEADERS_FROM, [coalition, since, limit])


def bodies_between(coalition: int, first: int, last: int) -> list[Row]:
    """Read the bodies of a range of records, as far as they are here: number, body."""
    return _all(_BODIES_BETWEEN, [coalition, first, last])


def cosignatures(coalition: int) -> list[Row]:
    """Give each device's newest co-signature: device, size, root, signature."""
    return _all(_COSIGNATURES, [coalition])


def save_cosignature(coalition: int, device: int, size: int, root: bytes, signature: bytes) -> None:
    """Keep a device's co-signature, unless a newer one came before: an answer that was lost is asked for again."""
    with connection.cursor() as cursor:
        cursor.execute(_SAVE_COSIGNATURE, [coalition, device, size, root, signature])


def filled_slots(coalition: int, day: int) -> list[Row]:
    """List the slots of published keys whose period ends on a day or later: purpose, device, period."""
    return _all(_SLOTS, [coalition, day])


def known_items(coalition: int, day: int, kind: int, hashes: Collection[bytes]) -> set[bytes]:
    """Say which files, by hash, lie in a folder."""
    found: set[bytes] = set()
    listed = list(hashes)
    for at in range(0, len(listed), _AT_ONCE):
        part = listed[at : at + _AT_ONCE]
        rows = _all(_KNOWN_ITEMS + _list(part), [coalition, day, kind, *part])
        found |= {bytes(hash_) for (hash_,) in rows}
    return found


def add_items(rows: Sequence[Row]) -> None:
    """Put files into folders: coalition, day, kind, hash, content; what lies there already stays."""
    for at in range(0, len(rows), _AT_ONCE):
        _insert(_ITEMS, rows[at : at + _AT_ONCE], _ITEM_STAYS)


def folder_sizes(coalition: int, first: int, last: int) -> list[Row]:
    """Count what lies in the folders of some days: day, kind, how many."""
    return _all(_FOLDERS, [coalition, first, last])
