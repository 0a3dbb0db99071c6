"""Deadlines on a desk: set one, meet it, and see where they stand."""

from __future__ import annotations

import secrets

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
from tocsin.terms import DeviceNumber

CLOCK = "clock"
KINDS = (DeadlineSet, DeadlineMet, DeadlinePassed)
CODE_BYTES = 8


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


def standing_deadlines(desk: Desk, *, with_waiting: bool = False) -> list[Deadline]:
    """Say where all deadlines stand, in the order they were set; what barred devices wrote is left aside.

    With what waits here to leave, as the ledger will show it if nothing comes between.
    """
    with desk.lock:
        rows = [row for kind in KINDS for row in desk.store.every(kind.KIND, compartment=CLOCK)]
        entries = [
            Entry(
                number=row.number,
                author=DeviceNumber(row.device),
                content=desk.world.peek(desk.record(row.number))[1],
            )
            for row in rows
            if not row.barred
        ]
        waiting = waiting_contents(desk) if with_waiting else []
        entries += [
            Entry(number=desk.world.size + at, author=DeviceNumber(desk.device), content=content)
            for at, content in enumerate(waiting)
            if isinstance(content, KINDS)
        ]
        return deadlines_of(entries)
