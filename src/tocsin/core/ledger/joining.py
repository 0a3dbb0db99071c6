"""Invite and join: twelve words by hand, an offer and an answer by any channel, eight words read aloud.

The inviter draws a `Code` and hands its words over in person or by voice. What the inviter says of the coalition (`Offer`)
and what the newcomer says of their keys (`Answer`) are then sent openly, each under a MAC key of its own derived from the
code. Who learned the code could still stand between the two: so both read eight words aloud before founders sign
(docs/formats.md section 15, A.17 of the research note).
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import msgspec

from tocsin.core.ledger.batch import Fresh
from tocsin.core.ledger.content import Duty
from tocsin.core.ledger.errors import (
    BadRoll,
    CodeExpired,
    CodeUsed,
    DamagedMessage,
    DamagedRecord,
    NotOnRoll,
    OtherCoalition,
    OtherLedger,
    UnknownKind,
    WrongCode,
)
from tocsin.core.ledger.grants import weeks_to_publish
from tocsin.core.ledger.record import Record, coalition_id, verify_record
from tocsin.core.ledger.roll import (
    PublishedKey,
    Purpose,
    RelayEntry,
    Roll,
    publish_key,
    read_founding,
    read_roll_change,
)
from tocsin.core.ledger.words import words_of
from tocsin.core.seal import (
    NO_COALITION,
    BadCode,
    BadSignature,
    Identity,
    Keyring,
    Recipient,
    TwelveWords,
    verify,
)
from tocsin.terms import Day, Week

CODE_DAYS = 7
VERSION = 1
MAC_SIZE = 32
ADDRESS_SIZE = 256
N_WORDS = 8

_OFFER = struct.Struct(">B32s32s32sQ32sIH256s")
_ANSWER = struct.Struct(">B32s32sHI1216s1216s1216s")
_SIGNATURE_SIZE = 64
OFFER_SIZE = _OFFER.size + MAC_SIZE
ANSWER_SIZE = _ANSWER.size + _SIGNATURE_SIZE + MAC_SIZE

_DUTIES = tuple(Duty)
"""Bit i of the wishes is the i-th duty; new duties are added at the end, or old answers would ask for others."""


class Code(TwelveWords):
    """The single-use secret of one invitation."""

    __slots__ = ()

    CHECKSUM: ClassVar[bytes] = b"tocsin/1 invitation checksum\n"
    REFUSAL = BadCode

    def mac(self, direction: str, message: bytes) -> bytes:
        """Vouch for an `offer` or an `answer`; one is never taken for the other."""
        key = self.derive(f"tocsin/1 invitation {direction}\n".encode())
        return hmac.digest(key, message, "sha256")


@dataclass(frozen=True, slots=True)
class Offer:
    """What an inviter says of the coalition.

    `founding` is the hash of the founding record, signature included; `firm_size` and `firm_root` are the newest firm
    head, so that a newcomer cannot be shown an older or another ledger; `expires_on` is the code's last good day.
    """

    coalition: bytes
    founding: bytes
    relay: RelayEntry
    firm_size: int
    firm_root: bytes
    expires_on: Day

    def to_bytes(self) -> bytes:
        """Write the 399 bytes that the MAC covers."""
        address = self.relay.address.encode()
        if len(address) > ADDRESS_SIZE:
            raise DamagedMessage(f"the relay's address is longer than {ADDRESS_SIZE} bytes")
        return _OFFER.pack(
            VERSION,
            self.coalition,
            self.founding,
            self.relay.key,
            self.firm_size,
            self.firm_root,
            self.expires_on,
            len(address),
            address,
        )

    def check_founding(self, record: Record) -> Roll:
        """Check that a founding record fetched from the relay is the one spoken of; return the first roll.

        Raises
        ------
        OtherLedger
            It founds another coalition, or was signed anew.
        """
        if coalition_id(record) != self.coalition or record.hash != self.founding:
            raise OtherLedger
        return read_founding(record)

    def check_head(self, root_at: Callable[[int], bytes], size: int) -> None:
        """Check a fetched ledger of `size` records against the firm head spoken of.

        Parameters
        ----------
        root_at
            The root of the fetched ledger's first so many records.
        size
            How many were fetched.

        Raises
        ------
        OtherLedger
            It is shorter, or another.
        """
        if size < self.firm_size or (self.firm_size and root_at(self.firm_size) != self.firm_root):
            raise OtherLedger


@dataclass(frozen=True, slots=True)
class Answer:
    """What a newcomer says of their device: signing key, grant keys of three weeks, duties they would take."""

    offer_hash: bytes
    signing_key: bytes
    wishes: frozenset[Duty]
    grant_keys: dict[Week, bytes] = field(repr=False)

    def recipient(self, week: Week) -> Recipient | None:
        """Say where to seal a grant in a week, before the newcomer has published keys; None for other weeks."""
        public = self.grant_keys.get(week)
        return None if public is None else Recipient(public)


class Invitation(msgspec.Struct, frozen=True):
    """An inviter's side of one invitation, kept sealed until founders have signed.

    `secret` is the code's, emptied by the first answer that it vouches for: from then on only that answer's hash,
    `answered`, is known.
    """

    secret: bytes
    offer: bytes
    answered: bytes | None = None

    def __repr__(self) -> str:
        return "Invitation(...)"

    @property
    def code(self) -> Code:
        """The code to hand over.

        Raises
        ------
        CodeUsed
            It was answered.
        """
        if self.answered is not None:
            raise CodeUsed
        return Code(self.secret)


# the inviter ---


def invite(
    founding: Record,
    relay: RelayEntry,
    *,
    firm: tuple[int, bytes],
    today: Day,
    fresh: Fresh,
) -> Invitation:
    """Make an invitation good for seven days: its code goes by hand, its offer by any channel.

    Parameters
    ----------
    founding
        The coalition's founding record.
    relay
        Where the newcomer finds the ledger.
    firm
        Size and root of the newest firm head.
    today
        The coalition's day.
    fresh
        Draws the code's 16 bytes.
    """
    code = Code(fresh(16))
    size, root = firm
    expires_on = Day(today + CODE_DAYS)
    offer = Offer(coalition_id(founding), founding.hash, relay, size, root, expires_on).to_bytes()
    return Invitation(code.secret, offer + code.mac("offer", offer))


def take_answer(invitation: Invitation, data: bytes, *, today: Day) -> tuple[Invitation, Answer]:
    """Take the answer to an invitation, which uses its code up; the same answer may come again.

    Returns
    -------
    The invitation as it must be saved from now on, and the answer. The answer counts for nothing before its words
    (`joining_words`) were read aloud.

    Raises
    ------
    CodeUsed
        Another answer came before.
    CodeExpired
        The seven days are over.
    WrongCode
        Not made with this code for this offer, or changed on its way.
    DamagedMessage, UnknownKind
        No answer, or one of a newer version.
    """
    answer_hash = hashlib.sha256(data).digest()
    offer = _read_offer(invitation.offer)
    if invitation.answered is not None:
        if not hmac.compare_digest(invitation.answered, answer_hash):
            raise CodeUsed
        return invitation, _read_answer(data)
    _check_day(offer, today)
    _check_length(data, ANSWER_SIZE)
    _check_mac(invitation.code, "answer", data)
    answer = _read_answer(data)
    signed, signature = data[: _ANSWER.size], data[_ANSWER.size : -MAC_SIZE]
    if answer.offer_hash != hashlib.sha256(invitation.offer).digest():
        raise WrongCode
    try:
        verify(answer.signing_key, signature, "join", coalition=offer.coalition, message=signed)
    except BadSignature as trouble:
        raise DamagedMessage("who made it does not hold its signing key") from trouble
    return Invitation(b"", invitation.offer, answer_hash), answer


# the newcomer ---


def open_offer(data: bytes, code: Code, *, today: Day) -> Offer:
    """Read an offer with the code that came by hand.

    Raises
    ------
    WrongCode
        Not made with this code, or changed on its way.
    CodeExpired
        Its seven days are over.
    DamagedMessage, UnknownKind
        No offer, or one of a newer version.
    """
    _check_length(data, OFFER_SIZE)
    _check_mac(code, "offer", data)
    offer = _read_offer(data)
    _check_day(offer, today)
    return offer


def answer_offer(
    data: bytes, code: Code, keyring: Keyring, *, wishes: Iterable[Duty], today: Day, fresh: Fresh
) -> bytes:
    """Answer an offer with this device's keys; save the keyring before sending.

    Grant keys of this week and the next two are drawn where the keyring has none, so that answering again after a crash
    says the same. The keyring is bound to the coalition: who could show one signing key a second coalition would look for
    one whose joining words match, and need only 2^44 trials on either side.

    Raises
    ------
    WrongCode, CodeExpired, DamagedMessage, UnknownKind
        As `open_offer`.
    OtherCoalition
        This keyring has answered another coalition, or belongs to it.
    """
    offer = open_offer(data, code, today=today)
    if keyring.coalition not in (NO_COALITION, offer.coalition):
        raise OtherCoalition
    keyring.coalition = offer.coalition
    weeks = weeks_to_publish(today)
    for week in weeks:
        if week not in keyring.grant_keys:
            keyring.grant_keys[week] = fresh(32)
    signing = keyring.signing_key
    message = _ANSWER.pack(
        VERSION,
        hashlib.sha256(data).digest(),
        signing.public,
        sum(1 << _DUTIES.index(duty) for duty in set(wishes)),
        weeks[0],
        *(Identity.from_seed(keyring.grant_keys[week]).recipient.public for week in weeks),
    )
    message += signing.sign("join", coalition=offer.coalition, message=message)
    return message + code.mac("answer", message)


def publish_first(keyring: Keyring, *, roll_version: int) -> list[PublishedKey]:
    """Sign the grant keys that an answer carried, once the roll has given this device its number."""
    return [
        publish_key(
            keyring.signing_key,
            keyring.coalition,
            purpose=Purpose.GRANT,
            device=keyring.device,
            period=week,
            roll_version=roll_version,
            public=Identity.from_seed(seed).recipient.public,
        )
        for week, seed in sorted(keyring.grant_keys.items())
    ]


def follow_rolls(offer: Offer, records: Sequence[Record]) -> Roll:
    """Check the rolls that a relay shows to a newcomer, from the founding record on; return the last of them.

    A relay can still hold back the newest: then the newcomer waits. Once it syncs, the tree shows what was held back.

    Raises
    ------
    OtherLedger
        They do not begin with the founding record that the offer speaks of, or one does not follow lawfully.
    """
    if not records:
        raise OtherLedger
    try:
        roll = offer.check_founding(records[0])
        for record in records[1:]:
            verify_record(record, roll.device(record.header.device).key, offer.coalition)
            roll = read_roll_change(record, roll, offer.coalition)
    except (BadRoll, BadSignature, DamagedRecord, NotOnRoll) as trouble:
        raise OtherLedger from trouble
    return roll


# both ---


def joining_words(coalition: bytes, signing_key: bytes) -> str:
    """Spell eight words (88 bits) of the coalition and the newcomer's key, which both sides read to one another.

    Compare with `confirm_words`. An inviter takes one answer and a signing key answers one coalition, so whoever stands
    between has fixed one side before knowing what the other must be: 2^88 trials.
    """
    digest = hashlib.sha256(b"tocsin/1 joining words\n" + coalition + signing_key).digest()
    return " ".join(words_of(digest, n=N_WORDS))


def _check_day(offer: Offer, today: Day) -> None:
    if today > offer.expires_on:
        raise CodeExpired(expired_on=offer.expires_on)


def _check_length(data: bytes, size: int) -> None:
    if len(data) != size:
        raise DamagedMessage("it does not have the length of what should stand here")
    if data[0] != VERSION:
        raise UnknownKind(kind="invitation", schema=data[0])


def _check_mac(code: Code, direction: str, data: bytes) -> None:
    if not hmac.compare_digest(code.mac(direction, data[:-MAC_SIZE]), data[-MAC_SIZE:]):
        raise WrongCode


def _read_offer(data: bytes) -> Offer:
    _, coalition, founding, relay_key, size, root, expires_on, n_address, address = _OFFER.unpack(
        data[:-MAC_SIZE]
    )
    if n_address > ADDRESS_SIZE or any(address[n_address:]):
        raise DamagedMessage("its address is not one")
    try:
        text = address[:n_address].decode()
    except UnicodeDecodeError as trouble:
        raise DamagedMessage("its address is not one") from trouble
    return Offer(coalition, founding, RelayEntry(relay_key, text), size, root, Day(expires_on))


def _read_answer(data: bytes) -> Answer:
    _, offer_hash, signing_key, wishes, week, *publics = _ANSWER.unpack(data[: _ANSWER.size])
    if wishes >> len(_DUTIES):
        raise DamagedMessage("it asks for a duty that there is not")
    asked = frozenset(duty for bit, duty in enumerate(_DUTIES) if wishes >> bit & 1)
    grant_keys = {Week(week + later): public for later, public in enumerate(publics)}
    return Answer(offer_hash, signing_key, asked, grant_keys)
