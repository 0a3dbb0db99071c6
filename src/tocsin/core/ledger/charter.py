"""The charter: what the witness's page must believe, signed by k founders, in JSON (formats, section 21).

It says which devices may be sealed to, who co-signs heads, who signs words, which relays answer, and the hash of every
file of the page. The page believes it because its founders hash to the pin in the page's address; a charter with other
founders is believed when founders before them signed it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import msgspec

from tocsin.core.ledger.errors import BadCharter, DamagedRecord
from tocsin.core.ledger.roll import DeviceEntry, Founder, Roll
from tocsin.core.ledger.signed_text import SignedText, pack, unpack
from tocsin.terms import Day

VERSION: Final = 1
TAKES_DUTY, COSIGNS, SIGNS_WORDS = 1, 2, 4
PIN_BYTES: Final = 16
MOST_OTHERS: Final = 3
"""Devices of one organisation that neither take duty nor sign words, and are listed as co-signers."""

_Number = Annotated[int, msgspec.Meta(ge=0, lt=1 << 32)]
_Key = Annotated[str, msgspec.Meta(max_length=44)]
_Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Path = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._/-]{0,99}\Z")]


class Charter(msgspec.Struct, frozen=True, kw_only=True):
    """One version of it; the highest serial that is signed stands."""

    v: int = VERSION
    coalition: _Hash
    serial: _Number
    day: _Number
    roll: _Number
    """Version of the roll it was made from."""
    exercise: bool
    offset_days: int
    threshold: Annotated[int, msgspec.Meta(ge=2, le=255)]
    founders: Annotated[tuple[tuple[_Number, _Key], ...], msgspec.Meta(max_length=255)]
    n_organisations: Annotated[int, msgspec.Meta(ge=1)]
    devices: Annotated[tuple[tuple[_Number, _Number, _Key, int], ...], msgspec.Meta(max_length=500)]
    """Number, organisation, key, and a sum of 1 (takes duty), 2 (co-signs heads), 4 (signs words)."""
    relays: Annotated[tuple[tuple[_Key, str], ...], msgspec.Meta(min_length=1, max_length=16)]
    page: dict[_Path, _Hash]
    """Every file of the page, by name: H, in hex."""

    def to_bytes(self) -> bytes:
        """Write the JSON that founders sign."""
        return msgspec.json.encode(self)

    @property
    def coalition_id(self) -> bytes:
        """The coalition, as bytes."""
        return bytes.fromhex(self.coalition)

    @property
    def founder_keys(self) -> dict[int, bytes]:
        """Founders' keys by number."""
        return {number: unpack(key, 32) for number, key in self.founders}

    def keys_with(self, flag: int) -> dict[int, bytes]:
        """Keys of the devices that may do one thing, by number."""
        return {number: unpack(key, 32) for number, _, key, flags in self.devices if flags & flag}

    def organisation_of(self, device: int) -> int | None:
        """Say of which organisation a device is; `None` if it is not in the charter."""
        return next((each[1] for each in self.devices if each[0] == device), None)

    @property
    def pin(self) -> str:
        """What the page's address carries after its `#`: coalition id and the founders' hash, 96 hex digits."""
        founders = tuple(Founder(number, key) for number, key in self.founder_keys.items())
        return make_pin(self.coalition_id, self.threshold, founders)


def make_pin(coalition: bytes, threshold: int, founders: Sequence[Founder]) -> str:
    """Hash who must be believed, and how many of them, beside the coalition's id."""
    listed = b"".join(each.number.to_bytes(4, "big") + each.key for each in founders)
    hashed = hashlib.sha256(
        b"tocsin/1 pin\n" + coalition + bytes([threshold, len(founders)]) + listed
    ).digest()
    return coalition.hex() + hashed[:PIN_BYTES].hex()


