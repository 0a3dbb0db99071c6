"""A series as bars: whole numbers in a viewBox, no script, no inline style; classes give the colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

WIDTH, HEIGHT = 720, 150
FLOOR = HEIGHT - 18
"""Where bars stand; below it are the dates."""


class Weekly(Protocol):
    """A week with a count (None where nobody watched) and a threshold (None where there is no answer)."""

    @property
    def week(self) -> int: ...
    @property
    def count(self) -> int | None: ...
    @property
    def threshold(self) -> float | None: ...
    @property
    def rings(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One week's rectangle; `kind` is its class."""

    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A label on an axis."""

    at: float
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A drawing in a viewBox of WIDTH x HEIGHT."""

    bars: tuple[Bar, ...]
    threshold: str
    """Path of the threshold line, broken where there is no answer; may be empty."""
    levels: tuple[Mark, ...]
    """Heights of whole numbers on the left."""
    weeks: tuple[Mark, ...]
    """Weeks named along the floor."""
    width: int = WIDTH
    height: int = HEIGHT
    floor: int = FLOOR


def draw(weeks: Sequence[Weekly]) -> Bars:
    """Draw weeks, oldest first."""
    left = 28
    step = (WIDTH - left) / max(len(weeks), 12)
    top = max(2.0, *(float(week.count or 0) for week in weeks), *(week.threshold or 0.0 for week in weeks))
    scale = (FLOOR - 12) / top
    bars = tuple(_bar(at, week, left, step, scale) for at, week in enumerate(weeks))
    return Bars(
        bars=bars,
        threshold=_line(weeks, left, step, scale),
        levels=tuple(Mark(at=round(FLOOR - level * scale, 1), value=level) for level in _levels(int(top))),
        weeks=tuple(
            Mark(at=round(left + at * step, 1), value=week.week)
            for at, week in enumerate(weeks)
            if at % 13 == 0 and len(weeks) - at > 6
        ),
    )


def _bar(at: int, week: Weekly, left: float, step: float, scale: float) -> Bar:
    tall = 14.0 if week.count is None else week.count * scale
    kind = "unwatched" if week.count is None else "rings" if week.rings else "count"
    return Bar(
        x=round(left + at * step + step * 0.1, 1),
        y=round(FLOOR - tall, 1),
        width=round(step * 0.8, 1),
        height=round(tall, 1),
        kind=kind,
    )


def _line(weeks: Sequence[Weekly], left: float, step: float, scale: float) -> str:
    parts, is_drawing = [], False
    for at, week in enumerate(weeks):
        if week.threshold is None:
            is_drawing = False
            continue
        y = round(FLOOR - week.threshold * scale, 1)
        x = round(left + at * step, 1)
        parts.append(f"{'L' if is_drawing else 'M'}{x} {y}H{round(x + step, 1)}")
        is_drawing = True
    return "".join(parts)


def _levels(top: int) -> range:
    return range(0, top + 1, max(1, top // 4))
