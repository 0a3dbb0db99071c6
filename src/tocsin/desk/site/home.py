"""Home: where the coalition stands, and what needs this person now, each with a way straight to it."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from tocsin.core.ledger import next_fixed_hour
from tocsin.core.protect import CaseStage
from tocsin.core.seal import CASELOAD_CAP
from tocsin.core.watch import Alarm
from tocsin.desk.activate.deadlines import CheckIn, pressing
from tocsin.desk.activate.queries import ActivationRow, list_page
from tocsin.desk.activate.releasing import release_rows
from tocsin.desk.beginning import Beginning, beginning
from tocsin.desk.count.queries import tally_rows
from tocsin.desk.count.stating import estimate_rows
from tocsin.desk.desk import Desk
from tocsin.desk.errors import Removed
from tocsin.desk.intake.queries import intake_page
from tocsin.desk.ledger.changes import founder_key
from tocsin.desk.ledger.custody import custody_page
from tocsin.desk.ledger.duty import DutyBoard, duty_board
from tocsin.desk.ledger.explaining import topic_of
from tocsin.desk.ledger.heads import old_head
from tocsin.desk.ledger.lost import is_pressing
from tocsin.desk.ledger.notes import open_notes
from tocsin.desk.ledger.queries import HeadRow, head_row, refused_rows
from tocsin.desk.ledger.ready import ready_page
from tocsin.desk.ledger.roll_queries import changes_to_sign
from tocsin.desk.machine.queries import Fetched, JobRow, fetched, job_rows
from tocsin.desk.protect.queries import CaseRow, case_rows
from tocsin.desk.site.session import Session
from tocsin.desk.site.waiting import n_leaving, n_waiting, waiting_contents
from tocsin.desk.watch.queries import series_rows
from tocsin.terms import Day

ALARM_DAYS = 14
"""How long an alarm stands on the home page."""

PRESSING_DAYS = 2
"""Days before a deadline from which a case stands here even while it waits for somebody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something to do, in a sentence; `page` and `about` name where."""

    page: str
    about: str
    """What the page is about: a record's number or a case's code; empty for a room's page."""
    sentence: str
    is_urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Something wrong, and what to do about it; `page` and `about` name where, if anywhere."""

    sentence: str
    next_step: str
    page: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """What the last sync said."""

    trouble: str
    is_removed: bool
    topic: str
    """Which page explains the trouble, if one does."""
    minutes_ago: int | None
    syncs_itself: bool
    fetched: Fetched


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """The whole page."""

    device: int
    duties: tuple[str, ...]
    head: HeadRow
    sync: Sync
    waiting: tuple[tuple[str, int], ...]
    n_waiting: int
    n_leaving: int
    """Of those, how many leave at the next sync."""
    next_hour: int
    """When the others leave, UTC seconds."""
    sends_at_once: bool
    n_cases: int
    cap: int
    tasks: tuple[Task, ...]
    jobs: tuple[JobRow, ...]
    """What runs beside the pages, and what ended and was not put away."""
    warnings: tuple[Concern, ...]
    n_refused: int
    duty: DutyBoard
    beginning: Beginning | None

    @property
    def n_later(self) -> int:
        """How many wait for a fixed hour."""
        return max(0, self.n_waiting - self.n_leaving)


def home(desk: Desk, session: Session) -> HomePage:
    """Gather the page."""
    world = desk.world
    waiting = Counter(content.KIND for content in waiting_contents(desk))
    duty = duty_board(desk)
    return HomePage(
        device=desk.device,
        duties=tuple(sorted(world.history.now.duties.get(desk.device, ()))),
        head=head_row(desk),
        sync=_sync(desk, session),
        waiting=tuple(sorted(waiting.items())),
        n_waiting=n_waiting(desk),
        n_leaving=n_leaving(desk),
        next_hour=next_fixed_hour(desk.now),
        sends_at_once=desk.settings.sends_at_once,
        n_cases=desk.n_cases,
        cap=CASELOAD_CAP,
        tasks=(*_tasks(desk), *_readiness(desk, session)),
        jobs=job_rows(session.jobs) if session.jobs else (),
        warnings=(*_duty_gaps(duty, desk.today), *_warnings(desk)),
        n_refused=len(refused_rows(desk)),
        duty=duty,
        beginning=beginning(desk),
    )


def _sync(desk: Desk, session: Session) -> Sync:
    ago = None if session.synced_at is None else int(time.monotonic() - session.synced_at) // 60
    trouble = "" if session.trouble is None else str(session.trouble)
    return Sync(
        trouble=trouble,
        topic="" if session.trouble is None else topic_of(session.trouble.code),
        is_removed=isinstance(session.trouble, Removed),
        minutes_ago=ago,
        syncs_itself=session.syncs_itself or not session.sync_every,
        fetched=fetched(desk),
    )


def _tasks(desk: Desk) -> list[Task]:
    """Votes before calls before cases before the rest: what waits for one signature holds up everybody."""
    return [
        *_lost(desk),
        *_votes(desk),
        *_changes(desk),
        *_shares(desk),
        *_check_ins(desk),
        *_calls(desk),
        *_notes(desk),
        *_cases(desk),
        *_tallies(desk),
        *_releases(desk),
        *_alarms(desk),
    ]


def _lost(desk: Desk) -> list[Task]:
    """What this desk shares with a device that is barred: its keys must change, its legs stop, its people be warned."""
    now = desk.world.history.now
    barred = {bar.device for bar in now.bars if bar.holds_on(desk.today)}
    removed = {entry.number for entry in now.roll.devices if entry.removed}
    return [
        Task(
            page="ledger_lost_one",
            about=str(device),
            sentence=f"Device {device} is out, and knows what this desk works on: warn people, stop its legs, change keys.",
            is_urgent=True,
        )
        for device in sorted((barred | removed) - {desk.device})
        if is_pressing(desk, device)
    ]


def _readiness(desk: Desk, session: Session) -> list[Task]:
    """Remind founders of what the coalition lacks, after all else."""
    if founder_key(desk) is None or desk.keyring.is_quiet:
        return []
    n_missing = ready_page(desk, session.jobs).n_missing
    sentence = f"Are we ready? {_many(n_missing, 'thing')} to do before anybody is told where to turn."
    return [Task(page="ledger_ready", about="", sentence=sentence)] if n_missing else []


def _votes(desk: Desk) -> list[Task]:
    page = list_page(desk)
    votes = [_vote(row) for row in page.activations if row.may_sign]
    raises = [
        Task(
            page="activate",
            about="",
            sentence=f"Put the tally of record {row.tally.number} before the seats.",
        )
        for row in page.to_raise
    ]
    return votes + raises


def _check_ins(desk: Desk) -> list[Task]:
    return [Task(page="deadlines", about="", sentence=_late(row), is_urgent=True) for row in pressing(desk)]


def _late(row: CheckIn) -> str:
    if not row.is_mine:
        return f"A check-in that device {row.set_by} set was missed: call its holder."
    about = f" ({row.about})" if row.about else ""
    when = "was missed" if row.is_late else "is due within two hours"
    return f"A check-in of yours{about} {when}: say if it has happened."


def _notes(desk: Desk) -> list[Task]:
    return [
        Task(page="duty", about="", sentence=f"Read what device {note.device} left for you: {note.about}.")
        for note in open_notes(desk)
    ]


def _duty_gaps(duty: DutyBoard, today: Day) -> list[Concern]:
    """Only today's and tomorrow's: what is sealed to nobody cannot be sent."""
    if not duty.gaps:
        return []
    days = " and ".join("today" if day == today else "tomorrow" for day in duty.gaps)
    mine = "Take duty on the duty page" if duty.mine.may_take and not duty.mine.is_on else "Sync"
    return [
        Concern(
            sentence=f"Nobody is on duty {days}: calls for help can be sealed to nobody.",
            next_step=f"{mine}, or ask a colleague with intake duty to unlock and sync.",
        )
    ]


def _vote(row: ActivationRow) -> Task:
    hours = f" {row.next_clock.hours_left} hours left." if row.next_clock else ""
    sentence = f"Read and sign: {row.n_signed} of {row.n_needed} seats have signed.{hours}"
    return Task(page="activate_one", about=str(row.number), sentence=sentence, is_urgent=True)


def _changes(desk: Desk) -> list[Task]:
    return [
        Task(
            page="ledger_changes",
            about="",
            sentence=f"Read and sign a change of the roll: {' '.join(row.said)}",
            is_urgent=True,
        )
        for row in changes_to_sign(desk)
    ]


def _shares(desk: Desk) -> list[Task]:
    return [
        Task(
            page="custody",
            about="",
            sentence=f"Device {row.by} asks for case {row.case}: release your share of it, or refuse.",
            is_urgent=row.may_release,
        )
        for row in custody_page(desk).to_answer
    ]


def _calls(desk: Desk) -> list[Task]:
    page = intake_page(desk)
    tasks = []
    if page.n_waiting:
        sentence = f"Take in {_many(page.n_waiting, 'call')} that wait{'s' if page.n_waiting == 1 else ''} in the folders."
        tasks.append(Task(page="intake", about="", sentence=sentence, is_urgent=True))
    if page.calls and desk.n_cases < CASELOAD_CAP:
        sentence = f"Make cases: {_many(len(page.calls), 'call')} taken in and not a case yet."
        tasks.append(Task(page="intake", about="", sentence=sentence))
    return tasks


def _cases(desk: Desk) -> list[Task]:
    return [_case(row) for row in case_rows(desk) if row.is_handler and (not row.waits or _is_pressing(row))]


def _is_pressing(row: CaseRow) -> bool:
    return row.stage is not CaseStage.CLOSED and row.days_left is not None and row.days_left <= PRESSING_DAYS


def _case(row: CaseRow) -> Task:
    days = row.days_left
    due = (
        ""
        if days is None
        else f" Due in {_many(days, 'day')}."
        if days >= 0
        else f" {_many(-days, 'day')} overdue."
    )
    return Task(
        page="protect_case",
        about=row.code,
        sentence=f"Case {row.code}: {row.next_step}.{due}",
        is_urgent=_is_pressing(row),
    )


def _tallies(desk: Desk) -> list[Task]:
    return [
        Task(page="count", about="", sentence=f"Recompute the tally of record {row.number} and sign it.")
        for row in tally_rows(desk)
        if row.signed.may_assess and not row.signed.assessors
    ] + [
        Task(
            page="count",
            about="",
            sentence=f"Calculate the estimate of record {row.number} again and sign it.",
        )
        for row in estimate_rows(desk)
        if row.may_assess and not row.signed.assessors
    ]


def _releases(desk: Desk) -> list[Task]:
    return [
        Task(
            page="release",
            about=str(each.row.number),
            sentence=f"Say for your seat whether the estimate of record {each.row.number} may leave.",
        )
        for each in release_rows(desk)
        if each.may_let_out and not each.state.is_out
    ]


def _alarms(desk: Desk) -> list[Task]:
    tasks = [
        Task(
            page="watch",
            about="",
            sentence=f"An alarm rang in record {version.entry.number}: look at what is behind it.",
        )
        for version in reversed(desk.versions(Alarm))
        if desk.today - ALARM_DAYS <= version.content.as_of <= desk.today
    ]
    for row in series_rows(desk, desk.today):
        if row.rings and row.rung_number is None:
            sentence = f"{row.place.upper()} stands out this week: check it and ring."
            tasks.append(Task(page="watch", about="", sentence=sentence, is_urgent=True))
    return tasks


def _warnings(desk: Desk) -> list[Concern]:
    world = desk.world
    warnings = [
        Concern(sentence=str(trouble), next_step="", page="ledger_help", about="files")
        for trouble in [desk.start_trouble]
        if trouble
    ]
    warnings += [
        Concern(
            sentence=f"Device {split.device} was shown another ledger than this desk: the relay shows two versions.",
            next_step="Stop trusting the relay. Read the six words to a colleague by telephone.",
            page="ledger_help",
            about="fork",
        )
        for split in world.split[:1]
    ]
    warnings += [
        Concern(
            sentence=f"Two copies of device {device} write (since record {number}).",
            next_step="Bar it on the ledger page, then ask its holder which copy is theirs.",
            page="ledger_help",
            about="copies",
        )
        for device, number in sorted(world.forked.items())
    ]
    standing = world.history.now
    barred = {bar.device for bar in standing.bars if bar.holds_on(desk.today)}
    asked = {bar.device for bar in standing.bars if bar.is_own}
    warnings += [_plea(device) if device in asked else _bar(device) for device in sorted(barred)]
    return warnings + _old_head(desk) + _gaps(desk)


def _old_head(desk: Desk) -> list[Concern]:
    age = old_head(desk)
    if age is None:
        return []
    days = _many(age.n_days, "day")
    if age.n_not_firm:
        records = _many(age.n_not_firm, "record")
        sentence = f"{records} of the last {days} were seen by one organisation only."
        step = "Ask a colleague of another organisation to sync, and compare the six words with them."
    else:
        sentence = f"Nothing new has come for {days}."
        step = (
            "Perhaps nobody wrote. If somebody did, the relay holds it back: compare the six words with them."
        )
    alarm = "Alarm: " if age.is_alarm else ""
    return [Concern(sentence=alarm + sentence, next_step=step, page="ledger_help", about="old-head")]


def _plea(device: int) -> Concern:
    return Concern(
        sentence=f"Device {device} asks to be removed: its holder may be under pressure.",
        next_step="Do not write or call them on the usual channel. Founders remove the device; warn whom it knew of.",
        page="ledger_lost_one",
        about=str(device),
    )


def _bar(device: int) -> Concern:
    return Concern(
        sentence=f"Device {device} is barred: nothing is sealed to it.",
        next_step="Founders remove it or lift the bar within 72 hours.",
        page="ledger_lost_one",
        about=str(device),
    )


def _gaps(desk: Desk) -> list[Concern]:
    """What should have come and did not, or came and says what none may say."""
    gaps = []
    missing = desk.missing_grants()
    if missing:
        makers = ", ".join(str(device) for device in sorted(set().union(*missing.values())))
        gaps.append(
            Concern(
                sentence=f"{_many(len(missing), 'grant')} that colleagues made did not come from the relay.",
                next_step=f"Sync again. If it stays so, ask the holder of device {makers}: the relay may hold it back.",
                page="ledger_help",
                about="gap",
            )
        )
    if desk.member.received.bad:
        gaps.append(
            Concern(
                sentence=f"{_many(len(desk.member.received.bad), 'grant')} for this desk cannot be used.",
                next_step="Ask a colleague to grant you again what you are missing, and tell a founder.",
                page="ledger_help",
                about="gap",
            )
        )
    return gaps


def _many(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
