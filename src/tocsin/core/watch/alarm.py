"""An alarm carries its evidence, so that anybody can recompute it bit for bit."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import msgspec
import numpy as np

from tocsin.core.watch.acute import AcuteSettings, acute
from tocsin.core.watch.ears import ears
from tocsin.core.watch.errors import BadSettings
from tocsin.core.watch.origins import known_by
from tocsin.core.watch.records import Alarm, Claim, EarsSettings, Onset, Panel
from tocsin.core.watch.series import Series, heard_in, lies_in, watching, weekly_counts
from tocsin.core.watch.surge import Floats, Surge
from tocsin.terms import Day, Place, Week, week_of

Settings = AcuteSettings | EarsSettings
METHODS = {"acute": AcuteSettings, "ears_c1": EarsSettings}
"""Detectors that an alarm may ring by, and what their settings are."""


def method_of(settings: Settings) -> str:
    """Name the detector that settings are for."""
    return "acute" if isinstance(settings, AcuteSettings) else "ears_c1"


def detect(counts: Floats, settings: Settings) -> Surge:
    """Judge weekly counts by the detector that the settings are for."""
    if isinstance(settings, AcuteSettings):
        return acute(counts, settings).surge
    return ears(counts, baseline=settings.baseline, alpha=settings.alpha, min_sigma=settings.min_sigma)


def ring_alarm(
    claims: Iterable[Claim],
    panels: Iterable[Panel],
    place: Place,
    *,
    as_of: Day,
    settings: Settings,
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
    settings : AcuteSettings or EarsSettings
    code_version : str
        Goes into the alarm.

    Returns
    -------
    Alarm or None
        `None` where the week is within its baseline, and where there is no answer: the series says which.
    """
    claims, panels = known_by(claims, as_of), list(panels)
    series = weekly_counts(claims, panels, [place], upto=as_of)
    surge = detect(series.counts, settings)
    if not surge.alarm[-1, 0]:
        return None
    used = _panels_of(panels, place)
    return Alarm(
        place=place,
        week=week_of(as_of),
        as_of=as_of,
        observed=int(series.counts[-1, 0]),
        expected=float(surge.expected[-1, 0]),
        threshold=float(surge.threshold[-1, 0]),
        counts=_baseline(series, settings),
        method=method_of(settings),
        settings=msgspec.structs.asdict(settings),
        claims=claims_behind(claims, panels, place, week_of(as_of), upto=as_of),
        panels=used,
        data_hash=hash_inputs(claims, used, place, settings, as_of=as_of),
        code_version=code_version,
        **_dated(series, settings),
    )


def recompute(alarm: Alarm, claims: Iterable[Claim], panels: Iterable[Panel]) -> Alarm | None:
    """Ring again as of an alarm's day, by its method and settings: the same alarm, bit for bit, from the same claims.

    Raises
    ------
    BadSettings
        Its method is not known here.
    """
    kind = METHODS.get(alarm.method)
    if kind is None:
        raise BadSettings("the alarm rang by a method that this version does not have")
    settings: Settings = msgspec.convert(alarm.settings, kind)
    return ring_alarm(
        claims, panels, alarm.place, as_of=alarm.as_of, settings=settings, code_version=alarm.code_version
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
    settings: Settings,
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


def _dated(series: Series, settings: Settings) -> dict[str, Any]:
    if not isinstance(settings, AcuteSettings):
        return {"p_acute": None, "begins": True, "onset": None}
    found = acute(series.counts, settings)
    onset = None
    if found.surge.onset is not None and found.surge.onset[-1, 0] >= 0:
        rows = (found.surge.onset, found.onset_from, found.onset_to)
        best, first, last = (Week(series.first + int(row[-1, 0])) for row in rows)
        onset = Onset(best=best, first=first, last=last)
    return {"p_acute": float(found.p[-1, 0]), "begins": bool(found.begins[-1, 0]), "onset": onset}


def _baseline(series: Series, settings: Settings) -> tuple[int | None, ...]:
    weeks = series.counts[-_weeks_of(settings) - 1 : -1, 0]
    return tuple(None if np.isnan(count) else int(count) for count in weeks)


def _weeks_of(settings: Settings) -> int:
    if isinstance(settings, AcuteSettings):
        return settings.recent_weeks + settings.guard_weeks
    return settings.baseline
