"""A travel lock on this desk: founders are dealt shares, two acknowledge, the keyring is put away; or all is called off."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from tocsin.core.ledger import (
    TRAVEL_SHARES_NEEDED,
    founders_for,
    is_ready_to_travel,
    prepare_travel,
    travel_identity,
)
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotReadyToTravel
from tocsin.terms import Day


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelPage:
    """The whole page."""

    founders: tuple[int, ...]
    """Devices that could keep a share."""
    n_needed: int
    asked: tuple[int, ...]
    keepers: tuple[int, ...]
    """Those that acknowledged theirs."""
    asked_on: Day | None
    is_prepared: bool
    is_ready: bool
    n_waiting: int


def travel_page(desk: Desk) -> TravelPage:
    """Gather the page; a desk that was opened under duress finds no founders."""
    world, is_prepared = desk.world, desk.keyring.travel_key is not None
    trip = world.trips.standing.get(desk.device) if is_prepared else None
    founders = () if desk.keyring.is_quiet else founders_for(desk.member, day=desk.today)
    return TravelPage(
        founders=tuple(founders),
        n_needed=TRAVEL_SHARES_NEEDED,
        asked=trip.founders if trip else (),
        keepers=tuple(sorted(world.trips.keepers(desk.device))) if trip else (),
        asked_on=Day(trip.day) if trip else None,
        is_prepared=is_prepared,
        is_ready=is_ready_to_travel(desk.member),
        n_waiting=desk.n_waiting,
    )


def prepare(desk: Desk) -> None:
    """Deal shares of a fresh key to the founders; they acknowledge at their next sync.

    Raises
    ------
    TooFewFounders
        Fewer than two can keep a share.
    """
    key = secrets.token_bytes(16)
    desk.do(lambda member, moment: prepare_travel(member, key, moment))


def call_off(desk: Desk) -> None:
    """Do not travel after all: this desk says so at its next sync, and founders erase their shares."""
    with desk.all_or_nothing():
        desk.keyring.travel_key = None
        desk.keyfile.save()


def put_away(desk: Desk) -> None:
    """Seal this desk's keys away; from then on no passphrase opens it. Close the desk at once.

    Raises
    ------
    NotReadyToTravel
        Fewer than two founders keep a share.
    DiskFull
        Nothing was changed.
    """
    with desk.lock:
        key, trip = desk.keyring.travel_key, desk.world.trips.standing.get(desk.device)
        if key is None or trip is None or not is_ready_to_travel(desk.member):
            raise NotReadyToTravel
        desk.keyfile.put_away(travel_identity(key).recipient, deal=trip.deal)
