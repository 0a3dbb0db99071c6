"""The bytes that the page reads, written here by hand from docs/formats.md sections 19 to 22, with real signatures."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tocsin.core.seal import Identity

COALITION = hashlib.sha256(b"an invented coalition").digest()
TODAY = 17_431


def b64(data: bytes) -> str:
    """Write base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def signer(name: str) -> Ed25519PrivateKey:
    """Make a signing key that is the same in every run."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def public(key: Ed25519PrivateKey) -> bytes:
    """Give its public half."""
    return key.public_key().public_bytes_raw()


def sign(key: Ed25519PrivateKey, use: str, message: bytes) -> bytes:
    """Sign as everything is signed here."""
    return key.sign(f"tocsin/1 {use}\n".encode() + COALITION + message)


def signed_text(payload: dict[str, Any], use: str, by: dict[int, Ed25519PrivateKey]) -> bytes:
    """Write a text that some have signed."""
    written = json.dumps(payload).encode()
    entries = b"".join(number.to_bytes(4, "big") + sign(key, use, written) for number, key in by.items())
    return len(written).to_bytes(4, "big") + written + bytes([len(by)]) + entries


def published(device: int, period: int, *, purpose: int = 2, by: Ed25519PrivateKey | None = None) -> bytes:
    """Write a key that a device published for a day or a month."""
    key = Identity.from_seed(
        hashlib.sha256(f"{purpose} {device} {period}".encode()).digest()
    ).recipient.public
    clear = bytes([purpose]) + b"".join(n.to_bytes(4, "big") for n in (device, period, 1)) + key
    return clear + sign(by or signer(f"device {device}"), "key", clear)


@dataclass
class World:
    """What a relay would answer; every test changes one thing."""

    founders: dict[int, Ed25519PrivateKey] = field(
        default_factory=lambda: {n: signer(f"founder {n}") for n in (1, 2, 3)}
    )
    devices: list[list[Any]] = field(
        default_factory=lambda: [[n, 1 + n % 3, b64(public(signer(f"device {n}"))), 7] for n in range(1, 7)]
    )
    keys: list[bytes] = field(default_factory=lambda: [published(n, TODAY) for n in (1, 2, 3)])
    parts: list[bytes] = field(default_factory=list)
    charters: list[bytes] = field(default_factory=list)
    relay: Ed25519PrivateKey = field(default_factory=lambda: signer("relay"))
    day: int = TODAY
    cosigners: tuple[int, ...] = (1, 2)
    cosigned_size: int = 40
    left_out: set[int] = field(default_factory=set)
    """Kinds of sections that are not given."""

    def charter(self, *, serial: int = 1, by: tuple[int, ...] = (1, 2), **changed: Any) -> bytes:
        """Write a charter that some founders signed."""
        payload = {
            "v": 1,
            "coalition": COALITION.hex(),
            "serial": serial,
            "day": TODAY,
            "roll": 1,
            "exercise": False,
            "offset_days": 0,
            "threshold": 2,
            "founders": [[n, b64(public(key))] for n, key in self.founders.items()],
            "n_organisations": 3,
            "devices": self.devices,
            "relays": [[b64(public(self.relay)), "https://relay.invalid"]],
            "page": {},
            "later": "is passed over",
        }
        return signed_text(
            payload | changed, "page", {n: self.founders.get(n) or signer(f"founder {n}") for n in by}
        )

    @property
    def pin(self) -> str:
        """What the page's address says of the founders."""
        named = b"".join(n.to_bytes(4, "big") + public(key) for n, key in self.founders.items())
        return hashlib.sha256(
            b"tocsin/1 pin\n" + COALITION + bytes([2, len(self.founders)]) + named
        ).hexdigest()[:32]

    def part(self, name: str, words: dict[str, str], *, by: tuple[int, ...]) -> None:
        """Add words that some devices signed."""
        payload = {
            "v": 1,
            "coalition": COALITION.hex(),
            "part": name,
            "serial": 1,
            "day": TODAY,
            "words": words,
        }
        self.parts.append(signed_text(payload, "words", {n: signer(f"device {n}") for n in by}))

    def to_bytes(self) -> bytes:
        """Write the file."""
        clear = (40).to_bytes(8, "big") + bytes(32) + TODAY.to_bytes(4, "big")
        words = self.cosigned_size.to_bytes(8, "big") + clear[8:40]
        cosigned = b"".join(
            n.to_bytes(4, "big") + words + sign(signer(f"device {n}"), "cosign", words)
            for n in self.cosigners
        )
        sections = [
            *[(1, each) for each in self.charters or [self.charter()]],
            (2, clear + sign(self.relay, "head", clear)),
            (3, cosigned),
            (4, b"".join(self.keys)),
            (5, self.day.to_bytes(4, "big")),
            *[(6, each) for each in self.parts],
            (7, bytes(40) + b"\x03"),
            (99, b"from a later relay"),
            (0, b""),
        ]
        return b"tocsin/1 witness\n" + b"".join(
            bytes([kind]) + len(content).to_bytes(4, "big") + content
            for kind, content in sections
            if kind not in self.left_out
        )
