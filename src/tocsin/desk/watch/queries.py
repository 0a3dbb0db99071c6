"""What the watch page shows: claims by the day they became known, the series they make, the alarms they rang."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby

from tocsin.core.watch import (
    Alarm,
    Claim,
    Panel,
    Series,
    Verdict,
    by_item,
    ears_c1,
    is_act,
    is_repeat,
    known_by,
    lies_in,
    watching,
    weekly_counts,
)
from tocsin.desk.desk import Desk, Version
from tocsin.desk.site.tags import say_number
from tocsin.desk.watch.actions import STANDARD
from tocsin.desk.watch.drawing import Bars, draw
from tocsin.terms import Day, Place, Week, week_of

WEEKS_SHOWN = 52


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow:
    """One statement as a reader needs it."""

    code: str
    place: Place
    source: str
    predicate: str
    said: str
    window: tuple[Day | None, Day | None]
    stance: str
    published: Day
    is_repeat: bool
    is_act: bool
    first_hand: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """What became known on one day."""

    day: Day
    claims: tuple[ClaimRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekRow:
    """One week of a series, in words beside the drawing."""

    week: Week
    count: int | None
    outside: int
    threshold: float | None
    rings: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesRow:
    """A place's weeks, who watched it, and what the newest week says."""

    place: Place
    bars: Bars
    weeks: tuple[WeekRow, ...]
    panels: tuple[Panel, ...]
    verdict: str
    rings: bool
    rung_number: int | None
    """Record of the alarm that somebody has rung for the newest week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRow:
    """An alarm with its evidence."""

    number: int
    id: str
    alarm: Alarm
    claims: tuple[ClaimRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPage:
    """The whole page."""

    as_of: Day
    today: Day
    earlier: Day | None
    """The last day before on which something became known."""
    later: Day | None
    series: tuple[SeriesRow, ...]
    alarms: tuple[AlarmRow, ...]
    days: tuple[DayRow, ...]
    n_claims: int
    places: tuple[Place, ...]


def watch_page(desk: Desk, as_of: Day | None = None) -> WatchPage:
    """Gather what was known by a day: today, or the day asked for."""
    claims, panels = desk.contents(Claim), desk.contents(Panel)
    upto = desk.today if as_of is None else as_of
    known = known_by(claims, upto)
    days = sorted({claim.known_on for claim in claims})
    places = places_watched(claims, panels)
    alarms = [version for version in desk.versions(Alarm) if version.content.as_of <= upto]
    rows = claim_rows(known)
    return WatchPage(
        as_of=upto,
        today=desk.today,
        earlier=max((day for day in days if day < upto), default=None),
        later=min((day for day in days if day > upto), default=None),
        series=tuple(_series(place, claims, panels, alarms, upto) for place in places),
        alarms=tuple(_alarm(version, rows) for version in reversed(alarms)),
        days=_days(known, rows),
        n_claims=len(known),
        places=places,
    )


def places_watched(claims: list[Claim], panels: list[Panel]) -> tuple[Place, ...]:
    """Name the places a series is drawn for: those a panel watches, else the countries that claims are about."""
    watched = {panel.place for panel in panels}
    bare = {claim.place for claim in claims if not any(lies_in(claim.place, place) for place in watched)}
    return tuple(sorted(watched | bare))


def claim_rows(claims: list[Claim]) -> dict[str, ClaimRow]:
    """Put claims into rows, by code."""
    items = by_item(claims)
    return {claim.claim: _claim(claim, is_repeat(claim, items)) for claim in claims}


def _claim(claim: Claim, repeats: bool) -> ClaimRow:
    return ClaimRow(
        code=claim.claim,
        place=claim.place,
        source=claim.source.name,
        predicate=claim.predicate,
        said=say_number(claim.qualifier, claim.number, claim.number_to),
        window=(claim.window_first, claim.window_last),
        stance=claim.stance.value,
        published=claim.published,
        is_repeat=repeats,
        is_act=is_act(claim.predicate),
        first_hand=claim.first_hand,
    )


def _days(known: list[Claim], rows: dict[str, ClaimRow]) -> tuple[DayRow, ...]:
    newest_first = sorted(known, key=lambda claim: (-claim.known_on, claim.claim))
    return tuple(
        DayRow(day=day, claims=tuple(rows[claim.claim] for claim in same))
        for day, same in groupby(newest_first, key=lambda claim: claim.known_on)
    )


def _alarm(version: Version[Alarm], rows: dict[str, ClaimRow]) -> AlarmRow:
    alarm = version.content
    behind = tuple(rows[code] for code in alarm.claims if code in rows)
    return AlarmRow(number=version.entry.number, id=version.entry.draft.hex(), alarm=alarm, claims=behind)


def _series(
    place: Place, claims: list[Claim], panels: list[Panel], alarms: list[Version[Alarm]], upto: Day
) -> SeriesRow:
    series = weekly_counts(known_by(claims, upto), panels, [place], upto=upto)
    verdict = ears_c1(series.counts, STANDARD)
    weeks = _weeks(series, verdict)
    on_watch = watching(panels, place, week_of(upto), upto=upto)
    rung = [a.entry.number for a in alarms if (a.content.place, a.content.week) == (place, week_of(upto))]
    return SeriesRow(
        place=place,
        bars=draw(weeks),
        weeks=tuple(reversed(weeks)),
        panels=tuple(on_watch),
        verdict=_in_words(weeks[-1], verdict),
        rings=weeks[-1].rings,
        rung_number=rung[-1] if rung else None,
    )


def _weeks(series: Series, verdict: Verdict) -> tuple[WeekRow, ...]:
    rows = []
    for row in range(max(0, len(series.counts) - WEEKS_SHOWN), len(series.counts)):
        count, threshold = float(series.counts[row, 0]), float(verdict.threshold[row, 0])
        rows.append(
            WeekRow(
                week=Week(series.first + row),
                count=None if math.isnan(count) else int(count),
                outside=int(series.outside[row, 0]),
                threshold=None if math.isnan(threshold) else threshold,
                rings=bool(verdict.alarm[row, 0]),
            )
        )
    return tuple(rows)


def _in_words(newest: WeekRow, verdict: Verdict) -> str:
    silent = verdict.why_silent(len(verdict.threshold) - 1, 0)
    if silent is not None or newest.threshold is None:
        why = {"not_watched": "no panel is declared to have watched this week"}
        reason = why.get(str(silent), "the weeks before were not all watched")
        return f"No answer: {reason}. That is silence, not quiet."
    origins = f"{newest.count} distinct origin{'' if newest.count == 1 else 's'} this week"
    if newest.rings:
        return f"Stands out: {origins}, over a threshold of {newest.threshold:.2f}."
    return f"As usual: {origins}, under a threshold of {newest.threshold:.2f}."
