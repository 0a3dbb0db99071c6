"""Many places at once: which signals to read first, from when on each act is worth it, and whose level has changed for good.

A signal is looked at by a person; nothing here rings, and no number activates. Costs and the reading budget are choices of
this machine: what an hour is worth differs from desk to desk.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from tocsin.core.watch import (
    Acute,
    Chronic,
    Claim,
    Costs,
    Panel,
    Reason,
    Series,
    acute,
    chronic,
    rank_signals,
    thresholds_from_costs,
    weekly_counts,
)
from tocsin.desk.desk import Desk
from tocsin.desk.watch.actions import STANDARD
from tocsin.desk.watch.queries import NO_ANSWER, places_watched
from tocsin.terms import Day, Place, Week

MEASURED_FALSE_ALARMS = 0.09
"""Other alarms a place-year that `acute` rang on the reference rows (benchmarks/backtest_watch.py): what to expect of it."""

MOST_A_WEEK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRow:
    """One place's newest week, as far as it is worth a look."""

    place: Place
    count: int
    expected: float
    threshold: float
    p: float
    """Probability that it is part of a surge."""
    onset: Week | None
    rings: bool
    acts: tuple[str, ...]
    """What is worth doing at that probability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRow:
    """A place whose level has changed."""

    place: Place
    before: float
    after: float
    """Origins a week."""
    since: Week
    since_from: Week
    since_to: Week
    p: float
    is_chronic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyPage:
    """The whole page."""

    signals: tuple[SignalRow, ...]
    by_chance: float
    """How many of them are no surge, to expect."""
    n_left_out: int
    n_places: int
    silent: tuple[tuple[str, int], ...]
    """Why places have no answer this week, and how many."""
    budget: int
    costs: tuple[tuple[str, float, float, float], ...]
    """Act, cost of doing it for nothing, cost of leaving it undone, probability from which it is worth it."""
    expected_a_year: float
    levels: tuple[LevelRow, ...]
    n_unknown_levels: int
    least_weeks: int


def many_page(desk: Desk) -> ManyPage:
    """Gather the page as of today."""
    series, verdict, levels = known_series(desk, desk.today)
    settings = desk.settings
    acts = thresholds_from_costs(settings.costs)
    signals, n_left_out = _signals(series, verdict, acts, settings.reads_a_week)
    silent = Counter(verdict.surge.reason[-1].tolist())
    told = {name: getattr(settings.costs, name) for name in acts}
    return ManyPage(
        signals=signals,
        by_chance=sum(1 - row.p for row in signals),
        n_left_out=n_left_out,
        n_places=len(series.places),
        silent=tuple(
            (NO_ANSWER[Reason(reason)], n)
            for reason, n in sorted(silent.items())
            if reason != Reason.ANSWERED
        ),
        budget=settings.reads_a_week,
        costs=tuple((act, *told[act], from_p) for act, from_p in acts.items()),
        expected_a_year=MEASURED_FALSE_ALARMS * int((verdict.surge.reason[-1] != Reason.NOT_WATCHED).sum()),
        levels=_levels(series, levels),
        n_unknown_levels=int((levels.reason != Reason.ANSWERED).sum()),
        least_weeks=LEAST_WEEKS,
    )


LEAST_WEEKS = 26
"""Weeks a level must last to be one, as `chronic` has it."""


def known_series(desk: Desk, upto: Day) -> tuple[Series, Acute, Chronic]:
    """Count every place's weeks and judge them, once until something new is known."""

    def work() -> tuple[Series, Acute, Chronic]:
        claims, panels = desk.contents(Claim), desk.contents(Panel)
        series = weekly_counts(claims, panels, places_watched(claims, panels), upto=upto)
        return series, acute(series.counts, STANDARD), chronic(series.counts, least_weeks=LEAST_WEEKS)

    return desk.worked_out(("many", upto), (Claim, Panel), work)


def choose_costs(desk: Desk, costs: Costs, *, reads_a_week: int) -> None:
    """Choose what acts cost here, and how many signals a week are read.

    Raises
    ------
    BadSettings
        A cost is not above 0.
    """
    thresholds_from_costs(costs)
    desk.choose(costs=costs, reads_a_week=reads_a_week)


def _signals(
    series: Series, verdict: Acute, acts: dict[str, float], budget: int
) -> tuple[tuple[SignalRow, ...], int]:
    """Put the places that are worth a look in order, as many as are read."""
    surge, p = verdict.surge, verdict.p
    if not series.places:
        return (), 0
    worth = np.nan_to_num(p) >= min(acts.values())
    ranking = rank_signals(replace(surge, alarm=worth), budget=budget)
    rows = []
    for column in ranking.places.tolist():
        onset = -1 if surge.onset is None else int(surge.onset[-1, column])
        rows.append(
            SignalRow(
                place=series.places[column],
                count=int(series.counts[-1, column]),
                expected=float(surge.expected[-1, column]),
                threshold=float(surge.threshold[-1, column]),
                p=float(p[-1, column]),
                onset=None if onset < 0 else Week(series.first + onset),
                rings=bool(surge.alarm[-1, column]),
                acts=tuple(act for act, from_p in acts.items() if p[-1, column] >= from_p),
            )
        )
    return tuple(rows), ranking.n_left_out


def _levels(series: Series, levels: Chronic) -> tuple[LevelRow, ...]:
    rows = [
        LevelRow(
            place=place,
            before=float(levels.before[column]),
            after=float(levels.after[column]),
            since=Week(series.first + int(levels.changed[column])),
            since_from=Week(series.first + int(levels.changed_from[column])),
            since_to=Week(series.first + int(levels.changed_to[column])),
            p=float(levels.p[column]),
            is_chronic=bool(levels.is_chronic[column]),
        )
        for column, place in enumerate(series.places)
        if levels.changed[column] >= 0
    ]
    return tuple(sorted(rows, key=lambda row: (not row.is_chronic, -row.after)))
