"""Words all rooms share. A place is an ISO 3166 code, a day counts from 1970-01-01 UTC, a grade is one of four."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, NewType

import msgspec

Day = NewType("Day", int)
"""Whole days since 1970-01-01 UTC: the only time that stands in clear anywhere."""

CalendarDay = Annotated[Day, msgspec.Meta(ge=-719162, le=2932896)]
"""A day that has a date (years 1 to 9999): for what comes from outside, where any number might stand."""

Week = NewType("Week", int)
"""Whole ISO weeks (Monday first) since the week of 1970-01-05; week w begins on day 7 w + 4."""

DeviceNumber = NewType("DeviceNumber", int)
"""A device as the roll numbers it, 1 upwards; numbers are never used twice."""

OrganisationNumber = NewType("OrganisationNumber", int)
"""An organisation as the roll numbers it; its name stands nowhere in clear."""

Place = NewType("Place", str)
"""ISO 3166-1 or -2 code (else a P-code) in lower case: `az`, `az-ba`, `ru-ce`."""

CompartmentName = NewType("CompartmentName", str)
"""`watch`, `count`, `case/<id>/file` ...: which key a record is sealed under."""

EPOCH = date(1970, 1, 1)


class Grade(StrEnum):
    """How well a fact stands; a blanket denial never lowers it."""

    REPORTED = "reported"
    CORROBORATED = "corroborated"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"


class Period(msgspec.Struct, frozen=True):
    """From the first day to the last, both included."""

    first: CalendarDay
    last: CalendarDay

    def overlaps(self, other: Period) -> bool:
        """Say whether the two share a day."""
        return self.first <= other.last and other.first <= self.last

    @property
    def n_days(self) -> int:
        """How many days, both ends counted."""
        return self.last - self.first + 1


class Interval(msgspec.Struct, frozen=True):
    """A number known only between two bounds; `None` means open on that side."""

    low: float | None
    high: float | None


class Source(msgspec.Struct, frozen=True):
    """Who published something: the outlet, what kind it is, and who stands behind it."""

    name: str
    kind: str
    controller: str


def day_of(moment: datetime) -> Day:
    """Say on which UTC day an aware moment falls."""
    return Day((moment.astimezone(UTC).date() - EPOCH).days)


def day_from_date(when: date) -> Day:
    """Turn a calendar date into a day number."""
    return Day((when - EPOCH).days)


def date_of(day: Day) -> date:
    """Turn a day number into a calendar date."""
    return EPOCH + timedelta(days=day)


def month_of(day: Day) -> int:
    """Give a day's month, counted from January 1970."""
    date = date_of(day)
    return (date.year - 1970) * 12 + date.month - 1


def week_of(day: Day) -> Week:
    """Say in which week a day lies."""
    return Week((day - 4) // 7)


def first_day_of(week: Week) -> Day:
    """Say on which day (a Monday) a week begins."""
    return Day(week * 7 + 4)
