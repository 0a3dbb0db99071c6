"""Which sentries are silent. A sentry co-signs whatever it reads, so one that is awake soon vouches for what is new.

That costs nothing while people work. Only after a long quiet does a sentry say something itself (`Awake`).
"""

from __future__ import annotations

from collections.abc import Iterable

from tocsin.core.ledger import Duty
from tocsin.desk.desk import Desk
from tocsin.desk.sentry.notebook import Pages, Unseen

SENTRYS = frozenset({Duty.SENTRY, Duty.KEEPER})
"""The duties a sentry may have: neither brings a key of a case, a seat or a list."""


def sentries(desk: Desk) -> list[int]:
    """List the devices that may run as sentries and are neither barred nor removed, this one too, by number."""
    standing = desk.world.history.now
    pure = [device for device in standing.devices_with(Duty.SENTRY) if not standing.duties[device] - SENTRYS]
    return sorted(desk.sealed_to(pure))


def notice_growth(pages: Pages, *, size: int, now: int) -> None:
    """Note when the ledger grew."""
    if size != pages.size:
        pages.size, pages.grew_at = size, now


def notice_words(desk: Desk, pages: Pages, others: Iterable[int], *, now: int) -> None:
    """Note what the others have vouched for, and since when they owe it."""
    vouched = {word.device: word.size for word in desk.replica.cosignatures()}
    unseen = {}
    for device in others:
        shown = vouched.get(device, 0)
        before = pages.unseen.get(device)
        if before is not None and shown < before.size:
            unseen[device] = before
        elif shown < desk.world.size:
            unseen[device] = Unseen(desk.world.size, now)
    pages.unseen = unseen


def silent(pages: Pages, *, now: int, limit_s: int) -> list[tuple[int, int]]:
    """List the devices that have not vouched for so long, and since when."""
    return [(device, each.since) for device, each in pages.unseen.items() if now - each.since >= limit_s]
