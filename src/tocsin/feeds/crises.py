"""Read dated claims of a crisis from a table and yield reports.

One row is one statement of a published item; `src/tocsin/data/README.md` gives the columns. Row numbers in
errors count the first line as row 1, as a spreadsheet does.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar

from tocsin.core.watch import GROUP_OF, Qualifier, Report, Stance
from tocsin.feeds.errors import BadRow, MissingColumns, NotText
from tocsin.terms import Day, Place, Source, day_from_date

COLUMNS: Final = (
    "item",
    "published",
    "source",
    "source_kind",
    "controller",
    "language",
    "origin",
    "derives_from",
    "predicate",
    "qualifier",
    "quantity",
    "window_start",
    "window_end",
    "stance",
    "about",
    "first_hand",
)
"""Columns a table must have, in any order; others (notes, addresses) are not read."""

COUNTED: Final = frozenset(
    {Qualifier.EXACT, Qualifier.AT_LEAST, Qualifier.MORE_THAN, Qualifier.ABOUT, Qualifier.BETWEEN}
)
"""Qualifiers that go with a number; the others go without."""

MOST_DIGITS: Final = 9
"""Nobody counts more than 999,999,999 people."""

Word = TypeVar("Word", bound=StrEnum)
Cells = dict[str, str]


def read_crisis(lines: Iterable[str], *, place: Place) -> Iterator[Report]:
    """Yield the reports of a table, in its order.

    Parameters
    ----------
    lines : lines of a CSV with a first line of column names
    place : Place
        Where all of its statements are about.

    Raises
    ------
    MissingColumns
        The first line lacks a column.
    BadRow
        A row lacks a value, holds one its column does not allow, or repeats an earlier row.
    """
    table = csv.DictReader(lines, restkey="beyond", restval="")
    seen: dict[str, list[Cells]] = {}
    for row, cells in _rows(table):
        before = seen.setdefault(cells["item"], [])
        if cells in before:
            raise BadRow(row=row, column="item", why="the row repeats an earlier one")
        before.append(cells)
        yield _report(cells, place=place, row=row, ordinal=len(before))


def _rows(table: csv.DictReader[str]) -> Iterator[tuple[int, Cells]]:
    try:
        if missing := tuple(column for column in COLUMNS if column not in (table.fieldnames or ())):
            raise MissingColumns(missing)
        for cells in table:
            if "beyond" in cells:
                raise BadRow(row=table.line_num, column="item", why="the row has too many cells")
            yield table.line_num, {column: cells[column].strip() for column in COLUMNS}
    except csv.Error as trouble:
        raise BadRow(row=table.line_num + 1, column="item", why="it is not a row of a CSV") from trouble


def read_crisis_file(content: bytes, *, place: Place) -> list[Report]:
    """Read a whole file of the format, as bytes.

    Raises
    ------
    NotText
        The bytes are not UTF-8.
    MissingColumns, BadRow
        As `read_crisis`.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        raise NotText from trouble
    return list(read_crisis(io.StringIO(text, newline=""), place=place))


def _report(cells: Cells, *, place: Place, row: int, ordinal: int) -> Report:
    item = _needed(cells, "item", row).lower()
    qualifier = _word(cells, "qualifier", Qualifier, row) if cells["qualifier"] else None
    number, number_to = _quantity(cells, row)
    first, last = _window(cells, row)
    return Report(
        claim=f"{item}.{ordinal}",
        item=item,
        published=_day(cells, "published", row),
        place=place,
        source=Source(
            name=_needed(cells, "source", row),
            kind=_needed(cells, "source_kind", row),
            controller=_needed(cells, "controller", row),
        ),
        language=_needed(cells, "language", row),
        origin=_needed(cells, "origin", row),
        derives_from=tuple(code.strip().lower() for code in cells["derives_from"].split(";") if code.strip()),
        predicate=_predicate(cells, row),
        qualifier=qualifier,
        number=number,
        number_to=number_to,
        window_first=first,
        window_last=last,
        stance=_word(cells, "stance", Stance, row),
        about=cells["about"].lower() or None,
        first_hand=_yes(cells, row),
    )


def _needed(cells: Cells, column: str, row: int) -> str:
    if not cells[column]:
        raise BadRow(row=row, column=column, why="it is empty")
    return cells[column]


def _day(cells: Cells, column: str, row: int) -> Day:
    try:
        return day_from_date(date.fromisoformat(_needed(cells, column, row)))
    except ValueError:
        # The cell itself stays out of the sentence and out of the chain of causes.
        raise BadRow(row=row, column=column, why="it is not a date like 2017-09-18") from None


def _window(cells: Cells, row: int) -> tuple[Day | None, Day | None]:
    first = _day(cells, "window_start", row) if cells["window_start"] else None
    last = _day(cells, "window_end", row) if cells["window_end"] else None
    if first is not None and last is not None and last < first:
        raise BadRow(row=row, column="window_end", why="it lies before window_start")
    return first, last


def _word(cells: Cells, column: str, words: type[Word], row: int) -> Word:
    try:
        return words(_needed(cells, column, row))
    except ValueError:
        raise BadRow(row=row, column=column, why=f"it is none of {', '.join(words)}") from None


def _predicate(cells: Cells, row: int) -> str:
    word = _needed(cells, "predicate", row)
    if word not in GROUP_OF:
        raise BadRow(row=row, column="predicate", why="the word is not in the table of core.watch.acts")
    return word


def _quantity(cells: Cells, row: int) -> tuple[int | None, int | None]:
    written, counted = cells["quantity"], cells["qualifier"] in COUNTED
    if bool(written) != counted:
        why = "a number is missing" if counted else "a number needs a qualifier that goes with one"
        raise BadRow(row=row, column="quantity", why=why)
    ends = written.split("-") if cells["qualifier"] == Qualifier.BETWEEN else [written]
    if not written:
        return None, None
    if not all(end.isascii() and end.isdigit() and len(end) <= MOST_DIGITS for end in ends):
        raise BadRow(row=row, column="quantity", why="it is not a whole number, or two joined by a hyphen")
    if cells["qualifier"] == Qualifier.BETWEEN and (len(ends) != 2 or int(ends[0]) > int(ends[1])):
        raise BadRow(row=row, column="quantity", why="between needs two numbers, the lower first")
    return int(ends[0]), int(ends[1]) if len(ends) == 2 else None


def _yes(cells: Cells, row: int) -> bool:
    if cells["first_hand"] not in ("yes", "no"):
        raise BadRow(row=row, column="first_hand", why="it is neither yes nor no")
    return cells["first_hand"] == "yes"
