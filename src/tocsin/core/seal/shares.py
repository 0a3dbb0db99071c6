"""Split a case's keys among custodians (Shamir over GF(256), 3 of 5), so that any holder can check.

The polynomial's coefficients are derived from the secret instead of drawn: whoever holds the secret deals
every share again byte for byte and sees at once whether a dealer dealt junk, and joining checks itself.
The price is that fewer shares than the threshold hide the secret only as well as HKDF does, and only if
it is a full-entropy key: never split a passphrase.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import combinations

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tocsin.core.seal.errors import BadShare, TooFewShares

DEAL_ID_BYTES = 16
_MIN_SECRET_BYTES = 16
_MAX_SECRET_BYTES = 1024
_POLYNOMIAL = 0x11B  # The field of AES: x^8 + x^4 + x^3 + x + 1.


class Share(msgspec.Struct, frozen=True):
    """One custodian's part: worthless alone; its `repr` shows only which one it is."""

    number: int
    threshold: int
    deal_id: bytes
    value: bytes

    def __repr__(self) -> str:
        return f"Share(number={self.number}, ...)"

    @property
    def commitment(self) -> bytes:
        """A hash to acknowledge the share by, without showing it: 32 bytes."""
        clear = bytes((self.number, self.threshold)) + self.deal_id
        return hashlib.sha256(b"tocsin/1 share\n" + clear + self.value).digest()


def deal(secret: bytes, *, label: bytes, n: int = 5, k: int = 3) -> list[Share]:
    """Split a secret into `n` shares of which any `k` give it back.

    Parameters
    ----------
    secret : bytes, 16 to 1024
        One or more keys, full entropy.
    label : bytes
        What the secret is for, the case: the same secret under two labels gives unrelated shares.
    n, k : int
        1 <= k <= n <= 255.

    Returns
    -------
    list of Share
        Numbers 1 to n; the same bytes for the same arguments, and share i does not depend on n.
    """
    if not 1 <= k <= n <= 255 or not _MIN_SECRET_BYTES <= len(secret) <= _MAX_SECRET_BYTES:
        raise ValueError("need 1 <= k <= n <= 255 and a secret of 16 to 1024 bytes")
    deal_id = _deal_id(secret, label, k)
    return [_deal_one(secret, deal_id, k, number) for number in range(1, n + 1)]


def check(share: Share, secret: bytes, label: bytes) -> None:
    """Check one share against the secret it claims to be a part of.

    Raises
    ------
    BadShare
        Not the share that `deal` gives for this secret, label and number.
    """
    k = share.threshold
    if not _is_possible(share) or share != _deal_one(secret, _deal_id(secret, label, k), k, share.number):
        raise BadShare([share.number])


def join(shares: Sequence[Share]) -> bytes:
    """Give the secret back, after dealing it again and comparing every share given.

    Raises
    ------
    TooFewShares
        Fewer distinct shares of one deal than its threshold.
    BadShare
        Some are not as dealt. With more shares than the threshold the wrong ones are named, and the
        others join; with exactly as many, all are named, since nobody can tell which it is.
    """
    group = _largest_deal(shares)
    for chosen in combinations(group, group[0].threshold):
        secret = _interpolate(chosen)
        if all(_is_as_dealt(share, secret) for share in chosen):
            wrong = [share.number for share in shares if not _is_as_dealt(share, secret)]
            if wrong:
                raise BadShare(wrong)
            return secret
    raise BadShare([share.number for share in shares])


def _largest_deal(shares: Sequence[Share]) -> list[Share]:
    """Pick the shares that claim to be of one deal, the largest such group."""
    deals: dict[tuple[bytes, int, int], list[Share]] = {}
    for share in filter(_is_possible, dict.fromkeys(shares)):
        deals.setdefault((share.deal_id, share.threshold, len(share.value)), []).append(share)
    group = max(deals.values(), key=_count_distinct, default=[])
    need = group[0].threshold if group else 1
    if _count_distinct(group) < need:
        raise TooFewShares(have=_count_distinct(group), need=need)
    return group


def _count_distinct(shares: Sequence[Share]) -> int:
    return len({share.number for share in shares})


def _is_possible(share: Share) -> bool:
    is_numbered = 1 <= share.number <= 255 and 1 <= share.threshold <= 255
    return is_numbered and _MIN_SECRET_BYTES <= len(share.value) <= _MAX_SECRET_BYTES


def _is_as_dealt(share: Share, secret: bytes) -> bool:
    if not _is_possible(share):
        return False
    return share == _deal_one(secret, share.deal_id, share.threshold, share.number)


def _deal_id(secret: bytes, label: bytes, k: int) -> bytes:
    return _derive(secret, b"tocsin/1 deal\n" + bytes((k,)) + label, DEAL_ID_BYTES)


def _deal_one(secret: bytes, deal_id: bytes, k: int, number: int) -> Share:
    """Evaluate at `number` the polynomial whose lowest coefficient is the secret."""
    value = bytes(len(secret))
    for power in reversed(range(1, k)):  # Horner: the highest coefficient first.
        purpose = b"tocsin/1 shares\n" + bytes((k, power)) + deal_id
        coefficient = _derive(secret, purpose, len(secret))
        value = bytes(_times(v ^ c, number) for v, c in zip(value, coefficient, strict=True))
    return Share(number, k, deal_id, _xor(value, secret))


def _interpolate(chosen: Sequence[Share]) -> bytes:
    """Evaluate at zero the polynomial through the chosen shares (Lagrange)."""
    secret = bytes(len(chosen[0].value))
    for share in chosen:
        weight = 1
        for other in chosen:
            if other.number != share.number:
                weight = _times(weight, _times(other.number, _inverse(other.number ^ share.number)))
        secret = _xor(secret, bytes(_times(weight, v) for v in share.value))
    return secret


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def _derive(secret: bytes, purpose: bytes, n_bytes: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=n_bytes, salt=b"", info=purpose).derive(secret)


def _tables() -> tuple[bytes, bytes]:
    """Tabulate powers and logarithms to the base x + 1, which generates the field."""
    powers, logs, value = bytearray(510), bytearray(256), 1
    for exponent in range(255):
        powers[exponent] = powers[exponent + 255] = value
        logs[value] = exponent
        doubled = value << 1 ^ (_POLYNOMIAL if value & 0x80 else 0)
        value ^= doubled
    return bytes(powers), bytes(logs)


_POWERS, _LOGS = _tables()


def _times(a: int, b: int) -> int:
    return _POWERS[_LOGS[a] + _LOGS[b]] if a and b else 0


def _inverse(a: int) -> int:
    return _POWERS[255 - _LOGS[a]]
