"""A text with signatures beside it: what the witness's page reads is JSON that a browser understands (formats, section 21).

The bytes are signed and kept as written. A signature that does not fit is nobody's.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from tocsin.core.ledger.errors import DamagedRecord
from tocsin.core.seal import BadSignature, SigningKey, verify

MOST_BYTES: Final = 1 << 18
"""A payload's most bytes."""
_MOST_SIGNATURES: Final = 255
_SIGNED: Final = 68

Use = Literal["page", "words"]


class SignedText(NamedTuple):
    """A payload, and who signed it: founders by number (`page`), or devices (`words`)."""

    payload: bytes
    signatures: tuple[tuple[int, bytes], ...] = ()

    def to_bytes(self) -> bytes:
        """Write `length (4) ‖ payload ‖ n (1) ‖ n times (number (4) ‖ signature (64))`."""
        signed = b"".join(number.to_bytes(4, "big") + signature for number, signature in self.signatures)
        return len(self.payload).to_bytes(4, "big") + self.payload + bytes([len(self.signatures)]) + signed

    @classmethod
    def from_bytes(cls, data: bytes) -> SignedText:
        """Read what `to_bytes` wrote.

        Raises
        ------
        DamagedRecord
            Cut short, continued or too large.
        """
        length = int.from_bytes(data[:4], "big")
        rest = data[4 + length :]
        if length > MOST_BYTES or len(data) < 5 + length or len(rest) != 1 + rest[0] * _SIGNED:
            raise DamagedRecord("the signed text is cut short or too long")
        parts = (rest[at : at + _SIGNED] for at in range(1, len(rest), _SIGNED))
        signatures = tuple((int.from_bytes(part[:4], "big"), part[4:]) for part in parts)
        return cls(data[4 : 4 + length], signatures)

    def signed_by(self, use: Use, keys: Mapping[int, bytes], coalition: bytes) -> set[int]:
        """Say which of these, by number, have signed it."""
        return {
            number
            for number, signature in self.signatures
            if number in keys and _fits(keys[number], signature, use, coalition, self.payload)
        }

    def with_signature(self, number: int, signature: bytes) -> SignedText:
        """Add a signature, or put it in the place of that number's older one; they stand by number."""
        others = [each for each in self.signatures if each[0] != number]
        return SignedText(self.payload, tuple(sorted([*others, (number, signature)])[:_MOST_SIGNATURES]))


def sign_text(payload: bytes, use: Use, key: SigningKey, coalition: bytes) -> bytes:
    """Sign a payload as a founder (`page`) or as a device (`words`)."""
    return key.sign(use, coalition=coalition, message=payload)


def _fits(key: bytes, signature: bytes, use: Use, coalition: bytes, payload: bytes) -> bool:
    try:
        verify(key, signature, use, coalition=coalition, message=payload)
    except BadSignature:
        # One slip must not void the others' signatures.
        return False
    return True


def pack(value: bytes) -> str:
    """Write bytes as base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def unpack(text: str, size: int) -> bytes:
    """Read bytes of one size; raises DamagedRecord."""
    try:
        value = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (NotBase64, ValueError):
        value = b""
    if len(value) != size:
        raise DamagedRecord(f"a value in it has not {size} bytes")
    return value
