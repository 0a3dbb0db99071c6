"""What one device can open, and for how long: the keys in memory, and their bytes for a passphrase file.

The ledger never forgets, so keys must: what `forget` and `erase_old` take out is gone once the keyring
has been saved. A folder may still hold the grant it came by for a while: whoever takes grants leaves out what this
device said it erased (`tocsin.core.ledger.received`). A keyring holds at most eight cases, whoever
its owner is.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import date
from typing import Literal

import msgspec

from tocsin.core.seal.errors import CaseloadFull, DamagedFile, DamagedKey, KeyErased, NewerVersion
from tocsin.core.seal.hybrid import Identity
from tocsin.core.seal.shares import Share
from tocsin.core.seal.signing import NO_COALITION, SigningKey
from tocsin.terms import Day, day_from_date

CASELOAD_CAP = 8
"""Cases one keyring opens at most, in any capacity: what one coerced person can give away."""

GRANT_KEY_WEEKS = 2
"""Whole weeks a grant key outlives its week, for a device that was offline."""

FILE_KEY_DAYS = 35
"""Days a file key outlives its month: for as long the one-file page handed out then may still be used."""

_VERSION = 1
"""Of the whole file. A field added with a default needs no new one: a keyring without it is read, and a program that does
not know it says so and leaves the file alone."""


class Tip(msgspec.Struct, frozen=True):
    """How far the device's own chain had come: its next number, and the hash of the record before.

    A backup put back shows a tip behind what the ledger holds of this device.
    """

    chain: int = 0
    previous: bytes = bytes(32)


class Keyring(msgspec.Struct, kw_only=True):
    """All secrets of one device. Mutable; shows nothing of itself.

    `coalition` is the coalition's id (`NO_COALITION` until it is known), `device` the number in the roll
    (0 until then). `grant_keys`, `intake_keys` and `file_keys` hold seeds of identities by week, day and
    month since 1970-01. `compartments` maps a compartment to its epochs (16 bytes each) and their keys
    (32 bytes), in the order they came. `shares` holds, by case, what this device keeps as custodian.
    """

    coalition: bytes = NO_COALITION
    device: int = 0
    signing_seed: bytes
    founder_number: int | None = None
    founder_seed: bytes | None = None
    grant_keys: dict[int, bytes] = msgspec.field(default_factory=dict)
    intake_keys: dict[int, bytes] = msgspec.field(default_factory=dict)
    file_keys: dict[int, bytes] = msgspec.field(default_factory=dict)
    compartments: dict[str, dict[bytes, bytes]] = msgspec.field(default_factory=dict)
    shares: dict[str, Share] = msgspec.field(default_factory=dict)
    tip: Tip = Tip()
    travel_shares: dict[int, Share] = msgspec.field(default_factory=dict)
    """By device: what this one keeps as founder of a travel lock."""
    travel_key: bytes | None = None
    """What the next travel lock of this device will be sealed under, once founders keep shares of it (16 bytes)."""
    is_quiet: bool = False
    """Opened by a duress passphrase: it asks the others for its removal, and its own pages show nothing of that."""

    @classmethod
    def fresh(cls) -> Keyring:
        """Make a keyring for a new device, with a new signing key and nothing else."""
        return cls(signing_seed=SigningKey.fresh().seed)

    def __repr__(self) -> str:
        return "Keyring(...)"

    def to_bytes(self) -> bytes:
        """Write it down as bytes; seal them with `PassphraseFile.reseal`, and nowhere else."""
        return msgspec.msgpack.encode((_VERSION, self))

    @classmethod
    def from_bytes(cls, raw: bytes) -> Keyring:
        """Read what `to_bytes` wrote.

        Raises
        ------
        DamagedFile
            Not a keyring.
        NewerVersion
            A newer program wrote it: to read what is known of it and save that would lose keys.
        """
        try:
            version, fields = msgspec.msgpack.decode(raw, type=tuple[int, dict[str, msgspec.Raw]])
            if version > _VERSION or not fields.keys() <= set(cls.__struct_fields__):
                raise NewerVersion
            keyring = msgspec.msgpack.decode(msgspec.msgpack.encode(fields), type=Keyring)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as trouble:
            raise DamagedFile("it holds no keyring") from trouble
        if version != _VERSION or keyring._written(fields) != raw:
            raise DamagedFile("its keyring is not in the one encoding")
        return keyring

    def _written(self, fields: Container[str]) -> bytes:
        """Write it as a program did that knew these fields only."""
        known = {name: getattr(self, name) for name in self.__struct_fields__ if name in fields}
        return msgspec.msgpack.encode((_VERSION, known))

    def without_people(self, *, keep: Iterable[str]) -> Keyring:
        """Give what a duress passphrase may open: the signing key and some compartments, none of which names anybody.

        No grant, intake or file key, no share, no founder's key: nothing that came, waits or comes later opens by it.
        """
        return Keyring(
            coalition=self.coalition,
            device=self.device,
            signing_seed=self.signing_seed,
            compartments={name: dict(self.compartments[name]) for name in keep if name in self.compartments},
            tip=self.tip,
            is_quiet=True,
        )

    @property
    def signing_key(self) -> SigningKey:
        """The device's signing key."""
        return SigningKey.from_seed(self.signing_seed)

    @property
    def founder_key(self) -> SigningKey:
        """The founder's signing key; raises KeyErased where there is none."""
        if self.founder_seed is None:
            raise KeyErased
        return SigningKey.from_seed(self.founder_seed)

    def identities(self, purpose: Literal["grant", "intake", "file"]) -> list[Identity]:
        """List the identities still held for one purpose, newest first: the likeliest to open what comes."""
        seeds = {"grant": self.grant_keys, "intake": self.intake_keys, "file": self.file_keys}[purpose]
        return [Identity.from_seed(seeds[period]) for period in sorted(seeds, reverse=True)]

    def hold(self, compartment: str, epoch: bytes, key: bytes) -> None:
        """Take in a compartment key.

        Raises
        ------
        CaseloadFull
            It belongs to a ninth case.
        DamagedKey
            A wrong length, or another key already stands for this epoch: the first one counts.
        """
        if len(epoch) != 16 or len(key) != 32:
            raise DamagedKey("an epoch has 16 bytes and its key 32")
        case, cases = case_of(compartment), self.open_cases()
        if case is not None and case not in cases and len(cases) >= CASELOAD_CAP:
            raise CaseloadFull(have=len(cases), cap=CASELOAD_CAP)
        if self.compartments.get(compartment, {}).get(epoch, key) != key:
            raise DamagedKey("another key already stands for this epoch")
        self.compartments.setdefault(compartment, {})[epoch] = key

    def key(self, compartment: str, epoch: bytes) -> bytes:
        """Look up the key of one epoch; raises KeyErased when it is not held."""
        try:
            return self.compartments[compartment][epoch]
        except KeyError:
            raise KeyErased from None

    def forget(self, compartment: str) -> None:
        """Erase all keys of a compartment: it closed, was parked or handed over, or its time is up."""
        self.compartments.pop(compartment, None)

    def open_cases(self) -> set[str]:
        """Say which cases this keyring opens, in any capacity: their ids."""
        return {case for name in self.compartments if (case := case_of(name)) is not None}

    def forget_intake(self, day: int) -> None:
        """Erase a day's intake key, once the folders it may open are drained."""
        self.intake_keys.pop(day, None)

    def hold_share(self, case: str, share: Share) -> None:
        """Keep a share as custodian; a newer deal for the case replaces the older."""
        self.shares[case] = share

    def forget_share(self, case: str) -> None:
        """Erase a share: the case closed, or was dealt again to others."""
        self.shares.pop(case, None)

    def erase_old(self, *, week: int, day: int, month: int) -> None:
        """Erase grant keys two weeks after their week and file keys 35 days after their month.

        Parameters
        ----------
        week, day, month : int
            Today's, counted from 1970-01. Intake keys go by what was drained: see `forget_intake`.
        """
        self.grant_keys = {w: seed for w, seed in self.grant_keys.items() if week <= w + GRANT_KEY_WEEKS}
        self.file_keys = {
            m: seed
            for m, seed in self.file_keys.items()
            if m >= month or day < _first_day_of_month(m + 1) + FILE_KEY_DAYS
        }


def case_of(compartment: str) -> str | None:
    """Say which case a compartment belongs to, if any."""
    parts = compartment.split("/")
    return parts[1] if parts[0] == "case" and len(parts) > 1 else None


def _first_day_of_month(month: int) -> Day:
    return day_from_date(date(1970 + month // 12, month % 12 + 1, 1))
