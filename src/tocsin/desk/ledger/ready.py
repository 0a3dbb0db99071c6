"""Are we ready? What a coalition still lacks before it goes live, each with the page on which it is done.

Computed from roll, duties and head by every desk alike. What no desk can see, as in which country a custodian lives, is
asked and not ticked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from tocsin.core.activate import Protocol
from tocsin.core.ledger import Duty
from tocsin.desk.desk import Desk
from tocsin.desk.jobs import Jobs, State
from tocsin.desk.ledger.queries import head_row
from tocsin.desk.machine.backups import BACKUP
from tocsin.desk.settings_file import read_settings, save_settings

CUSTODIANS = 5
CUSTODIANS_OF = 3
"""Organisations, so that no two of them together give away a case."""

COMPARED_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyRow:
    """One thing that a coalition needs."""

    is_there: bool | None
    """None: nobody here can see it."""
    what: str
    how: str
    """What to do about it, if it is not there."""
    page: str
    """Where that is done; empty if it is no page of this desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyPage:
    """The whole page."""

    rows: tuple[ReadyRow, ...]
    n_missing: int
    is_exercise: bool
    head_words: str
    n_records: int


def ready_page(desk: Desk, jobs: Jobs | None) -> ReadyPage:
    """Gather the page."""
    rows = tuple(_rows(desk, jobs))
    head = head_row(desk)
    return ReadyPage(
        rows=rows,
        n_missing=sum(row.is_there is False for row in rows),
        is_exercise=desk.world.history.now.roll.exercise,
        head_words=head.words,
        n_records=head.size,
    )


def _rows(desk: Desk, jobs: Jobs | None) -> Iterator[ReadyRow]:
    yield from _people(desk)
    yield from _duties(desk)
    yield from _state(desk, jobs)


def _organisations(desk: Desk, duty: Duty) -> set[int]:
    roll = desk.world.history.now.roll
    holders = desk.world.history.now.devices_with(duty)
    return {entry.organisation for entry in roll.active if entry.number in holders}


def _people(desk: Desk) -> Iterator[ReadyRow]:
    now = desk.world.history.now
    k, n = now.roll.threshold, len(now.roll.founders)
    yield ReadyRow(
        is_there=2 <= k < n,
        what=f"{k} of {n} founders sign every change",
        how="",
        page="ledger_changes",
    )
    yield ReadyRow(
        is_there=now.roll.n_organisations >= 2,
        what=f"{_many(now.roll.n_organisations, 'organisation')} on the roll",
        how="With one alone, nobody checks it: invite somebody of another.",
        page="ledger_invite",
    )
    custodians, of = now.devices_with(Duty.CUSTODIAN), _organisations(desk, Duty.CUSTODIAN)
    alone = [device for device in custodians if now.duties.get(device, frozenset()) - {Duty.CUSTODIAN}]
    yield ReadyRow(
        is_there=len(custodians) >= CUSTODIANS and len(of) >= CUSTODIANS_OF and not alone,
        what=f"{_many(len(custodians), 'custodian')} of {_many(len(of), 'organisation')}",
        how=f"It takes {CUSTODIANS}, of {CUSTODIANS_OF} organisations, each on a device with no other duty: without them "
        "no case can be parked, and none opened again when its handler is taken.",
        page="ledger_invite",
    )
    yield ReadyRow(
        is_there=None,
        what="Custodians in three countries",
        how="No desk can see it. One government must not be able to take three of them.",
        page="",
    )


def _duties(desk: Desk) -> Iterator[ReadyRow]:
    now = desk.world.history.now
    intake = now.devices_with(Duty.INTAKE)
    yield ReadyRow(
        is_there=len(intake) >= 2,
        what=f"{_many(len(intake), 'device')} with intake duty",
        how="Two at least, so that calls are taken while one sleeps.",
        page="duty",
    )
    for duty, least, why in (
        (
            Duty.SENTRY,
            2,
            "Two, of two organisations, notice one another's silence: docs/how-to/run-a-sentry.md.",
        ),
        (Duty.SEAT, 2, "A quorum holds votes of two organisations."),
        (Duty.KEEPER, 2, "Keepers of two organisations bring a lost relay back."),
    ):
        of = len(_organisations(desk, duty))
        yield ReadyRow(
            is_there=of >= least,
            what=f"{_plural(duty)} of {_many(of, 'organisation')}",
            how=why,
            page="ledger_invite" if duty is Duty.SENTRY else "ledger",
        )
    counters, assessors = _organisations(desk, Duty.COUNTER), _organisations(desk, Duty.ASSESSOR)
    yield ReadyRow(
        is_there=any(one != other for one in counters for other in assessors),
        what="A counter and an assessor of two organisations",
        how="A tally counts once somebody of another organisation has recomputed it.",
        page="ledger",
    )
    yield ReadyRow(
        is_there=bool(now.devices_with(Duty.PLANNER)) and bool(now.devices_with(Duty.HANDLER)),
        what="A planner and a handler",
        how="Without them nobody is brought anywhere.",
        page="ledger",
    )
    yield ReadyRow(
        is_there=bool(desk.versions(Protocol)),
        what="A protocol that says who decides, by which quorum",
        how="Agree on it and write it down before it is needed.",
        page="activate",
    )


def _state(desk: Desk, jobs: Jobs | None) -> Iterator[ReadyRow]:
    head = head_row(desk)
    yield ReadyRow(
        is_there=bool(head.firm) and not head.firm_age_days and head.n_seen >= min(2, head.n_organisations),
        what=f"The ledger is firm up to record {head.firm} of {head.size}",
        how="Desks of two organisations must sync: what only one has seen does not count for votes and releases.",
        page="home",
    )
    yield ReadyRow(
        is_there=is_compared(desk),
        what="Head words compared by voice this week",
        how="Read them to somebody of another organisation, below.",
        page="",
    )
    yield ReadyRow(
        is_there=jobs is not None
        and any(note.work == BACKUP.name and note.state is State.DONE for note in jobs.all()),
        what="A backup put away from this desk",
        how="It holds no key. It spares everybody a new beginning when the relay is lost.",
        page="machine_backup",
    )
    yield ReadyRow(
        is_there=None if _swaps() is None else not _swaps(),
        what="No memory of this machine on its disk: no swap",
        how="Turn swap off or encrypt the disk; tocsin check says more. Each desk sees its own machine only.",
        page="machine",
    )


def _swaps() -> bool | None:
    """Say whether this system has swap space outside memory; None where it does not tell."""
    table = Path("/proc/swaps")
    if not table.is_file():
        return None
    rows = table.read_text(encoding="ascii", errors="replace").splitlines()[1:]
    return any(row.split() and not row.startswith("/dev/zram") for row in rows)


def is_compared(desk: Desk) -> bool:
    """Say whether the person here compared head words this week."""
    day = read_settings(desk.folder).compared_on
    return day is not None and 0 <= desk.today - day < COMPARED_DAYS


def note_compared(desk: Desk) -> None:
    """Note that head words were compared today and found the same."""
    chosen = read_settings(desk.folder)
    save_settings(desk.folder, replace(chosen, compared_on=desk.today))


def _many(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _plural(duty: Duty) -> str:
    return {"sentry": "Sentries"}.get(duty, f"{duty.capitalize()}s")
