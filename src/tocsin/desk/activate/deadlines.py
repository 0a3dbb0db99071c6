"""Check-ins: something that must have happened by a time, else the sentries wake people.

A code and a time go to `clock`, where every desk reads them; what is waited for stands in the case or the activation, under
that key alone.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from tocsin.core.activate import Awaited, Deadline, DeadlineCode, Raised
from tocsin.core.ledger import NotEntitled
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere
from tocsin.desk.sentry.deadlines import CODE_BYTES, meet_deadline, set_deadline, standing_deadlines
from tocsin.desk.site.waiting import waiting_contents

MOST_WORDS = 300
HOUR_S = 3600
SOON_S = 2 * HOUR_S
"""From then on a check-in stands on the home page of whoever set it."""
SHOWN_S = 7 * 24 * HOUR_S
"""So long a check-in that is over stays on the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """One deadline as this desk sees it."""

    code: DeadlineCode
    due_at: int
    hours_left: int
    state: str
    """`running`, `overdue` (no sentry has said so yet), `passed` or `met`."""
    what: str
    """What it waits for; empty where this desk has no key for that."""
    about: str
    compartment: str
    set_by: int
    is_mine: bool

    @property
    def is_open(self) -> bool:
        """Say whether it has not been met."""
        return self.state != "met"

    @property
    def is_late(self) -> bool:
        """Say whether its time is over and it was not met."""
        return self.state in ("overdue", "passed")


def set_check_in(desk: Desk, *, to: str, what: str, hours: int) -> None:
    """Have people woken in so many hours, unless this desk says before that it has happened.

    Raises
    ------
    NotHere
        No case or activation of that name is open here.
    NotEntitled
        None of this device's duties may set a deadline.
    """
    if not _may_hold(desk, to):
        raise NotHere
    if not may_set(desk):
        raise NotEntitled(device=desk.device, kind=Awaited.KIND)
    code = DeadlineCode(secrets.token_hex(CODE_BYTES))
    # What it is for first: a time that nobody can explain is worse than none.
    desk.append(Awaited(deadline=code, what=what), to=to)
    set_deadline(desk, due_at=desk.now + hours * HOUR_S, code=code)


def may_set(desk: Desk) -> bool:
    """Say whether this device's duties let it set deadlines."""
    return desk.world.history.now.may_write(desk.device, Awaited.WRITERS)


def move_check_in(desk: Desk, code: DeadlineCode, *, hours: int) -> None:
    """Give it so many hours from now; one that has passed stays passed.

    Raises
    ------
    NotHere
        It is not this desk's, or is over.
    """
    if _mine(desk, code).state not in ("running", "overdue"):
        raise NotHere
    set_deadline(desk, due_at=desk.now + hours * HOUR_S, code=code)


def end_check_in(desk: Desk, code: DeadlineCode) -> None:
    """Say that it has happened, or that nobody waits for it any more.

    Raises
    ------
    NotHere
        It is not this desk's.
    """
    if _mine(desk, code).is_open:
        meet_deadline(desk, code)


def end_all(desk: Desk, compartment: str) -> None:
    """End this desk's check-ins of a case that is parked or closed: nobody could say any more what they were for."""
    for each in check_ins(desk, compartment=compartment):
        if each.is_mine and each.is_open:
            meet_deadline(desk, each.code)


def _mine(desk: Desk, code: DeadlineCode) -> CheckIn:
    for each in check_ins(desk):
        if each.code == code and each.is_mine:
            return each
    raise NotHere


def _may_hold(desk: Desk, compartment: str) -> bool:
    room, _, rest = compartment.partition("/")
    is_one = room == "response" or (room == "case" and rest.endswith("/file"))
    return is_one and compartment in desk.keyring.compartments


def check_ins(desk: Desk, *, compartment: str | None = None) -> tuple[CheckIn, ...]:
    """List deadlines, the soonest first: all that this desk reads of, or those of one case or activation."""
    with desk.lock:
        known = {
            version.content.deadline: (version.entry.compartment, version.content.what)
            for version in desk.versions(Awaited)
        }
        for said in waiting_contents(desk):
            if isinstance(said, Awaited):
                known.setdefault(said.deadline, ("", said.what))
        standing = standing_deadlines(desk, with_waiting=True, codes=known)
        now = desk.now
        rows = [_row(desk, each, now, *known.get(each.code, ("", ""))) for each in standing]
    shown = [row for row in rows if compartment is None or row.compartment == compartment]
    return tuple(sorted(shown, key=lambda row: row.due_at))


def pressing(desk: Desk) -> tuple[CheckIn, ...]:
    """List what somebody must look at: this desk's that are nearly due, and everybody's that are late."""
    return tuple(
        row
        for row in open_check_ins(desk)
        if row.is_late or (row.is_mine and row.is_open and row.due_at <= desk.now + SOON_S)
    )


def open_check_ins(desk: Desk) -> tuple[CheckIn, ...]:
    """List what is to be shown: whatever runs, and what was over in the last days."""
    since = desk.now - SHOWN_S
    return tuple(row for row in check_ins(desk) if row.due_at > since)


def _row(desk: Desk, deadline: Deadline, now: int, compartment: str, what: str) -> CheckIn:
    return CheckIn(
        code=deadline.code,
        due_at=deadline.due_at,
        hours_left=max(0, deadline.due_at - now) // HOUR_S,
        state=_state(deadline, now),
        what=what,
        about=_about(desk, compartment),
        compartment=compartment,
        set_by=deadline.set_by,
        is_mine=deadline.set_by == desk.device,
    )


def _state(deadline: Deadline, now: int) -> str:
    if deadline.is_met:
        return "met"
    if deadline.is_passed:
        return "passed"
    return "overdue" if deadline.is_overdue(now) else "running"


def _about(desk: Desk, compartment: str) -> str:
    room, _, rest = compartment.partition("/")
    if room == "case":
        return f"case {rest.partition('/')[0]}"
    for version in desk.versions(Raised, compartment=compartment) if compartment else ():
        return f"activation {version.entry.number}"
    return ""
