"""Heads: the relay signs one after every append, desks co-sign what they have checked, two organisations make it firm.

A desk holds every leaf, so it needs no proof: a co-signature at size n agrees with us exactly if our own tree of n leaves
has the same root. It then vouches for every smaller size too.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tocsin.core.ledger.errors import DamagedRecord, ForkSeen
from tocsin.core.ledger.words import words_of
from tocsin.core.seal import SigningKey, verify

_HEAD = struct.Struct(">Q32sI")
_COSIGNATURE = struct.Struct(">IQ32s64s")
COSIGNATURE_SIZE = _COSIGNATURE.size


@dataclass(frozen=True, slots=True)
class Head:
    """How many records there are, their root, and the relay's day."""

    size: int
    root: bytes
    day: int

    def to_bytes(self) -> bytes:
        """Write size (8), root (32), day (4)."""
        return _HEAD.pack(self.size, self.root, self.day)

    @classmethod
    def from_bytes(cls, data: bytes) -> Head:
        """Read what `to_bytes` wrote."""
        if len(data) != _HEAD.size:
            raise DamagedRecord("the head is cut short")
        return cls(*_HEAD.unpack(data))

    @property
    def words(self) -> str:
        """Six words to compare over any channel."""
        return head_words(self.root)


def head_words(root: bytes) -> str:
    """Turn a root into six words (66 bits) that two people can read to one another."""
    return " ".join(words_of(root, n=6))


def sign_head(key: SigningKey, coalition: bytes, head: Head) -> bytes:
    """Sign a head as the relay."""
    return key.sign("head", coalition=coalition, message=head.to_bytes())


def verify_head(relay_key: bytes, coalition: bytes, head: Head, signature: bytes) -> None:
    """Check the relay's signature on a head.

    Raises
    ------
    BadSignature
        Not signed by this relay for this coalition.
    """
    verify(relay_key, signature, "head", coalition=coalition, message=head.to_bytes())


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A device's word that it has checked everything up to a head."""

    device: int
    size: int
    root: bytes
    signature: bytes = field(repr=False)

    def to_bytes(self) -> bytes:
        """Write device (4), size (8), root (32), signature (64)."""
        return _COSIGNATURE.pack(self.device, self.size, self.root, self.signature)

    @classmethod
    def from_bytes(cls, data: bytes) -> Cosignature:
        """Read what `to_bytes` wrote."""
        if len(data) != _COSIGNATURE.size:
            raise DamagedRecord("the co-signature is cut short")
        return cls(*_COSIGNATURE.unpack(data))


def _cosigned(size: int, root: bytes) -> bytes:
    return size.to_bytes(8, "big") + root


def cosign(key: SigningKey, coalition: bytes, *, device: int, size: int, root: bytes) -> Cosignature:
    """Vouch for a head that was checked: tree, chains and signatures up to it."""
    signature = key.sign("cosign", coalition=coalition, message=_cosigned(size, root))
    return Cosignature(device, size, root, signature)


def verify_cosignature(key: bytes, coalition: bytes, cosignature: Cosignature) -> None:
    """Check a device's co-signature.

    Raises
    ------
    BadSignature
        Not signed by that device for this coalition.
    """
    message = _cosigned(cosignature.size, cosignature.root)
    verify(key, cosignature.signature, "cosign", coalition=coalition, message=message)


def check_against(
    tree_root: Callable[[int], bytes], size: int, *, device: int, seen: int, root: bytes
) -> None:
    """Compare what another device was shown with our own tree; sizes beyond ours cannot be judged yet.

    Raises
    ------
    ForkSeen
        It was shown another order of records.
    """
    if 0 < seen <= size and tree_root(seen) != root:
        raise ForkSeen(device=device, size=seen)


def firm_size(
    cosignatures: Iterable[Cosignature],
    *,
    organisation_of: Callable[[int], int | None],
    n_organisations: int,
    tree_size: int,
    tree_root: Callable[[int], bytes],
) -> int:
    """Say up to which size the ledger is firm: vouched for by desks of two organisations, or of the only one.

    Parameters
    ----------
    cosignatures
        Verified ones, any order, several a device allowed.
    organisation_of
        The organisation of a device in good standing; None for one whose word no longer counts.
    n_organisations
        How many organisations the roll has.
    tree_size, tree_root
        Our own tree; co-signatures beyond it, or for another root, count for nothing here.

    Returns
    -------
    int
        0 if nothing is firm.
    """
    best: dict[int, int] = {}
    for word in cosignatures:
        organisation = organisation_of(word.device)
        if organisation is None or not 0 < word.size <= tree_size or tree_root(word.size) != word.root:
            continue
        best[organisation] = max(best.get(organisation, 0), word.size)
    sizes = sorted(best.values(), reverse=True)
    need = min(2, n_organisations)
    return sizes[need - 1] if 0 < need <= len(sizes) else 0
