"""The bytes inside a submission, as the page writes and a duty desk reads them (docs/formats.md section 8).

Plaintext of exactly 16384 bytes: length (4) ‖ UTF-8 JSON ‖ zeros, so that a cry and a long account look
alike.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from typing import Annotated, Final

import msgspec

from tocsin.core.intake.errors import TooLong, UnreadableSubmission
from tocsin.core.intake.records import Facts, Language, Narrative

SIZE: Final = 16384
"""Bytes of every plaintext."""

VERSION: Final = 1
"""The only version there is."""

MOST_ATTACHMENTS: Final = 20

Text = Annotated[str, msgspec.Meta(max_length=400)]
Base64 = Annotated[str, msgspec.Meta(max_length=44)]
Bytes = Annotated[int, msgspec.Meta(ge=1, le=2**40)]


class Who(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The part that goes into `case/<id>/identity` and nowhere else."""

    name: Text = ""
    """What the person wants to be called; handler and alternate."""
    reach: Text = ""
    """How else they can be reached, if they said so; handler and alternate."""


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The part in the person's own words."""

    text: Narrative = ""
    """What happened; desks on duty."""
    language: Language | None = None
    """Language of the page it was written on; desks on duty."""


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

    def __repr__(self) -> str:
        return "Submission(...)"


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


def _pack(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def _unpack(text: str) -> bytes:
    try:
        value = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (NotBase64, ValueError):
        value = b""
    if len(value) != 32:
        raise UnreadableSubmission("a key or address in it is not 32 bytes")
    return value
