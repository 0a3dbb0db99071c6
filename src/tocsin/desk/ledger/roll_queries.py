"""What the pages about the roll show: one device with its duties, and the changes that founders are asked to sign."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.core.ledger import Duty, FallenChange, StandingChange
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere
from tocsin.desk.ledger.changes import all_changes, founder_key
from tocsin.desk.ledger.queries import DeviceRow, device_rows
from tocsin.terms import Day

MEANING = {
    Duty.ANALYST: "enters claims, declares panels, rings alarms, raises an activation",
    Duty.ASSESSOR: "recomputes tallies of other organisations and checks evidence",
    Duty.COUNTER: "states tallies: how many are concerned, and how well that stands",
    Duty.INTAKE: "opens what comes from the witness's page, on the days it is on duty",
    Duty.HANDLER: "holds cases, eight at most",
    Duty.PLANNER: "matches households and places by code, knows nobody",
    Duty.SEAT: "votes on activations for its organisation",
    Duty.CUSTODIAN: "keeps shares of parked cases and releases one named case when asked; should hold no cases",
    Duty.FOUNDER: "lifts bars and asks custodians; signing the roll needs a founder's key besides",
    Duty.KEEPER: "keeps copies of what lies on the relay, in case the relay is lost",
    Duty.SENTRY: "stays awake by itself; takes no other duty but keeper",
}
"""What each duty lets a device write, in words for whoever gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """A change that could still come into force."""

    code: str
    by: int
    number: int | None
    said: tuple[str, ...]
    signed: tuple[int, ...]
    n_needed: int
    n_missing: int
    lapses_on: Day
    is_signed: bool
    may_sign: bool
    is_mine: bool
    adds: bool
    removes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FallenRow:
    """A change that can come into force no more."""

    code: str
    said: tuple[str, ...]
    why: str
    may_again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesPage:
    """The whole page."""

    standing: tuple[ChangeRow, ...]
    fallen: tuple[FallenRow, ...]
    are_rivals: bool
    threshold: int
    n_founders: int
    founder: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRow:
    """A duty, and whether the device has it."""

    name: str
    meaning: str
    is_held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePage:
    """One device as everybody may know it."""

    number: int
    organisation: int
    word: str
    n_cases: int
    has_seen: int | None
    is_me: bool
    is_removed: bool
    duties: tuple[DutyRow, ...]
    languages: str
    can_propose: bool
    is_founder: bool
    threshold: int
    n_founders: int


FALLEN_SHOWN = 10


def changes_page(desk: Desk) -> ChangesPage:
    """Gather the page of changes; empty while this desk has not read the duties."""
    roll, founder = desk.world.history.now.roll, founder_key(desk)
    changes = all_changes(desk) if desk.world.history.duties is not None else None
    standing = changes.standing if changes else ()
    fallen = changes.fallen[:FALLEN_SHOWN] if changes else ()
    return ChangesPage(
        standing=tuple(_change_row(desk, change, founder[0] if founder else None) for change in standing),
        fallen=tuple(map(_fallen_row, fallen)),
        are_rivals=len(standing) > 1,
        threshold=roll.threshold,
        n_founders=len(roll.founders),
        founder=founder[0] if founder else None,
    )


def changes_to_sign(desk: Desk) -> tuple[ChangeRow, ...]:
    """List the changes that wait for this desk's founder."""
    return tuple(row for row in changes_page(desk).standing if row.may_sign) if founder_key(desk) else ()


def _change_row(desk: Desk, change: StandingChange, founder: int | None) -> ChangeRow:
    known = {entry.number for entry in desk.world.history.now.roll.devices}
    present = {entry.number for entry in desk.world.history.now.roll.active}
    return ChangeRow(
        code=change.proposed.id.hex(),
        by=change.proposed.by,
        number=change.proposed.number,
        said=change.said,
        signed=change.progress.signed,
        n_needed=change.progress.n_needed,
        n_missing=change.progress.n_missing,
        lapses_on=change.progress.lapses_on,
        is_signed=change.is_signed,
        may_sign=founder is not None and founder not in change.progress.signed and not change.is_signed,
        is_mine=change.proposed.by == desk.device,
        adds=any(entry.number not in known for entry in change.roll.devices),
        removes=tuple(
            entry.number for entry in change.roll.devices if entry.removed and entry.number in present
        ),
    )


def _fallen_row(fallen: FallenChange) -> FallenRow:
    change = fallen.proposed.change
    said = [
        f"Device {entry.number}: {'removal' if entry.removed else 'as proposed'}." for entry in change.devices
    ] or ["Duties."] * bool(change.duties)
    return FallenRow(
        code=fallen.proposed.id.hex(),
        said=(*said, *(["Founders."] * bool(change.founders)), *(["The relay."] * bool(change.relays))),
        why="It is in force." if fallen.is_done else str(fallen.why),
        may_again=not fallen.is_done,
    )


def device_page(desk: Desk, number: int) -> DevicePage:
    """Gather the page of one device.

    Raises
    ------
    NotHere
        The roll never had it.
    """
    history, roll = desk.world.history, desk.world.history.now.roll
    row = next((row for row in device_rows(desk) if row.number == number), None)
    if row is None:
        raise NotHere
    return _device(row, desk, history.now.duties.get(number, frozenset()), roll.threshold, len(roll.founders))


def _device(row: DeviceRow, desk: Desk, held: frozenset[Duty], threshold: int, n_founders: int) -> DevicePage:
    duties = desk.world.history.duties
    return DevicePage(
        number=row.number,
        organisation=row.organisation,
        word=row.word,
        n_cases=row.n_cases,
        has_seen=row.has_seen,
        is_me=row.is_me,
        is_removed=row.is_removed,
        duties=tuple(
            DutyRow(name=duty.value, meaning=meaning, is_held=duty in held)
            for duty, meaning in MEANING.items()
        ),
        languages=" ".join(duties.languages.get(row.number, ())) if duties else "",
        can_propose=duties is not None,
        is_founder=founder_key(desk) is not None,
        threshold=threshold,
        n_founders=n_founders,
    )
