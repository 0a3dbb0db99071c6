"""Grants: compartment keys and shares, sealed to one device's key of the week, put into a day folder without a name.

All have one size. Everybody fetches whole folders and tries them; nobody sees who was granted what. A grant's hash
stands in a `ledger.grants` record in `watch`, so that a missing one is noticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from tocsin.core.ledger.compartments import KEY_SIZE, epoch_id
from tocsin.core.ledger.content import UNDECODABLE
from tocsin.core.ledger.errors import BadGrant, StaleGrantKey
from tocsin.core.ledger.roll import PublishedKey, Purpose
from tocsin.core.seal import (
    ClassicalRecipient,
    DamagedFile,
    Identity,
    Recipient,
    Share,
    WrongKey,
    frame,
    open_sealed,
    seal,
    unframe,
)
from tocsin.terms import Day, Week, date_of, week_of

GRANT_FRAME = 4096
KEYS_A_GRANT = 24
"""More than a case needs; a newcomer's history comes in several grants."""


class GrantedKey(msgspec.Struct, frozen=True):
    """One epoch's key of one compartment."""

    compartment: str
    epoch: bytes
    key: bytes


class GrantedShare(msgspec.Struct, frozen=True):
    """A custodian's share of one case, dealt or released."""

    case: str
    share: Share


class Grant(msgspec.Struct, frozen=True):
    """What one device gives another (docs/formats.md section 7)."""

    coalition: bytes
    by: int
    keys: tuple[GrantedKey, ...] = ()
    shares: tuple[GrantedShare, ...] = ()


def grant_hash(file: bytes) -> bytes:
    """Name a sealed grant as `ledger.grants` records do."""
    return hashlib.sha256(file).digest()


def seal_grant(grant: Grant, recipient: Recipient) -> bytes:
    """Seal a grant to a device's key of the week; every one has the same size."""
    return seal(frame(msgspec.msgpack.encode(grant), GRANT_FRAME), [recipient])


def open_grant(file: bytes, identities: Sequence[Identity], *, coalition: bytes) -> Grant | None:
    """Try a grant with this device's weekly keys; None if it is not for us, or no grant at all.

    Raises
    ------
    BadGrant
        It is for us and says what no grant may say.
    """
    try:
        plain = open_sealed(file, identities)
    except (WrongKey, DamagedFile, ClassicalRecipient):
        # Not sealed to us: all but a few in a folder are not.
        return None
    try:
        content = unframe(plain)
        grant = msgspec.msgpack.decode(content, type=Grant)
    except (*UNDECODABLE, DamagedFile) as trouble:
        raise BadGrant("it does not decode") from trouble
    if msgspec.msgpack.encode(grant) != content:
        raise BadGrant("it is not in the one encoding")
    if grant.coalition != coalition:
        raise BadGrant("it is for another coalition")
    if any(len(granted.key) != KEY_SIZE or granted.epoch != epoch_id(granted.key) for granted in grant.keys):
        raise BadGrant("a key is not the one its epoch names")
    return grant


def newest_grant_keys(published: Iterable[PublishedKey], *, today: Day) -> dict[int, Recipient]:
    """Pick each device's grant key for this week, else its newest one not older than a fortnight.

    Parameters
    ----------
    published
        Verified keys of any purpose and period.
    today
        The coalition's day.
    """
    week = week_of(today)
    best: dict[int, PublishedKey] = {}
    for key in published:
        if key.purpose != Purpose.GRANT or not week - 2 <= key.period <= week:
            continue
        known = best.get(key.device)
        if known is None or key.period > known.period:
            best[key.device] = key
    return {device: Recipient(key.public) for device, key in best.items()}


def recipient_for(device: int, keys: dict[int, Recipient]) -> Recipient:
    """Look up where to seal a grant.

    Raises
    ------
    StaleGrantKey
        The device has published nothing for two weeks.
    """
    try:
        return keys[device]
    except KeyError:
        raise StaleGrantKey(device=device) from None


def weeks_to_publish(today: Day) -> tuple[Week, Week, Week]:
    """This week and the next two."""
    week = week_of(today)
    return week, Week(week + 1), Week(week + 2)


def is_over(key: PublishedKey, *, today: Day) -> bool:
    """Say whether a published key's week, day or month lies behind, so that nobody will seal to it any more."""
    date = date_of(today)
    now = {
        Purpose.GRANT: week_of(today),
        Purpose.INTAKE: today,
        Purpose.FILE: (date.year - 1970) * 12 + date.month - 1,
    }
    return key.period < now[key.purpose]
