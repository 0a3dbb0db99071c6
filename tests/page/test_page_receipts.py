"""The page spells and mends receipts as the desk does, and hides them as digits."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from typing import Any

import pytest

from tocsin.core.seal import BadReceipt, Receipt
from tocsin.core.seal.padding import padme

Asker = Callable[[str, Any], Any]

READ = """
return asked.map((text) => {
  try { return seal.hex(seal.Receipt.parse(text).secret); }
  catch (trouble) { return { code: trouble.code, n: trouble.n, says: trouble.message }; }
});
"""


def test_page_and_desk_spell_and_derive_the_same(ask_page: Asker) -> None:
    receipts = [Receipt(bytes(16)), Receipt(b"\xff" * 16), *(Receipt.fresh() for _ in range(20))]

    said = ask_page(
        """return asked.map((hex) => {
          const receipt = new seal.Receipt(seal.unhex(hex));
          return [receipt.words, seal.hex(receipt.derive("tocsin/1 receipt locator\\n", seal.number(3, 4)))];
        });""",
        [receipt.secret.hex() for receipt in receipts],
    )

    assert said == [[list(receipt.words), receipt.locator(3).hex()] for receipt in receipts]


def test_badly_written_words_are_mended_alike(ask_page: Asker) -> None:
    rng = random.Random(20170922)  # noqa: S311 - misspellings
    written = [spoil(Receipt(rng.randbytes(16)).words, rng) for _ in range(200)]

    said = ask_page(READ, written)

    assert [one if isinstance(one, str) else one["code"] in ("word", "check") for one in said] == [
        read_here(text) for text in written
    ]


def read_here(text: str) -> str | bool:
    """Read as the desk does; true where it cannot."""
    try:
        return Receipt.parse(text).secret.hex()
    except BadReceipt:
        return True


def spoil(words: tuple[str, ...], rng: random.Random) -> str:
    """Write twelve words badly: one slip in one or two of them, other case, accents and joints."""
    spoilt = list(words)
    for place in rng.sample(range(12), rng.randint(1, 2)):
        word, at = spoilt[place], rng.randrange(5)
        letter = rng.choice("abcdefghijklmnopqrstuvwxyz")
        wrong, missing, doubled = (
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
        )
        spoilt[place] = rng.choice([wrong, missing, doubled])
    text = rng.choice([" ", "-", ", ", "\n"]).join(spoilt)
    return rng.choice(
        [text, text.upper(), text.replace("a", "á").replace("i", "\N{LATIN SMALL LETTER DOTLESS I}")]
    )


def test_digits_are_read_in_any_disguise(ask_page: Asker) -> None:
    secret = secrets.token_bytes(16)
    (digits,) = ask_page(
        "return asked.map((hex) => new seal.Receipt(seal.unhex(hex)).digits);", [secret.hex()]
    )
    assert len(digits) == 40
    phones = "\n".join(
        f"({part[:3]}) {part[3:6]}-{part[6:]}" for part in (digits[at : at + 10] for at in (0, 10, 20, 30))
    )
    arabic = digits.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    persian = " ".join(digits.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")))

    assert ask_page(READ, [digits, phones, arabic, persian]) == [secret.hex()] * 4


def test_what_is_no_receipt_is_said_without_its_words(ask_page: Asker) -> None:
    words = Receipt.fresh().words
    typed = [" ".join(words[:11]), " ".join(("quokkas", *words[1:])), "1" * 39]

    said = ask_page(READ, typed)

    assert [(one["code"], one["n"]) for one in said] == [("words", 11), ("word", 1), ("check", 0)]
    assert not any(word in one["says"] for one in said for word in (*words, "quokkas"))


@pytest.mark.parametrize("n", [9, 65_528, 65_529, 131_064, 1_000_003, 20 << 20, 100 << 20])
def test_page_and_desk_pad_files_alike(ask_page: Asker, n: int) -> None:
    assert ask_page("return files.padme(asked);", n) == padme(n, 65_536)
