"""Read a table that an organisation has already: CSV, or the first sheet of an XLSX file. Nothing in it is run or followed.

An XLSX file is a zip of XML. Only three of its members are read, each up to a limit as it unpacks, and none that declares
entities: what a bomb would need is not there.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from typing import Final, NamedTuple
from xml.etree import ElementTree

from tocsin.errors import FeedError

MOST_ROWS: Final = 5_000
MOST_COLUMNS: Final = 60
MOST_UNPACKED: Final = 20 << 20
MOST_LETTERS: Final = 12_000
"""Of one cell."""

_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_DECLARES = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_CELL = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")


class UnreadableTable(FeedError):
    """The file is no table that can be read."""

    code = "feed.table"

    def __init__(self, why: str) -> None:
        super().__init__(f"This table cannot be read: {why}. Save it as CSV in UTF-8 and try again.")
        self.why = why


class Table(NamedTuple):
    """A header and rows of text, each as long as the header."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def read_table(data: bytes) -> Table:
    """Read a table from a file's bytes, whatever its name says.

    Raises
    ------
    UnreadableTable
        Not a table, too large, or not in UTF-8; no cell is ever quoted.
    """
    rows = _read_xlsx(data) if data.startswith(b"PK") else _read_csv(data)
    if not rows:
        raise UnreadableTable("it is empty")
    columns = tuple(name.strip() for name in rows[0])
    if len(columns) > MOST_COLUMNS or len(rows) > MOST_ROWS:
        raise UnreadableTable(f"it has more than {MOST_COLUMNS} columns or {MOST_ROWS} rows")
    filled = [row for row in rows[1:] if any(cell.strip() for cell in row)]
    n = len(columns)
    return Table(columns, tuple(tuple([*row, *[""] * n][:n]) for row in filled))


def _read_csv(data: bytes) -> list[list[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableTable("it is not in UTF-8") from None
    first = text.partition("\n")[0]
    mark = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=mark, strict=True))
    except csv.Error:
        raise UnreadableTable("its quoting is broken") from None
    if any(len(cell) > MOST_LETTERS or "\x00" in cell for row in rows for cell in row):
        raise UnreadableTable("a cell is too long, or is no text")
    return rows


def _read_xlsx(data: bytes) -> list[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            names = set(file.namelist())
            sheet = min(
                (name for name in names if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)), key=_number
            )
            shared = "xl/sharedStrings.xml"
            words = _shared(_member(file, shared)) if shared in names else []
            return _rows(_member(file, sheet), words)
    except (
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        ElementTree.ParseError,
        EOFError,
        NotImplementedError,
        RuntimeError,
    ):
        raise UnreadableTable("it is a damaged or locked workbook, or another kind of file") from None


def _number(name: str) -> int:
    return int("".join(sign for sign in name if sign.isdigit()))


def _member(file: zipfile.ZipFile, name: str) -> ElementTree.Element:
    with file.open(name) as member:
        data = member.read(MOST_UNPACKED + 1)
    if len(data) > MOST_UNPACKED:
        raise UnreadableTable("it unpacks to more than 20 megabytes")
    if _DECLARES.search(data):
        raise UnreadableTable("it declares entities, as no spreadsheet does")
    return ElementTree.fromstring(data)  # noqa: S314 - it declares no entity, and its size was checked


def _shared(root: ElementTree.Element) -> list[str]:
    return ["".join(text.text or "" for text in item.iter(f"{_SHEET}t")) for item in root.iter(f"{_SHEET}si")]


def _rows(root: ElementTree.Element, words: list[str]) -> list[list[str]]:
    found = []
    for row in root.iter(f"{_SHEET}row"):
        cells: list[str] = []
        for cell in row.iter(f"{_SHEET}c"):
            at = _column(cell.get("r", ""), len(cells))
            if at > MOST_COLUMNS:
                raise UnreadableTable(f"it has more than {MOST_COLUMNS} columns")
            cells += [""] * (at - len(cells)) + [_text(cell, words)[:MOST_LETTERS]]
        found.append(cells)
        if len(found) > MOST_ROWS:
            raise UnreadableTable(f"it has more than {MOST_ROWS} rows")
    return found


def _column(reference: str, next_one: int) -> int:
    match = _CELL.fullmatch(reference)
    if match is None:
        return next_one
    number = 0
    for letter in match[1]:
        number = number * 26 + ord(letter) - 64
    return max(next_one, number - 1)


def _text(cell: ElementTree.Element, words: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        return "".join(text.text or "" for text in cell.iter(f"{_SHEET}t"))
    value = cell.findtext(f"{_SHEET}v") or ""
    if cell.get("t") == "s":
        return words[int(value)] if value.isdecimal() and int(value) < len(words) else ""
    return value
