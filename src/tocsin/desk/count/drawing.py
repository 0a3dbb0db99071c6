"""Intervals as dots on lines: whole numbers in a viewBox, no script, no inline style; classes give the colours."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tocsin.core.count.mse import two_figures

WIDTH, ROW, TOP = 720, 34, 30
LEFT, RIGHT = 190, 20
LABEL = 120
"""Room that a label at the top takes."""

Odds = tuple[float, float, float, float]
"""Times as many unlisted; then the middle, the lower and the upper end of the total."""


class Spread(Protocol):
    """What is drawn of a method, or of a line of the dial."""

    @property
    def title(self) -> str:
        """Words at the left."""

    @property
    def median(self) -> float | None:
        """The middle."""

    @property
    def low(self) -> float | None:
        """The lower end."""

    @property
    def high(self) -> float | None:
        """The upper end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One in figures as they may be told."""

    title: str
    median: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A dot in the middle of a line, or words where there is no number."""

    title: str
    y: int
    from_x: float | None
    dot_x: float | None
    to_x: float | None
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A number on the scale."""

    x: float
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """A drawing in a viewBox of `width` x `height`."""

    n: int
    """The documented."""
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...]
    documented_x: float
    claimed_x: float | None
    claimed: int | None
    """To be written beside its line, where there is room."""
    middle_x: float
    width: int
    height: int


def draw_dial(n: int, odds: Sequence[Odds], claimed: int | None) -> Intervals:
    """Draw some lines of the dial: how many there would be, were lists more or less dependent than they show."""
    rows = [Told(title=_times(one[0]), median=one[1], low=one[2], high=one[3]) for one in odds[::3]]
    return draw_intervals(n, rows, claimed)


def _times(ratio: float) -> str:
    told = {0.5: "half as many unlisted", 1.0: "as the lists say", 2.0: "twice as many unlisted"}
    return told.get(round(ratio, 6), f"{ratio:.2f} times as many")


def draw_intervals(n: int, rows: Sequence[Spread], claimed: int | None) -> Intervals:
    """Draw intervals one under another on one scale, which begins at the documented; a log scale where it is wide."""
    tops = [row.high for row in rows if row.high is not None]
    last = max([*tops, claimed or 0, n + 1]) * 1.02
    first = max(min(n, claimed or n), 1)
    is_log = last > 8 * first

    def place(value: float) -> float:
        by_log = math.log(max(value, first) / first) / math.log(last / first)
        share = by_log if is_log else (value - first) / (last - first)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    height = TOP + ROW * len(rows) + 24
    claimed_x = None if claimed is None else place(claimed)
    has_room = claimed_x is not None and place(n) + LABEL < claimed_x < WIDTH - LABEL
    return Intervals(
        n=n,
        lines=tuple(_line(row, TOP + ROW * at + ROW // 2, place) for at, row in enumerate(rows)),
        marks=tuple(Mark(x=place(value), value=value) for value in _marks(first, last, is_log=is_log)),
        documented_x=place(n),
        claimed_x=claimed_x,
        claimed=claimed if has_room else None,
        middle_x=place(n) + 6,
        width=WIDTH,
        height=height,
    )


def _line(row: Spread, y: int, place: Callable[[float], float]) -> Line:
    if row.median is None or row.low is None or row.high is None:
        return Line(title=row.title, y=y, from_x=None, dot_x=None, to_x=None, said="no number")
    said = f"{round(row.median):,}, from {round(row.low):,} to {round(row.high):,}"
    return Line(
        title=row.title, y=y, from_x=place(row.low), dot_x=place(row.median), to_x=place(row.high), said=said
    )


def _marks(first: float, last: float, *, is_log: bool) -> list[int]:
    if is_log:
        told = [two_figures(first * (last / first) ** (at / 4)) for at in range(5)]
    else:
        step = _round_step((last - first) / 5)
        told = [step * at for at in range(math.ceil(first / step), math.floor(last / step) + 1)]
    return [value for value in dict.fromkeys(told) if first <= value <= last]


def _round_step(least: float) -> int:
    """Give the least of 1, 2, 5, 10, 20, ... that is not under it."""
    size = 10 ** math.floor(math.log10(max(least, 1)))
    return int(next(times * size for times in (1, 2, 5, 10) if times * size >= least))
