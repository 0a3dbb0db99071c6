"""What is lost if one of us, or any two, are taken: added up from what every device says of itself, never assumed.

A device says numbers only (`kinds.Exposure`). Who is silent for too long counts as unknown, and stands beside the sum
instead of in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from tocsin.core.ledger.kinds import Exposure
from tocsin.terms import Day

SAY_AGAIN_DAYS = 7
"""A device repeats its numbers after so many days, changed or not."""
STALE_DAYS = SAY_AGAIN_DAYS + 1
"""Numbers older than this are not believed: the device has slept through its day."""
AT_MOST_ONCE_S = 3600
"""A wave of calls changes the numbers every minute; only what grows by more than a quarter is said sooner."""

_COUNTED = ("counted", "waiting")
"""Fields that say how many people there are, not what the device gives away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a device said of itself, when."""

    numbers: Exposure
    day: Day
    at: int
    """UTC seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """What somebody learns who takes one device."""

    device: int
    numbers: Exposure | None
    """None if it never said, or too long ago."""
    days_old: int | None
    is_off_roll: bool = False
    """Removed: what it could open it may still have."""

    @property
    def people(self) -> int:
        """Whom it could name; 0 where that is not known."""
        return self.numbers.people if self.numbers else 0

    @property
    def cases(self) -> int:
        """Cases that it holds open; 0 where that is not known."""
        return self.numbers.cases if self.numbers else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """What is lost at most, as far as devices have said."""

    one_cases: int
    one_people: int
    two_people: int
    """The two largest together. What both hold is counted twice, so it is never too little."""
    of_people: int
    """How many people there are at least, each counted once; those in parked cases are not among them."""
    unknown: tuple[int, ...]
    """Devices that have not said for too long."""
    hands: tuple[Hand, ...]
    """Every device, removed ones last."""


def is_due(now: Exposure, before: Said | None, *, at: int, today: Day) -> bool:
    """Say whether a device must say its numbers: at once a leap, hourly what grows, daily what falls, else weekly."""
    if before is None:
        return True
    if now == before.numbers:
        return today >= before.day + SAY_AGAIN_DAYS
    if today > before.day or _leaps(now, before.numbers):
        return True
    return _grows(now, before.numbers) and at >= before.at + AT_MOST_ONCE_S


def _leaps(now: Exposure, before: Exposure) -> bool:
    return now.cases > before.cases or 4 * now.people > 5 * before.people


def _grows(now: Exposure, before: Exposure) -> bool:
    fields = [field for field in Exposure.__struct_fields__ if field not in _COUNTED]
    return any(getattr(now, field) > getattr(before, field) for field in fields)


def weigh(
    said: Mapping[int, Said],
    *,
    on_roll: Iterable[int],
    removed: Collection[int],
    today: Day,
) -> Worst:
    """Add up what devices said.

    Parameters
    ----------
    said
        By device, the newest of its numbers.
    on_roll, removed
        Device numbers. A removed device stands in the list and not in the sums.
    today
        The coalition's day.
    """
    present = [_hand(device, said.get(device), today) for device in on_roll]
    gone = [
        Hand(device=device, numbers=said[device].numbers, days_old=today - said[device].day, is_off_roll=True)
        for device in removed
        if device in said
    ]
    people = sorted((each.people for each in present), reverse=True)
    known = [each.numbers for each in present if each.numbers is not None]
    counted = sum(each.counted for each in known) + max((each.waiting for each in known), default=0)
    return Worst(
        one_cases=max((each.cases for each in present), default=0),
        one_people=max(people, default=0),
        two_people=sum(people[:2]),
        # A case closed today is counted by nobody any more and may still be named.
        of_people=max(counted, *people[:1], 0),
        unknown=tuple(each.device for each in present if each.numbers is None),
        hands=(*present, *gone),
    )


def _hand(device: int, said: Said | None, today: Day) -> Hand:
    if said is None:
        return Hand(device=device, numbers=None, days_old=None)
    days_old = max(0, today - said.day)
    return Hand(device=device, numbers=said.numbers if days_old <= STALE_DAYS else None, days_old=days_old)
