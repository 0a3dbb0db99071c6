"""What the watch page shows: claims by the day they became known, the series they make, the alarms they rang."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby

from tocsin.core.watch import (
    Alarm,
    Claim,
    Panel,
    Reason,
    Series,
    Surge,
    by_item,
    detect,
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

MOST_CLAIMS, MOST_SERIES, MOST_ALARMS = 150, 8, 20
"""Beyond these a page is for no reader: older claims stand on the page of their day, quieter places in one line each."""

NO_ANSWER = {
    Reason.NOT_WATCHED: "no panel is declared to have watched this week",
    Reason.NOT_STARTED: "the method was still learning from these weeks",
    Reason.SHORT_HISTORY: "fewer than six of the weeks before were watched",
    Reason.GAPS: "the weeks before were not all watched",
    Reason.NO_SPREAD: "all weeks before were equal, and the method divides by their spread",
    Reason.NEVER_SEEN: "nothing was reported before, and the method divides by its mean",
    Reason.TOO_FEW_CASES: "fewer reports than the settings ask for",
    Reason.NO_FIT: "the model did not settle",
}
"""Why a week has no answer, said on the page."""


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
    silent: str | None
    """Why there is no answer, None where there is one."""


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
    """Drawn: what stands out first, then where something was heard last."""
    quieter: tuple[SeriesRow, ...]
    """Not drawn: one line each."""
    alarms: tuple[AlarmRow, ...]
    n_older_alarms: int
    days: tuple[DayRow, ...]
    older: Day | None
    """The newest day whose claims are not listed here."""
    n_claims: int
    places: tuple[Place, ...]


def watch_page(desk: Desk, as_of: Day | None = None) -> WatchPage:
    """Gather what was known by a day: today, or the day asked for."""
    upto = desk.today if as_of is None else as_of
    known = desk.worked_out(("known", upto), (Claim,), lambda: _known(desk, upto))
    alarms = [version for version in desk.versions(Alarm) if version.content.as_of <= upto]
    series = series_rows(desk, upto)
    days, older = _days(known)
    return WatchPage(
        as_of=upto,
        today=desk.today,
        earlier=known.earlier,
        later=known.later,
        series=series[:MOST_SERIES],
        quieter=tuple(sorted(series[MOST_SERIES:], key=lambda row: row.place)),
        alarms=tuple(_alarm(version, known) for version in reversed(alarms[-MOST_ALARMS:])),
        n_older_alarms=max(0, len(alarms) - MOST_ALARMS),
        days=days,
        older=older,
        n_claims=len(known.claims),
        places=tuple(sorted(row.place for row in series)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What was known by a day."""

    claims: list[Claim]
    by_code: dict[str, Claim]
    items: dict[str, list[Claim]]
    earlier: Day | None
    later: Day | None

    def row(self, claim: Claim) -> ClaimRow:
        return _claim(claim, is_repeat(claim, self.items))


def _known(desk: Desk, upto: Day) -> _Known:
    all_claims = desk.contents(Claim)
    claims = known_by(all_claims, upto)
    days = {claim.known_on for claim in all_claims}
    return _Known(
        claims=claims,
        by_code={claim.claim: claim for claim in claims},
        items=by_item(claims),
        earlier=max((day for day in days if day < upto), default=None),
        later=min((day for day in days if day > upto), default=None),
    )


def places_watched(claims: list[Claim], panels: list[Panel]) -> tuple[Place, ...]:
    """Name the places a series is drawn for: those a panel watches, else the countries that claims are about."""
    watched = {panel.place for panel in panels}
    bare = {claim.place for claim in claims if not any(lies_in(claim.place, place) for place in watched)}
    return tuple(sorted(watched | bare))


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


def _days(known: _Known) -> tuple[tuple[DayRow, ...], Day | None]:
    """Put the newest claims under their days, whole days; say which day comes next."""
    rows: list[DayRow] = []
    n_shown = 0
    newest_first = sorted(known.claims, key=lambda claim: (-claim.known_on, claim.claim))
    for day, same in groupby(newest_first, key=lambda claim: claim.known_on):
        if n_shown >= MOST_CLAIMS:
            return tuple(rows), day
        rows.append(DayRow(day=day, claims=tuple(known.row(claim) for claim in same)))
        n_shown += len(rows[-1].claims)
    return tuple(rows), None


def _alarm(version: Version[Alarm], known: _Known) -> AlarmRow:
    alarm = version.content
    behind = tuple(known.row(known.by_code[code]) for code in alarm.claims if code in known.by_code)
    return AlarmRow(number=version.entry.number, id=version.entry.draft.hex(), alarm=alarm, claims=behind)


def series_rows(desk: Desk, upto: Day) -> tuple[SeriesRow, ...]:
    """Draw every place's weeks, once until something new is known: what stands out first, then what was heard last."""
    return desk.worked_out(("series", upto), (Claim, Panel, Alarm), lambda: _all_series(desk, upto))


def _all_series(desk: Desk, upto: Day) -> tuple[SeriesRow, ...]:
    claims, panels = desk.contents(Claim), desk.contents(Panel)
    places = places_watched(claims, panels)
    rung = {
        (each.content.place, each.content.week): each.entry.number
        for each in desk.versions(Alarm)
        if each.content.as_of <= upto
    }
    series = weekly_counts(claims, panels, places, upto=upto)
    verdict = detect(series.counts, STANDARD)
    rows = [
        _series(series, verdict, panels, rung.get((place, week_of(upto))), column, upto)
        for column, place in enumerate(places)
    ]
    return tuple(sorted(rows, key=_loudest_first))


def _loudest_first(row: SeriesRow) -> tuple[bool, int, Place]:
    heard = (week.week for week in row.weeks if week.count or week.outside)
    return not row.rings, -next(heard, 0), row.place


def _series(
    series: Series, verdict: Surge, panels: list[Panel], rung: int | None, column: int, upto: Day
) -> SeriesRow:
    place = series.places[column]
    weeks = _weeks(series, verdict, column)
    return SeriesRow(
        place=place,
        bars=draw(weeks),
        weeks=tuple(reversed(weeks)),
        panels=tuple(watching(panels, place, week_of(upto), upto=upto)),
        verdict=_in_words(weeks[-1], verdict, column),
        rings=weeks[-1].rings,
        rung_number=rung,
    )


def _weeks(series: Series, verdict: Surge, column: int) -> tuple[WeekRow, ...]:
    rows = []
    for row in range(max(0, len(series.counts) - WEEKS_SHOWN), len(series.counts)):
        count, threshold = float(series.counts[row, column]), float(verdict.threshold[row, column])
        rows.append(
            WeekRow(
                week=Week(series.first + row),
                count=None if math.isnan(count) else int(count),
                outside=int(series.outside[row, column]),
                threshold=None if math.isnan(threshold) else threshold,
                rings=bool(verdict.alarm[row, column]),
                silent=NO_ANSWER.get(Reason(int(verdict.reason[row, column]))),
            )
        )
    return tuple(rows)


def _in_words(newest: WeekRow, verdict: Surge, column: int) -> str:
    if newest.silent is not None or newest.threshold is None:
        return f"No answer: {newest.silent or NO_ANSWER[Reason.SHORT_HISTORY]}. That is silence, not quiet."
    origins = f"{newest.count} distinct origin{'' if newest.count == 1 else 's'} this week"
    usual = f"up to {newest.threshold:.0f} may pass where {float(verdict.expected[-1, column]):.2f} are usual"
    if newest.rings:
        return f"Stands out: {origins}; {usual}."
    return f"As usual: {origins}; {usual}."
