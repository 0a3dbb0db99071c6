"""What the pages of this machine show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.desk.beginning import offer_here
from tocsin.desk.budget import MEGABYTE
from tocsin.desk.desk import Desk
from tocsin.desk.errors import WrongClock
from tocsin.desk.jobs import JobNote, Jobs, State
from tocsin.desk.keeping import is_keeper
from tocsin.desk.machine.fitness import Finding, Machine, Verdict, judge_clock
from tocsin.desk.machine.places import FoundCopy, Place, copies_found, places

if TYPE_CHECKING:
    from tocsin.desk.site.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """One job in plain words."""

    id: str
    title: str
    began_at: int
    ended_at: int | None
    runs: bool
    percent: int | None
    done: int
    total: int
    word: str
    said: str
    is_known: bool
    """Whether this version still has that kind of job, so that it can be started again."""
    is_trouble: bool
    page: str
    """Name of the page that shows what came out, if one does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """How much of what the relay has is here, and what the link has carried today."""

    here: int
    there: int
    """Records, as the relay's newest head has it; 0 before the first sync."""
    days_here: int
    days_there: int
    """Day folders."""
    megabytes: float
    """Fetched today, by this machine's UTC day."""
    budget: int | None
    """At most so many a day."""

    @property
    def is_under_way(self) -> bool:
        """Say whether something is still to come."""
        return self.here < self.there or self.days_here < self.days_there

    @property
    def percent(self) -> int:
        """How much of the records is here."""
        return 100 * self.here // max(self.there, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MachinePage:
    """This desk: all jobs, what may be started, and how far the ledger has come."""

    jobs: tuple[JobRow, ...]
    offered: tuple[tuple[str, str], ...]
    """Code and title of each kind that can be started from this page and does not run."""
    is_unreadable: bool
    is_unsaved: bool
    fetched: Fetched
    is_keeper: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupPage:
    """Where a backup can go, and what it would hold."""

    places: tuple[Place, ...]
    n_records: int
    n_waiting: int
    """Things said here that have not left: they are not in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StickPage:
    """Files from which the ledger can be taken."""

    copies: tuple[FoundCopy, ...]
    is_invited: bool
    """This desk still goes by an invitation, whose firm head can vouch for a file."""


WORDS = {
    State.RUNS: "runs",
    State.DONE: "done",
    State.CANCELLED: "stopped by you",
    State.FAILED: "did not work",
    State.INTERRUPTED: "interrupted: the desk was locked or the machine went off",
}


def machine_page(desk: Desk, jobs: Jobs) -> MachinePage:
    """Gather the page."""
    rows = job_rows(jobs)
    running = {note.work for note in jobs.all() if note.runs}
    return MachinePage(
        jobs=rows,
        offered=tuple(
            (work.name, work.title)
            for work in jobs.works.values()
            if work.is_offered and work.name not in running
        ),
        is_unreadable=jobs.is_unreadable,
        is_unsaved=jobs.is_unsaved,
        fetched=fetched(desk),
        is_keeper=is_keeper(desk),
    )


def fitness(session: Session) -> tuple[Finding, ...]:
    """Say whether this machine is fit to hold a desk: what is not so first, then what nobody can tell."""
    trouble = session.trouble
    n_days = trouble.n_days if isinstance(trouble, WrongClock) else None
    clock = judge_clock(n_days, agreed=session.synced_at is not None)
    order = [Verdict.NO, Verdict.CANNOT_TELL, Verdict.YES]
    found = [*Machine(session.folder).findings(), clock]
    return tuple(sorted(found, key=lambda each: order.index(each.verdict)))


def fetched(desk: Desk) -> Fetched:
    """Say how far this desk's copy of the ledger has come."""
    n_bytes = desk.replica.fetched_on(desk.clock.real_day())
    days_here, days_there = desk.folders_there
    return Fetched(
        here=desk.world.size,
        there=desk.n_there,
        days_here=days_here,
        days_there=days_there,
        megabytes=n_bytes / MEGABYTE,
        budget=desk.settings.daily_megabytes,
    )


def job_rows(jobs: Jobs) -> tuple[JobRow, ...]:
    """List the jobs, running ones first, then the newest."""
    return tuple(_row(jobs, note) for note in jobs.all())


def job_row(jobs: Jobs, job: str) -> JobRow:
    """Look at one; raises NotHere."""
    return _row(jobs, jobs.one(job))


def _row(jobs: Jobs, note: JobNote) -> JobRow:
    work = jobs.works.get(note.work)
    return JobRow(
        id=note.id,
        title=work.title if work else "A job of another version",
        began_at=note.began_at,
        ended_at=note.ended_at,
        runs=note.runs,
        percent=note.percent,
        done=note.done,
        total=note.total,
        word=WORDS[note.state],
        said=note.said,
        is_known=work is not None,
        is_trouble=note.state in (State.FAILED, State.INTERRUPTED),
        page=work.page if work is not None and note.state is State.DONE else "",
    )


def backup_page(desk: Desk) -> BackupPage:
    """Gather the page."""
    return BackupPage(places=tuple(places()), n_records=desk.world.size, n_waiting=desk.n_waiting)


def stick_page(desk: Desk) -> StickPage:
    """Gather the page."""
    offer = offer_here(desk)
    return StickPage(copies=tuple(copies_found()), is_invited=offer is not None and offer.firm_size > 0)
