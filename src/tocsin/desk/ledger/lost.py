"""A device is lost: what it could open as far as this desk can know, whom to warn, which legs stop, where its bar stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tocsin.core.ledger import BAR_DAYS, EVERYBODYS, Bar, Barred, Duty, Purpose
from tocsin.core.protect import CaseCode, CaseOpened, Leg, LegState, Placed
from tocsin.core.seal import CASELOAD_CAP, case_of
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere
from tocsin.desk.ledger.changes import founder_key
from tocsin.desk.ledger.exposure import said_by
from tocsin.desk.ledger.queries import DeviceRow, device_rows
from tocsin.desk.ledger.roll_queries import ChangeRow, changes_page
from tocsin.desk.protect.queries import LegRow, leg_row
from tocsin.desk.replica import FOLDER_DAYS
from tocsin.desk.site.waiting import waiting_contents
from tocsin.terms import Day

DAY_SECONDS = 86_400

REASONS_SAID = {
    "lost": "lost or taken",
    "cloned": "two copies of it write",
    "suspect": "its holder may be coerced",
    "duress": "its holder called for help",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BarRow:
    """A bar in force."""

    by: int
    day: Day
    why: str
    is_own: bool
    ends_on: Day
    hours_left: int
    lifted_by: tuple[int, ...]
    n_needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCase:
    """A case that this desk shares with the device."""

    code: CaseCode
    people: int
    may_still: str
    """Why it may still open it."""
    offer: str
    """The offer it was placed in, whose host may be found; empty if none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeDays:
    """Days whose submissions its day keys open, with what lies in the relay's folders."""

    first: Day
    last: Day


@dataclass(frozen=True, slots=True, kw_only=True)
class LostPage:
    """The whole page."""

    device: DeviceRow
    bar: BarRow | None
    bar_waits: bool
    """Whether this desk's bar has not left yet."""
    cases_held: int
    cap: int
    people_named: int | None
    """How many people it said it could name; None if it never said."""
    cases: tuple[SharedCase, ...]
    cases_elsewhere: int
    intake: IntakeDays | None
    weeks: tuple[str, ...]
    rooms: tuple[str, ...]
    legs: tuple[LegRow, ...]
    shares: tuple[str, ...]
    everybodys: tuple[str, ...]
    due: tuple[str, ...]
    """Compartments whose new key waits for this desk to write."""
    left_out: tuple[str, ...]
    anew: tuple[str, ...]
    """Everybody's compartments that both share, whose keys it can be given once more."""
    removals: tuple[ChangeRow, ...]
    may_lift: bool
    may_propose: bool
    is_founder: bool
    threshold: int


def devices_to_choose(desk: Desk) -> tuple[DeviceRow, ...]:
    """List the devices that could be lost: on the roll, and not this one."""
    return tuple(row for row in device_rows(desk) if not row.is_me and not row.is_removed)


def lost_page(desk: Desk, device: int) -> LostPage:
    """Gather what concerns one device.

    Raises
    ------
    NotHere
        The roll never had it, or it is this desk's own.
    """
    row = next((row for row in device_rows(desk) if row.number == device and not row.is_me), None)
    if row is None:
        raise NotHere
    history = desk.world.history
    shared = _shared(desk, device)
    cases = tuple(_cases(desk, device, {case for name in shared if (case := case_of(name)) is not None}))
    said, bar = said_by(desk, device), _bar(desk, device)
    may_lift = history.now.may_write(desk.device, frozenset({Duty.FOUNDER}))
    return LostPage(
        device=row,
        bar=bar,
        bar_waits=any(isinstance(c, Barred) and c.device == device for c in waiting_contents(desk)),
        cases_held=row.n_cases,
        cap=CASELOAD_CAP,
        people_named=said.numbers.people if said else None,
        cases=cases,
        cases_elsewhere=max(0, row.n_cases - len(cases)),
        intake=_intake(desk, device),
        weeks=tuple(name for name in shared if name.startswith("intake/")),
        rooms=tuple(name for name in shared if not name.startswith(("case/", "intake/", "leg/"))),
        legs=legs_with(desk, device),
        shares=tuple(
            sorted(case for case, each in desk.world.deals.standing.items() if device in each.custodians)
        ),
        everybodys=EVERYBODYS,
        due=due_because_of(desk, device) if bar is not None or row.is_removed else (),
        left_out=left_out(desk, device) if bar is None and not row.is_removed else (),
        anew=shared_by_all(desk, device) if bar is None and not row.is_removed else (),
        removals=_removals(desk, device),
        may_lift=may_lift and bar is not None and desk.device not in bar.lifted_by,
        may_propose=history.duties is not None and not row.is_removed,
        is_founder=founder_key(desk) is not None,
        threshold=history.now.roll.threshold,
    )


