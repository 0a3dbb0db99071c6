"""What the intake pages show: the queue, one submission with what came on its receipt, calls taken, what was set apart."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from tocsin.core.intake import (
    Call,
    Facts,
    PocketAnswered,
    PocketIssued,
    Quarantined,
    Replied,
    Sending,
    Submission,
    Taken,
    Trouble,
)
from tocsin.core.ledger import Duty
from tocsin.core.protect import Tier, triage
from tocsin.desk.desk import Desk
from tocsin.desk.intake.actions import calls_without_case, case_of_thread, ordered, same_receipt
from tocsin.desk.intake.opening import (
    Sealed,
    find_sealed,
    leave_to_colleagues,
    look_of,
    n_unopened,
    openable,
    reread,
    taken_here_or_there,
)
from tocsin.desk.intake.pockets import ROLES
from tocsin.desk.intake.replying import replies
from tocsin.desk.intake.sending import drills
from tocsin.terms import Day

SHOWN: Final = 50
"""Of the queue, on one page."""
OPENING_SECONDS: Final = 0.4
"""So long a page opens what was not opened yet; the rest waits for the next look, or for the sync."""

WHY = {
    Trouble.UNREADABLE: "it does not read as our page writes it",
    Trouble.REPEATED: "the same sending came before: a copy, or a relay that repeats",
    Trouble.CONTRADICTORY: "its answers exclude one another",
    Trouble.PARKED: "put aside, to come back to",
}
KINDS = {
    Sending.CALL: "a call",
    Sending.MESSAGE: "more on the same receipt",
    Sending.ERASE: "wants to be erased",
    Sending.ANSWER: "an answer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRow:
    """What waits in one day's folder."""

    day: Day
    n_waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One receipt in the queue: no words of it."""

    submission: str
    day: Day
    what: str
    is_urgent: bool
    n_together: int
    """How many submissions came on this receipt."""


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
    submission: str
    """Its hash, where this desk can read it again; else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakePage:
    """The whole page."""

    is_on_duty: bool
    folders: tuple[FolderRow, ...]
    n_waiting: int
    n_unopened: int
    queue: tuple[QueueRow, ...]
    is_flood: bool
    n_alike: int
    calls: tuple[CallRow, ...]
    apart: tuple[ApartRow, ...]
    n_cases: int
    alternates: tuple[int, ...]
    """Devices that may stand in for this one: handlers with room for one more case."""
    n_drills: int
    n_drills_back: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Another submission on the same receipt: an answer, or the photographs that followed the words."""

    submission: str
    said: Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionPage:
    """One submission, read: who it is from and what it says."""

    submission: str
    day: Day
    said: Submission
    what: str
    together: tuple[Together, ...]
    """Others on the same receipt, oldest first."""
    replies: tuple[Replied, ...]
    may_reply: bool
    may_become_case: bool
    is_taken: bool
    case: str
    """The case of this desk that the receipt belongs to, or nothing."""
    alternates: tuple[int, ...]
    n_cases: int
    interpreters: tuple[PocketIssued, ...]
    interpreted: tuple[str, ...]
    """What interpreters have sent back for this desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PocketRow:
    """A pocket that this desk can write to."""

    code: str
    role: str
    what: str
    issued_by: int
    issued_on: Day
    is_mine: bool
    n_messages: int
    answers: tuple[PocketAnswered, ...]


def intake_page(desk: Desk) -> IntakePage:
    """Gather the page."""
    here = openable(desk, seconds=OPENING_SECONDS)
    leave_to_colleagues(desk)
    taken = taken_here_or_there(desk)
    waiting = [sealed for sealed in here if sealed.digest not in taken]
    order = ordered(desk, waiting)
    n_drills, n_back = drills(desk)
    days = Counter(sealed.day for sealed in waiting)
    return IntakePage(
        is_on_duty=Duty.INTAKE in desk.world.history.now.duties.get(desk.device, frozenset()),
        folders=tuple(FolderRow(day=day, n_waiting=n) for day, n in sorted(days.items())),
        n_waiting=len(waiting),
        n_unopened=n_unopened(desk),
        queue=tuple(_queue(desk, waiting, order.digests)),
        is_flood=order.is_flood,
        n_alike=order.n_alike,
        calls=tuple(
            sorted((_call(call, desk.today) for call in calls_without_case(desk, here)), key=_soonest)
        ),
        apart=_apart(desk, here),
        n_cases=desk.n_cases,
        alternates=alternates(desk),
        n_drills=n_drills,
        n_drills_back=n_back,
    )


