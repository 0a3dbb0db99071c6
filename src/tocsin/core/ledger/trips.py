"""What `watch` tells of devices away: whose keys lie under a travel lock, and which founders keep shares of it.

`travel` says what a device may do about it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from tocsin.core.ledger.content import Content
from tocsin.core.ledger.errors import NotEntitled
from tocsin.core.ledger.kinds import Travelling, TravelShareHeld


class Trip(NamedTuple):
    """A journey that a device is on, or getting ready for."""

    deal: bytes
    founders: tuple[int, ...]
    """Devices that were dealt shares, in the order of their numbers: the first has share 1."""
    day: int


@dataclass
class Trips:
    """Every device that said it is away. Feed it content in ledger order with `take`."""

    standing: dict[int, Trip] = field(default_factory=dict)
    """By device."""
    held: dict[bytes, set[int]] = field(default_factory=dict)
    """By deal: the founders' devices that said they keep their share."""
    void: set[bytes] = field(default_factory=set)
    """Deals of journeys that are over, or were begun anew: founders erase their shares."""

    def take(self, content: Content, *, device: int, day: int) -> None:
        """Take what a device said of a journey; other content changes nothing.

        Raises
        ------
        NotEntitled
            It acknowledges what it was dealt no share of.
        """
        match content:
            case Travelling():
                before = self.standing.pop(device, None)
                if before is not None and before.deal != content.deal:
                    self.void.add(before.deal)
                    self.held.pop(before.deal, None)
                if content.founders:
                    self.standing[device] = Trip(content.deal, content.founders, day)
            case TravelShareHeld():
                trip = self.standing.get(content.device)
                if trip is None or trip.deal != content.deal or device not in trip.founders:
                    raise NotEntitled(device=device, kind=content.KIND)
                self.held.setdefault(content.deal, set()).add(device)

    def keepers(self, device: int) -> frozenset[int]:
        """Say which founders' devices keep a share for the journey of a device."""
        trip = self.standing.get(device)
        return frozenset(self.held.get(trip.deal, ())) if trip is not None else frozenset()
