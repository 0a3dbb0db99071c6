"""The roll in force, decoded once."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from tocsin.core.ledger import Roll
from tocsin.relay.store.models import Coalition, RollPlace, RollVersion


def roll_in_force(coalition: Coalition) -> Roll:
    """Say by which roll a coalition goes."""
    return _roll(coalition.pk, coalition.roll_version)


@lru_cache(maxsize=64)
def _roll(coalition: int, version: int) -> Roll:
    content = RollVersion.objects.values_list("content", flat=True).get(coalition=coalition, version=version)
    return msgspec.msgpack.decode(bytes(content), type=Roll)


def keep_roll(coalition: Coalition, roll: Roll, *, number: int) -> None:
    """Keep a roll that is in force from a record on."""
    RollVersion.objects.create(coalition=coalition, version=roll.version, content=roll.to_bytes())
    RollPlace.objects.create(coalition=coalition, version=roll.version, number=number)
    coalition.roll_version = roll.version
