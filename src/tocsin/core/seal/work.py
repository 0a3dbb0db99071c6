"""Work that a sender does when many send at once, so that a flood costs somebody something (formats, section 20).

Eight small puzzles instead of one large, since the time of one varies as much as it lasts. They are bound to the body
that they go with, so none serves twice.
"""

from __future__ import annotations

import hashlib
from typing import Final

N_PUZZLES: Final = 8
MOST_BITS: Final = 12
"""8 x 2^12 hashes: half a second on a slow phone, some seconds in a browser that compiles nothing."""
CHALLENGE_BYTES: Final = 40
WORK_SIZE: Final = CHALLENGE_BYTES + 4 * N_PUZZLES

_LABEL = b"tocsin/1 work\n"


def solve(challenge: bytes, body: bytes, bits: int) -> bytes:
    """Do the work for a body.

    Parameters
    ----------
    challenge : bytes, 40
        The relay's, not older than ten minutes.
    body : bytes
        What is to be sent.
    bits : int
        Leading zero bits asked of every puzzle.

    Returns
    -------
    bytes, 72
        The challenge and eight nonces.
    """
    return challenge + b"".join(_solve_one(lead, bits) for lead in _leads(challenge, body))


def is_solved(work: bytes, body: bytes, bits: int) -> bool:
    """Say whether work was done for this body; the challenge's age is the relay's to check."""
    if len(work) != WORK_SIZE:
        return False
    nonces = (work[at : at + 4] for at in range(CHALLENGE_BYTES, WORK_SIZE, 4))
    leads = _leads(work[:CHALLENGE_BYTES], body)
    return all(_fits(lead + nonce, bits) for lead, nonce in zip(leads, nonces, strict=True))


def _leads(challenge: bytes, body: bytes) -> list[bytes]:
    lead = _LABEL + challenge + hashlib.sha256(body).digest()
    return [lead + bytes([number]) for number in range(N_PUZZLES)]


def _solve_one(lead: bytes, bits: int) -> bytes:
    nonce = 0
    while not _fits(lead + nonce.to_bytes(4, "big"), bits):
        nonce += 1
    return nonce.to_bytes(4, "big")


def _fits(message: bytes, bits: int) -> bool:
    return int.from_bytes(hashlib.sha256(message).digest()[:4], "big") >> 32 - bits == 0
