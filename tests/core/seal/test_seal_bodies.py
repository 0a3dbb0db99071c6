"""A record's body opens under its key and header only, and its size says nothing."""

from __future__ import annotations

import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.seal import (
    BODY_SIZES,
    DamagedFile,
    TooLongToSeal,
    body_size_for,
    frame,
    open_body,
    seal_body,
    tag_and_key,
    unframe,
)

KEY = bytes(range(32))
HEADER = bytes(range(110))

contents = st.binary(max_size=3000) | st.integers(0, 32748).map(bytes)


@given(content=contents)
def test_a_sealed_body_opens_and_has_one_of_three_sizes(content: bytes) -> None:
    size = body_size_for(len(content))

    tag, body = seal_body(KEY, HEADER, content, size=size)

    assert len(body) == size
    assert size in BODY_SIZES
    known_tag, once = tag_and_key(KEY, HEADER)
    assert known_tag == tag
    assert open_body(once, HEADER, tag, body) == content


@given(place=st.integers(0, (110 + 32 + 2048) * 8 - 1))
def test_any_flipped_bit_of_header_tag_or_body_refuses(place: int) -> None:
    tag, body = seal_body(KEY, HEADER, b"words", size=2048)
    _, once = tag_and_key(KEY, HEADER)
    joined = bytearray(HEADER + tag + body)
    joined[place // 8] ^= 1 << place % 8

    with pytest.raises(DamagedFile):
        open_body(once, bytes(joined[:110]), bytes(joined[110:142]), bytes(joined[142:]))


@given(n_kept=st.integers(0, 2047))
def test_a_cut_body_refuses(n_kept: int) -> None:
    tag, body = seal_body(KEY, HEADER, b"words", size=2048)

    with pytest.raises(DamagedFile):
        open_body(tag_and_key(KEY, HEADER)[1], HEADER, tag, body[:n_kept])


@given(key=st.binary(min_size=32, max_size=32), header=st.binary(min_size=110, max_size=110))
def test_another_key_or_header_gives_another_tag(key: bytes, header: bytes) -> None:
    same = (key, header) == (KEY, HEADER)

    assert (tag_and_key(key, header)[0] == tag_and_key(KEY, HEADER)[0]) == same


def test_the_sealed_bytes_are_those_of_the_format() -> None:
    tag, body = seal_body(KEY, HEADER, b"words", size=2048)

    derived = hmac.digest(KEY, b"tocsin/1 record\n" + HEADER, "sha512")
    framed = ChaCha20Poly1305(derived[32:]).decrypt(bytes(12), body, HEADER + tag)
    assert tag == derived[:32]
    assert framed == b"\0\0\0\5words" + bytes(2048 - 16 - 9)


def test_every_content_that_fits_gets_the_smallest_size() -> None:
    assert [body_size_for(n) for n in (0, 2028, 2029, 8172, 8173, 32748)] == [
        2048,
        2048,
        8192,
        8192,
        32768,
        32768,
    ]


def test_content_longer_than_the_largest_body_is_refused() -> None:
    with pytest.raises(TooLongToSeal):
        body_size_for(32749)
    with pytest.raises(TooLongToSeal):
        seal_body(KEY, HEADER, bytes(2029), size=2048)


@given(content=st.binary(max_size=100), n_spare=st.integers(0, 50))
def test_a_frame_gives_back_what_it_holds(content: bytes, n_spare: int) -> None:
    framed = frame(content, len(content) + 4 + n_spare)

    assert len(framed) == len(content) + 4 + n_spare
    assert unframe(framed) == content


@given(content=st.binary(max_size=20), place=st.integers(0, 9), value=st.integers(1, 255))
def test_padding_cannot_carry_a_second_message(content: bytes, place: int, value: int) -> None:
    framed = bytearray(frame(content, len(content) + 14))
    framed[4 + len(content) + place] = value

    with pytest.raises(DamagedFile):
        unframe(bytes(framed))


@pytest.mark.parametrize("framed", [b"", b"\0\0\0", b"\0\0\0\1", b"\xff\xff\xff\xffabc"])
def test_a_frame_whose_length_does_not_fit_is_refused(framed: bytes) -> None:
    with pytest.raises(DamagedFile):
        unframe(framed)
