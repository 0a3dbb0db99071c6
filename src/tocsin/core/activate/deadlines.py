"""Deadlines: a code and a time, set by one device, met by the same, or passed.

Every desk holds the key of `clock`. So a deadline is met or moved only by the device that set it: else one hostile member
could silence another's missed check-in. For the same reason no version *based on* a deadline replaces it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tocsin.core.activate.records import DeadlineCode, DeadlineMet, DeadlinePassed, DeadlineSet
from tocsin.core.activate.state import Entry
from tocsin.terms import DeviceNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """Where one deadline stands."""

    code: DeadlineCode
    due_at: int
    """UTC seconds."""
    set_by: DeviceNumber
    is_met: bool = False
    """What it waits for has happened, in time or later."""
    is_passed: bool = False
    """A sentry said that it ran out."""

    def is_overdue(self, now: int) -> bool:
        """Say whether it ran out by `now` (UTC seconds) and nobody has said that it was met."""
        return not self.is_met and now > self.due_at


def deadlines_of(entries: Iterable[Entry]) -> list[Deadline]:
    """Say where deadlines stand.

    Parameters
    ----------
    entries : records of `clock` in any order, others are left aside
        Without what barred devices wrote.

    Returns
    -------
    list of Deadline
        In the order in which they were set. A code belongs to whoever set it first; its last time holds, until it is met
        or passed: neither is undone.
    """
    known: dict[DeadlineCode, Deadline] = {}
    for entry in sorted(entries, key=lambda entry: entry.number):
        content = entry.content
        if not isinstance(content, DeadlineSet | DeadlineMet | DeadlinePassed):
            continue
        before = known.get(content.code)
        if isinstance(content, DeadlineSet) and before is None:
            known[content.code] = Deadline(code=content.code, due_at=content.due_at, set_by=entry.author)
        elif before is not None:
            known[content.code] = _follow(before, entry)
    return list(known.values())


def _follow(before: Deadline, entry: Entry) -> Deadline:
    match entry.content:
        case DeadlinePassed():
            return replace(before, is_passed=True)
        case DeadlineMet() if entry.author == before.set_by:
            return replace(before, is_met=True)
        case DeadlineSet(due_at=due_at) if entry.author == before.set_by and not before.is_passed:
            return replace(before, due_at=due_at)
    return before
