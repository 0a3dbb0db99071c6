"""The one kind of key pair files are sealed to: X-Wing (ML-KEM-768 and X25519), age's `mlkem768x25519`."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import lru_cache
from hashlib import shake_256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from tocsin.core.seal import bech32
from tocsin.core.seal.errors import ClassicalRecipient, DamagedFile, DamagedKey
from tocsin.core.seal.header import WRAPPED_BYTES, Stanza, decode_base64, encode_base64

HYBRID = "mlkem768x25519"
"""The only kind of stanza in a file sealed to people or devices."""

PUBLIC_BYTES = 1216
SEED_BYTES = 32
ENCAPSULATED_BYTES = 1120

_MLKEM_PUBLIC_BYTES = 1184
_INFO = b"age-encryption.org/mlkem768x25519"
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_IDENTITY_PREFIX = "age-secret-key-pq-"
_RECIPIENT_PREFIX = "age1pq"


@dataclass(frozen=True, slots=True)
class Recipient:
    """The public half: 1216 bytes, `age1pq1...` as text; anybody may seal to it.

    Raises DamagedKey when the bytes are no such key.
    """

    public: bytes

    def __post_init__(self) -> None:
        _public_key(self.public)

    def __str__(self) -> str:
        return self.encode()

    def encode(self) -> str:
        """Write it as age does: `age1pq1...`, 1,959 letters."""
        return bech32.encode(_RECIPIENT_PREFIX, self.public)

    @classmethod
    def decode(cls, text: str) -> Recipient:
        """Read `age1pq1...`.

        Raises
        ------
        ClassicalRecipient
            An `age1...` key that is not post-quantum.
        DamagedKey
            Anything else.
        """
        prefix, public = bech32.decode(text)
        if prefix == "age" or (prefix.startswith("age1") and prefix != _RECIPIENT_PREFIX):
            raise ClassicalRecipient
        if prefix != _RECIPIENT_PREFIX or text != text.lower():
            raise DamagedKey("it is not the key of a recipient")
        return cls(public)

    def wrap(self, file_key: bytes) -> Stanza:
        """Seal a file key to this recipient."""
        sealed = _SUITE.encrypt(file_key, _public_key(self.public), info=_INFO)
        encapsulated, body = sealed[:ENCAPSULATED_BYTES], sealed[ENCAPSULATED_BYTES:]
        return Stanza(HYBRID, (encode_base64(encapsulated).decode(),), body)


class Identity:
    """The secret half: a seed of 32 bytes, `AGE-SECRET-KEY-PQ-1...` as text; shows nothing of itself."""

    __slots__ = ("_key", "_recipient", "seed")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise DamagedKey("a seed has 32 bytes")
        # X-Wing: SHAKE-256 stretches the seed into ML-KEM's two seeds and the X25519 scalar.
        stretched = shake_256(seed).digest(96)
        self.seed = seed
        self._key = MLKEM768X25519PrivateKey(
            MLKEM768PrivateKey.from_seed_bytes(stretched[:64]),
            X25519PrivateKey.from_private_bytes(stretched[64:]),
        )
        self._recipient: Recipient | None = None

    @classmethod
    def fresh(cls) -> Identity:
        """Make a new identity from the system's entropy."""
        return cls(secrets.token_bytes(SEED_BYTES))

    @classmethod
    def from_seed(cls, seed: bytes) -> Identity:
        """Restore an identity from its 32-byte seed."""
        return cls(seed)

    def __repr__(self) -> str:
        return "Identity(...)"

    @property
    def recipient(self) -> Recipient:
        """The public half."""
        if self._recipient is None:
            stretched = shake_256(self.seed).digest(96)
            mlkem = MLKEM768PrivateKey.from_seed_bytes(stretched[:64]).public_key()
            x25519 = X25519PrivateKey.from_private_bytes(stretched[64:]).public_key()
            self._recipient = Recipient(mlkem.public_bytes_raw() + x25519.public_bytes_raw())
        return self._recipient

    def encode(self) -> str:
        """Write the secret as age does: `AGE-SECRET-KEY-PQ-1...`. Show it to nobody."""
        return bech32.encode(_IDENTITY_PREFIX, self.seed).upper()

    @classmethod
    def decode(cls, text: str) -> Identity:
        """Read `AGE-SECRET-KEY-PQ-1...`.

        Raises
        ------
        ClassicalRecipient
            The secret of a key that is not post-quantum.
        DamagedKey
            Anything else.
        """
        prefix, seed = bech32.decode(text)
        if prefix == "age-secret-key-":
            raise ClassicalRecipient
        if prefix != _IDENTITY_PREFIX or text != text.upper():
            raise DamagedKey("it is not the secret of an identity")
        return cls(seed)

    def unwrap(self, stanza: Stanza) -> bytes | None:
        """Take the file key out of a stanza that `check_stanza` passed; `None`: it is for somebody else."""
        sealed = decode_base64(stanza.arguments[0].encode()) + stanza.body
        try:
            return _SUITE.decrypt(sealed, self._key, info=_INFO)
        except InvalidTag:
            return None


def check_stanza(stanza: Stanza) -> None:
    """Insist on a well-formed hybrid stanza.

    Raises
    ------
    ClassicalRecipient
        Another kind.
    DamagedFile
        A hybrid stanza with wrong lengths.
    """
    if stanza.kind != HYBRID:
        raise ClassicalRecipient
    if len(stanza.arguments) != 1 or len(stanza.body) != WRAPPED_BYTES:
        raise DamagedFile("a recipient's part has a wrong shape")
    if len(decode_base64(stanza.arguments[0].encode())) != ENCAPSULATED_BYTES:
        raise DamagedFile("a recipient's part has a wrong length")


@lru_cache(maxsize=1024)
def _public_key(public: bytes) -> MLKEM768X25519PublicKey:
    if len(public) != PUBLIC_BYTES:
        raise DamagedKey(f"the public half has {PUBLIC_BYTES} bytes")
    try:
        return MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC_BYTES]),
            X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC_BYTES:]),
        )
    except ValueError as trouble:
        raise DamagedKey("its numbers are out of range") from trouble
