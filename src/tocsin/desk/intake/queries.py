"""What the intake page shows: what lies in the folders for this desk, what was taken, what was set apart; no words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tocsin.core.intake import Call, Facts, Quarantined, Trouble
from tocsin.core.ledger import Duty
from tocsin.core.protect import Tier, triage
from tocsin.desk.desk import Desk
from tocsin.desk.intake.actions import calls_without_case, waiting
from tocsin.terms import Day


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRow:
    """What waits in one day's folder."""

    day: Day
    n_waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """A call that is not a case yet: coded facts only."""

    submission: str
    day: Day
    people: int
    n_children: int | None
    advised: Tier
    fired: tuple[str, ...]
    n_unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApartRow:
    """A submission that a person must look at."""

    number: int
    day: Day
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakePage:
    """The whole page."""

    is_on_duty: bool
    folders: tuple[FolderRow, ...]
    n_waiting: int
    calls: tuple[CallRow, ...]
    apart: tuple[ApartRow, ...]
    n_cases: int
    alternates: tuple[int, ...]
    """Devices that may stand in for this one: handlers with room for one more case."""


WHY = {
    Trouble.UNREADABLE: "it does not read as our page writes it",
    Trouble.REPEATED: "the same sending came before: a copy, or a relay that repeats",
    Trouble.CONTRADICTORY: "its answers exclude one another",
}


def intake_page(desk: Desk) -> IntakePage:
    """Gather the page."""
    days = Counter(sealed.day for sealed in waiting(desk))
    apart = desk.versions(Quarantined)
    return IntakePage(
        is_on_duty=Duty.INTAKE in desk.world.history.now.duties.get(desk.device, frozenset()),
        folders=tuple(FolderRow(day=day, n_waiting=n) for day, n in sorted(days.items())),
        n_waiting=sum(days.values()),
        calls=tuple(sorted((_call(call, desk.today) for call in calls_without_case(desk)), key=_soonest)),
        apart=tuple(
            ApartRow(number=each.entry.number, day=each.content.day, why=WHY[each.content.trouble])
            for each in reversed(apart)
        ),
        n_cases=desk.n_cases,
        alternates=alternates(desk),
    )


def alternates(desk: Desk, *, cap: int = 8) -> tuple[int, ...]:
    """List the handlers beside this desk who have room, those with the fewest cases first."""
    loads, history = desk.world.loads, desk.world.history
    able = [
        device
        for device in history.now.devices_with(Duty.HANDLER)
        if device != desk.device and loads.get(device, 0) < cap and history.is_sealed_to(device, desk.today)
    ]
    return tuple(sorted(able, key=lambda device: (loads.get(device, 0), device)))


def _call(call: Call, today: Day) -> CallRow:
    facts: Facts = call.facts
    advised = triage(facts, today=today)
    return CallRow(
        submission=call.submission.hex(),
        day=call.day,
        people=facts.people,
        n_children=facts.n_children,
        advised=advised.tier,
        fired=advised.fired,
        n_unknown=len(advised.unknown),
    )


def _soonest(row: CallRow) -> tuple[int, int]:
    return list(Tier).index(row.advised), row.day
