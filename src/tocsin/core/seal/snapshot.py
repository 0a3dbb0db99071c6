"""Seal what a device could work out again from what it has, under all that it has: a snapshot (docs/formats.md section 18).

The key is made of the signing seed and of every compartment key held. Erasing a single one, or being granted one more, makes
every snapshot from before unreadable, copies that lie elsewhere too. Nothing is stretched: those are full secrets.
"""

from __future__ import annotations

import hmac
import secrets
from typing import BinaryIO

import msgspec

from tocsin.core.seal.body import tag_and_key
from tocsin.core.seal.errors import DamagedFile, WrongKey
from tocsin.core.seal.keyring import Keyring
from tocsin.core.seal.stream import NONCE_BYTES, open_payload, seal_payload

_LABEL = b"tocsin/1 snapshot\n"
_RANDOM = 16
_TAG = 32
SNAPSHOT_LEAD = len(_LABEL) + _RANDOM + _TAG
"""Bytes by which `fits_snapshot` tells whose it is."""


def snapshot_key(keyring: Keyring) -> bytes:
    """Derive the 32-byte key of what these compartment keys together may open."""
    held = sorted(
        (name, epoch, key) for name, epochs in keyring.compartments.items() for epoch, key in epochs.items()
    )
    return hmac.digest(keyring.signing_seed, _LABEL + msgspec.msgpack.encode(held), "sha256")


def seal_snapshot(keyring: Keyring, source: BinaryIO, sink: BinaryIO) -> None:
    """Write the source's bytes, sealed, in constant memory; two of the same bytes have nothing in common."""
    lead = _LABEL + secrets.token_bytes(_RANDOM)
    tag, once = tag_and_key(snapshot_key(keyring), lead)
    sink.write(lead + tag)
    seal_payload(once, secrets.token_bytes(NONCE_BYTES), source, sink)


def fits_snapshot(keyring: Keyring, lead: bytes) -> bool:
    """Say by its first bytes whether a snapshot was sealed under exactly these keys."""
    try:
        _once(keyring, lead)
    except (DamagedFile, WrongKey):
        return False
    return True


def open_snapshot(keyring: Keyring, source: BinaryIO, sink: BinaryIO) -> None:
    """Write the opened bytes into the sink.

    Raises
    ------
    WrongKey
        It was sealed under other keys: one came or went since.
    DamagedFile
        Something was changed, cut off or added. What the sink then holds must be thrown away.
    """
    open_payload(_once(keyring, source.read(SNAPSHOT_LEAD)), source, sink)


def _once(keyring: Keyring, lead: bytes) -> bytes:
    if len(lead) != SNAPSHOT_LEAD or not lead.startswith(_LABEL):
        raise DamagedFile("it is no snapshot")
    tag, once = tag_and_key(snapshot_key(keyring), lead[:-_TAG])
    if not hmac.compare_digest(tag, lead[-_TAG:]):
        raise WrongKey
    return once
