"""What a device makes of the records it took: one `Reading` each."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from tocsin.core.ledger.content import Content, Envelope


class Status(StrEnum):
    """What became of a record."""

    COUNTS = "counts"
    SEALED = "sealed"
    """Not ours to read, or not yet."""
    UNKNOWN = "unknown"
    """Written by a newer version."""
    REFUSED = "refused"
    """Readable, but not entitled, out of chain, or under an old roll: shown, changes nothing."""
    DAMAGED = "damaged"


class Reading(NamedTuple):
    """One record as this device sees it."""

    number: int
    device: int
    day: int
    status: Status
    envelope: Envelope | None = None
    content: Content | None = None
    trouble: Exception | None = None
    barred: bool = False
    """Its author was barred at the time: it is shown, but carries no vote."""
