"""What a device makes of the records it took: one `Reading` each, and which versions are the newest."""

from __future__ import annotations

from dataclasses import dataclass, field
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


@dataclass
class Versions:
    """Which versions of what was written are the newest; two tips of one root are shown side by side."""

    root_of: dict[bytes, bytes] = field(default_factory=dict)
    tips: dict[bytes, set[bytes]] = field(default_factory=dict)
    _read_in: dict[str, list[bytes]] = field(default_factory=dict)

    def take(self, draft: bytes, based_on: bytes | None, *, compartment: str = "") -> None:
        """A version was ordered; one based on something no longer newest stays beside it."""
        if draft in self.root_of:
            return
        root = self.root_of.get(based_on, based_on) if based_on is not None else draft
        self.root_of[draft] = root
        self._read_in.setdefault(compartment, []).append(draft)
        tips = self.tips.setdefault(root, set())
        if based_on is not None:
            tips.discard(based_on)
        tips.add(draft)

    def beside(self, draft: bytes) -> frozenset[bytes]:
        """The other newest versions of the same thing: empty unless two people edited at once."""
        root = self.root_of.get(draft, draft)
        return frozenset(self.tips.get(root, frozenset()) - {draft})

    def forget(self, compartment: str) -> None:
        """Drop what was read in a compartment, which is read again from its beginning or not at all."""
        for draft in self._read_in.pop(compartment, ()):
            root = self.root_of.pop(draft)
            self.tips.pop(root, None)

    def is_newest(self, draft: bytes) -> bool:
        """Say whether nothing newer replaces this version."""
        return draft in self.tips.get(self.root_of.get(draft, draft), frozenset())
