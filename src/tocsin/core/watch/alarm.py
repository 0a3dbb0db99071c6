"""An alarm carries its evidence, so that anybody can recompute it bit for bit."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import msgspec
import numpy as np

from tocsin.core.watch.ears import ears_c1
from tocsin.core.watch.origins import known_by
from tocsin.core.watch.records import Alarm, Claim, EarsSettings, Panel
from tocsin.core.watch.series import Series, heard_in, lies_in, watching, weekly_counts
from tocsin.terms import Day, Place, Week, week_of

METHOD = "ears_c1"


def ring_alarm(
    claims: Iterable[Claim],
    panels: Iterable[Panel],
    place: Place,
    *,
    as_of: Day,
    settings: EarsSettings,
    code_version: str,
) -> Alarm | None:
    """Ring if the week of `as_of`, as far as it has gone, stands out in a place.

    Parameters
    ----------
    claims, panels : in any order; what was not known by `as_of` is not used
    place : Place
        Country or first-level area, with all its parts.
    as_of : Day
        The day of asking.
    settings : EarsSettings
    code_version : str
        Goes into the alarm.

    Returns
    -------
    Alarm or None
        `None` where the week is within its baseline, and where there is no answer: the series says which.
    """
    claims, panels = known_by(claims, as_of), list(panels)
    series = weekly_counts(claims, panels, [place], upto=as_of)
    verdict = ears_c1(series.counts, settings)
    if not verdict.alarm[-1, 0]:
        return None
    used = _panels_of(panels, place)
    return Alarm(
        place=place,
        week=week_of(as_of),
        as_of=as_of,
        observed=int(series.counts[-1, 0]),
        expected=float(verdict.expected[-1, 0]),
        threshold=float(verdict.threshold[-1, 0]),
        counts=_baseline(series, settings.baseline),
        method=METHOD,
        settings=settings,
        claims=claims_behind(claims, panels, place, week_of(as_of), upto=as_of),
        panels=used,
        data_hash=hash_inputs(claims, used, place, settings, as_of=as_of),
        code_version=code_version,
    )


def claims_behind(
    claims: Iterable[Claim], panels: Iterable[Panel], place: Place, week: Week, *, upto: Day
) -> tuple[str, ...]:
    """Name the claims that a place's week was counted from, sorted."""
    on_watch = watching(panels, place, week, upto=upto)
    names = {name for panel in on_watch for name in panel.sources}
    heard = heard_in(claims, place, upto=upto)
    return tuple(sorted(c.claim for c in heard if week_of(c.known_on) == week and c.source.name in names))


def hash_inputs(
    claims: Iterable[Claim],
    panels: Iterable[Panel],
    place: Place,
    settings: EarsSettings,
    *,
    as_of: Day,
) -> bytes:
    """Hash everything an alarm in a place depends on, in the one order."""
    near = [claim for claim in known_by(claims, as_of) if lies_in(claim.place, place)]
    return sha256(msgspec.msgpack.encode([near, list(panels), place, settings, as_of])).digest()


def _panels_of(panels: list[Panel], place: Place) -> tuple[Panel, ...]:
    return tuple(
        sorted(
            {msgspec.msgpack.encode(p): p for p in panels if lies_in(place, p.place)}.values(),
            key=msgspec.msgpack.encode,
        )
    )


def _baseline(series: Series, n_weeks: int) -> tuple[int | None, ...]:
    weeks = series.counts[-n_weeks - 1 : -1, 0]
    return tuple(None if np.isnan(count) else int(count) for count in weeks)
