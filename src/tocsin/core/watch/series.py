"""Claims become weekly series per place: distinct origins heard, and unknown where nobody was looking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.core.watch.acts import is_act
from tocsin.core.watch.origins import by_item, is_repeat, known_by
from tocsin.core.watch.records import Claim, Panel, Stance
from tocsin.terms import Day, Place, Week, first_day_of, week_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Weekly counts, oldest week first."""

    first: Week
    """The week of row 0."""
    places: tuple[Place, ...]
    """The place of each column."""
    counts: NDArray[np.float64]
    """(weeks, places) distinct origins heard through the panel's sources; NaN where no panel watched."""
    outside: NDArray[np.float64]
    """(weeks, places) origins heard only through other sources: shown, never rung on."""

    def at(self, week: Week, place: Place) -> tuple[int, int]:
        """Give row and column of a week and place."""
        return week - self.first, self.places.index(place)


def lies_in(place: Place, region: Place) -> bool:
    """Say whether a place is a region or a part of it: `az-ba` lies in `az`."""
    return place == region or place.startswith(f"{region}-")


def counts_as_act(claim: Claim) -> bool:
    """Say whether a claim speaks for an act of persecution. A denial speaks neither for nor against."""
    return claim.stance is not Stance.DENIES and is_act(claim.predicate)


def heard_in(claims: Iterable[Claim], place: Place, *, upto: Day) -> list[Claim]:
    """Keep the claims of acts in a place that go back to an origin of their own, as known by a day."""
    return [claim for claim in _heard(claims, upto=upto) if lies_in(claim.place, place)]


def _heard(claims: Iterable[Claim], *, upto: Day) -> list[Claim]:
    known = known_by(claims, upto)
    items = by_item(known)
    return [claim for claim in known if counts_as_act(claim) and not is_repeat(claim, items)]


def watching(panels: Iterable[Panel], place: Place, week: Week, *, upto: Day) -> list[Panel]:
    """Name the panels that watched a place all days of a week, or all its days so far."""
    first, last = first_day_of(week), min(first_day_of(Week(week + 1)) - 1, upto)
    return [
        panel
        for panel in panels
        if lies_in(place, panel.place) and panel.watched.first <= first and panel.watched.last >= last
    ]


def weekly_counts(
    claims: Iterable[Claim], panels: Iterable[Panel], places: Sequence[Place], *, upto: Day
) -> Series:
    """Count distinct origins per week and place, as they were known on a day.

    The week is that in which a claim became known. Only sources of a panel are counted, so that a crowd of
    new reporters is not mistaken for a surge; an item that repeats others adds nothing.

    Parameters
    ----------
    claims : claims in any order, duplicates allowed
    panels : declarations of who watched what; a place without any has no counts at all
    places : columns of the answer
    upto : Day
        The as-of day: later knowledge is not used, and its week is the last row.

    Returns
    -------
    Series
        Rows from the first week any panel watched, or any claim was known, to the week of `upto`.
    """
    claims, panels = list(claims), list(panels)
    starts = [panel.watched.first for panel in panels] + [claim.known_on for claim in claims] + [upto]
    first = week_of(min(starts))
    n_weeks = week_of(upto) - first + 1
    heard = _heard(claims, upto=upto)
    columns = [_column(heard, panels, place, first, n_weeks, upto) for place in places]
    both = np.array(columns, dtype=np.float64).reshape(len(places), 2, n_weeks)
    return Series(first=first, places=tuple(places), counts=both[:, 0].T, outside=both[:, 1].T)


def _column(
    heard: list[Claim], panels: list[Panel], place: Place, first: Week, n_weeks: int, upto: Day
) -> tuple[list[float], list[float]]:
    by_week: dict[Week, list[Claim]] = defaultdict(list)
    for claim in heard:
        if lies_in(claim.place, place):
            by_week[week_of(claim.known_on)].append(claim)
    near = [panel for panel in panels if lies_in(place, panel.place)]
    counts, outside = [], []
    for week in range(first, first + n_weeks):
        now = by_week.get(Week(week), [])
        on_watch = watching(near, place, Week(week), upto=upto)
        names = {name for panel in on_watch for name in panel.sources}
        inside = {claim.origin for claim in now if claim.source.name in names}
        counts.append(float(len(inside)) if on_watch else float("nan"))
        outside.append(float(len({claim.origin for claim in now} - inside)))
    return counts, outside
