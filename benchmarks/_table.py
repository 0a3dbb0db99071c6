"""The frame of every benchmark: a table of figure, bar and ratio, JSON on request, exit 1 when a figure is
under its bar.

A script calls `main(title, measure, left_out=...)`; `measure(quick)` yields figures as they are taken.
`--quick` takes less than 45 s on two cores and says what it leaves out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured number. Without a bar it is stated only; `at_most` turns the bar round."""

    name: str
    value: float
    unit: str
    bar: float | None = None
    at_most: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How good it is compared with its bar: 1 just meets it, more is better."""
        if self.bar is None or not (self.value and self.bar):
            return None
        return self.bar / self.value if self.at_most else self.value / self.bar

    @property
    def is_under(self) -> bool:
        """Whether the bar is missed."""
        if self.bar is None:
            return False
        return self.value > self.bar if self.at_most else self.value < self.bar


def main(title: str, measure: Callable[[bool], Iterable[Figure]], *, left_out: str) -> None:
    """Measure, print the table, write JSON if asked, and end with 1 if some figure is under its bar."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--quick", action="store_true", help=f"less than 45 s; leaves out {left_out}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    given = parser.parse_args()
    print(f"{title} - {os.cpu_count()} cores, Python {platform.python_version()}")
    if given.quick:
        print(f"--quick leaves out: {left_out}.")
    print(f"\n{'figure':<58}{'value':>12} {'unit':<12}{'bar':>10}{'ratio':>8}")
    began, figures = time.perf_counter(), []
    for figure in measure(given.quick):
        figures.append(figure)
        print(_line(figure), flush=True)
    print(f"\n{time.perf_counter() - began:.0f} s in all.")
    if given.json:
        rows = [asdict(figure) | {"ratio": figure.ratio} for figure in figures]
        given.json.write_text(
            json.dumps({"title": title, "quick": given.quick, "figures": rows}, indent=1) + "\n"
        )
    if any(figure.is_under for figure in figures):
        print(
            "Under the bar: " + "; ".join(figure.name for figure in figures if figure.is_under),
            file=sys.stderr,
        )
        sys.exit(1)


def _line(figure: Figure) -> str:
    sign = "<=" if figure.at_most else ">="
    bar = "" if figure.bar is None else f"{sign} {figure.bar:,.6g}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    note = f"  {figure.note}" if figure.note else ""
    return f"{figure.name:<58}{figure.value:>12,.6g} {figure.unit:<12}{bar:>10}{ratio:>8}{note}"
