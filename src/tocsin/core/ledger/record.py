"""A record on the wire: 110 clear bytes, a tag, a body, a signature (docs/formats.md section 2).

The header says who, in which order and on which day; what is said lies sealed in the body. Bytes are signed and kept as
written. `previous` covers the signature of the author's record before, so one good signature on an author's newest
record vouches for all before it.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from tocsin.core.ledger.errors import BrokenChain, DamagedRecord, UnknownKind
from tocsin.core.seal import BODY_SIZES, NO_COALITION, SigningKey, verify

VERSION = 1
SEALED, FOUNDING, ROLL = 0, 1, 2
HEADER_SIZE = 110
TAG_SIZE = 32
SIGNATURE_SIZE = 64
MAX_CLEAR_BODY = 262_144
NO_TAG = bytes(32)
NO_HASH = bytes(32)

_LAYOUT = struct.Struct(">BBII32sIQ32sII16s")
assert _LAYOUT.size == HEADER_SIZE  # noqa: S101 - the layout is the format: a slip here must not start


class Header(NamedTuple):
    """The clear part of a record."""

    version: int
    mark: int
    device: int
    chain: int
    previous: bytes
    roll_version: int
    seen_size: int
    seen_root: bytes
    day: int
    size: int
    random: bytes

    def to_bytes(self) -> bytes:
        """Write the 110 bytes."""
        return _LAYOUT.pack(*self)

    @classmethod
    def from_bytes(cls, data: bytes) -> Header:
        """Read 110 bytes.

        Raises
        ------
        DamagedRecord
            Too short, or a body size that no record has.
        UnknownKind
            A record version this program does not know.
        """
        if len(data) != HEADER_SIZE:
            raise DamagedRecord("its header is cut short")
        header = cls(*_LAYOUT.unpack(data))
        if header.version != VERSION:
            raise UnknownKind(kind="record", schema=header.version)
        if header.mark == SEALED and header.size not in BODY_SIZES:
            raise DamagedRecord("its size is none of the three")
        if header.mark != SEALED and (header.mark > ROLL or header.size > MAX_CLEAR_BODY):
            raise DamagedRecord("its mark or size is unknown")
        return header


@dataclass(frozen=True)
class Record:
    """A record as written. `body` is None where it was dropped; its hash still stands in the tree."""

    header_bytes: bytes
    tag: bytes
    body: bytes | None = field(repr=False)
    body_hash: bytes
    signature: bytes

    @cached_property
    def header(self) -> Header:
        """The clear part, read."""
        return Header.from_bytes(self.header_bytes)

    @property
    def signed(self) -> bytes:
        """What the author signs and the tree covers."""
        return self.header_bytes + self.tag + self.body_hash

    @cached_property
    def leaf(self) -> bytes:
        """The leaf hash of RFC 6962 section 2.1."""
        return hashlib.sha256(b"\x00" + self.signed).digest()

    @cached_property
    def hash(self) -> bytes:
        """What the author's next record names as `previous`; it covers the signature too."""
        return hashlib.sha256(self.signed + self.signature).digest()

    def to_bytes(self) -> bytes:
        """Write the whole record.

        Raises
        ------
        DamagedRecord
            Its body was dropped.
        """
        if self.body is None:
            raise DamagedRecord("its body was dropped")
        return self.header_bytes + self.tag + self.body + self.signature


def make_record(header: Header, *, tag: bytes, body: bytes, key: SigningKey, coalition: bytes) -> Record:
    """Sign a finished header, tag and body."""
    body_hash = hashlib.sha256(body).digest()
    head = header.to_bytes()
    scope = NO_COALITION if header.mark == FOUNDING else coalition
    signature = key.sign("record", coalition=scope, message=head + tag + body_hash)
    return Record(head, tag, body, body_hash, signature)


def read_records(data: bytes) -> list[Record]:
    """Split records that were joined.

    Raises
    ------
    DamagedRecord
        The bytes do not end where a record ends.
    """
    return list(_split(data))


def _split(data: bytes) -> Iterator[Record]:
    at = 0
    while at < len(data):
        header_bytes = data[at : at + HEADER_SIZE]
        header = Header.from_bytes(header_bytes)
        start = at + HEADER_SIZE + TAG_SIZE
        end = start + header.size
        if end + SIGNATURE_SIZE > len(data):
            raise DamagedRecord("it is cut short")
        body = data[start:end]
        record = Record(
            header_bytes,
            data[at + HEADER_SIZE : start],
            body,
            hashlib.sha256(body).digest(),
            data[end : end + SIGNATURE_SIZE],
        )
        record.__dict__["header"] = header
        yield record
        at = end + SIGNATURE_SIZE


def verify_record(record: Record, key: bytes, coalition: bytes) -> None:
    """Check the author's signature.

    Raises
    ------
    BadSignature
        Signed by another key, for another coalition, or changed since.
    """
    scope = NO_COALITION if record.header.mark == FOUNDING else coalition
    verify(key, record.signature, "record", coalition=scope, message=record.signed)


def coalition_id(founding: Record) -> bytes:
    """Name a coalition: SHA-256 of its founding record's header and body, unsigned."""
    if founding.header.mark != FOUNDING or founding.body is None:
        raise DamagedRecord("it founds nothing")
    return hashlib.sha256(founding.header_bytes + founding.body).digest()


class Tip(NamedTuple):
    """Where an author's chain stands: the next number, and the hash that it must name."""

    chain: int
    previous: bytes


START = Tip(0, NO_HASH)


def follow(tip: Tip, record: Record) -> Tip:
    """Move a chain on by one record.

    Raises
    ------
    BrokenChain
        The record does not follow: a clone, a restored backup, or something left out.
    """
    header = record.header
    if header.chain != tip.chain or header.previous != tip.previous:
        raise BrokenChain(device=header.device, chain=header.chain)
    return Tip(tip.chain + 1, record.hash)
