"""Ledger on the desk: bar a device at once, give what it knew new keys, lift a bar, let it back in.

Founders remove it for good by a change of the roll (`changes`).
"""

from __future__ import annotations

from functools import partial

from tocsin.core.ledger import WATCH, BarLifted, Member, Moment, Outgoing
from tocsin.desk.desk import Desk
from tocsin.desk.ledger.lost import due_because_of, left_out, shared_by_all

REASONS = ("lost", "cloned", "suspect")


def bar(desk: Desk, device: int, *, reason: str) -> None:
    """Bar a device for 72 hours: nobody seals to it, and what it could read gets new keys at the next write.

    Raises
    ------
    TooManyBars
        This desk has barred two this week.
    NotOnRoll
        No such device.
    """
    desk.append(desk.member.bar(device, reason=reason, day=desk.today), to=WATCH)


def rotate(desk: Desk, device: int) -> None:
    """Give what a barred or removed device knows new keys now, instead of at this desk's next write there."""
    if names := due_because_of(desk, device):
        desk.do(lambda member, moment: member.rotate(names, moment))


def lift(desk: Desk, device: int) -> None:
    """Say as a founder that a bar may end; it does once enough have.

    Raises
    ------
    NotEntitled
        This desk has not the duty of a founder.
    """
    desk.append(BarLifted(device=device), to=WATCH)


def let_back(desk: Desk, device: int) -> None:
    """Give a device that is barred no more the present keys of what this desk shared with it.

    Raises
    ------
    CaseloadFull, StaleGrantKey, NotSealedTo
        It cannot be given one of them now; what came before that is done.
    """
    for name in left_out(desk, device):
        desk.do(partial(_admit, device, name))


def give_anew(desk: Desk, device: int) -> None:
    """Give a device once more the keys of what everybody reads: it slept past the folder in which they lay.

    Raises
    ------
    StaleGrantKey, NotSealedTo
        It has published no key of this week: it must sync first.
    """
    for name in shared_by_all(desk, device):
        desk.do(partial(_admit, device, name))


def _admit(device: int, name: str, member: Member, moment: Moment) -> Outgoing:
    return member.admit(device, [name], moment)
