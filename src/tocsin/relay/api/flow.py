"""How fast strangers may send: one bucket a coalition, for all of them together. Who sends is not looked at.

While the bucket is more than half full nothing is asked. Below that every sender does some work first, more as it
empties, and at the worst as much as an old phone can do (core.seal.work). Whoever did the work is always let in: what is
scarce in a flood is then the sender's time, not a place in a queue.
"""

from __future__ import annotations

import threading
import time
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass, field

from django.conf import settings
from django.http import HttpRequest

from tocsin.core.seal.work import CHALLENGE_BYTES, MOST_BITS, is_solved
from tocsin.relay.clock import steady_seconds
from tocsin.relay.errors import StaleChallenge, WorkNeeded
from tocsin.relay.identity import check_challenge

_STEPS = ((0.5, 0), (0.25, 8), (0.0, 10))
"""Above this share of a full bucket, so many bits; below the last, the most."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float = field(default_factory=time.monotonic)

    def refill(self, now: float) -> None:
        per_second, burst = settings.FLOW
        self.tokens = min(burst, self.tokens + (now - self.at) * per_second)
        self.at = now


_buckets: dict[tuple[int, str], _Bucket] = {}
_gate = threading.Lock()


def bits_now(coalition: int) -> int:
    """Say how many bits of work are asked at present."""
    with _gate:
        return _bits(_bucket(coalition, "sending"))


def _bucket(coalition: int, what: str) -> _Bucket:
    bucket = _buckets.setdefault((coalition, what), _Bucket(settings.FLOW[1]))
    bucket.refill(time.monotonic())
    return bucket


def _bits(bucket: _Bucket) -> int:
    share = bucket.tokens / settings.FLOW[1]
    return next((bits for least, bits in _STEPS if share > least), MOST_BITS)


def let_in(coalition: int, request: HttpRequest, body: bytes) -> None:
    """Count a sending; ask for work where many send.

    Raises
    ------
    WorkNeeded
        Not enough was done for this body, or too long ago.
    """
    bits = bits_now(coalition)
    if bits and not _is_done(request.headers.get("Tocsin-Work", ""), body, bits):
        raise WorkNeeded  # Not counted: else who does no work would make the others do more.
    with _gate:
        bucket = _bucket(coalition, "sending")
        bucket.tokens = max(bucket.tokens - 1, -settings.FLOW[1])


def let_in_without_work(coalition: int) -> None:
    """Count a sending by a browser that runs no script; a tenth of the others' bucket, and then no more.

    Raises
    ------
    WorkNeeded
    """
    with _gate:
        bucket = _bucket(coalition, "plain")
        if bucket.tokens < 0.9 * settings.FLOW[1]:
            raise WorkNeeded
        bucket.tokens -= 1


def _is_done(work: str, body: bytes, bits: int) -> bool:
    try:
        done = urlsafe_b64decode(work + "=" * (-len(work) % 4))
        check_challenge(done[:CHALLENGE_BYTES], steady_seconds())
    except (NotBase64, ValueError, StaleChallenge):
        return False
    # One step less than now: while the work was done, more may have come to be asked.
    eased = max((less for _, less in _STEPS if less < bits), default=0)
    return is_solved(done, body, eased)
