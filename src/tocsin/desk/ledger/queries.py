"""What the ledger page shows: every record by number, what was refused and why, the roll, the keys held, what was erased."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tocsin.core.ledger import BAR_DAYS, LEDGER_KINDS, Status, head_words
from tocsin.desk.count.signing import organisation_of
from tocsin.desk.desk import Desk
from tocsin.desk.kinds import ROOMS, declared_in
from tocsin.desk.store import Entry
from tocsin.terms import Day, date_of

A_PAGE = 50

KINDS = (*LEDGER_KINDS, *(kind for room in ROOMS for kind in declared_in(room)))
WRITERS = {kind.KIND: kind.WRITERS for kind in KINDS}
"""Kind → the duties that may write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """One record, whether this desk can read it or not."""

    number: int
    device: int
    day: Day
    status: str
    kind: str
    is_firm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """A record that was read and changes nothing, and why."""

    number: int
    device: int
    day: Day
    kind: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """A device as the roll has it."""

    number: int
    organisation: int
    duties: str
    word: str
    n_cases: int
    has_seen: int | None
    """How many records it has vouched for."""
    is_me: bool
    is_removed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CompartmentRow:
    """A compartment whose key is here."""

    name: str
    n_epochs: int
    holders: tuple[int, ...]
    n_relieved: int
    n_erased: int
    """How many of those who gave it up have said that its keys are destroyed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadRow:
    """How far this desk's ledger goes, and who else has seen it."""

    words: str
    size: int
    firm: int
    firm_day: Day | None
    firm_age_days: int | None
    n_seen: int
    n_organisations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPage:
    """The whole page."""

    head: HeadRow
    records: tuple[RecordRow, ...]
    newer: int | None
    older: int | None
    refused: tuple[RefusedRow, ...]
    roll_version: int
    threshold: int
    n_founders: int
    exercise: bool
    devices: tuple[DeviceRow, ...]
    compartments: tuple[CompartmentRow, ...]
    n_travelling: int
    """Devices locked for a journey."""
    n_shares: int
    """Cases whose share this desk keeps as custodian."""
    n_erased_elsewhere: int
    """Keys that other devices report destroyed and whose compartment this desk never held or holds no more."""


def ledger_page(desk: Desk, newest: int | None = None) -> LedgerPage:
    """Gather the page, records from a number downwards."""
    size = desk.world.size
    top = size - 1 if newest is None else min(newest, size - 1)
    last = max(-1, top - A_PAGE)
    roll = desk.world.history.now.roll
    known = {epoch for each in desk.world.compartments.values() for epoch in each.epochs}
    return LedgerPage(
        head=head_row(desk),
        records=tuple(_records(desk, top, last)),
        newer=min(size - 1, top + A_PAGE) if top < size - 1 else None,
        older=last if last >= 0 else None,
        refused=refused_rows(desk),
        roll_version=roll.version,
        threshold=roll.threshold,
        n_founders=len(roll.founders),
        exercise=roll.exercise,
        devices=device_rows(desk),
        compartments=_compartments(desk),
        n_travelling=len(desk.world.trips.standing.keys() - {desk.device}),
        n_shares=len(desk.keyring.shares),
        n_erased_elsewhere=sum(epoch not in known for epoch in desk.world.erased),
    )


def head_row(desk: Desk) -> HeadRow:
    """Say how far the ledger goes, how much of it is firm, and how many organisations have seen all of it."""
    world = desk.world
    roll = world.history.now.roll
    firm_day = desk.record(world.firm - 1).header.day if world.firm else None
    seen = {
        organisation_of(desk, word.device)
        for word in desk.replica.cosignatures()
        if world.firm and word.size >= world.firm
    }
    return HeadRow(
        words=head_words(world.tree.root()),
        size=world.size,
        firm=world.firm,
        firm_day=None if firm_day is None else Day(firm_day),
        firm_age_days=None if firm_day is None else max(0, desk.today - firm_day),
        n_seen=len(seen - {0}),
        n_organisations=roll.n_organisations,
    )


