"""Who is on duty and who is awake, in the coming days too; this desk's own duty, taken and ended by its person."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.core.ledger import Duty, DutyDay, duty_days, near_gaps, seen_by_keys
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NoDutyHere
from tocsin.desk.sentry.silence import sentries
from tocsin.desk.settings_file import Settings
from tocsin.terms import Day


@dataclass(frozen=True, slots=True, kw_only=True)
class MyDuty:
    """What this desk does about intake."""

    may_take: bool
    """Whether its duties and the roll let it."""
    is_on: bool
    until: Day | None
    """The last day for which it publishes keys; None: until told otherwise."""
    open_until: Day | None
    """The last day for which its keys are out already: those cannot be taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwakeRow:
    """A device with a duty, and when it was last seen."""

    device: int
    organisation: int
    duties: tuple[str, ...]
    seen: Day | None
    """The day of the newest record that it has vouched for, or of the keys it published; None: never."""
    is_up_to_date: bool
    """Whether it has vouched for everything there is."""
    days_ago: int
    is_me: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyBoard:
    """Everything the page shows of duty."""

    days: tuple[DutyDay, ...]
    is_needed: bool
    """Whether any device has intake duty at all."""
    gaps: tuple[Day, ...]
    """Days, today or tomorrow, whose calls could be sealed to nobody."""
    mine: MyDuty
    sentries: tuple[AwakeRow, ...]
    devices: tuple[AwakeRow, ...]


def duty_board(desk: Desk) -> DutyBoard:
    """Gather who is on duty for which day, and who was seen when."""
    standing = desk.world.history.now
    may = {entry.number for entry in standing.roll.active if entry.may_take_duty}
    able = may & {*desk.sealed_to(standing.devices_with(Duty.INTAKE))}
    days = duty_days(desk.published(), able=able, today=desk.today)
    rows, is_needed = _awake(desk), bool(standing.devices_with(Duty.INTAKE))
    return DutyBoard(
        days=days,
        is_needed=is_needed,
        gaps=near_gaps(days, today=desk.today) if is_needed else (),
        mine=_mine(desk, days, may_take=desk.device in able),
        sentries=tuple(row for row in rows if row.device in sentries(desk)),
        devices=tuple(row for row in rows if row.device not in sentries(desk)),
    )


def _mine(desk: Desk, days: tuple[DutyDay, ...], *, may_take: bool) -> MyDuty:
    chosen = desk.settings
    return MyDuty(
        may_take=may_take,
        is_on=is_on_duty(chosen, today=desk.today),
        until=chosen.on_duty_until,
        open_until=max((each.day for each in days if desk.device in each.devices), default=None),
    )


def is_on_duty(chosen: Settings, *, today: Day) -> bool:
    """Say whether the person at this desk takes calls today."""
    return chosen.on_duty and (chosen.on_duty_until is None or today <= chosen.on_duty_until)


def _awake(desk: Desk) -> list[AwakeRow]:
    standing = desk.world.history.now
    vouched = {word.device: word.size for word in desk.replica.cosignatures()}
    by_keys = seen_by_keys(desk.published())
    rows = []
    for entry in standing.roll.active:
        size = min(vouched.get(entry.number, 0), desk.world.size)
        by_words = Day(desk.replica.record(size - 1).header.day) if size else None
        seen = max((day for day in (by_words, by_keys.get(entry.number)) if day is not None), default=None)
        rows.append(
            AwakeRow(
                device=entry.number,
                organisation=entry.organisation,
                duties=tuple(sorted(standing.duties.get(entry.number, ()))),
                seen=seen,
                is_up_to_date=bool(size) and size == desk.world.size,
                days_ago=0 if seen is None else max(0, desk.today - seen),
                is_me=entry.number == desk.device,
            )
        )
    return rows


# taken and ended ---


def take_duty(desk: Desk, *, until: Day | None = None) -> None:
    """Be on duty from now on, until a day or until told otherwise; the keys leave with the next sync.

    Raises
    ------
    NoDutyHere
        This device has no intake duty, or the roll does not let it take any.
    """
    if not duty_board(desk).mine.may_take:
        raise NoDutyHere
    desk.choose(on_duty=True, on_duty_until=until)


def end_duty(desk: Desk) -> None:
    """Publish no more intake keys; what is sealed to those that are out already still comes here."""
    desk.choose(on_duty=False, on_duty_until=None)
