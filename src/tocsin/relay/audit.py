"""Check a relay's database file from end to end, as a stranger would: nothing it says of itself is believed.

Every record's signature, every chain, every change of the roll, the tree and its nodes, and the relay's own signature on the
head. Plain SQLite and core's rules: no relay needs to run, and no table is changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

from tocsin.core.ledger import (
    FOUNDING,
    HEADER_SIZE,
    ROLL,
    SIGNATURE_SIZE,
    START,
    TAG_SIZE,
    Head,
    Peaks,
    Record,
    Roll,
    Tip,
    coalition_id,
    follow,
    read_founding,
    read_roll_change,
    verify_head,
    verify_record,
)
from tocsin.errors import LedgerError, SealError
from tocsin.relay.errors import UnsoundBackup

_TAG = HEADER_SIZE + TAG_SIZE


class LedgerFound(NamedTuple):
    """One coalition's ledger that was checked."""

    name: bytes
    size: int
    day: int


def audit(db: sqlite3.Connection, relay_key: bytes) -> list[LedgerFound]:
    """Check all ledgers of a database.

    Raises
    ------
    UnsoundBackup
        Something in it is not what was signed, or is missing.
    """
    try:
        rows = db.execute(
            "select id, name, size, root, day, signature from relay_coalition order by id"
        ).fetchall()
        return [_audit_one(db, relay_key, *row) for row in rows]
    except (LedgerError, SealError, sqlite3.DatabaseError) as trouble:
        raise UnsoundBackup from trouble


def _audit_one(
    db: sqlite3.Connection,
    relay_key: bytes,
    key: int,
    name: bytes,
    size: int,
    root: bytes,
    day: int,
    signature: bytes,
) -> LedgerFound:
    checked = _Checked(name)
    nodes = db.cursor()
    for record in _records(db, key):
        for node in checked.take(record):
            found = nodes.execute(
                'select hash from relay_node where coalition_id = ? and level = ? and "index" = ?',
                (key, *node[:2]),
            ).fetchone()
            if found != (node[2],):
                raise UnsoundBackup
    verify_head(relay_key, name, Head(size, root, day), signature)
    tips = {
        device: Tip(chain, previous)
        for device, chain, previous in db.execute(
            "select device, chain, previous from relay_authortip where coalition_id = ?", (key,)
        )
    }
    rolls = [
        content
        for (content,) in db.execute(
            "select content from relay_rollversion where coalition_id = ? order by version", (key,)
        )
    ]
    if (checked.peaks.size, checked.peaks.root(), checked.tips, checked.rolls) != (size, root, tips, rolls):
        raise UnsoundBackup
    return LedgerFound(name, size, day)


class _Checked:
    """A ledger so far."""

    def __init__(self, name: bytes) -> None:
        self.peaks = Peaks()
        self.tips: dict[int, Tip] = {}
        self.rolls: list[bytes] = []
        self._name = name
        self._roll: Roll | None = None

    def take(self, record: Record) -> list[tuple[int, int, bytes]]:
        """Check the next record; give the nodes that it completes."""
        header = record.header
        if self._roll is None:
            if coalition_id(record) != self._name:
                raise UnsoundBackup
            self._go_by(read_founding(record))
        else:
            verify_record(record, self._roll.device(header.device).key, self._name)
            if header.roll_version != self._roll.version or header.mark == FOUNDING:
                raise UnsoundBackup
            if header.mark == ROLL:
                self._go_by(read_roll_change(record, self._roll, self._name))
        self.tips[header.device] = follow(self.tips.get(header.device, START), record)
        return list(self.peaks.push(record.leaf))

    def _go_by(self, roll: Roll) -> None:
        self._roll = roll
        self.rolls.append(roll.to_bytes())


def _records(db: sqlite3.Connection, key: int) -> Iterator[Record]:
    rows = db.execute(
        "select h.number, h.clear, b.content from relay_headerrow h left join relay_bodyrow b "
        "on b.coalition_id = h.coalition_id and b.number = h.number where h.coalition_id = ? order by h.number",
        (key,),
    )
    for expected, (number, clear, body) in enumerate(rows):
        if number != expected or len(clear) != _TAG + 32 + SIGNATURE_SIZE or body is None:
            raise UnsoundBackup
        body_hash = clear[_TAG:-SIGNATURE_SIZE]
        if sha256(body).digest() != body_hash:
            raise UnsoundBackup
        yield Record(clear[:HEADER_SIZE], clear[HEADER_SIZE:_TAG], body, body_hash, clear[-SIGNATURE_SIZE:])
