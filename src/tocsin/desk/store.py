"""What this desk can read, as rows in memory: columns and record numbers; the words stay in the replica until asked for.

The database lives in SQLite's memory file system, where sorts and temporary tables stay in memory too. It is made anew
at every unlocking and is gone with the process.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tocsin.core.ledger import Reading, Status

MOST = 2**62

_SCHEMA = """
-- One row: one record that this desk could read, whatever became of it.
create table entry (
  number integer primary key,   -- the ledger's number
  device int not null,          -- author
  day int not null,             -- the header's day
  at int not null,              -- UTC seconds, sealed
  status text not null,         -- counts, refused, unknown, damaged
  kind text not null,
  compartment text not null,
  draft blob not null,          -- this version's id
  based_on blob,                -- the version it replaces
  barred int not null           -- its author was barred then: it carries no vote
) strict;
create index entry_kind on entry (kind, compartment) where status = 'counts';
create index entry_based_on on entry (based_on) where based_on is not null;
create index entry_aside on entry (number) where status <> 'counts';

-- One row: by what a record of a few kinds is found without being opened (`Content.ABOUT`, `DUE`).
create table found_by (
  number integer primary key,   -- the record's
  about text not null,          -- a random code
  due int                       -- UTC seconds
) strict;
create index found_by_about on found_by (about);
create index found_by_due on found_by (due) where due is not null;
"""


class Entry(NamedTuple):
    """A row of `entry`."""

    number: int
    device: int
    day: int
    at: int
    status: str
    kind: str
    compartment: str
    draft: bytes
    based_on: bytes | None
    barred: int


class Found(NamedTuple):
    """A record found by its code or its time."""

    number: int
    device: int
    kind: str
    about: str
    due: int | None


class Store:
    """The projections of one unlocked desk. One thread at a time; the desk holds the lock."""

    def __init__(self, rows: bytes = b"") -> None:
        """Begin without rows, or with those that `to_bytes` gave."""
        name = f"file:/desk-{secrets.token_hex(8)}?vfs=memdb"
        self._db = sqlite3.connect(name, uri=True, isolation_level=None, check_same_thread=False)
        if rows:
            self._db.deserialize(rows)
        # What is forgotten must not go on in free pages, from there into the next snapshot.
        self._db.executescript("pragma temp_store=memory; pragma secure_delete=on")
        if not rows:
            self._db.executescript(_SCHEMA)
        self._marks: Counter[str] = Counter()
        self._n_wide = 0

    def to_bytes(self) -> bytes:
        """Write all rows down; seal them, and write them nowhere else."""
        return self._db.serialize()

    def close(self) -> None:
        """Forget everything."""
        self._db.close()

    def project(self, readings: Iterable[Reading]) -> None:
        """Turn readings into rows; a reading taken again replaces its row."""
        opened = [reading for reading in readings if reading.envelope is not None]
        rows = [_row(reading) for reading in opened]
        if not rows:
            return
        for row in rows:
            self._marks[row.kind] += 1
            # It may replace a version of any kind.
            self._n_wide += row.based_on is not None
        self._db.execute("begin")
        self._db.executemany("insert or replace into entry values (?,?,?,?,?,?,?,?,?,?)", rows)
        self._db.executemany("insert or replace into found_by values (?,?,?)", _found_by(opened))
        self._db.execute("commit")

    def forget(self, compartment: str) -> None:
        """Drop the rows of a compartment whose keys were erased."""
        self._n_wide += 1
        here = "(select number from entry where compartment = ?)"
        self._db.execute(f"delete from found_by where number in {here}", (compartment,))  # noqa: S608 - our own words
        self._db.execute("delete from entry where compartment = ?", (compartment,))

    def mark(self, kind: str) -> tuple[int, int]:
        """Give a mark that is another one once something changed in what `newest` lists of a kind."""
        return self._marks[kind], self._n_wide

    def newest(self, kind: str, *, compartment: str | None = None) -> list[Entry]:
        """List what counts of a kind, oldest first, leaving out versions that a later one replaced."""
        here, values = (
            ("", [kind]) if compartment is None else ("and e.compartment = ? ", [kind, compartment])
        )
        rows = self._db.execute(
            f"select e.* from entry e where e.kind = ? and e.status = 'counts' {here}"  # noqa: S608 - our own words
            "and not exists (select 1 from entry n where n.based_on = e.draft and n.status = 'counts' "
            "and n.compartment = e.compartment) order by e.number",
            values,
        )
        return [Entry(*row) for row in rows]

    def found(
        self, kinds: Iterable[str], *, compartment: str, since: int, about: Iterable[str] = ()
    ) -> list[Found]:
        """Find what counts by codes, those given and those with a time after `since`; what the barred wrote is left out.

        All records of such a code, replaced or not, oldest first: where a version by somebody else must hide nothing.
        """
        rows = self._db.execute(
            "with wanted(about) as (select value from json_each(?) union select about from found_by where due > ?) "
            "select e.number, e.device, e.kind, f.about, f.due from wanted w join found_by f using (about) "
            "join entry e using (number) where e.kind in (select value from json_each(?)) and e.compartment = ? "
            "and e.status = 'counts' and not e.barred order by e.number",
            (json.dumps(list(about)), since, json.dumps(list(kinds)), compartment),
        )
        return [Found(*row) for row in rows]

    def every(self, kind: str, *, compartment: str) -> list[Entry]:
        """List all that counts of a kind, replaced or not: where a version by somebody else must hide nothing."""
        rows = self._db.execute(
            "select * from entry where kind = ? and compartment = ? and status = 'counts' order by number",
            (kind, compartment),
        )
        return [Entry(*row) for row in rows]

    def newest_of_each(self, kind: str, *, compartment: str, device: int | None = None) -> list[Entry]:
        """List what each author, or one, said last of a kind, whatever others call a version of it."""
        rows = self._db.execute(
            "select e.* from entry e where e.number in (select max(number) from entry where kind = ? "
            "and compartment = ? and status = 'counts' and device = coalesce(?, device) group by device) "
            "order by e.device",
            (kind, compartment, device),
        )
        return [Entry(*row) for row in rows]

    def refused(self) -> list[Entry]:
        """List what this desk could open and must not count."""
        rows = self._db.execute("select * from entry where status <> 'counts' order by number desc limit 200")
        return [Entry(*row) for row in rows]

    def between(self, first: int, last: int) -> list[Entry]:
        """List what this desk could open among the records from one number to another, both included."""
        rows = self._db.execute(
            "select * from entry where number between ? and ? order by number", (first, last)
        )
        return [Entry(*row) for row in rows]


_WORD = {status: status.value for status in Status}
"""Enum attributes are slow, and there are as many as records."""


def _row(reading: Reading) -> Entry:
    envelope = reading.envelope
    assert envelope is not None  # noqa: S101 - the caller has filtered
    return Entry(
        reading.number,
        reading.device,
        reading.day,
        envelope.at,
        _WORD[reading.status],
        envelope.kind,
        envelope.compartment,
        envelope.id,
        envelope.based_on,
        int(reading.barred),
    )


def _found_by(readings: Iterable[Reading]) -> Iterator[tuple[int, str, int | None]]:
    for reading in readings:
        content = reading.content
        if content is not None and content.ABOUT:
            due = getattr(content, content.DUE) if content.DUE else None
            # A hostile member may write any number; SQLite takes those of 64 bits.
            yield reading.number, getattr(content, content.ABOUT), due and max(-MOST, min(due, MOST))
