"""Devices away on a journey, and the words by which this founder helps one of them back, once they know the voice."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.core.ledger import ShareWords
from tocsin.desk.count.signing import organisation_of
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere
from tocsin.terms import Day


@dataclass(frozen=True, slots=True, kw_only=True)
class AwayRow:
    """One device on a journey, or getting ready for one."""

    device: int
    organisation: int
    since: Day
    n_keepers: int
    n_dealt: int
    has_share: bool
    """Whether this desk keeps a share for it."""
    is_barred: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SharePage:
    """One share, to be read aloud."""

    device: int
    number: int
    words: tuple[str, ...]


def devices_away(desk: Desk) -> tuple[AwayRow, ...]:
    """List the devices away, this one left out."""
    trips = desk.world.trips
    return tuple(
        AwayRow(
            device=device,
            organisation=organisation_of(desk, device),
            since=Day(trip.day),
            n_keepers=len(trips.keepers(device)),
            n_dealt=len(trip.founders),
            has_share=device in desk.keyring.travel_shares,
            is_barred=not desk.sealed_to([device]),
        )
        for device, trip in sorted(trips.standing.items())
        if device != desk.device
    )


def share_page(desk: Desk, device: int) -> SharePage:
    """Give this desk's share for a device away, in words.

    Raises
    ------
    NotHere
        It keeps none, or the device is barred or removed: then nobody helps it back.
    """
    for row in devices_away(desk):
        if row.device == device and row.has_share and not row.is_barred:
            share = desk.keyring.travel_shares[device]
            return SharePage(device=device, number=share.number, words=ShareWords(share.value).words)
    raise NotHere
