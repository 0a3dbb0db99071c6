"""The twelve words a witness keeps: 128 random bits and a checksum, in words made to survive handwriting.

The 2048 words are built, not collected: consonant, vowel, consonant, vowel, consonant, so they belong to
no language, say nothing and can be spelled aloud in any. The last consonant is a check on the four
letters before it: no two words differ in one letter only, so a single wrong letter never makes another
word.

By HKDF-SHA-256 (no salt, 32 bytes) come from the secret: for each sending a mailbox locator, a write token and an
answer key; a thread, which tells a desk that two sendings are of one receipt; and the seed of the reply identity
(docs/formats.md section 11).

Other secrets that people carry by hand stand in the same words (`TwelveWords`), each kind with a checksum of its own.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterator
from itertools import islice, product
from math import prod
from typing import ClassVar, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tocsin.core.seal.errors import BadReceipt, BadWords
from tocsin.core.seal.hybrid import Identity

SECRET_BYTES = 16
N_WORDS = 12
N_DIGITS = 40
_WORD_LETTERS = 5
_WORD_BITS = 11
_CHECK_BITS = 4
_MAX_GUESSES = 4096  # A dozen misread words are not a receipt: stop before guessing becomes a search.

_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aeiou"
_TWINS = str.maketrans(
    {"\N{LATIN SMALL LETTER DOTLESS I}": "i", "ə": "e", "ø": "o", "ł": "l", "đ": "d", "ð": "d"}
)


def _build_word(index: int) -> str:
    """Spell word `index`, 0 to 2047: a consonant pair and a vowel pair, then the check consonant."""
    pair, vowels = divmod(index, 25)
    # 103 is odd, so the pairs differ and lie spread; of such numbers it avoids words that insult.
    first, second = divmod(pair * 103 % 256, 16)
    v1, v2 = divmod(vowels, 5)
    # 1, 3, 5 and 7 are odd, so each letter moves the check on its own and one wrong letter never passes.
    last = (first + 3 * v1 + 5 * second + 7 * v2) % 16
    return _CONSONANTS[first] + _VOWELS[v1] + _CONSONANTS[second] + _VOWELS[v2] + _CONSONANTS[last]


WORDS = tuple(_build_word(index) for index in range(1 << _WORD_BITS))
_INDEX = {word: index for index, word in enumerate(WORDS)}


class TwelveWords:
    """128 random bits that a person writes down; what they are for, a subclass says. Shows nothing of itself."""

    __slots__ = ("secret",)

    CHECKSUM: ClassVar[bytes]
    """The label under which the four bits of checksum are made."""
    REFUSAL: ClassVar[type[BadWords]]

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SECRET_BYTES:
            raise ValueError("twelve words stand for 16 bytes")
        self.secret = secret

    @classmethod
    def fresh(cls) -> Self:
        """Make new ones from the system's entropy."""
        return cls(secrets.token_bytes(SECRET_BYTES))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read twelve words as people type them.

        Case, accents, blanks, hyphens and numbering do not matter. A word with one letter wrong, missing,
        doubled or swapped is mended when exactly one reading fits the checksum.

        Raises
        ------
        BadWords
            As the subclass's own error. Says how many words there were, or which one (from 1) to look
            at again; never the word.
        """
        words = _split(text)
        if len(words) != N_WORDS:
            raise cls.REFUSAL(n_words=len(words))
        readings = [_readings(word) for word in words]
        for place, found in enumerate(readings, start=1):
            if not found:
                raise cls.REFUSAL(word=place)
        n_guesses = prod(map(len, readings))
        fitting = list(islice(_fitting(readings, cls.CHECKSUM), 2)) if n_guesses <= _MAX_GUESSES else []
        if len(fitting) != 1:
            doubtful = (place for place, word in enumerate(words, start=1) if word not in _INDEX)
            raise cls.REFUSAL(word=next(doubtful, None))
        return cls(fitting[0])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"

    @property
    def words(self) -> tuple[str, ...]:
        """The twelve words, to be shown once and written down by hand."""
        bits = self._bits()
        return tuple(WORDS[bits >> _WORD_BITS * place & 0x7FF] for place in reversed(range(N_WORDS)))

    def _bits(self) -> int:
        return int.from_bytes(self.secret, "big") << _CHECK_BITS | _checksum(self.secret, self.CHECKSUM)

    def derive(self, purpose: bytes) -> bytes:
        """Derive 32 bytes for one purpose, by HKDF-SHA-256 without salt."""
        return HKDF(algorithm=SHA256(), length=32, salt=b"", info=purpose).derive(self.secret)


class Receipt(TwelveWords):
    """A witness's secret; it finds and opens replies, not the testimony."""

    __slots__ = ()

    CHECKSUM = b"tocsin/1 receipt checksum\n"
    REFUSAL = BadReceipt

    def locator(self, i: int) -> bytes:
        """Say at which 32-byte address the reply to sending `i` waits; knowing it is the permission."""
        return self.derive(b"tocsin/1 receipt locator\n" + i.to_bytes(4, "big"))

    def write_token(self, i: int) -> bytes:
        """Derive what lets whoever opened sending `i` put replies into its mailbox, 32 bytes."""
        return self.derive(b"tocsin/1 receipt write\n" + i.to_bytes(4, "big"))

    def answer_key(self, i: int) -> bytes:
        """Derive the key by which a reply shows that it comes from whoever opened sending `i`, 32 bytes."""
        return self.derive(b"tocsin/1 receipt answer\n" + i.to_bytes(4, "big"))

    @property
    def thread(self) -> bytes:
        """What all sendings of this receipt have in common, 32 bytes; it opens nothing."""
        return self.derive(b"tocsin/1 receipt thread\n")

    @property
    def digits(self) -> str:
        """The same 132 bits as forty digits, for who would rather keep a number than words."""
        return f"{self._bits():0{N_DIGITS}d}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read twelve words as people type them (see `TwelveWords.parse`), or forty digits.

        Raises
        ------
        BadReceipt
            As for words; of digits, only that they are none of ours.
        """
        digits = "".join(str(unicodedata.digit(sign)) for sign in text if sign.isdecimal())
        if len(digits) < N_DIGITS - 2 or any(sign.isalpha() for sign in text):
            return super().parse(text)
        bits = int(digits)
        secret, check = bits >> _CHECK_BITS, bits & (1 << _CHECK_BITS) - 1
        if len(digits) != N_DIGITS or secret >> 8 * SECRET_BYTES:
            raise BadReceipt(word=None)
        made = cls(secret.to_bytes(SECRET_BYTES, "big"))
        if _checksum(made.secret, cls.CHECKSUM) != check:
            raise BadReceipt(word=None)
        return made

    def reply_identity(self) -> Identity:
        """Derive the identity that opens the replies."""
        return Identity.from_seed(self.derive(b"tocsin/1 receipt reply\n"))


def _checksum(secret: bytes, label: bytes) -> int:
    return hashlib.sha256(label + secret).digest()[0] >> 8 - _CHECK_BITS


def _split(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_TWINS))
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    words = re.findall(r"[a-z]+", plain)
    joined = "".join(words)
    if len(words) != N_WORDS and len(joined) == N_WORDS * _WORD_LETTERS:
        words = [joined[start : start + _WORD_LETTERS] for start in range(0, len(joined), _WORD_LETTERS)]
    return words


def _readings(word: str) -> list[int]:
    """List which words may be meant: the word itself, else all that one slip of the pen away."""
    if word in _INDEX:
        return [_INDEX[word]]
    if abs(len(word) - _WORD_LETTERS) > 1:
        return []
    return [_INDEX[near] for near in sorted(set(_slips(word))) if near in _INDEX]


def _slips(word: str) -> Iterator[str]:
    alphabet = _CONSONANTS + _VOWELS
    for i in range(len(word) + 1):
        before, after = word[:i], word[i:]
        yield from (before + letter + after for letter in alphabet)
        if after:
            yield before + after[1:]
            yield from (before + letter + after[1:] for letter in alphabet)
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]


def _fitting(readings: list[list[int]], label: bytes) -> Iterator[bytes]:
    for indices in product(*readings):
        bits = 0
        for index in indices:
            bits = bits << _WORD_BITS | index
        secret = (bits >> _CHECK_BITS).to_bytes(SECRET_BYTES, "big")
        if _checksum(secret, label) == bits & (1 << _CHECK_BITS) - 1:
            yield secret
