"""Who is on duty, now and in the coming days: being on duty is publishing a day key, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tocsin.core.ledger.member import INTAKE_DAYS_AHEAD
from tocsin.core.ledger.roll import PublishedKey, Purpose
from tocsin.terms import Day, Week, first_day_of

SHORT_DAYS = 2
"""A gap so near is said aloud: what is sealed to nobody cannot be sent at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyDay:
    """One day, and who can open what is sealed on it."""

    day: Day
    devices: tuple[int, ...]


def duty_days(keys: Iterable[PublishedKey], *, able: Collection[int], today: Day) -> tuple[DutyDay, ...]:
    """List the days from today for which keys may be published, each with its devices.

    Parameters
    ----------
    keys
        Verified keys of any purpose and period.
    able
        The devices whose duty it is, to whom something may be sealed.
    today
        The coalition's day.
    """
    days: dict[int, set[int]] = {today + ahead: set() for ahead in range(INTAKE_DAYS_AHEAD + 1)}
    for key in keys:
        if key.purpose == Purpose.INTAKE and key.device in able and key.period in days:
            days[key.period].add(key.device)
    return tuple(DutyDay(day=Day(day), devices=tuple(sorted(devices))) for day, devices in days.items())


def near_gaps(days: Iterable[DutyDay], *, today: Day) -> tuple[Day, ...]:
    """List the days so near that have nobody."""
    return tuple(each.day for each in days if not each.devices and each.day < today + SHORT_DAYS)


def seen_by_keys(keys: Iterable[PublishedKey]) -> dict[int, Day]:
    """Say by device the last day on which it must have been awake, for it published keys that far ahead."""
    seen: dict[int, Day] = {}
    for key in keys:
        if key.purpose == Purpose.INTAKE:
            day = key.period - INTAKE_DAYS_AHEAD
        elif key.purpose == Purpose.GRANT:
            day = first_day_of(Week(key.period - 2))
        else:
            continue
        seen[key.device] = Day(max(day, seen.get(key.device, 0)))
    return seen
