"""The bytes inside a submission, as the page writes and a duty desk reads them (docs/formats.md section 8).

Plaintext of exactly 16384 bytes: length (4) ‖ UTF-8 JSON ‖ zeros, so that a cry and a long account look
alike.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from tocsin.core.intake.errors import TooLong, UnreadableSubmission
from tocsin.core.intake.records import Facts, Language, Narrative
from tocsin.core.ledger import DamagedRecord
from tocsin.core.ledger.signed_text import pack, unpack
from tocsin.core.seal import Receipt, Recipient
from tocsin.terms import CalendarDay

SIZE: Final = 16384
"""Bytes of every plaintext."""

VERSION: Final = 1
"""The only version there is."""

MOST_ATTACHMENTS: Final = 20

Text = Annotated[str, msgspec.Meta(max_length=400)]
Base64 = Annotated[str, msgspec.Meta(max_length=44)]
Bytes = Annotated[int, msgspec.Meta(ge=1, le=2**40)]
Longer = Annotated[str, msgspec.Meta(max_length=1500)]
Choice = Annotated[str, msgspec.Meta(pattern=r"^[a-z-]{1,24}\Z")]
Beds = Annotated[int, msgspec.Meta(ge=0, le=2000)]


class Sending(StrEnum):
    """What a sending is. To the relay all look alike."""

    CALL = "call"
    """Somebody calls for help or testifies."""
    MESSAGE = "message"
    """More words or files on the same receipt."""
    ERASE = "erase"
    """They want what they sent erased."""
    ANSWER = "answer"
    """A pocket answers what a desk asked of it."""


class Whose(StrEnum):
    """To whom it happened."""

    ME = "me"
    OTHER = "other"


class Who(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The part that goes into `case/<id>/identity` and nowhere else."""

    name: Text = ""
    """What the person wants to be called; handler and alternate."""
    reach: Text = ""
    """How else they can be reached, if they said so; handler and alternate."""
    not_ask: Text = ""
    """What they do not want to be asked; handler and alternate."""
    to_warn: Longer = ""
    """Who must be warned: names of others, so they stand with the identity; handler and alternate."""


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The part in the person's own words."""

    text: Narrative = ""
    """What happened; desks on duty."""
    language: Language | None = None
    """Language of the page it was written on; desks on duty."""
    when: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """When it happened, in their words; desks on duty."""
    whose: Whose | None = None
    """Whether it happened to them or to somebody else; desks on duty."""
    happened_on: CalendarDay | None = None
    """The day it happened, if they know it; desks on duty."""


class PocketAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a pocket answers: its words, if any, stand in the narrative."""

    to: Base64
    """Id of the message it answers, 16 bytes as base64url; desks on duty."""
    choice: Choice
    """One of the message's choices; desks on duty."""
    number: Beds | None = None
    """How many, where a number was asked; desks on duty."""
    from_day: CalendarDay | None = None
    to_day: CalendarDay | None = None


class TakenBy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it came, when somebody else took it down: only desks write this."""

    device: int
    """The device of who took it; desks on duty."""
    channel: Annotated[str, msgspec.Meta(pattern=r"^(hotline|chat|friend|table|file)\Z")]
    """How it came; desks on duty."""
    consent: bool
    """Whether the person agreed that we keep it; desks on duty."""


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """Where a sealed file lies and what opens it."""

    address: bytes
    """32 random bytes; desks on duty."""
    seed: bytes
    """Seed of the file's identity, 32 bytes; desks on duty."""
    bytes: int
    """Size of the file before sealing; desks on duty."""

    def __repr__(self) -> str:
        return "Attachment(...)"


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """An opened submission. Its `repr` shows nothing, so that no log or traceback can."""

    drill: bool
    """Whether it is one of our own drills."""
    answer_key: bytes
    """Key that replies to them are sealed with, 32 bytes."""
    locator: bytes
    """First locator of the reply mailbox, 32 bytes."""
    write_token: bytes
    """What lets us write into the mailbox, 32 bytes."""
    identity: Who
    narrative: Account
    facts: Facts
    attachments: tuple[Attachment, ...] = ()
    thread: bytes = b""
    """What all sendings of one receipt have in common, 32 bytes; empty if it has no receipt."""
    reply: bytes = b""
    """Public key of the identity that opens replies, 1216 bytes; empty if nobody can reply."""
    nonce: bytes = b""
    """Fresh for every sending, 16 bytes: the same again is a copy."""
    kind: Sending = Sending.CALL
    answer: PocketAnswer | None = None
    taken_by: TakenBy | None = None

    def __repr__(self) -> str:
        return "Submission(...)"

    @property
    def mark(self) -> bytes:
        """What no two sendings have in common; those of older pages had a fresh locator instead."""
        return self.nonce or self.locator

    @property
    def recipient(self) -> Recipient | None:
        """Whom to seal replies to."""
        return Recipient(self.reply) if self.reply and self.thread else None