def _bar(desk: Desk, device: int) -> BarRow | None:
    """The bar that holds longest."""
    now = desk.world.history.now
    bars = [bar for bar in now.bars if bar.device == device and bar.holds_on(desk.today)]
    if not bars:
        return None
    bar = max(bars, key=lambda bar: (bar.is_own, bar.day))
    return BarRow(
        by=bar.by,
        day=Day(bar.day),
        why=REASONS_SAID.get(bar.reason, "another reason; ask whoever barred it"),
        is_own=bar.is_own,
        ends_on=Day(bar.day + BAR_DAYS),
        hours_left=_hours_left(desk, bar),
        lifted_by=tuple(sorted(by for barred, by in now.lifts if barred == device)),
        n_needed=now.roll.threshold,
    )


def _hours_left(desk: Desk, bar: Bar) -> int:
    """It ends with its last day; days are all the time that stands in clear."""
    return max(0, (bar.day + BAR_DAYS + 1) * DAY_SECONDS - desk.now) // 3600


# what it could open ---


def _shared(desk: Desk, device: int) -> list[str]:
    """Compartments that this desk holds and whose keys the device was given, what all read left out."""
    return [
        name
        for name in sorted(desk.keyring.compartments)
        if name not in EVERYBODYS and _knew(desk, name, device)
    ]


def _knew(desk: Desk, name: str, device: int) -> set[bytes]:
    """Epochs of a compartment whose key the device was given."""
    known = desk.world.compartments.get(name)
    epochs = known.epochs.values() if known else ()
    return {epoch.id for epoch in epochs if device in epoch.members | epoch.relieved}


def _cases(desk: Desk, device: int, shared: Iterable[str]) -> Iterator[SharedCase]:
    for code in sorted(shared):
        file = f"case/{code}/file"
        opened = desk.contents(CaseOpened, compartment=file)
        placed = desk.contents(Placed, compartment=file)
        knew = _knew(desk, file, device)
        gave_up = bool(knew) and all(device in desk.world.erased.get(epoch, set()) for epoch in knew)
        yield SharedCase(
            code=CaseCode(code),
            people=opened[-1].facts.people if opened else 0,
            may_still="gave its keys up; a grant of the last weeks may still bring them"
            if gave_up
            else "holds its keys",
            offer=placed[-1].offer if placed else "",
        )


def _intake(desk: Desk, device: int) -> IntakeDays | None:
    days = [key.period for key in desk.published() if (key.device, key.purpose) == (device, Purpose.INTAKE)]
    within = [day for day in days if day >= desk.today - FOLDER_DAYS]
    if not within:
        return None
    return IntakeDays(first=Day(min(within)), last=Day(max(within)))


def legs_with(desk: Desk, device: int) -> tuple[LegRow, ...]:
    """List the legs of this desk that the device knows: as guide, as handler, or because it was given the key."""
    return tuple(
        leg_row(desk, version.content)
        for version in desk.versions(Leg)
        if version.content.device == device or _knew(desk, version.entry.compartment, device)
    )


def live_legs_with(desk: Desk, device: int) -> tuple[LegRow, ...]:
    """Those among them that are neither done nor stopped."""
    return tuple(row for row in legs_with(desk, device) if row.leg.state is LegState.PLANNED)


# what follows ---


def due_because_of(desk: Desk, device: int) -> tuple[str, ...]:
    """List the compartments that this desk should give a new key now because the device knows the present one."""
    due = desk.member.due_for_a_new_key(day=desk.today)
    return tuple(name for name in due if _knows_now(desk, name, device))


def _knows_now(desk: Desk, name: str, device: int) -> bool:
    known = desk.world.compartments.get(name)
    current = known.current() if known else None
    return current is not None and device in current.members | current.relieved


def left_out(desk: Desk, device: int) -> tuple[str, ...]:
    """Compartments that went on without the device, and that this desk may let it into again."""
    names = []
    for name in desk.keyring.compartments:
        known = desk.world.compartments.get(name)
        current = known.current() if known else None
        if current is not None and desk.device in current.members and device in desk.member.left_out(name):
            names.append(name)
    return tuple(sorted(names))


def shared_by_all(desk: Desk, device: int) -> tuple[str, ...]:
    """Everybody's compartments whose present key this desk and another device should both hold.

    A grant lies in the relay's folder for a fortnight. Who was given a key and slept for longer never took it, and counts as
    a member all the same: nobody can see that it reads nothing, but its holder does.
    """
    if device == desk.device:
        return ()
    current = {name: known.current() for name, known in desk.world.compartments.items() if name in EVERYBODYS}
    return tuple(
        sorted(name for name, epoch in current.items() if epoch and {device, desk.device} <= epoch.members)
    )


def _removals(desk: Desk, device: int) -> tuple[ChangeRow, ...]:
    """What is proposed about removing the device."""
    return tuple(row for row in changes_page(desk).standing if device in row.removes)


def is_pressing(desk: Desk, device: int) -> bool:
    """Say whether this desk has something to do about a barred device: keys, legs, or households it shares."""
    return bool(due_because_of(desk, device) or live_legs_with(desk, device))
