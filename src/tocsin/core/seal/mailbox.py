"""Mailboxes: where replies lie, found by who has a receipt, filled by who opened the submission (formats, section 19).

A mailbox needs no registration: its name is a hash of the locator's hash, of the write token's hash and of a place, so
that whoever reads shows the locator, and whoever writes the token. The relay never sees both before it is used.
"""

from __future__ import annotations

import hashlib
from binascii import b2a_base64
from typing import Final, NamedTuple

from tocsin.core.seal.age import GRANT_SIZE, sealed_size
from tocsin.core.seal.errors import DamagedFile
from tocsin.core.seal.hybrid import HYBRID

PLAIN_SIZE: Final = 4096
"""Bytes of every message before sealing."""
SLOT_SIZE: Final = sealed_size(PLAIN_SIZE, 1)
"""Bytes of every slot: one recipient. Grants have the same size."""
N_SLOTS: Final = 8
"""Slots of every reading, whatever lies there."""
N_PLACES: Final = 8
"""Replies to one sending at most."""
READING_SIZE: Final = N_SLOTS * 65
POSTING_SIZE: Final = 65 + SLOT_SIZE

_ENCAPSULATED, _WRAPPED, _MAC, _NONCE_AND_PAYLOAD = 1120, 32, 32, 16 + PLAIN_SIZE + 16

assert SLOT_SIZE == GRANT_SIZE  # noqa: S101 - one look for both on disk


class Key(NamedTuple):
    """What a reader shows for one place: the locator itself, and the write token's hash."""

    locator: bytes
    token_hash: bytes
    place: int

    def to_bytes(self) -> bytes:
        """Write the 65 bytes."""
        return self.locator + self.token_hash + bytes([self.place])

    @property
    def mailbox(self) -> bytes:
        """The name under which the relay keeps it."""
        return _name(hashlib.sha256(self.locator).digest(), self.token_hash, self.place)


class Posting(NamedTuple):
    """What a writer shows: the locator's hash, the write token itself, and the sealed file."""

    locator_hash: bytes
    write_token: bytes
    place: int
    file: bytes

    def to_bytes(self) -> bytes:
        """Write it as it is posted."""
        return self.locator_hash + self.write_token + bytes([self.place]) + self.file

    @property
    def mailbox(self) -> bytes:
        """The name under which the relay keeps it."""
        return _name(self.locator_hash, hashlib.sha256(self.write_token).digest(), self.place)


def key_for(locator: bytes, write_token: bytes, place: int) -> Key:
    """Make what reads one place of a sending's mailbox."""
    return Key(locator, hashlib.sha256(write_token).digest(), place)


def posting_for(locator: bytes, write_token: bytes, place: int, file: bytes) -> Posting:
    """Make what puts a sealed message into one place of a sending's mailbox."""
    return Posting(hashlib.sha256(locator).digest(), write_token, place, file)


def read_keys(body: bytes) -> list[Key]:
    """Read the eight keys of a reading.

    Raises
    ------
    DamagedFile
        Not eight, or a place beyond the last.
    """
    if len(body) != READING_SIZE:
        raise DamagedFile(f"a reading asks for exactly {N_SLOTS} places")
    parts = (body[at : at + 65] for at in range(0, READING_SIZE, 65))
    return [Key(part[:32], part[32:64], _place(part[64])) for part in parts]


def read_posting(body: bytes) -> Posting:
    """Read what is posted; the file's own form is the caller's to check.

    Raises
    ------
    DamagedFile
        It has another size, or a place beyond the last.
    """
    if len(body) != POSTING_SIZE:
        raise DamagedFile(f"a message for a mailbox has exactly {POSTING_SIZE} bytes")
    return Posting(body[:32], body[32:64], _place(body[64]), body[65:])


def filler(seed: bytes) -> bytes:
    """Make what an empty place answers with: it looks like a sealed message, and nobody can open it.

    Parameters
    ----------
    seed : bytes, 32
        Only the relay's, and another for every place, so that the same place answers the same again.
    """
    drawn = hashlib.shake_256(seed).digest(_ENCAPSULATED + _WRAPPED + _MAC + _NONCE_AND_PAYLOAD)
    share = bytearray(drawn[:_ENCAPSULATED])
    share[-1] &= 0x7F  # The last 32 bytes are an X25519 share: its highest bit is never set.
    at = _ENCAPSULATED + _WRAPPED
    lines = (
        b"age-encryption.org/v1",
        b"-> " + HYBRID.encode() + b" " + _base64(bytes(share)),
        _base64(drawn[_ENCAPSULATED:at]),
        b"--- " + _base64(drawn[at : at + _MAC]),
        drawn[at + _MAC :],
    )
    return b"\n".join(lines)


def _base64(value: bytes) -> bytes:
    return b2a_base64(value, newline=False).rstrip(b"=")


def _place(place: int) -> int:
    if place >= N_PLACES:
        raise DamagedFile(f"a mailbox has {N_PLACES} places")
    return place


def _name(locator_hash: bytes, token_hash: bytes, place: int) -> bytes:
    return hashlib.sha256(b"tocsin/1 mailbox\n" + locator_hash + token_hash + bytes([place])).digest()
