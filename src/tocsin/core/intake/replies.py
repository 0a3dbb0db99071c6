"""What a desk puts into a mailbox, and how the page knows that it comes from whoever opened the submission.

Plaintext of exactly 4096 bytes: MAC (32) ‖ length (4) ‖ UTF-8 JSON ‖ zeros, sealed to the reply identity
(docs/formats.md section 19). The MAC is made with the answer key of that sending, over its locator and the place, so that
a relay cannot move a reply from one mailbox to another, and nobody else can write one. Every kind has the same size.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec

from tocsin.core.intake.errors import TooLong, UnreadableReply
from tocsin.core.intake.records import Language
from tocsin.core.ledger import DamagedRecord
from tocsin.core.ledger.signed_text import pack, unpack
from tocsin.core.seal import Identity, Recipient, open_sealed, seal
from tocsin.core.seal.mailbox import N_PLACES, PLAIN_SIZE, Key, Posting, key_for, posting_for
from tocsin.terms import CalendarDay

VERSION: Final = 1
_LABEL = b"tocsin/1 reply\n"
_MAC_BYTES, _LENGTH_BYTES = 32, 4
_ROOM = PLAIN_SIZE - _MAC_BYTES - _LENGTH_BYTES
TEXT_BYTES: Final = 2800
"""Bytes of text that one message carries, whatever else it says."""


class Asking(StrEnum):
    """What a message is, and so what the pocket shows."""

    REPLY = "reply"
    OFFER = "offer"
    PLACE_OFFER = "place-offer"
    LEG = "leg"
    INTERPRET = "interpret"
    REFERRAL = "referral"
    BRIEF = "brief"
    NIGHT = "night"


CHOICES: Final[dict[Asking, frozenset[str]]] = {
    Asking.REPLY: frozenset(),
    Asking.OFFER: frozenset({"accept", "decline"}),
    Asking.PLACE_OFFER: frozenset({"offer", "withdraw"}),
    Asking.LEG: frozenset({"checked-in", "trouble"}),
    Asking.INTERPRET: frozenset({"interpreted", "decline"}),
    Asking.REFERRAL: frozenset({"take", "refuse"}),
    Asking.BRIEF: frozenset({"vote", "recuse"}),
    Asking.NIGHT: frozenset({"checked-in", "stop-chain", "laptop-gone"}),
}
"""What a pocket may answer."""

_Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,40}\Z")]


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message. Its `repr` shows nothing."""

    v: int = VERSION
    id: Annotated[str, msgspec.Meta(max_length=22)]
    """16 random bytes, base64url; an answer names it."""
    kind: Asking
    day: CalendarDay
    until: CalendarDay | None = None
    """Last day on which an answer is of use."""
    text: str = ""
    language: Language | None = None
    phrases: Annotated[tuple[_Code, ...], msgspec.Meta(max_length=12)] = ()
    """Codes of the phrasebook: the page says them in the reader's language."""
    part: Annotated[int, msgspec.Meta(ge=1, le=N_PLACES)] = 1
    parts: Annotated[int, msgspec.Meta(ge=1, le=N_PLACES)] = 1
    """A long text goes in several messages with one id."""
    content: dict[str, Any] = {}
    """What the kind says besides: plain values, by the table of formats section 19."""

    def __repr__(self) -> str:
        return "Message(...)"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where one sending's replies go. Its `repr` shows nothing."""

    locator: bytes
    write_token: bytes
    answer_key: bytes
    reply: bytes

    def __repr__(self) -> str:
        return "Mailbox(...)"


def write_reply(message: Message, to: Mailbox, *, place: int) -> Posting:
    """Seal a message for one place of a mailbox.

    Raises
    ------
    TooLong
        It does not fit: cut its text (`in_parts`).
    """
    written = msgspec.json.encode(message)
    if len(written) > _ROOM:
        raise TooLong(have=len(written), most=_ROOM)
    rest = len(written).to_bytes(_LENGTH_BYTES, "big") + written + bytes(_ROOM - len(written))
    plain = _mac(to.answer_key, to.locator, place, rest) + rest
    return posting_for(to.locator, to.write_token, place, seal(plain, [Recipient(to.reply)]))


def read_reply(file: bytes, identity: Identity, *, answer_key: bytes, locator: bytes, place: int) -> Message:
    """Open what lay in a slot, as the page does.

    Raises
    ------
    WrongKey, DamagedFile
        Nothing for this receipt: an empty mailbox looks so.
    UnreadableReply
        It opens, but does not come from whoever opened the submission, or is not a message of this version.
    """
    plain = open_sealed(file, [identity])
    rest = plain[_MAC_BYTES:]
    if len(plain) != PLAIN_SIZE or not hmac.compare_digest(
        plain[:_MAC_BYTES], _mac(answer_key, locator, place, rest)
    ):
        raise UnreadableReply("it does not come from us")
    length = int.from_bytes(rest[:_LENGTH_BYTES], "big")
    if length > _ROOM or any(rest[_LENGTH_BYTES + length :]):
        raise UnreadableReply("its length and padding do not agree")
    try:
        return msgspec.json.decode(rest[_LENGTH_BYTES : _LENGTH_BYTES + length], type=Message)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # The decoder's own words may quote it.
        raise UnreadableReply("its parts are not those of version 1") from None


def in_parts(message: Message) -> tuple[Message, ...]:
    """Cut a message with a long text into several, each of which fits.

    Raises
    ------
    TooLong
        A mailbox has not so many places.
    """
    texts = list(_cut(message.text)) or [""]
    if len(texts) > N_PLACES:
        raise TooLong(have=len(message.text.encode()), most=N_PLACES * TEXT_BYTES)
    return tuple(
        msgspec.structs.replace(message, text=text, part=n, parts=len(texts))
        for n, text in enumerate(texts, start=1)
    )


def message_id(sixteen: bytes) -> str:
    """Spell a message's id."""
    return pack(sixteen)


def keys_of_reading(locators: list[tuple[bytes, bytes]], places: tuple[int, ...]) -> list[Key]:
    """Make the keys of one reading: these places of these sendings (locator and write token)."""
    return [key_for(locator, token, place) for locator, token in locators for place in places]


def is_choice(message_kind: str, choice: str) -> bool:
    """Say whether a pocket may answer so."""
    try:
        return choice in CHOICES[Asking(message_kind)]
    except ValueError:
        return False


def read_message_id(text: str) -> bytes:
    """Read a message's id back; raises UnreadableReply."""
    try:
        return unpack(text, 16)
    except DamagedRecord:
        raise UnreadableReply("it answers nothing of ours") from None


def _cut(text: str) -> Iterator[str]:
    """Cut at characters, never within one; JSON writes quotes and ends of lines with two."""
    piece, size = "", 0
    for sign in text:
        cost = len(msgspec.json.encode(sign)) - 2
        if size + cost > TEXT_BYTES:
            yield piece
            piece, size = "", 0
        piece, size = piece + sign, size + cost
    if piece:
        yield piece


def _mac(answer_key: bytes, locator: bytes, place: int, rest: bytes) -> bytes:
    return hmac.digest(answer_key, _LABEL + locator + bytes([place]) + rest, hashlib.sha256)
