"""Lodging: a relay's keeper gives out a code, and one coalition moves in with it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from django.conf import settings

from tocsin.core.ledger import EMPTY_ROOT, Peaks, Record, coalition_id, read_founding
from tocsin.relay.clock import today
from tocsin.relay.errors import ClockDiffers, LodgingRefused
from tocsin.relay.store.append import insert_records
from tocsin.relay.store.models import Coalition, Lodging, RollVersion
from tocsin.relay.store.rolls import keep_roll
from tocsin.relay.store.writer import one_by_one


@dataclass(frozen=True, slots=True)
class MovingIn:
    """A founding record, and the hash of the code it comes with."""

    code_hash: bytes
    founding: Record
    refills: bool = False
    """It comes from a relay that was lost, with a ledger behind it: however old it is, nothing new until that is here."""


def make_code() -> str:
    """Make a lodging code; only its hash stays here."""
    code = secrets.token_urlsafe(16)
    Lodging.objects.create(code_hash=hash_code(code))
    return code


def hash_code(code: str) -> bytes:
    """Say under which hash a code is kept."""
    return hashlib.sha256(b"tocsin/1 lodging\n" + code.encode()).digest()


def lodged_with(roll: bytes) -> Coalition | None:
    """Look up the coalition that lodges here with a first roll, byte for byte.

    Founders' and devices' keys stand in it, so only who was shown it can ask.
    """
    first = RollVersion.objects.filter(version=1, content=roll).select_related("coalition").first()
    return first.coalition if first else None


def _lodge(moving: MovingIn) -> bytes:
    name = coalition_id(moving.founding)
    code = Lodging.objects.select_for_update().filter(code_hash=moving.code_hash).first()
    if code is None or (code.used_by is not None and bytes(code.used_by) != name):
        raise LodgingRefused
    if code.used_by is None:
        _move_in(name, moving.founding, refills=moving.refills)
        code.used_by = name
        code.save(update_fields=["used_by"])
    return name


def _move_in(name: bytes, founding: Record, *, refills: bool) -> None:
    if Coalition.objects.filter(name=name).exists():
        return  # Lodged with another code before; that ledger goes on.
    roll = read_founding(founding)
    day = today(roll)
    if not refills and abs(founding.header.day - day) > settings.CLOCK_DAYS:
        raise ClockDiffers(days=founding.header.day - day)
    row = Coalition(
        name=name,
        size=0,
        root=EMPTY_ROOT,
        day=day,
        signature=bytes(64),
        peaks=Peaks().to_bytes(),
        roll_version=roll.version,
        swept_on=day,
        filling=refills,
    )
    row.save()
    keep_roll(row, roll, number=0)
    insert_records(row, [founding], day)


lodge = one_by_one(_lodge)
