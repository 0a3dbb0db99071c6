"""What the page of the relay shows: where the ledger lies, and how far a move to another relay has come."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.core.ledger import Duty
from tocsin.desk.desk import Desk
from tocsin.desk.errors import FirmRecordsLeftOut, NotHere
from tocsin.desk.jobs import JobNote, Jobs
from tocsin.desk.ledger import relay
from tocsin.desk.ledger.queries import HeadRow, head_row
from tocsin.errors import LedgerError, TocsinError


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """A move as it stands here."""

    address: str
    signed: tuple[int, ...]
    n_missing: int
    lapses_on: int | None
    is_done: bool
    """The ledger names the new relay."""
    may_sign: bool
    fills: bool
    """This desk has the lodging code, and so fills and opens it."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayPage:
    """The page."""

    address: str
    """Of the relay that the roll names."""
    follows: str
    """Of the one that founders signed and the ledger does not name yet, or empty."""
    head: HeadRow
    trouble: str
    """What the last sync ran into."""
    left_out: int
    """Firm records that the new relay was opened without, which this desk has and a person must give up first."""
    plan: PlanRow | None
    overtaken: str
    """Why what was begun here can come no further, or empty."""
    job: JobNote | None
    """The last filling."""
    is_founder: bool
    n_keepers: int


def relay_page(desk: Desk, jobs: Jobs, trouble: TocsinError | None) -> RelayPage:
    """Gather the page."""
    roll = desk.world.history.now.roll
    plan, overtaken = _plan(desk)
    left_out = trouble.n_records if isinstance(trouble, FirmRecordsLeftOut) else 0
    duties = desk.world.history.now.duties.get(desk.device, frozenset())
    return RelayPage(
        address=roll.relays[0].address,
        follows="" if desk.move is None else desk.move.relay.address,
        head=head_row(desk),
        trouble="" if trouble is None else str(trouble),
        left_out=left_out,
        plan=plan,
        overtaken=overtaken,
        job=next((note for note in jobs.all() if note.work == relay.FILL.name), None),
        is_founder=desk.keyring.founder_number is not None or Duty.FOUNDER in duties,
        n_keepers=len({entry.organisation for entry in roll.active if entry.keeper}),
    )


def _plan(desk: Desk) -> tuple[PlanRow | None, str]:
    try:
        standing = relay.standing_of(desk)
    except NotHere:
        return None, ""
    except LedgerError as trouble:
        return None, str(trouble)
    progress = standing.progress
    row = PlanRow(
        address=standing.relay.address,
        signed=() if progress is None else progress.signed,
        n_missing=0 if progress is None else progress.n_missing,
        lapses_on=None if progress is None else progress.lapses_on,
        is_done=progress is None,
        may_sign=standing.may_sign,
        fills=standing.fills,
        text=standing.text,
    )
    return row, ""