class _WireAttachment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    address: Base64
    seed: Base64
    bytes: Bytes


class _Wire(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    v: int
    drill: bool
    answer_key: Base64
    locator: Base64
    write_token: Base64
    identity: Who
    narrative: Account
    facts: Facts
    attachments: Annotated[tuple[_WireAttachment, ...], msgspec.Meta(max_length=MOST_ATTACHMENTS)] = ()
    thread: Base64 = ""
    reply: Annotated[str, msgspec.Meta(max_length=1622)] = ""
    nonce: Base64 = ""
    kind: Sending = Sending.CALL
    answer: PocketAnswer | None = None
    taken_by: TakenBy | None = None


def call_by(
    receipt: Receipt,
    *,
    nonce: bytes,
    who: Who,
    account: Account,
    facts: Facts,
    taken_by: TakenBy | None = None,
    drill: bool = False,
) -> Submission:
    """Make the first sending of a receipt.

    Parameters
    ----------
    receipt : Receipt
        Fresh; whoever calls keeps it.
    nonce : bytes, 16
        Fresh and random.
    """
    return Submission(
        drill=drill,
        answer_key=receipt.answer_key(0),
        locator=receipt.locator(0),
        write_token=receipt.write_token(0),
        thread=receipt.thread,
        reply=receipt.reply_identity().recipient.public,
        nonce=nonce,
        kind=Sending.CALL,
        identity=who,
        narrative=account,
        facts=facts,
        taken_by=taken_by,
    )


def read_submission(plaintext: bytes) -> Submission:
    """Read the plaintext of an opened submission.

    Parameters
    ----------
    plaintext : bytes, 16384

    Raises
    ------
    UnreadableSubmission
        It has another size, is not padded with zeros, or is not the JSON of version 1. What it says is
        never in the error.
    """
    wire = _decode(_unpad(plaintext))
    return Submission(
        drill=wire.drill,
        answer_key=_unpack(wire.answer_key),
        locator=_unpack(wire.locator),
        write_token=_unpack(wire.write_token),
        identity=wire.identity,
        narrative=wire.narrative,
        facts=wire.facts,
        attachments=tuple(
            Attachment(address=_unpack(one.address), seed=_unpack(one.seed), bytes=one.bytes)
            for one in wire.attachments
        ),
        thread=_unpack(wire.thread) if wire.thread else b"",
        reply=_unpack(wire.reply, 1216) if wire.reply else b"",
        nonce=_unpack(wire.nonce, 16) if wire.nonce else b"",
        kind=wire.kind,
        answer=wire.answer,
        taken_by=wire.taken_by,
    )


def write_submission(submission: Submission) -> bytes:
    """Write the plaintext that the witness's page would seal.

    Raises
    ------
    TooLong
        The JSON does not fit.
    """
    wire = _Wire(
        v=VERSION,
        drill=submission.drill,
        answer_key=_pack(submission.answer_key),
        locator=_pack(submission.locator),
        write_token=_pack(submission.write_token),
        identity=submission.identity,
        narrative=submission.narrative,
        facts=submission.facts,
        attachments=tuple(
            _WireAttachment(address=_pack(one.address), seed=_pack(one.seed), bytes=one.bytes)
            for one in submission.attachments
        ),
        thread=_pack(submission.thread),
        reply=_pack(submission.reply),
        nonce=_pack(submission.nonce),
        kind=submission.kind,
        answer=submission.answer,
        taken_by=submission.taken_by,
    )
    written = msgspec.json.encode(wire)
    if len(written) > SIZE - 4:
        raise TooLong(have=len(written), most=SIZE - 4)
    return len(written).to_bytes(4, "big") + written + bytes(SIZE - 4 - len(written))


def _unpad(plaintext: bytes) -> bytes:
    if len(plaintext) != SIZE:
        raise UnreadableSubmission(f"it has {len(plaintext)} bytes and not {SIZE}")
    length = int.from_bytes(plaintext[:4], "big")
    if length > SIZE - 4 or any(plaintext[4 + length :]):
        raise UnreadableSubmission("its length and padding do not agree")
    return plaintext[4 : 4 + length]


def _decode(written: bytes) -> _Wire:
    # The decoder's own words may quote the submission, so neither they nor their cause are passed on.
    try:
        version = msgspec.json.decode(written, type=dict[str, msgspec.Raw]).get("v")
        if version is None or bytes(version).strip() != str(VERSION).encode():
            raise UnreadableSubmission("it was written by a newer page; update this desk")
        return msgspec.json.decode(written, type=_Wire)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise UnreadableSubmission("its parts are not those of version 1") from None


_pack = pack


def _unpack(text: str, size: int = 32) -> bytes:
    try:
        return unpack(text, size)
    except DamagedRecord:
        raise UnreadableSubmission("a key or address in it has a wrong length") from None
