"""One start of node answers every question the seal tests put to npm `age-encryption` and `cctv-age`."""

from __future__ import annotations

import json
import subprocess
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tocsin.core.seal import Identity, PassphraseFile, armor, seal


def _plaintexts() -> list[bytes]:
    # Around the 64 KiB chunks: empty, short, one short of full, full, one over, two full.
    return [bytes(i * 7 & 0xFF for i in range(n)) for n in (0, 1, 2048, 65535, 65536, 65537, 131072)]


@dataclass
class Interop:
    """What we asked node, and what it said; see interop.mjs."""

    identities: list[Identity] = field(
        default_factory=lambda: [Identity.from_seed(bytes([n]) * 32) for n in (1, 2, 3)]
    )
    plaintexts: list[bytes] = field(default_factory=_plaintexts)
    passphrase: str = "heron lamp quarry nine zwqcanary"
    said: dict[str, Any] = field(default_factory=dict)

    def raw(self, key: str) -> list[bytes]:
        """Give node's answers to one list of questions, as bytes."""
        return [b64decode(text) for text in self.said[key]]

    def questions(self) -> dict[str, Any]:
        """Write the questions for interop.mjs."""
        recipients = [identity.recipient for identity in self.identities]
        secrets = [identity.encode() for identity in self.identities]
        sealed = [seal(plaintext, recipients) for plaintext in self.plaintexts]
        under_passphrase = PassphraseFile.create(self.passphrase, log_n=10)
        resealed = [under_passphrase.reseal(plaintext) for plaintext in self.plaintexts]
        short = [bytes(n) for n in range(1, 100)]
        return {
            "identities": secrets,
            "seal": [
                {"recipients": list(map(str, recipients)), "plaintext": _text(p)} for p in self.plaintexts
            ],
            "open": [{"identity": secrets[i % 3], "file": _text(file)} for i, file in enumerate(sealed)],
            "seal_passphrase": [
                {"passphrase": self.passphrase, "plaintext": _text(p)} for p in self.plaintexts
            ],
            "open_passphrase": [{"passphrase": self.passphrase, "file": _text(file)} for file in resealed],
            "armor": [_text(file) for file in short],
            "dearmor": [armor(file) for file in short],
        }


@pytest.fixture(scope="session")
def interop(node: str) -> Interop:
    """Ask node everything at once."""
    script = str(Path(__file__).with_name("interop.mjs"))
    asked = Interop()
    done = subprocess.run(
        [node, script], input=json.dumps(asked.questions()), capture_output=True, text=True, check=True
    )
    asked.said = json.loads(done.stdout)
    return asked


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()
