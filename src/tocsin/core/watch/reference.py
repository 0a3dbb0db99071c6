"""Which earlier rows a row is compared with, and in which part of the year each lies."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tocsin.core.watch.errors import BadSettings
from tocsin.terms import Day, date_of, day_from_date

WEEKLY, MONTHLY = 52, 12


@dataclass(frozen=True, slots=True)
class Pattern:
    """The reference rows of a tested row, relative to it, sorted by level."""

    back: tuple[int, ...]
    """Rows before the tested one."""
    level: tuple[int, ...]
    """Part of the year of each, 0 upwards; the tested row lies in the last."""
    time: tuple[float, ...]
    """Time of each in years from the tested row, below 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """How rows lie in years: `freq` rows a year, or by date where the first row's day is given."""

    freq: int = WEEKLY
    first_day: Day | None = None

    def back(self, row: int, years: int) -> int:
        """How many rows back the same week or month lies, so many years earlier."""
        if self.first_day is None or self.freq != WEEKLY:
            return years * self.freq
        now = Day(self.first_day + 7 * row)
        return round((now - _years_before(now, years)) / 7)

    def time(self, row: int, rows: list[int]) -> list[float]:
        """Years from one row to others; a dated month counts its days, as R does."""
        if self.first_day is None or self.freq != MONTHLY:
            return [(other - row) / self.freq for other in rows]
        unit = self._month(1) - self._month(0)
        return [(self._month(other) - self._month(row)) / unit / self.freq for other in rows]

    def _month(self, row: int) -> int:
        first = date_of(self.first_day or Day(0))
        months = first.year * 12 + first.month - 1 + row
        return day_from_date(date(months // 12, months % 12 + 1, 1))


def _years_before(day: Day, years: int) -> Day:
    then = date_of(day)
    try:
        return day_from_date(then.replace(year=then.year - years))
    except ValueError:  # 29 February: the day after 28 February, as calendars of R count
        return day_from_date(date(then.year - years, 3, 1))


def around(row: int, calendar: Calendar, *, b: int, w: int) -> Pattern | None:
    """Take the 2 w + 1 rows around the same week of b years; None where the first would lie before the series."""
    centres = [row - calendar.back(row, year) for year in range(b, 0, -1)]
    rows = [centre + near for centre in centres for near in range(-w, w + 1)]
    if rows[0] < 0:
        return None
    return _pattern(row, dict.fromkeys(rows, 0), Calendar(freq=calendar.freq))


def parts(row: int, calendar: Calendar, *, b: int, w: int, periods: int, left_out: int) -> Pattern | None:
    """Take b years in `periods` parts: 2 w + 1 rows around the same week, the rest of each year cut evenly.

    Rows up to `left_out` before the tested one are not used. None where the first row would lie before the series.
    """
    centres = [row] + [row - calendar.back(row, year) for year in range(1, b + 1)]
    if centres[-1] - w < 0:
        return None
    last = periods - 1
    level = dict.fromkeys(range(row - w, row + 1), last)
    for later, centre in pairwise(centres):
        level |= dict.fromkeys(range(centre - w, centre + w + 1), last)
        if periods > 1:
            level |= _cut(centre + w + 1, later - w, last)
    return _pattern(row, {at: part for at, part in level.items() if at < row - left_out}, calendar)


def _cut(first: int, end: int, n: int) -> dict[int, int]:
    """Cut rows into n parts, the first ones longer by one where it does not come out even."""
    if end - first < n:
        raise BadSettings("it cuts a year into more parts than there are weeks outside the reference window")
    length, rest = divmod(end - first, n)
    level: dict[int, int] = {}
    at = first
    for part in range(n):
        width = length + (part < rest)
        level |= dict.fromkeys(range(at, at + width), part)
        at += width
    return level


def _pattern(row: int, level: dict[int, int], calendar: Calendar) -> Pattern:
    rows = sorted(level, key=lambda at: (level[at], at))
    kept = sorted(set(level.values()))
    return Pattern(
        back=tuple(row - at for at in rows),
        level=tuple(kept.index(level[at]) for at in rows),
        time=tuple(calendar.time(row, rows)),
    )


def by_pattern(patterns: dict[int, Pattern]) -> list[tuple[Pattern, NDArray[np.intp]]]:
    """Put rows together that are compared alike: all of them, unless years differ in length."""
    rows: dict[Pattern, list[int]] = defaultdict(list)
    for row, pattern in patterns.items():
        rows[pattern].append(row)
    return [(pattern, np.array(same)) for pattern, same in rows.items()]
