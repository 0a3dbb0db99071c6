"""Seize the relay: read every byte it keeps and look for the words that were planted, in every usual encoding."""

from __future__ import annotations

import base64
import gzip
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from tocsin.core.ledger import HEADER_SIZE, Header

PREFIX = 6


def encodings(word: str) -> Iterator[bytes]:
    """Give a word as text files, databases and wire formats may hold it."""
    plain = word.encode()
    yield plain
    yield plain.upper()
    yield plain[::-1]
    yield word.encode("utf-16-le")
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    for shift in range(3):
        # The letters that do not depend on what stands before or after, at each of the three alignments.
        coded = base64.b64encode(bytes(shift) + plain)
        yield coded[(shift * 4 + 2) // 3 + (1 if shift else 0) : -4]


def bytes_on_disk(home: Path) -> Iterator[bytes]:
    """Read every file below a folder, and what gzip or zlib made of it."""
    for path in sorted(home.rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        yield data
        for unpack in (gzip.decompress, zlib.decompress):
            try:
                yield unpack(data)
            except (OSError, EOFError, zlib.error):
                continue


def words_found(home: Path, canaries: Iterable[str]) -> list[str]:
    """List the planted words that whoever takes this folder can read."""
    by_start: dict[bytes, list[tuple[bytes, str]]] = {}
    for word in canaries:
        for code in encodings(word):
            by_start.setdefault(code[:PREFIX], []).append((code, word))
    found: set[str] = set()
    for data in bytes_on_disk(home):
        for start, codes in by_start.items():
            # Most words begin alike, and a beginning that is not there saves looking for each of them.
            if start in data:
                found |= {word for code, word in codes if code in data}
    return sorted(found)


def what_it_shows(home: Path) -> dict[str, str]:
    """Say what the relay does show: numbers of devices, order, days, sizes, counts."""
    headers: list[Header] = []
    for path in home.rglob("*.sqlite3"):
        with closing(sqlite3.connect(path)) as db:
            rows = db.execute("select name from sqlite_master where type = 'table' order by name")
            headers += _headers(db, [name for (name,) in rows])
    devices = {header.device for header in headers}
    days = [header.day for header in headers]
    return {
        "records": str(len(headers)),
        "devices that wrote": str(len(devices)),
        "days": str(max(days) - min(days) + 1) if days else "0",
        "body sizes": ", ".join(
            sorted({f"{header.size}" for header in headers if header.mark == 0}, key=int)
        ),
    }


def _headers(db: sqlite3.Connection, tables: list[str]) -> list[Header]:
    """Read the clear parts of records out of whatever table holds them."""
    for table in tables:
        columns = [row[1] for row in db.execute(f'pragma table_info("{table}")')]
        if "clear" in columns:
            rows = db.execute(f'select clear from "{table}"')  # noqa: S608 - a name from the schema itself
            return [Header.from_bytes(bytes(row[0])[:HEADER_SIZE]) for row in rows]
    return []
