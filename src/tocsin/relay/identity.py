"""The relay's own key, and the challenges made from it.

The key signs heads. Challenges are stateless: 16 random bytes, the steady second of issue, and an HMAC that
only the relay can make, so nothing has to be remembered about who asked.
"""

from __future__ import annotations

import hmac
import os
import secrets
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from tocsin.core.seal import SigningKey
from tocsin.relay.clock import blur
from tocsin.relay.errors import StaleChallenge

FRESH_SECONDS = 600
CHALLENGE_SIZE = 40
_SEED_BYTES = 32


def key_path() -> Path:
    """Say where the signing key lies."""
    return Path(settings.HOME) / "signing.key"


def make_key() -> None:
    """Write a fresh signing key that only this account can read, unless there is one."""
    path = key_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(_SEED_BYTES))
        file.flush()
        os.fsync(file.fileno())
    blur(path)


@lru_cache(maxsize=1)
def relay_key() -> SigningKey:
    """Load the signing key."""
    return SigningKey.from_seed(key_path().read_bytes())


def make_challenge(now: int) -> bytes:
    """Make a challenge at a second of the steady clock."""
    fresh = secrets.token_bytes(16) + now.to_bytes(8, "big")
    return fresh + _mac(fresh)


def check_challenge(challenge: bytes, now: int) -> None:
    """Let a challenge of ours pass for ten minutes.

    Raises
    ------
    StaleChallenge
        Older, of another relay, or made up.
    """
    issued = int.from_bytes(challenge[16:24], "big")
    ours = len(challenge) == CHALLENGE_SIZE and hmac.compare_digest(_mac(challenge[:24]), challenge[24:])
    if not ours or not 0 <= now - issued <= FRESH_SECONDS:
        raise StaleChallenge


def _mac(fresh: bytes) -> bytes:
    return hmac.digest(_challenge_key(), fresh, "sha256")[:16]


@lru_cache(maxsize=1)
def _challenge_key() -> bytes:
    # Derived, so that several workers of one relay accept one another's challenges.
    return hmac.digest(relay_key().seed, b"tocsin/1 challenge\n", "sha256")
