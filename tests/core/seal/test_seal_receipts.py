"""Twelve words bring a witness back, also when written badly; wrong ones are named by place, never shown."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.seal import BadReceipt, Receipt
from tocsin.core.seal.receipt import WORDS

secrets_of_receipts = st.binary(min_size=16, max_size=16)
letters = st.sampled_from("abcdefghijklmnopqrstuvwxyz")


@given(secret=secrets_of_receipts)
def test_words_give_the_receipt_back(secret: bytes) -> None:
    words = Receipt(secret).words

    assert len(words) == 12
    assert Receipt.parse(" ".join(words)).secret == secret


@given(secret=secrets_of_receipts, style=st.sampled_from([" ", "-", "\n", ", ", "", " - ", "  "]))
def test_case_blanks_hyphens_accents_and_numbering_do_not_matter(secret: bytes, style: str) -> None:
    words = Receipt(secret).words

    accented = (
        style.join(words).upper().replace("A", "Á").replace("I", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}")
    )
    numbered = "\n".join(f"{n}. {word.title()}" for n, word in enumerate(words, start=1))

    assert Receipt.parse(accented).secret == Receipt.parse(numbered).secret == secret


@given(secret=secrets_of_receipts, place=st.integers(0, 11), letter_place=st.integers(0, 4), letter=letters)
def test_one_wrong_letter_is_mended_or_its_word_named(
    secret: bytes, place: int, letter_place: int, letter: str
) -> None:
    words = list(Receipt(secret).words)
    words[place] = words[place][:letter_place] + letter + words[place][letter_place + 1 :]

    check_mended_or_named(words, secret, place)


@given(
    secret=secrets_of_receipts,
    place=st.integers(0, 11),
    at=st.integers(0, 4),
    letter=letters,
    how=st.integers(0, 2),
)
def test_a_letter_too_many_or_missing_or_swapped_is_mended_or_its_word_named(
    secret: bytes, place: int, at: int, letter: str, how: int
) -> None:
    words = list(Receipt(secret).words)
    word = words[place]
    words[place] = [
        word[:at] + letter + word[at:],
        word[:at] + word[at + 1 :],
        word[:at] + word[at:][1::-1] + word[at + 2 :],
    ][how]

    check_mended_or_named(words, secret, place)


def read(words: list[str]) -> bytes | BadReceipt:
    """Parse words to a secret or to the refusal."""
    try:
        return Receipt.parse(" ".join(words)).secret
    except BadReceipt as refusal:
        return refusal


def check_mended_or_named(words: list[str], secret: bytes, place: int) -> None:
    result = read(words)

    if isinstance(result, BadReceipt):
        assert result.word == place + 1
        assert not any(word in str(result) for word in words)
    else:
        assert result == secret


def test_most_single_wrong_letters_are_mended() -> None:
    receipt = Receipt(bytes(range(16)))
    results = []

    for place, at, letter in itertools.product(range(12), range(5), "bdgklmnrstaeiou"):
        words = list(receipt.words)
        words[place] = words[place][:at] + letter + words[place][at + 1 :]
        results.append(read(words))

    assert results.count(receipt.secret) > 0.9 * len(results)


def test_no_two_words_differ_in_one_letter_only() -> None:
    holes = [word[:i] + "_" + word[i + 1 :] for word in WORDS for i in range(5)]

    assert len(set(WORDS)) == 2048
    assert len(set(holes)) == len(holes)


def test_words_of_another_receipt_mixed_in_are_noticed() -> None:
    mine, other = Receipt(bytes(16)), Receipt(bytes(range(16)))
    results = []

    for place in range(12):
        words = list(mine.words)
        words[place] = other.words[place]
        results.append(read(words))

    # The checksum has four bits: one slip in sixteen of this kind passes unseen.
    assert sum(isinstance(result, BadReceipt) for result in results) >= 9


@pytest.mark.parametrize("n_words", [0, 1, 11, 13])
def test_a_wrong_number_of_words_is_said(n_words: int) -> None:
    with pytest.raises(BadReceipt) as refusal:
        Receipt.parse(" ".join(WORDS[:n_words]))

    assert refusal.value.n_words == n_words


@given(text=st.text(max_size=120))
def test_anything_else_is_a_bad_receipt_and_nothing_worse(text: str) -> None:
    with pytest.raises(BadReceipt):
        Receipt.parse(text)


def test_twelve_half_read_words_end_the_guessing_at_once() -> None:
    with pytest.raises(BadReceipt):
        Receipt.parse(" ".join(word[:4] for word in WORDS[:12]))


def test_locators_and_reply_identity_come_from_the_words_alone() -> None:
    receipt = Receipt(bytes(range(16)))
    again = Receipt.parse(" ".join(receipt.words))

    assert len({receipt.locator(i) for i in range(100)}) == 100
    assert again.locator(7) == receipt.locator(7)
    assert len(receipt.locator(7)) == 32
    assert again.reply_identity().recipient == receipt.reply_identity().recipient


def test_a_receipt_shows_nothing_of_itself() -> None:
    receipt = Receipt.fresh()

    assert repr(receipt) == str(receipt) == "Receipt(...)"
    assert receipt.secret != Receipt.fresh().secret