def _records(desk: Desk, top: int, last: int) -> Iterator[RecordRow]:
    entries = {entry.number: entry for entry in desk.store.between(last + 1, top)}
    for number in range(top, last, -1):
        entry = entries.get(number)
        header = desk.record(number).header
        clear = {1: "founding", 2: "roll"}.get(header.mark)
        yield RecordRow(
            number=number,
            device=header.device,
            day=Day(header.day),
            status=_status(entry, clear),
            kind=clear or (entry.kind if entry else ""),
            is_firm=desk.world.is_firm(number),
        )


def _status(entry: Entry | None, clear: str | None) -> str:
    if entry is None:
        return "clear to all" if clear else "sealed to others"
    return "counts" if entry.status == Status.COUNTS else entry.status


def refused_rows(desk: Desk) -> tuple[RefusedRow, ...]:
    """List what was read and must not count, newest first, each with its reason."""
    return tuple(
        RefusedRow(
            number=entry.number,
            device=entry.device,
            day=Day(entry.day),
            kind=entry.kind,
            why=_why(desk, entry),
        )
        for entry in desk.store.refused()
    )


def _why(desk: Desk, entry: Entry) -> str:
    if entry.status == Status.UNKNOWN:
        return "written by a newer version of tocsin; update to read it"
    if entry.status == Status.DAMAGED:
        return "its content does not decode"
    writers = WRITERS.get(entry.kind)
    if writers is not None and not desk.world.history.at(entry.number).may_write(entry.device, writers):
        return "its author has no duty that may write this"
    return "out of its author's order, under an old roll, in the wrong compartment, or by somebody who was not a member"


def device_rows(desk: Desk) -> tuple[DeviceRow, ...]:
    """List every device that the roll has or had."""
    now = desk.world.history.now
    seen = {word.device: word.size for word in desk.replica.cosignatures()}

    def is_hidden(device: int) -> bool:
        return desk.keyring.is_quiet and device == desk.device

    return tuple(
        DeviceRow(
            number=entry.number,
            organisation=entry.organisation,
            duties=", ".join(sorted(now.duties.get(entry.number, ()))),
            word=_device_word(desk, entry.number, removed=entry.removed and not is_hidden(entry.number)),
            n_cases=desk.n_cases if entry.number == desk.device else desk.world.loads.get(entry.number, 0),
            has_seen=seen.get(entry.number),
            is_me=entry.number == desk.device,
            is_removed=entry.removed and not is_hidden(entry.number),
        )
        for entry in now.roll.devices
    )


def _device_word(desk: Desk, device: int, *, removed: bool) -> str:
    if removed:
        return "removed"
    if device in desk.world.forked:
        return "two copies exist"
    if desk.world.history.now.is_barred(device, desk.today):
        bars = [bar for bar in desk.world.history.now.bars if bar.device == device]
        if any(bar.is_own for bar in bars):
            return "barred by itself, until founders lift it"
        return f"barred, {max(0, max(bar.day for bar in bars) + BAR_DAYS - desk.today)} days left"
    if (trip := desk.world.trips.standing.get(device)) is not None:
        date = date_of(Day(trip.day))
        return f"away since {date.day} {date:%b %Y}"
    return "on the roll"


def _compartments(desk: Desk) -> tuple[CompartmentRow, ...]:
    rows = []
    for name, epochs in sorted(desk.keyring.compartments.items()):
        known = desk.world.compartments.get(name)
        current = known.current() if known else None
        relieved = set().union(*(epoch.relieved for epoch in known.epochs.values())) if known else set()
        erased = set().union(*(desk.world.erased.get(epoch, set()) for epoch in epochs))
        rows.append(
            CompartmentRow(
                name=name,
                n_epochs=len(epochs),
                holders=tuple(sorted(current.members)) if current else (),
                n_relieved=len(relieved),
                n_erased=len(relieved & erased),
            )
        )
    return tuple(rows)
