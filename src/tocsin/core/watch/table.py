"""From a long table of weeks, places and counts to the array that detectors take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from tocsin.core.watch.errors import BadWeeks
from tocsin.core.watch.surge import Floats, as_counts
from tocsin.terms import Place, Week


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Counts of shape (weeks, places)."""

    first: Week
    places: tuple[Place, ...]
    counts: Floats


def tabulate(
    rows: Iterable[tuple[Week, Place, float]], *, watched: Mapping[Place, tuple[Week, Week]] | None = None
) -> Table:
    """Put one count per week and place into a table.

    Parameters
    ----------
    rows : (week, place, count), weeks of each place in order
    watched : first and last watched week of each place
        Inside, a week without a row is 0; outside, and for places not named, it is missing. Nothing is 0 by itself.

    Raises
    ------
    BadWeeks
        There are no rows, a week of a place comes twice, or its weeks run backwards.
    BadCounts
    """
    told = list(rows)
    if not told:
        raise BadWeeks("there are none")
    newest: dict[Place, Week] = {}
    for week, place, _ in told:
        if place in newest and week <= newest[place]:
            raise BadWeeks(
                "a week of a place comes twice" if week == newest[place] else "they run backwards; sort them"
            )
        newest[place] = week
    spans = dict(watched or {})
    ends = [week for week, _, _ in told] + [week for span in spans.values() for week in span]
    first, places = min(ends), tuple(sorted(newest.keys() | spans.keys()))
    counts = np.full((max(ends) - first + 1, len(places)), np.nan)
    column = {place: at for at, place in enumerate(places)}
    for place, (begin, end) in spans.items():
        counts[begin - first : end - first + 1, column[place]] = 0.0
    for week, place, count in told:
        counts[week - first, column[place]] = count
    return Table(first=first, places=places, counts=as_counts(counts))
