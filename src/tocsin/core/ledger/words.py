"""Turn hashes into words that people can read to one another over any channel."""

from __future__ import annotations

_FIRST = "bdfghjklmnprstvz"
_VOWELS = "aeiu"
_LAST = "dgklmnrs"


def word(index: int) -> str:
    """Spell an 11-bit number as consonant, vowel, consonant, vowel.

    Parameters
    ----------
    index
        0..2047.
    """
    first, rest = divmod(index, 128)
    vowel, rest = divmod(rest, 32)
    last, end = divmod(rest, 4)
    return _FIRST[first] + _VOWELS[vowel] + _LAST[last] + _VOWELS[end]


def words_of(digest: bytes, *, n: int) -> list[str]:
    """Spell the first 11 n bits of a digest as n words."""
    bits = int.from_bytes(digest, "big") >> (8 * len(digest) - 11 * n)
    return [word(bits >> (11 * at) & 2047) for at in reversed(range(n))]
