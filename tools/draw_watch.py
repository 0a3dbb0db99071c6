"""Draw one picture per method for docs/how-to/choose-watch-settings.md, by the desk's own drawing code.

    python tools/draw_watch.py

Invented counts: four and a half years of a quiet seasonal place, one surge in the last year, a slow rise at its end. The
last 52 weeks are drawn; bars in red ring, the line is the threshold. What is no detector has a picture of its own kind:
levels, what came from a neighbour, what is still to be reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tocsin.core import watch
from tocsin.core.watch import Surge
from tocsin.desk.watch.drawing import Bars, draw

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "how-to" / "watch"
WEEKS, SHOWN = 234, 52
COLOURS = {"count": "#6b7f99", "rings": "#c0392b", "unwatched": "#dddddd"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One week as the drawing wants it."""

    week: int
    count: int | None
    threshold: float | None
    rings: bool


def counts() -> np.ndarray:
    """Invent the place."""
    rng = np.random.default_rng(2017)
    week = np.arange(WEEKS)
    mean = 1.5 * np.exp(0.5 * np.sin(2 * np.pi * week / 52))
    mean[200:203] += 9
    mean[222:] += 2.5
    made = rng.poisson(mean).astype(float)[:, None]
    made[190] = np.nan
    return made


def surges(made: np.ndarray) -> Mapping[str, Surge]:
    """Run every detector with the settings that the page starts from."""
    three: dict[str, Any] = {"b": 3, "w": 3, "limit54": (0, 1)}
    return {
        "acute": watch.acute(made).surge,
        "ears-c1": watch.ears(made, min_sigma=0.5),
        "ears-c2": watch.ears(made, method="C2", baseline=28, min_sigma=0.5),
        "ears-c3": watch.ears(made, method="C3", min_sigma=0.5),
        "bayes": watch.bayes(made),
        "rki": watch.rki(made, b=2, w=4),
        "farrington": watch.farrington(made, **three),
        "farrington-flexible": watch.farrington_flexible(
            made,
            periods=10,
            weeks_left_out=26,
            p_threshold_trend=1,
            threshold_method="nbPlugin",
            alpha=0.005,
            **three,
        ),
        "cusum": watch.cusum(made, start=WEEKS - SHOWN, mean="seasonal", transformation="anscombe"),
        "glr": watch.glr_negative_binomial(made, start=WEEKS - SHOWN),
        "outbreak-p": _shifted(made, watch.outbreak_p(made[WEEKS - SHOWN :])),
    }


def _shifted(made: np.ndarray, surge: Surge) -> Surge:
    """Put an answer for the shown weeks alone back into the series."""

    def whole(part: np.ndarray, filler: float) -> np.ndarray:
        full = np.full(made.shape, filler, dtype=part.dtype)
        full[WEEKS - SHOWN :] = part
        return full

    return Surge(
        expected=whole(surge.expected, np.nan),
        threshold=whole(surge.threshold, np.nan),
        alarm=whole(surge.alarm, 0),
        score=whole(surge.score, np.nan),
        reason=whole(surge.reason, 2),
    )


def weeks_of(made: np.ndarray, surge: Surge) -> list[Drawn]:
    """Take the weeks shown."""
    return [
        Drawn(
            week=row - (WEEKS - SHOWN),
            count=None if np.isnan(made[row, 0]) else int(made[row, 0]),
            threshold=None if np.isnan(surge.threshold[row, 0]) else float(surge.threshold[row, 0]),
            rings=bool(surge.alarm[row, 0]),
        )
        for row in range(WEEKS - SHOWN, WEEKS)
    ]


def row_of(at: int, count: float, line: float, *, is_red: bool) -> Drawn:
    """Make one bar with its piece of the line."""
    told = None if np.isnan(line) else float(line)
    return Drawn(week=at, count=None if np.isnan(count) else int(count), threshold=told, rings=is_red)


def levels() -> list[Drawn]:
    """A level that crept up a year ago: the line is the level before and since, red is since."""
    rng = np.random.default_rng(2017)
    made = np.concatenate([rng.poisson(0.5, 160), rng.poisson(3.0, 74)]).astype(float)
    found = watch.chronic(made[:, None])
    changed = int(found.changed[0])
    return [
        row_of(
            row - 130,
            made[row],
            float((found.after if row >= changed else found.before)[0]),
            is_red=row >= changed,
        )
        for row in range(130, WEEKS)
    ]


def spread() -> list[Drawn]:
    """A place whose neighbour has purges: the line is what was expected, red where most of it came from the neighbour."""
    rng = np.random.default_rng(2017)
    there = rng.poisson(1.0, WEEKS).astype(float)
    there[[190, 191, 205, 218, 219]] += 12
    here = rng.poisson(0.5 + 0.6 * np.concatenate([[0.0], there[:-1]])).astype(float)
    found = watch.fit_contagion(np.column_stack([there, here]), network=[[0, 1], [0, 0]])
    share = found.from_neighbours[:, 1]
    return [
        row_of(row - (WEEKS - SHOWN), here[row], float(found.expected[row, 1]), is_red=bool(share[row] > 0.5))
        for row in range(WEEKS - SHOWN, WEEKS)
    ]


def late() -> list[Drawn]:
    """Reports that come days late: bars are what is reported by now, the line what each day will have come to."""
    rng = np.random.default_rng(2017)
    events = np.repeat(np.arange(60), rng.poisson(6, 60))
    reports = events + rng.geometric(0.35, len(events)) - 1
    found = watch.nowcast(watch.reporting_triangle(events, reports, now=59, longest_delay=14, first=0))
    return [
        row_of(
            day - 24, found.observed[day], float(found.expected[day]), is_red=bool(found.reported[day] < 0.9)
        )
        for day in range(24, 60)
    ]


def as_svg(bars: Bars, name: str, unit: str = "week") -> str:
    """Write the drawing as a file of its own."""
    size = f"{bars.width} {bars.height}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" font-family="sans-serif" font-size="11">',
        f"<title>{name}: {len(bars.bars)} {unit}s of an invented place</title>",
        f'<rect width="{bars.width}" height="{bars.height}" fill="#ffffff"/>',
    ]
    for level in bars.levels:
        lines += [
            f'<path d="M28 {level.at}H{bars.width}" stroke="#e5e5e5"/>',
            f'<text x="22" y="{level.at + 4}" text-anchor="end" fill="#555555">{level.value}</text>',
        ]
    lines += [
        f'<rect x="{bar.x}" y="{bar.y}" width="{bar.width}" height="{bar.height}" fill="{COLOURS[bar.kind]}"/>'
        for bar in bars.bars
        if bar.height
    ]
    if bars.threshold:
        lines.append(f'<path d="{bars.threshold}" fill="none" stroke="#222222" stroke-width="1.5"/>')
    lines += [
        f'<text x="{mark.at}" y="{bars.height - 3}" fill="#555555">{unit} {mark.value}</text>'
        for mark in bars.weeks
    ]
    return "\n".join([*lines, "</svg>", ""])


def main() -> None:
    """Draw all of them."""
    made = counts()
    FOLDER.mkdir(exist_ok=True)
    for name, surge in surges(made).items():
        (FOLDER / f"{name}.svg").write_text(as_svg(draw(weeks_of(made, surge)), name), encoding="utf-8")
    for name, rows, unit in (
        ("chronic", levels(), "week"),
        ("contagion", spread(), "week"),
        ("nowcast", late(), "day"),
    ):
        (FOLDER / f"{name}.svg").write_text(as_svg(draw(rows), name, unit), encoding="utf-8")


if __name__ == "__main__":
    main()
