"""What lies beside the ledger under its authors' own signatures: co-signatures, and published keys."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from tocsin.core.ledger import (
    Cosignature,
    PublishedKey,
    Purpose,
    Roll,
    firm_size,
    root_of,
    verify_cosignature,
    verify_published_key,
)
from tocsin.relay.clock import today
from tocsin.relay.errors import ForkHere, KeyPeriod, KeyTaken, NotEntitledHere
from tocsin.relay.store import hot
from tocsin.relay.store.models import Coalition, KeyRow
from tocsin.relay.store.nodes import node_of
from tocsin.relay.store.quotas import Meter
from tocsin.relay.store.writer import one_by_one
from tocsin.terms import EPOCH, Day, Week, day_from_date, first_day_of

DAYS_AHEAD = {Purpose.GRANT: 23, Purpose.INTAKE: 9, Purpose.FILE: 64}
"""How far ahead a key's period may end: this week and the next two, seven days, this month and the next; two
days of slack for clocks. An intake key made long before its day would open that day's folder on a laptop
seized now."""

KEPT_DAYS = 64
"""A key is given out this long after its period, for those who were away."""


@dataclass(frozen=True, slots=True)
class Vouching:
    """A co-signature and the coalition it is for."""

    coalition: Coalition
    cosignature: Cosignature


@dataclass(frozen=True, slots=True)
class Publishing:
    """Keys whose signatures were checked, and the coalition they are for."""

    coalition: Coalition
    day: Day
    keys: tuple[PublishedKey, ...]


def check_cosignature(coalition: Coalition, roll: Roll, cosignature: Cosignature) -> None:
    """Check that a device on the roll vouches for a head that was ours.

    Raises
    ------
    NotOnRoll, BadSignature, ForkHere
        It does not.
    """
    verify_cosignature(roll.device(cosignature.device).key, bytes(coalition.name), cosignature)
    size = cosignature.size
    if not 0 < size <= coalition.size or _root_at(coalition, size) != cosignature.root:
        raise ForkHere(size=size)


def _root_at(coalition: Coalition, size: int) -> bytes:
    return bytes(coalition.root) if size == coalition.size else root_of(node_of(coalition), size)


def keep_cosignatures(vouchings: Sequence[Vouching]) -> list[None]:
    """Keep co-signatures that were checked."""
    for vouching in vouchings:
        word = vouching.cosignature
        hot.save_cosignature(vouching.coalition.pk, word.device, word.size, word.root, word.signature)
    return [None] * len(vouchings)


def cosignatures_of(coalition: Coalition) -> list[Cosignature]:
    """Give each device's newest co-signature."""
    return [
        Cosignature(device, size, bytes(root), bytes(signature))
        for device, size, root, signature in hot.cosignatures(coalition.pk)
    ]


def firm_head_of(coalition: Coalition, roll: Roll) -> tuple[int, bytes]:
    """Say which head is co-signed from two organisations: its size and root, or 0 and nothing."""
    words = cosignatures_of(coalition)
    organisations = {entry.number: entry.organisation for entry in roll.active}
    roots = {word.size: word.root for word in words}  # each was compared with our tree when it came
    size = firm_size(
        words,
        organisation_of=organisations.get,
        n_organisations=roll.n_organisations,
        tree_size=coalition.size,
        tree_root=roots.__getitem__,
    )
    return size, roots.get(size, b"")


def last_day(key: PublishedKey) -> Day:
    """Say on which day a key's period ends."""
    if key.purpose == Purpose.GRANT:
        return Day(first_day_of(Week(key.period)) + 6)
    if key.purpose == Purpose.INTAKE:
        return Day(key.period)
    years, month = divmod(key.period + 1, 12)  # the month after the period
    return day_from_date(EPOCH.replace(year=EPOCH.year + years, month=month + 1) - timedelta(days=1))


def check_key(key: PublishedKey, coalition: Coalition, roll: Roll) -> None:
    """Check that a key may be published now, by that device.

    Raises
    ------
    NotOnRoll, BadSignature, NotEntitledHere, KeyPeriod
        It may not.
    """
    verify_published_key(key, roll, bytes(coalition.name))
    if key.purpose != Purpose.GRANT and not roll.device(key.device).may_take_duty:
        raise NotEntitledHere
    try:
        n_days_ahead = last_day(key) - today(roll)
    except (ValueError, OverflowError) as trouble:
        raise KeyPeriod from trouble  # A month beyond the calendar.
    if not -2 <= n_days_ahead <= DAYS_AHEAD[key.purpose]:
        raise KeyPeriod


def _publish(publishing: Publishing) -> None:
    coalition, fresh = publishing.coalition, []
    meter = Meter(coalition, publishing.day, "keys", {key.device for key in publishing.keys})
    for key in publishing.keys:
        slot = {"coalition": coalition, "device": key.device, "purpose": key.purpose, "period": key.period}
        before = KeyRow.objects.filter(**slot).values_list("content", flat=True).first()
        if before is None:
            meter.charge(key.device, 1, len(key.public))
            KeyRow.objects.create(**slot, ends_on=last_day(key), content=key.to_bytes())
            fresh.append(key)
        elif bytes(before) != key.to_bytes():
            raise KeyTaken(device=key.device)
    if fresh:
        meter.save()


publish = one_by_one(_publish)


def name_keys(coalition: Coalition, day: int) -> bytes:
    """Hash which slots are filled whose period ends on a day or later, so that a desk need not fetch what it has."""
    slots = hot.filled_slots(coalition.pk, day)
    return hashlib.sha256(b"".join(struct.pack(">BIQ", *slot) for slot in slots)).digest()


def keys_since(coalition: Coalition, day: int) -> Sequence[bytes]:
    """Give the published keys whose period ends on a day or later."""
    rows = KeyRow.objects.filter(coalition=coalition, ends_on__gte=day).order_by(
        "ends_on", "device", "purpose"
    )
    return [bytes(content) for content in rows.values_list("content", flat=True)]
