"""A travel lock: before a journey a device seals all its keys under one that founders keep in shares, two of which open it.

Preparing: the device deals shares of a fresh key by grant and says so in `watch`; founders' devices acknowledge. Only once
two have does the desk put its keyring away. Coming back: two founders who know the traveller's voice read their share aloud,
in twelve words each. Grants wait for the device meanwhile, as for one that sleeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tocsin.core.ledger.batch import Moment, Outgoing
from tocsin.core.ledger.content import Duty
from tocsin.core.ledger.errors import TooFewFounders
from tocsin.core.ledger.grants import GrantedShare
from tocsin.core.ledger.kinds import WATCH, Travelling, TravelShareHeld
from tocsin.core.ledger.member import Member
from tocsin.core.seal import BadShareWords, Identity, Share, TwelveWords, deal, join
from tocsin.terms import Day

TRAVEL_SHARES_NEEDED = 2
NO_TRIP = bytes(16)


class ShareWords(TwelveWords):
    """The value of a founder's share, as it is read aloud; the share's number is said before it."""

    __slots__ = ()

    CHECKSUM = b"tocsin/1 travel share checksum\n"
    REFUSAL = BadShareWords


def travel_label(device: int) -> str:
    """Name the shares of a device's travel lock in a grant."""
    return f"travel/{device}"


def founders_for(member: Member, *, day: Day) -> list[int]:
    """List the founders' devices that may keep a share for this device: others than itself that can be sealed to."""
    history = member.world.history
    founders = history.now.devices_with(Duty.FOUNDER)
    return [device for device in founders if device != member.device and history.is_sealed_to(device, day)]


def prepare_travel(member: Member, key: bytes, moment: Moment) -> Outgoing:
    """Deal shares of a fresh key (16 bytes) to the other founders' devices, and say so; what was dealt before is void.

    Raises
    ------
    TooFewFounders
        Fewer than two can keep a share: nobody could unlock this device again.
    """
    founders = [device for device in founders_for(member, day=moment.day) if device in moment.keys]
    if len(founders) < TRAVEL_SHARES_NEEDED:
        raise TooFewFounders(have=len(founders), need=TRAVEL_SHARES_NEEDED)
    label = travel_label(member.device)
    shares = deal(key, label=label.encode(), n=len(founders), k=TRAVEL_SHARES_NEEDED)
    batch = member.batch(moment)
    hashes: tuple[bytes, ...] = ()
    for founder, share in zip(founders, shares, strict=True):
        hashes += batch.grant((founder,), shares=(GrantedShare(label, share),))
    batch.say(Travelling(deal=shares[0].deal_id, founders=tuple(founders)), to=WATCH)
    batch.announce(hashes)
    member.keyring.travel_key = key
    return batch.outgoing


def is_ready_to_travel(member: Member) -> bool:
    """Say whether enough founders keep a share of the key that this device would lock itself with."""
    keepers = member.world.trips.keepers(member.device)
    return member.keyring.travel_key is not None and len(keepers) >= TRAVEL_SHARES_NEEDED


def is_back(member: Member) -> bool:
    """Say whether this device has all its keys and the others still take it for being away."""
    return member.device in member.world.trips.standing and member.keyring.travel_key is None


def end_travel() -> Travelling:
    """Say that this device is back, or does not travel after all: founders erase their shares."""
    return Travelling(deal=NO_TRIP, founders=())


def travel_acknowledgements(member: Member) -> list[TravelShareHeld]:
    """What a founder's device has yet to say about the shares it keeps."""
    trips = member.world.trips
    return [
        TravelShareHeld(device=device, deal=share.deal_id)
        for device, share in sorted(member.keyring.travel_shares.items())
        if member.device not in trips.keepers(device)
    ]


def travel_identity(key: bytes) -> Identity:
    """Derive what a keyring is sealed to from the key that founders keep in shares."""
    return Identity.from_seed(TwelveWords(key).derive(b"tocsin/1 travel lock\n"))


def join_travel_shares(told: Iterable[tuple[int, bytes]], *, deal_id: bytes) -> bytes:
    """Give the key back from shares as they were read aloud: number and value.

    Raises
    ------
    TooFewShares, BadShare
        Fewer than two, or words of another journey.
    """
    shares: Sequence[Share] = [Share(number, TRAVEL_SHARES_NEEDED, deal_id, value) for number, value in told]
    return join(shares)