def _queue(desk: Desk, waiting: list[Sealed], digests: tuple[bytes, ...]) -> list[QueueRow]:
    """One row a receipt, where its first submission stands."""
    days = {sealed.digest: sealed.day for sealed in waiting}
    looks = {digest: look_of(desk, digest) for digest in digests}
    n_together = Counter(look.thread for look in looks.values() if look is not None and look.thread)
    seen: set[bytes] = set()
    rows: list[QueueRow] = []
    for digest in digests:
        look = looks[digest]
        if look is not None and look.thread:
            if look.thread in seen:
                continue
            seen.add(look.thread)
        rows.append(
            QueueRow(
                submission=digest.hex(),
                day=days[digest],
                what=KINDS[look.kind] if look else "cannot be read",
                is_urgent=look is not None and look.urgency == 0,
                n_together=n_together[look.thread] if look is not None and look.thread else 1,
            )
        )
        if len(rows) == SHOWN:
            break
    return rows


def _apart(desk: Desk, here: list[Sealed]) -> tuple[ApartRow, ...]:
    readable = {sealed.digest for sealed in here if look_of(desk, sealed.digest) is not None}
    return tuple(
        ApartRow(
            number=each.entry.number,
            day=each.content.day,
            why=WHY[each.content.trouble],
            submission=each.content.submission.hex() if each.content.submission in readable else "",
        )
        for each in reversed(desk.versions(Quarantined))
    )


def submission_page(desk: Desk, digest: bytes) -> SubmissionPage:
    """Gather one submission with all that came on its receipt.

    Raises
    ------
    NotHere, UnreadableSubmission
    """
    sealed, said = find_sealed(desk, digest), reread(desk, digest)
    together = [
        Together(submission=each.hex(), said=reread(desk, each))
        for each in same_receipt(desk, digest)
        if each != digest
    ]
    calls = {call.submission for call in desk.contents(Call)}
    written = {
        each.locator: replies(desk, each.locator) for each in (said, *(other.said for other in together))
    }
    pockets = desk.contents(PocketIssued)
    return SubmissionPage(
        submission=digest.hex(),
        day=sealed.day,
        said=said,
        what=KINDS[said.kind],
        together=tuple(together),
        replies=tuple(each for listed in written.values() for each in listed),
        may_reply=said.recipient is not None,
        may_become_case=said.kind is Sending.CALL and digest in calls,
        is_taken=digest in {taken.submission for taken in desk.contents(Taken)},
        case=case_of_thread(desk, said.thread) or "",
        alternates=alternates(desk),
        n_cases=desk.n_cases,
        interpreters=tuple(each for each in pockets if each.role == "interpreter"),
        interpreted=tuple(
            each.text for each in desk.contents(PocketAnswered) if each.choice == "interpreted"
        )[-3:],
    )


def pocket_rows(desk: Desk) -> tuple[PocketRow, ...]:
    """List the pockets that this desk can write to, with what they answered."""
    sent = desk.versions(Replied)
    # Every desk on duty may have noted the same answer, before it heard of the others.
    answers = {each.submission: each for each in reversed(desk.contents(PocketAnswered))}.values()
    return tuple(
        PocketRow(
            code=each.pocket,
            role=each.role,
            what=ROLES.get(each.role, "another room's"),
            issued_by=each.issued_by,
            issued_on=each.issued_on,
            is_mine=each.issued_by == desk.device,
            n_messages=sum(version.entry.compartment == f"pocket/{each.pocket}" for version in sent),
            answers=tuple(answer for answer in answers if answer.pocket == each.pocket)[:5],
        )
        for each in desk.contents(PocketIssued)
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
