"""Ledger on the desk: bar a device at once; founders then remove it or lift the bar."""

from __future__ import annotations

from tocsin.core.ledger import WATCH
from tocsin.desk.desk import Desk

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
