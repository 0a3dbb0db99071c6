"""Sign and verify: Ed25519 over label, coalition and message, so no signature serves a second purpose."""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import Literal, get_args

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tocsin.core.seal.errors import BadSignature

Use = Literal["record", "roll", "head", "cosign", "key", "request", "vote", "join", "card", "page", "words"]

NO_COALITION = bytes(32)
"""Stands for the coalition in what the founding record itself signs."""

_LABELS: dict[str, bytes] = {use: b"tocsin/1 " + use.encode() + b"\n" for use in get_args(Use)}


class SigningKey:
    """A device's or founder's Ed25519 key; it opens nothing."""

    __slots__ = ("_key", "public", "seed")

    def __init__(self, seed: bytes) -> None:
        self.seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()

    @classmethod
    def fresh(cls) -> SigningKey:
        """Make a new key from the system's entropy."""
        return cls(secrets.token_bytes(32))

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """Restore a key from its 32-byte seed."""
        return cls(seed)

    def __repr__(self) -> str:
        return "SigningKey(...)"

    def sign(self, use: Use, *, coalition: bytes, message: bytes) -> bytes:
        """Sign a message for one use in one coalition.

        Parameters
        ----------
        use : Use
            What the signature is for; it verifies for nothing else.
        coalition : bytes, 32
            The coalition id, or `NO_COALITION` while founding.
        message : bytes
            The bytes as written.

        Returns
        -------
        bytes, 64
            The signature (docs/formats.md section 1).
        """
        return self._key.sign(_signed_bytes(use, coalition, message))


def verify(public: bytes, signature: bytes, use: Use, *, coalition: bytes, message: bytes) -> None:
    """Check a signature.

    Parameters
    ----------
    public : bytes, 32
        The signer's Ed25519 public key.
    signature : bytes, 64
    use, coalition, message
        As in `SigningKey.sign`.

    Raises
    ------
    BadSignature
        The signature does not fit, or the key is no Ed25519 key.
    """
    try:
        _public_key(public).verify(signature, _signed_bytes(use, coalition, message))
    except (InvalidSignature, ValueError) as trouble:
        raise BadSignature from trouble


def _signed_bytes(use: Use, coalition: bytes, message: bytes) -> bytes:
    if len(coalition) != 32:  # Otherwise bytes could slide between coalition and message.
        raise BadSignature
    return _LABELS[use] + coalition + message


@lru_cache(maxsize=4096)
def _public_key(public: bytes) -> Ed25519PublicKey:
    # Few signers, a hundred thousand signatures: decode each key once.
    return Ed25519PublicKey.from_public_bytes(public)
