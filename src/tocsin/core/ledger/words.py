"""Turn hashes into words that people can read to one another over any channel, from the receipts' vocabulary."""

from __future__ import annotations

import re

from tocsin.core.ledger.errors import WordsDiffer
from tocsin.core.seal import WORDS

_BITS = 11


def words_of(digest: bytes, *, n: int) -> list[str]:
    """Spell the first 11 n bits of a digest as n words."""
    bits = int.from_bytes(digest, "big") >> (8 * len(digest) - _BITS * n)
    return [WORDS[bits >> (_BITS * at) & (1 << _BITS) - 1] for at in reversed(range(n))]


def confirm_words(heard: str, said: str) -> None:
    """Compare words that somebody read aloud with our own; case, numbering and commas do not matter.

    Raises
    ------
    WordsDiffer
        They are not the same words in the same order.
    """
    if re.findall("[a-z]+", heard.casefold()) != said.split():
        raise WordsDiffer
