"""A reply is read by who has the receipt, and believed only from whoever opened the submission."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.intake import (
    CHOICES,
    Asking,
    Mailbox,
    Message,
    TooLong,
    UnreadableReply,
    in_parts,
    is_choice,
    message_id,
    read_message_id,
    read_reply,
    write_reply,
)
from tocsin.core.seal import DamagedFile, Receipt, WrongKey
from tocsin.core.seal.mailbox import SLOT_SIZE, key_for, read_keys, read_posting
from tocsin.core.seal.work import is_solved, solve
from tocsin.terms import Day

CANARY = "Ilya Larkcanary"
RECEIPT = Receipt(bytes(range(16)))


def mailbox(receipt: Receipt = RECEIPT, i: int = 0) -> Mailbox:
    public = receipt.reply_identity().recipient.public
    return Mailbox(receipt.locator(i), receipt.write_token(i), receipt.answer_key(i), public)


def message(text: str = CANARY, kind: Asking = Asking.REPLY) -> Message:
    return Message(id=message_id(bytes(16)), kind=kind, day=Day(17400), text=text)


def read(file: bytes, *, i: int = 0, place: int = 0) -> Message:
    return read_reply(
        file,
        RECEIPT.reply_identity(),
        answer_key=RECEIPT.answer_key(i),
        locator=RECEIPT.locator(i),
        place=place,
    )


@pytest.mark.parametrize("kind", list(Asking))
def test_every_kind_looks_alike_and_is_read_back(kind: Asking) -> None:
    posting = write_reply(message(kind=kind), mailbox(), place=3)

    assert len(posting.file) == SLOT_SIZE
    assert read(posting.file, place=3) == message(kind=kind)


def test_reader_and_writer_name_the_same_mailbox_without_showing_the_same_secret() -> None:
    posting = write_reply(message(), mailbox(i=2), place=5)
    key = key_for(RECEIPT.locator(2), RECEIPT.write_token(2), 5)

    assert posting.mailbox == key.mailbox
    assert RECEIPT.locator(2) not in posting.to_bytes()
    assert RECEIPT.write_token(2) not in key.to_bytes()
    assert read_posting(posting.to_bytes()) == posting
    assert read_keys(key.to_bytes() * 8) == [key] * 8


def test_a_reply_moved_to_another_place_or_sending_is_not_believed() -> None:
    posting = write_reply(message(), mailbox(), place=0)

    for elsewhere in ({"place": 1}, {"i": 1}):
        with pytest.raises(UnreadableReply) as refused:
            read(posting.file, **elsewhere)
        assert CANARY not in str(refused.value)


def test_whoever_never_opened_the_submission_cannot_write_a_reply() -> None:
    stranger = Mailbox(*(getattr(mailbox(), name) for name in ("locator", "write_token")), bytes(32), b"")
    forged = write_reply(
        message(), Mailbox(stranger.locator, stranger.write_token, bytes(32), mailbox().reply), place=0
    )

    with pytest.raises(UnreadableReply):
        read(forged.file)


def test_another_receipt_opens_nothing() -> None:
    posting = write_reply(message(), mailbox(Receipt(bytes(16))), place=0)

    with pytest.raises(WrongKey):
        read(posting.file)


@settings(max_examples=20)
@given(st.text(max_size=9000))
def test_a_long_text_goes_in_parts_and_comes_back_whole(text: str) -> None:
    try:
        parts = in_parts(message(text))
    except TooLong:
        assert len(text.encode()) > 8000
        return

    assert "".join(part.text for part in parts) == text
    assert [part.part for part in parts] == list(range(1, parts[0].parts + 1))
    for place, part in enumerate(parts):
        write_reply(part, mailbox(), place=place)


def test_a_text_beyond_eight_places_is_refused() -> None:
    with pytest.raises(TooLong):
        in_parts(message("ə" * 20_000))


def test_only_what_a_message_asks_may_be_answered() -> None:
    assert is_choice("night", "laptop-gone")
    assert not is_choice("reply", "accept")
    assert not is_choice("unheard-of", "accept")
    assert set(CHOICES) == set(Asking)
    assert read_message_id(message_id(bytes(range(16)))) == bytes(range(16))
    with pytest.raises(UnreadableReply):
        read_message_id("short")


def test_a_reading_asks_for_eight_places_and_none_beyond_the_last() -> None:
    key = key_for(RECEIPT.locator(0), RECEIPT.write_token(0), 0).to_bytes()

    for wrong in (key * 7, key * 9, key * 7 + key[:-1] + b"\x08", b""):
        with pytest.raises(DamagedFile):
            read_keys(wrong)
    with pytest.raises(DamagedFile):
        read_posting(bytes(64))


def test_work_is_bound_to_what_it_goes_with() -> None:
    done = solve(bytes(40), b"this", 5)

    assert is_solved(done, b"this", 5)
    assert is_solved(done, b"this", 0)
    assert not is_solved(done, b"that", 5)
    assert not is_solved(done[:-1], b"this", 0)
    assert not is_solved(bytes(72), b"this", 12)
