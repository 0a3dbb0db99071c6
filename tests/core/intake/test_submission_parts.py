"""Reading and writing a submission; what is taken, what is set apart; unknown is never no."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.intake import (
    SIZE,
    Account,
    Attachment,
    Call,
    Facts,
    Quarantined,
    Submission,
    Taken,
    TooLong,
    Trouble,
    UnreadableSubmission,
    Who,
    read_submission,
    take_submission,
    write_submission,
)

# pytest takes a class whose name begins with Test for a test.
from tocsin.core.intake import Testimony as Words
from tocsin.terms import Day, Place

CANARY = "Vesna Kestrelcanary"
TODAY = Day(17430)
maybe = st.sampled_from([None, True, False])
facts = st.builds(
    Facts,
    place=st.sampled_from([Place("az"), Place("az-ba"), Place("ru-ce")]),
    people=st.integers(1, 9),
    n_children=st.none() | st.integers(0, 9),
    danger_now=maybe,
    held=maybe,
    tortured=maybe,
    named_others=maybe,
    n_to_warn=st.none() | st.integers(0, 9),
    must_leave_by=st.none() | st.integers(17000, 18000).map(Day),
    languages=st.sampled_from([(), ("az",), ("az", "ru")]),
)
token = st.binary(min_size=32, max_size=32)
submissions = st.builds(
    Submission,
    drill=st.booleans(),
    answer_key=token,
    locator=token,
    write_token=token,
    identity=st.builds(Who, name=st.text(max_size=40), reach=st.text(max_size=40)),
    narrative=st.builds(Account, text=st.text(max_size=200), language=st.sampled_from([None, "az"])),
    facts=facts,
    attachments=st.lists(
        st.builds(Attachment, address=token, seed=token, bytes=st.integers(1, 10**9)), max_size=3
    ).map(tuple),
)


def one(**changes: object) -> Submission:
    plain = Submission(
        drill=False,
        answer_key=b"a" * 32,
        locator=b"l" * 32,
        write_token=b"w" * 32,
        identity=Who(name=CANARY),
        narrative=Account(text=f"{CANARY} asks for help"),
        facts=Facts(place=Place("az-ba"), danger_now=True),
    )
    return msgspec.structs.replace(plain, **changes)


def padded(written: bytes) -> bytes:
    return len(written).to_bytes(4, "big") + written + bytes(SIZE - 4 - len(written))


def as_json(submission: Submission) -> dict[str, object]:
    plain = write_submission(submission)
    loaded: dict[str, object] = json.loads(plain[4:].rstrip(b"\0"))
    return loaded


@given(submissions)
def test_what_is_written_is_read(submission: Submission) -> None:
    plaintext = write_submission(submission)

    assert len(plaintext) == SIZE
    assert read_submission(plaintext) == submission


@given(st.binary(max_size=400))
def test_whatever_the_bytes_they_are_read_or_refused(written: bytes) -> None:
    with pytest.raises(UnreadableSubmission):
        read_submission(padded(written))


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": "1"},
        {"drill": CANARY},
        {"locator": CANARY},
        {"locator": "AAAA"},
        {"facts": {"place": CANARY}},
        {"facts": {"place": "az\n"}},
        {"facts": {"place": "az", "must_leave_by": 2932897}},
        {"facts": {"place": "az", "must_leave_by": -719163}},
        {"facts": {"place": "az", "people": 0}},
        {"facts": {"place": "az", "danger_now": CANARY}},
        {"facts": {"place": "az", CANARY: True}},
        {"narrative": {"text": 5}},
        {CANARY: 1},
    ],
)
def test_a_submission_with_odd_parts_is_refused_without_quoting_it(change: dict[str, object]) -> None:
    odd = json.dumps(as_json(one()) | change).encode()

    with pytest.raises(UnreadableSubmission) as trouble:
        read_submission(padded(odd))

    assert "Kestrelcanary" not in str(trouble.value)
    assert trouble.value.__cause__ is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda good: good[:-1],
        lambda good: good + b"\0",
        lambda good: good[:-1] + b"x",
        lambda good: b"\xff\xff\xff\xff" + good[4:],
        lambda _: b"",
    ],
)
def test_size_and_padding_must_agree(spoil: object) -> None:
    with pytest.raises(UnreadableSubmission):
        read_submission(spoil(write_submission(one())))  # type: ignore[operator]  # a lambda above


def test_an_account_that_does_not_fit_is_refused_whole() -> None:
    with pytest.raises(TooLong) as trouble:
        write_submission(one(narrative=Account(text="ə" * 12000)))

    assert trouble.value.have > trouble.value.most


def test_nothing_a_submission_says_is_in_its_repr() -> None:
    assert "Kestrelcanary" not in repr(one())


def take(submission: Submission, *, marks: frozenset[bytes] = frozenset()) -> list[type]:
    plaintext = write_submission(submission)
    _, contents = take_submission(plaintext, digest=bytes(32), day=TODAY, marks=marks)
    return [type(content) for content in contents]


def test_a_call_brings_facts_and_words_apart() -> None:
    assert take(one()) == [Taken, Call, Words]


def test_a_call_without_words_brings_no_testimony() -> None:
    assert take(one(narrative=Account())) == [Taken, Call]


def test_a_drill_is_taken_and_nothing_follows() -> None:
    assert take(one(drill=True)) == [Taken]


def test_the_same_submission_again_is_set_apart() -> None:
    assert take(one(), marks=frozenset({b"l" * 32})) == [Taken, Quarantined]


@pytest.mark.parametrize(
    "odd",
    [
        Facts(place=Place("az"), people=1, n_children=2),
        Facts(place=Place("az"), named_others=False, n_to_warn=3),
    ],
)
def test_facts_that_exclude_one_another_are_set_apart(odd: Facts) -> None:
    assert take(one(facts=odd)) == [Taken, Quarantined]


def test_what_cannot_be_read_is_kept_and_set_apart() -> None:
    submission, contents = take_submission(b"?", digest=bytes(32), day=TODAY, marks=())

    assert submission is None
    assert [getattr(content, "trouble", None) for content in contents] == [None, Trouble.UNREADABLE]


def test_who_it_is_from_is_in_none_of_the_records() -> None:
    plaintext = write_submission(one(narrative=Account(text="help")))
    _, contents = take_submission(plaintext, digest=bytes(32), day=TODAY, marks=())

    assert CANARY.encode() not in b"".join(msgspec.msgpack.encode(content) for content in contents)


def test_a_question_not_answered_stays_unknown() -> None:
    read = read_submission(write_submission(one(facts=Facts(place=Place("az")))))

    assert (read.facts.danger_now, read.facts.held, read.facts.n_children) == (None, None, None)
