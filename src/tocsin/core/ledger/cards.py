"""Founders' cards: how people on their own machines learn one another's keys before there is a coalition.

Each founder makes a card and sends it by any channel; each reads its eight words aloud and the others compare. From the
confirmed cards one of them assembles the first roll, and all check it against the cards before they sign.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import replace

from tocsin.core.ledger.content import UNDECODABLE, Duty
from tocsin.core.ledger.errors import BadRoll, DamagedMessage, UnknownKind
from tocsin.core.ledger.founding import first_roll
from tocsin.core.ledger.kinds import Duties
from tocsin.core.ledger.roll import DeviceEntry, Founder, RelayEntry, Roll, check_first
from tocsin.core.ledger.standing import duties_hash
from tocsin.core.ledger.words import words_of
from tocsin.core.seal import NO_COALITION, BadSignature, SigningKey, verify
from tocsin.terms import Day

VERSION = 1
N_WORDS = 8

_CARD = struct.Struct(">BII32s32s")
_SIGNATURE = 64
CARD_SIZE = _CARD.size + 2 * _SIGNATURE


@dataclass(frozen=True, slots=True)
class FounderCard:
    """A founder as the others must know them: number, organisation, founder's key, and the key of their device."""

    number: int
    organisation: int
    founder_key: bytes
    device_key: bytes
    signatures: bytes = field(repr=False)

    def to_bytes(self) -> bytes:
        """Write the 201 bytes."""
        return self._signed + self.signatures

    @property
    def _signed(self) -> bytes:
        return _CARD.pack(VERSION, self.number, self.organisation, self.founder_key, self.device_key)

    @property
    def words(self) -> str:
        """Eight words (88 bits) that its founder reads aloud and the others compare.

        Each card has its own: words over all cards together could be made equal for two different sets with 2^44 trials.
        """
        digest = hashlib.sha256(b"tocsin/1 card words\n" + self._signed).digest()
        return " ".join(words_of(digest, n=N_WORDS))

    @property
    def founder(self) -> Founder:
        """The entry among the founders."""
        return Founder(self.number, self.founder_key)

    @property
    def device(self) -> DeviceEntry:
        """The entry among the devices; it has the founder's number."""
        return DeviceEntry(self.number, self.organisation, self.device_key, may_take_duty=True, keeper=False)


def make_card(*, number: int, organisation: int, founder: SigningKey, device: SigningKey) -> FounderCard:
    """Make one's own card, signed with both keys to show that they are held."""
    message = _CARD.pack(VERSION, number, organisation, founder.public, device.public)
    signatures = b"".join(
        key.sign("card", coalition=NO_COALITION, message=message) for key in (founder, device)
    )
    return FounderCard(number, organisation, founder.public, device.public, signatures)


def read_card(data: bytes) -> FounderCard:
    """Read another founder's card; it counts for nothing before its words were compared.

    Raises
    ------
    DamagedMessage
        Cut short, or not signed with both its keys.
    UnknownKind
        One of a newer version.
    """
    if len(data) != CARD_SIZE:
        raise DamagedMessage("it does not have the length of a founder's card")
    version, number, organisation, founder_key, device_key = _CARD.unpack(data[: _CARD.size])
    if version != VERSION:
        raise UnknownKind(kind="card", schema=version)
    card = FounderCard(number, organisation, founder_key, device_key, data[_CARD.size :])
    signatures = card.signatures[:_SIGNATURE], card.signatures[_SIGNATURE:]
    try:
        for key, signature in zip((card.founder_key, card.device_key), signatures, strict=True):
            verify(key, signature, "card", coalition=NO_COALITION, message=data[: _CARD.size])
    except BadSignature as trouble:
        raise DamagedMessage("who made it does not hold its keys") from trouble
    return card


def roll_of_cards(
    cards: Iterable[FounderCard],
    *,
    threshold: int,
    relays: Sequence[RelayEntry],
    duties: Duties,
    day: Day,
    others: Sequence[DeviceEntry] = (),
    exercise: bool = False,
    offset_days: int = 0,
) -> Roll:
    """Write the first roll from confirmed cards, in the order of their numbers; `others` are devices of no founder.

    A founder's device that has the duty of a keeper is one on the roll too: the relay must know whom to give ciphertext.

    Raises
    ------
    BadRoll
        No coalition may begin so: too few founders for k, a number or key twice, no relay.
    """
    ordered = sorted(cards, key=lambda card: card.number)
    roll = first_roll(
        founders=[card.founder for card in ordered],
        threshold=threshold,
        devices=[*(_with_duties(card.device, duties) for card in ordered), *others],
        relays=relays,
        duties=duties,
        day=day,
        exercise=exercise,
        offset_days=offset_days,
    )
    check_first(roll)
    return roll


def _with_duties(entry: DeviceEntry, duties: Duties) -> DeviceEntry:
    return replace(entry, keeper=Duty.KEEPER in duties.duties.get(entry.number, ()))


def read_duties(data: bytes, roll: Roll) -> Duties:
    """Read the duties that go along with a first roll, which names their hash.

    Raises
    ------
    DamagedMessage
        They are others, or none.
    """
    try:
        duties = msgspec.msgpack.decode(data, type=Duties)
    except UNDECODABLE as trouble:
        raise DamagedMessage("its duties do not decode") from trouble
    if msgspec.msgpack.encode(duties) != data or duties_hash(duties) != roll.duties_hash:
        raise DamagedMessage("its duties are not those that the founders sign")
    return duties


def check_cards(roll: Roll, cards: Iterable[FounderCard]) -> None:
    """Check before signing that a first roll has exactly the founders whose words were compared, and their devices.

    Raises
    ------
    BadRoll
        Somebody was left out, changed or put in.
    """
    confirmed = sorted(cards, key=lambda card: card.number)
    if list(roll.founders) != [card.founder for card in confirmed]:
        raise BadRoll("its founders are not those whose words you compared")
    listed = {entry.number: (entry.organisation, entry.key, entry.removed) for entry in roll.devices}
    if any(listed.get(card.number) != (card.organisation, card.device_key, False) for card in confirmed):
        raise BadRoll("a founder's device is not the one whose words you compared")