def draw_up(
    roll: Roll,
    coalition: bytes,
    *,
    serial: int,
    day: Day,
    page: dict[str, str],
    speakers: Iterable[int] = (),
) -> Charter:
    """Draw up the charter that a roll asks for.

    Parameters
    ----------
    roll : Roll
        The roll in force.
    coalition : bytes, 32
    serial : int
        One more than that of the charter before.
    day : Day
        Today.
    page : dict of str to str
        H of each file of the page, in hex, by name.
    speakers : iterable of int
        Devices that may sign words.
    """
    words = frozenset(speakers)
    return Charter(
        coalition=coalition.hex(),
        serial=serial,
        day=day,
        roll=roll.version,
        exercise=roll.exercise,
        offset_days=roll.offset_days,
        threshold=roll.threshold,
        founders=tuple((each.number, pack(each.key)) for each in roll.founders),
        n_organisations=roll.n_organisations,
        devices=tuple(
            (each.number, each.organisation, pack(each.key), _flags(each, each.number in words))
            for each in _listed(roll, words)
        ),
        relays=tuple((pack(each.key), each.address) for each in roll.relays),
        page=dict(sorted(page.items())),
    )


def _listed(roll: Roll, words: frozenset[int]) -> list[DeviceEntry]:
    """Who must be in it, and three more of every organisation for the head: a phone fetches it before all else."""
    listed, n_others = [], dict[int, int]()
    for each in roll.active:
        if not each.may_take_duty and each.number not in words:
            n_others[each.organisation] = n_others.get(each.organisation, 0) + 1
            if n_others[each.organisation] > MOST_OTHERS:
                continue
        listed.append(each)
    return listed


def _flags(entry: DeviceEntry, signs_words: bool) -> int:
    return (TAKES_DUTY if entry.may_take_duty else 0) | COSIGNS | (SIGNS_WORDS if signs_words else 0)


def read_charter(payload: bytes) -> Charter:
    """Read a charter, whoever signed it.

    Raises
    ------
    DamagedRecord
        Not a charter of this version.
    """
    try:
        charter = msgspec.json.decode(payload, type=Charter)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as trouble:
        raise DamagedRecord("it is no charter") from trouble
    if charter.v != VERSION:
        raise DamagedRecord("its charter is of another version")
    # Whoever may propose one may propose nonsense: every key in it is read here, once.
    charter.keys_with(-1)
    if not charter.founder_keys or any(len(unpack(key, 32)) != 32 for key, _ in charter.relays):
        raise DamagedRecord("its charter names nobody")
    return charter


def check_chain(texts: Sequence[SignedText], pin: str) -> Charter:
    """Follow charters from the pin to the one in force.

    Parameters
    ----------
    texts : sequence of SignedText
        Oldest first: those at which founders changed, and the newest. It is followed from the first whose founders
        hash to the pin.
    pin : str
        96 hex digits, from the page's address.

    Raises
    ------
    BadCharter
        None is the pinned founders', or one is not signed by enough of the founders before it.
    DamagedRecord
        One does not read.
    """
    before: Charter | None = None
    for text in texts:
        charter = read_charter(text.payload)
        if before is None and charter.pin != pin:
            continue  # Of founders before those whom this address names.
        check_step(text, charter, before or charter)
        before = charter
    if before is None:
        raise BadCharter("its founders are not those that this address names")
    return before


def check_step(text: SignedText, charter: Charter, before: Charter) -> None:
    """Check one charter against the one before it; the pinned one against itself.

    Raises
    ------
    BadCharter
        Another coalition's, not later, or signed by too few.
    """
    if charter.coalition != before.coalition or (charter is not before and charter.serial <= before.serial):
        raise BadCharter("it is another coalition's, or older than what stood before it")
    need = before.threshold
    if (charter.founders, charter.threshold) != (before.founders, before.threshold):
        need = max(need, len(before.founders) // 2 + 1)
    have = len(text.signed_by("page", before.founder_keys, before.coalition_id))
    if have < need:
        raise BadCharter(f"{have} of {need} founders have signed it")
