"""The roll: which devices, founders and relays exist, signed by k founders; no names.

It is the one thing about the coalition that stands in clear, for relay and witness must check devices. A change is a
whole new roll that names its predecessor; the first in ledger order wins, any other must be signed again.
Beside it, without changing it, lie the keys that devices publish for a week, a day or a month.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from tocsin.core.ledger.content import UNDECODABLE
from tocsin.core.ledger.errors import BadRoll, DamagedRecord, NotOnRoll
from tocsin.core.ledger.record import FOUNDING, NO_HASH, ROLL, Record, verify_record
from tocsin.core.seal import NO_COALITION, BadSignature, SigningKey, verify

LAPSE_DAYS = 14
"""A half-signed change lapses after a fortnight, so that an old removal cannot be replayed."""


class Founder(msgspec.Struct, frozen=True):
    """A founder's number and signing key."""

    number: int
    key: bytes


class DeviceEntry(msgspec.Struct, frozen=True):
    """A device as everybody may know it. `organisation` is a number; names are sealed elsewhere or nowhere."""

    number: int
    organisation: int
    key: bytes
    may_take_duty: bool
    keeper: bool
    removed: bool = False


class RelayEntry(msgspec.Struct, frozen=True):
    """A relay's signing key and address."""

    key: bytes
    address: str


class Roll(msgspec.Struct, frozen=True):
    """One version of the roll (docs/formats.md section 4)."""

    version: int
    previous: bytes
    lapses_on: int
    threshold: int
    founders: tuple[Founder, ...]
    devices: tuple[DeviceEntry, ...]
    relays: tuple[RelayEntry, ...]
    duties_hash: bytes
    exercise: bool
    offset_days: int

    def to_bytes(self) -> bytes:
        """Write the msgpack map that founders sign."""
        return msgspec.msgpack.encode(self)

    @property
    def hash(self) -> bytes:
        """What the next roll names as `previous`."""
        return hashlib.sha256(self.to_bytes()).digest()

    def device(self, number: int) -> DeviceEntry:
        """Look up a device that stands on the roll and was not removed.

        Raises
        ------
        NotOnRoll
            Unknown or removed.
        """
        for entry in self.devices:
            if entry.number == number and not entry.removed:
                return entry
        raise NotOnRoll(device=number)

    @property
    def active(self) -> tuple[DeviceEntry, ...]:
        """All devices not removed."""
        return tuple(entry for entry in self.devices if not entry.removed)

    @property
    def n_organisations(self) -> int:
        """How many organisations have a device that was not removed."""
        return len({entry.organisation for entry in self.active})


class SignedRoll(msgspec.Struct, frozen=True):
    """A roll's bytes and what founders signed: the clear body of founding and roll records."""

    roll: bytes
    signatures: tuple[tuple[int, bytes], ...]

    def to_bytes(self) -> bytes:
        """Write the clear body."""
        return msgspec.msgpack.encode(self)


def sign_roll(
    roll: Roll, founder: SigningKey, *, number: int, coalition: bytes = NO_COALITION
) -> tuple[int, bytes]:
    """Sign a roll as one founder; the first roll is signed before the coalition has an id."""
    return number, founder.sign("roll", coalition=coalition, message=roll.to_bytes())


def _read_body(record: Record) -> tuple[Roll, SignedRoll]:
    if record.body is None:
        raise DamagedRecord("its body was dropped")
    try:
        signed = msgspec.msgpack.decode(record.body, type=SignedRoll)
        roll = msgspec.msgpack.decode(signed.roll, type=Roll)
    except UNDECODABLE as trouble:
        raise DamagedRecord("its roll does not decode") from trouble
    if signed.to_bytes() != record.body or roll.to_bytes() != signed.roll:
        raise DamagedRecord("its roll is not in the one encoding")
    return roll, signed


def signers_of(signed: SignedRoll, founders: Iterable[Founder], coalition: bytes) -> set[int]:
    """Say which of these founders have signed; a signature that does not fit is nobody's."""
    keys = {founder.number: founder.key for founder in founders}
    good = set()
    for number, signature in signed.signatures:
        if number not in keys:
            continue
        try:
            verify(keys[number], signature, "roll", coalition=coalition, message=signed.roll)
        except BadSignature:
            # A founder's slip must not void the others' signatures: it is simply not counted.
            continue
        good.add(number)
    return good


def _check_sense(roll: Roll) -> None:
    numbers = [founder.number for founder in roll.founders]
    devices = [entry.number for entry in roll.devices]
    if not 2 <= roll.threshold < len(roll.founders):
        raise BadRoll("it needs at least two founders' signatures, and fewer than there are founders")
    if len(set(numbers)) != len(numbers) or len({founder.key for founder in roll.founders}) != len(numbers):
        raise BadRoll("a founder is named twice")
    if len(set(devices)) != len(devices) or len({entry.key for entry in roll.devices}) != len(devices):
        raise BadRoll("a device is named twice")
    if min(devices, default=0) < 1 or not roll.active or not roll.relays:
        raise BadRoll("it names no device or no relay")
    if roll.offset_days and not roll.exercise:
        raise BadRoll("only an exercise may have a day of its own")


