"""Read what lies on seized disks, knowing nothing of any table: every value of every database, every file.

What is sealed is told by its bytes alone: an age file by its first words, a record by a header that names the hash of
another value, a record or a draft that waits to leave by its beginning.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from adversary import HEADER, SIGNATURE, SIZE_AT, TAG, Sealed

LEAD = HEADER + TAG + 32
DRAFT = 5 + 16
AGE = b"age-encryption.org/v1\n"
SNAPSHOT = b"tocsin/1 snapshot\n"


def values_in(folder: Path, scratch: Path) -> set[bytes]:
    """Copy a folder as it lies there, write-ahead logs too, and give every value in it."""
    copy = scratch / folder.name
    shutil.copytree(folder, copy)
    found = {path.read_bytes() for path in copy.rglob("*") if path.is_file() and "sqlite3" not in path.name}
    for path in list(copy.rglob("*.sqlite3")):
        with closing(sqlite3.connect(path)) as db:
            tables = db.execute("select name from sqlite_master where type = 'table'").fetchall()
            for (table,) in tables:
                rows = db.execute(f'select * from "{table}"')  # noqa: S608 - the database's own names
                found |= {bytes(value) for row in rows for value in row if isinstance(value, bytes)}
    shutil.rmtree(copy)
    return found


def sealed_among(values: Iterable[bytes]) -> tuple[list[Sealed], list[bytes], list[bytes]]:
    """Tell records and drafts, age files, and snapshots from everything else."""
    by_hash = {sha256(value).digest(): value for value in values}
    records = {sealed for value in by_hash.values() for sealed in _sealed(value, by_hash)}
    files = [value for value in by_hash.values() if value.startswith(AGE)]
    return list(records), files, [value for value in by_hash.values() if value.startswith(SNAPSHOT)]


def _sealed(value: bytes, by_hash: dict[bytes, bytes]) -> Iterator[Sealed]:
    body = by_hash.get(value[LEAD - 32 : LEAD])
    size = int.from_bytes(value[SIZE_AT : SIZE_AT + 4], "big")
    if body is not None:
        yield value[:HEADER], value[HEADER : HEADER + TAG], body
    elif len(value) == HEADER + TAG + size + SIGNATURE:
        yield value[:HEADER], value[HEADER : HEADER + TAG], value[HEADER + TAG : -SIGNATURE]
    elif value.startswith(b"draft"):
        yield value[:DRAFT], value[DRAFT : DRAFT + TAG], value[DRAFT + TAG :]
