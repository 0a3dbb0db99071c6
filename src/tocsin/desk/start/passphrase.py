"""Choose a passphrase: six random words are offered; what a person makes up is judged by its length alone, and said so."""

from __future__ import annotations

import secrets
import unicodedata

from tocsin.core.seal import WORDS
from tocsin.desk.errors import PassphrasesDiffer
from tocsin.desk.start.errors import PassphraseTooShort

LEAST = 14
N_WORDS = 6
"""66 bits: at a quarter of a second a try, on a thousand machines, some hundred thousand years."""


def six_words() -> str:
    """Draw a passphrase; it is shown once and kept nowhere."""
    return " ".join(WORDS[secrets.randbelow(len(WORDS))] for _ in range(N_WORDS))


def check_passphrase(passphrase: str, again: str) -> None:
    """Check a passphrase that a person chose.

    Raises
    ------
    PassphrasesDiffer, PassphraseTooShort
    """
    if passphrase != again:
        raise PassphrasesDiffer
    if len(unicodedata.normalize("NFKC", passphrase).strip()) < LEAST:
        raise PassphraseTooShort(least=LEAST)
