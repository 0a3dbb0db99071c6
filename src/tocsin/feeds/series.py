"""Read weekly counts, or single events, from a table: what a detector takes, from whoever has it.

Columns `place` and `week` with `count`, one row a week and place, an empty count where nobody watched; or `place` and `day`,
one row an event. A week is a date in it (`2017-09-20`) or its name (`2017-W38`). Row numbers in errors count the first line
as row 1, as a spreadsheet does.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from math import nan
from typing import Final

from tocsin.feeds.errors import BadRow, MissingColumns, NotText
from tocsin.terms import Day, Place, Week, day_from_date, week_of

COUNTS: Final = ("place", "week", "count")
EVENTS: Final = ("place", "day")
MOST_DIGITS: Final = 9

Cells = dict[str, str]


def read_series_file(content: bytes) -> list[tuple[Week, Place, float]]:
    """Read a table of weekly counts; a count is NaN where nobody watched.

    Raises
    ------
    NotText, MissingColumns, BadRow
    """
    rows = []
    for row, cells in _rows(content, COUNTS):
        text = cells["count"]
        if text and not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
            raise BadRow(row=row, column="count", why="it is no whole number from 0 up, and not empty")
        rows.append((_week(cells, row), _place(cells, row), float(text) if text else nan))
    return rows


def read_events_file(content: bytes) -> list[tuple[Place, Day]]:
    """Read a table of events.

    Raises
    ------
    NotText, MissingColumns, BadRow
    """
    return [(_place(cells, row), _day(cells["day"], row, "day")) for row, cells in _rows(content, EVENTS)]


def is_of_events(content: bytes) -> bool:
    """Say whether a table has a row an event: by its first line."""
    first = content.split(b"\n", 1)[0].decode("utf-8-sig", errors="replace")
    names = {name.strip() for name in first.split(",")}
    return "day" in names and "count" not in names


def _rows(content: bytes, columns: tuple[str, ...]) -> Iterator[tuple[int, Cells]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        raise NotText from trouble
    table = csv.DictReader(io.StringIO(text, newline=""), restkey="beyond", restval="")
    try:
        if missing := tuple(column for column in columns if column not in (table.fieldnames or ())):
            raise MissingColumns(missing)
        for cells in table:
            if "beyond" in cells:
                raise BadRow(row=table.line_num, column=columns[0], why="the row has too many cells")
            yield table.line_num, {column: cells[column].strip() for column in columns}
    except csv.Error as trouble:
        raise BadRow(row=table.line_num + 1, column=columns[0], why="it is not a row of a CSV") from trouble


def _place(cells: Cells, row: int) -> Place:
    if not cells["place"]:
        raise BadRow(row=row, column="place", why="it is empty")
    return Place(cells["place"].lower())


def _week(cells: Cells, row: int) -> Week:
    year, is_name, number = cells["week"].upper().partition("-W")
    if not is_name:
        return week_of(_day(cells["week"], row, "week"))
    try:
        return week_of(day_from_date(date.fromisocalendar(int(year), int(number), 1)))
    except ValueError:
        raise BadRow(row=row, column="week", why="it is no week such as 2017-W38") from None


def _day(text: str, row: int, column: str) -> Day:
    try:
        return day_from_date(date.fromisoformat(text))
    except ValueError:
        raise BadRow(row=row, column=column, why="it is no date such as 2017-09-20") from None
