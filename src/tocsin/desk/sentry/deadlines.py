"""Deadlines on a desk: set one, meet it, and see where they stand."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from tocsin.core.activate import (
    Deadline,
    DeadlineCode,
    DeadlineMet,
    DeadlinePassed,
    DeadlineSet,
    Entry,
    deadlines_of,
)
from tocsin.desk.desk import Desk
from tocsin.desk.site.waiting import waiting_contents
from tocsin.desk.store import Found
from tocsin.terms import DeviceNumber

CLOCK = "clock"
KINDS = (DeadlineSet, DeadlineMet, DeadlinePassed)
CODE_BYTES = 8
STANDS_S = 30 * 24 * 3600
"""So long a deadline that is over is still looked at, also when every sentry slept: then it is for its case's page alone."""


def set_deadline(desk: Desk, *, due_at: int, code: DeadlineCode | None = None) -> DeadlineCode:
    """Have the sentries see that something happens by UTC second `due_at`; with a code of ours, move it. Return the code.

    Keep the code only under the key of what it waits for. Due now, it rings the seats at the sentries' next round.
    """
    code = code or DeadlineCode(secrets.token_hex(CODE_BYTES))
    desk.append(DeadlineSet(code=code, due_at=due_at), to=CLOCK)
    return code


def meet_deadline(desk: Desk, code: DeadlineCode) -> None:
    """Say that what a deadline of this desk waits for has happened."""
    desk.append(DeadlineMet(code=code), to=CLOCK)


def standing_deadlines(
    desk: Desk, *, with_waiting: bool = False, codes: Iterable[DeadlineCode] = ()
) -> list[Deadline]:
    """Say where deadlines stand, in the order they were set; what barred devices wrote is left aside.

    Those whose time is not over for longer than `STANDS_S`, and those asked for. With what waits here to leave, as the
    ledger will show it if nothing comes between.
    """
    with desk.lock:
        since = (desk.now - STANDS_S) // 3600 * 3600
        asked = tuple(sorted(codes))
        entries = desk.worked_out(
            ("deadlines", since, asked), KINDS, lambda: _entries(desk, since=since, codes=asked)
        )
        waiting = waiting_contents(desk) if with_waiting else []
        waiting_entries = [
            Entry(number=desk.world.size + at, author=DeviceNumber(desk.device), content=content)
            for at, content in enumerate(waiting)
            if isinstance(content, KINDS)
        ]
        return deadlines_of([*entries, *waiting_entries])


def _entries(desk: Desk, *, since: int, codes: Iterable[DeadlineCode]) -> list[Entry]:
    """Make again, of rows alone, what the records of these deadlines say."""
    rows = desk.store.found([kind.KIND for kind in KINDS], compartment=CLOCK, since=since, about=codes)
    return [Entry(number=row.number, author=DeviceNumber(row.device), content=_content(row)) for row in rows]


def _content(row: Found) -> DeadlineSet | DeadlineMet | DeadlinePassed:
    code = DeadlineCode(row.about)
    if row.kind == DeadlineSet.KIND:
        return DeadlineSet(code=code, due_at=row.due or 0)
    return DeadlineMet(code=code) if row.kind == DeadlineMet.KIND else DeadlinePassed(code=code)