def read_founding(record: Record) -> Roll:
    """Read and check a founding record: the first roll, signed by its own k founders and by its poster.

    Raises
    ------
    BadRoll, DamagedRecord, BadSignature, NotOnRoll
        It founds nothing.
    """
    header = record.header
    if header.mark != FOUNDING or header.chain or header.previous != NO_HASH:
        raise BadRoll("it is not a founding record")
    roll, signed = _read_body(record)
    check_first(roll)
    if header.roll_version != 1:
        raise BadRoll("the first roll has version 1 and no predecessor")
    n_signed = len(signers_of(signed, roll.founders, NO_COALITION))
    if n_signed < roll.threshold:
        raise BadRoll(f"{n_signed} of {roll.threshold} founders have signed it")
    verify_record(record, roll.device(header.device).key, NO_COALITION)
    return roll


def read_roll_change(record: Record, before: Roll, coalition: bytes) -> Roll:
    """Read and check a roll record against the roll in force.

    k of the founders before must have signed; a change of the founders or of k itself needs more than half of them.

    Raises
    ------
    BadRoll, DamagedRecord
        It changes nothing: say why, and what is needed.
    """
    if record.header.mark != ROLL:
        raise BadRoll("it is not a roll record")
    roll, signed = _read_body(record)
    check_successor(roll, before)
    if record.header.day > roll.lapses_on:
        raise BadRoll("it was not signed in time and has lapsed; make it again")
    need = n_needed(roll, before)
    n_signed = len(signers_of(signed, before.founders, coalition))
    if n_signed < need:
        raise BadRoll(f"{n_signed} of {need} founders have signed it")
    return roll


def check_first(roll: Roll) -> None:
    """Check that a coalition may begin with this roll.

    Raises
    ------
    BadRoll
        It may not: says why.
    """
    _check_sense(roll)
    if roll.version != 1 or roll.previous != NO_HASH:
        raise BadRoll("the first roll has version 1 and no predecessor")


def check_successor(roll: Roll, before: Roll) -> None:
    """Check that a roll may follow another, whoever has signed it.

    Raises
    ------
    BadRoll
        It may not: says why.
    """
    _check_sense(roll)
    if roll.version != before.version + 1 or roll.previous != before.hash:
        raise BadRoll("another change came first; make it again from the roll as it is now")
    if roll.exercise != before.exercise:
        raise BadRoll("an exercise stays an exercise")
    _check_devices(before, roll)


def n_needed(roll: Roll, before: Roll) -> int:
    """Say how many founders must sign: k, or more than half where the founders or k itself change."""
    if (roll.founders, roll.threshold) == (before.founders, before.threshold):
        return before.threshold
    return max(before.threshold, len(before.founders) // 2 + 1)


def _check_devices(before: Roll, roll: Roll) -> None:
    now = {entry.number: entry for entry in roll.devices}
    for old in before.devices:
        new = now.get(old.number)
        if new is None or (new.organisation, new.key) != (old.organisation, old.key):
            raise BadRoll(
                "a device's number, organisation and key never change, and nobody vanishes: remove it instead"
            )
        if old.removed and not new.removed:
            raise BadRoll("a removed device joins anew, with a new number")


class Purpose:
    """What a published key is for."""

    GRANT, INTAKE, FILE = 1, 2, 3


PUBLISHED_KEY_SIZE = 1293
_PUBLISHED = struct.Struct(">BIII1216s64s")


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A device's public key for one week (grant), day (intake) or month (file)."""

    purpose: int
    device: int
    period: int
    roll_version: int
    public: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    def to_bytes(self) -> bytes:
        """Write the 1293 bytes."""
        return _PUBLISHED.pack(
            self.purpose, self.device, self.period, self.roll_version, self.public, self.signature
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> PublishedKey:
        """Read what `to_bytes` wrote."""
        if len(data) != PUBLISHED_KEY_SIZE:
            raise DamagedRecord("the published key is cut short")
        key = cls(*_PUBLISHED.unpack(data))
        if key.purpose not in (Purpose.GRANT, Purpose.INTAKE, Purpose.FILE):
            raise DamagedRecord("the published key has no known purpose")
        return key

    @property
    def slot(self) -> PublishedSlot:
        """What it is for; the first key in a slot stands."""
        return PublishedSlot(self.purpose, self.device, self.period)


class PublishedSlot(NamedTuple):
    """One device's one period for one purpose."""

    purpose: int
    device: int
    period: int


def publish_key(
    key: SigningKey,
    coalition: bytes,
    *,
    purpose: int,
    device: int,
    period: int,
    roll_version: int,
    public: bytes,
) -> PublishedKey:
    """Sign a public key as its device."""
    message = _PUBLISHED.pack(purpose, device, period, roll_version, public, bytes(64))[:-64]
    return PublishedKey(
        purpose, device, period, roll_version, public, key.sign("key", coalition=coalition, message=message)
    )


def verify_published_key(key: PublishedKey, roll: Roll, coalition: bytes) -> None:
    """Check that a device on the roll signed it.

    Raises
    ------
    NotOnRoll, BadSignature
        It must not be sealed to.
    """
    verify(
        roll.device(key.device).key, key.signature, "key", coalition=coalition, message=key.to_bytes()[:-64]
    )
