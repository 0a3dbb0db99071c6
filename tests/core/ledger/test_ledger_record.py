"""A record's bytes: what was written is what is read, and anything else is refused with a sentence."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tocsin.core.ledger import (
    FOUNDING,
    HEADER_SIZE,
    NO_HASH,
    ROLL,
    SEALED,
    SIGNATURE_SIZE,
    START,
    TAG_SIZE,
    BrokenChain,
    DamagedRecord,
    Header,
    Record,
    UnknownKind,
    follow,
    make_record,
    read_records,
    verify_record,
)
from tocsin.core.seal import BODY_SIZES, BadSignature, SigningKey

KEY = SigningKey(bytes(range(32)))
COALITION = bytes(31) + b"c"


def headers(marks: tuple[int, ...] = (SEALED,)) -> st.SearchStrategy[Header]:
    return st.builds(
        Header,
        version=st.just(1),
        mark=st.sampled_from(marks),
        device=st.integers(0, 2**32 - 1),
        chain=st.integers(0, 2**32 - 1),
        previous=st.binary(min_size=32, max_size=32),
        roll_version=st.integers(0, 2**32 - 1),
        seen_size=st.integers(0, 2**64 - 1),
        seen_root=st.binary(min_size=32, max_size=32),
        day=st.integers(0, 2**32 - 1),
        size=st.just(BODY_SIZES[0]),
        random=st.binary(min_size=16, max_size=16),
    )


def record(header: Header, *, coalition: bytes = COALITION) -> Record:
    return make_record(header, tag=bytes(32), body=bytes(header.size), key=KEY, coalition=coalition)


PLAIN = Header(1, SEALED, 3, 0, NO_HASH, 1, 0, NO_HASH, 17400, 2048, bytes(16))


@given(headers((SEALED, FOUNDING, ROLL)))
def test_a_header_is_read_as_it_was_written(header: Header) -> None:
    assert len(header.to_bytes()) == HEADER_SIZE
    assert Header.from_bytes(header.to_bytes()) == header


@given(st.lists(headers(), max_size=4))
def test_joined_records_are_read_as_they_were_written(several: list[Header]) -> None:
    made = [record(header) for header in several]

    assert read_records(b"".join(each.to_bytes() for each in made)) == made


@given(st.integers(1, HEADER_SIZE + TAG_SIZE + 2048 + SIGNATURE_SIZE - 1))
def test_a_truncated_record_is_damaged(n: int) -> None:
    with pytest.raises(DamagedRecord):
        read_records(record(PLAIN).to_bytes()[:n])


@given(st.integers(0, HEADER_SIZE + TAG_SIZE + 2048 + SIGNATURE_SIZE - 1), st.integers(1, 255))
def test_no_byte_of_a_record_can_be_changed(at: int, flip: int) -> None:
    raw = bytearray(record(PLAIN).to_bytes())
    raw[at] ^= flip

    with pytest.raises((BadSignature, DamagedRecord, UnknownKind)):
        verify_record(read_records(bytes(raw))[0], KEY.public, COALITION)


def test_a_record_is_signed_for_one_coalition_and_one_use() -> None:
    made = record(PLAIN)

    verify_record(made, KEY.public, COALITION)
    with pytest.raises(BadSignature):
        verify_record(made, KEY.public, bytes(32))
    with pytest.raises(BadSignature):
        verify_record(made, SigningKey(bytes(32)).public, COALITION)


@pytest.mark.parametrize("size", [0, 2047, 32769, 262144, 2**32 - 1])
def test_a_sealed_body_of_another_size_is_damaged(size: int) -> None:
    with pytest.raises(DamagedRecord):
        Header.from_bytes(PLAIN._replace(size=size).to_bytes())


@pytest.mark.parametrize("changed", [{"mark": 3}, {"mark": ROLL, "size": 262_145}])
def test_an_unknown_mark_or_an_oversize_roll_is_damaged(changed: dict[str, int]) -> None:
    with pytest.raises(DamagedRecord):
        Header.from_bytes(PLAIN._replace(**changed).to_bytes())


def test_another_version_says_that_it_is_newer_and_not_that_it_is_damaged() -> None:
    with pytest.raises(UnknownKind):
        Header.from_bytes(PLAIN._replace(version=2).to_bytes())


def test_a_record_whose_body_was_dropped_keeps_its_leaf_and_cannot_be_written() -> None:
    made = record(PLAIN)
    dropped = Record(made.header_bytes, made.tag, None, made.body_hash, made.signature)

    assert (dropped.leaf, dropped.hash) == (made.leaf, made.hash)
    with pytest.raises(DamagedRecord):
        dropped.to_bytes()


def test_a_chain_is_followed_only_in_order() -> None:
    first = record(PLAIN)
    second = record(PLAIN._replace(chain=1, previous=first.hash))

    tip = follow(START, first)

    assert follow(tip, second) == (2, second.hash)
    for at, wrong in [
        (START, second),
        (tip, first),
        (tip, record(PLAIN._replace(chain=1))),
        (tip, record(PLAIN._replace(chain=2, previous=first.hash))),
    ]:
        with pytest.raises(BrokenChain):
            follow(at, wrong)
