"""Padmé hides a file's length at a bounded price, and padding is checked to the last zero."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.seal import (
    DamagedFile,
    Identity,
    open_stream,
    pad_file,
    padme,
    seal_stream,
    sealed_size,
    unpad_file,
)

FLOOR = 64
IDENTITY = Identity.from_seed(bytes(32))

lengths = st.integers(0, 1 << 50)


@given(n=st.integers(1, 1 << 50))
def test_padme_never_costs_more_than_twelve_percent(n: int) -> None:
    assert n <= padme(n, 0) <= n * 1.12


@given(n=lengths, m=lengths, floor=st.integers(0, 1 << 20))
def test_padme_keeps_order_and_floor_and_stays_where_it_is(n: int, m: int, floor: int) -> None:
    assert padme(n, floor) >= floor
    assert padme(padme(n, 0), 0) == padme(n, 0)
    assert (n <= m) <= (padme(n, floor) <= padme(m, floor))


def test_padme_leaves_few_sizes() -> None:
    assert len({padme(n, 65536) for n in range(1, 1 << 20, 7)}) == 129
    assert [padme(n, 0) for n in (1, 9, 100, 1000, 65537, 1000000)] == [1, 10, 104, 1024, 67584, 1015808]


def padded(content: bytes, floor: int = FLOOR) -> bytes:
    return pad_file(io.BytesIO(content), len(content), floor=floor).read()


def unpadded(raw: bytes, piece: int) -> bytes:
    sink = io.BytesIO()
    with unpad_file(sink, floor=FLOOR) as inner:
        for start in range(0, len(raw), piece):
            inner.write(raw[start : start + piece])
    return sink.getvalue()


@given(content=st.binary(max_size=400), piece=st.integers(1, 500))
def test_a_padded_file_comes_back_in_whatever_pieces_it_is_read(content: bytes, piece: int) -> None:
    raw = padded(content)

    assert len(raw) == padme(8 + len(content), FLOOR)
    assert raw[:8] == len(content).to_bytes(8, "big")
    assert unpadded(raw, piece) == content


@given(content=st.binary(max_size=100), cut=st.integers(1, 60), piece=st.integers(1, 99))
def test_a_padded_file_that_was_cut_or_continued_is_refused(content: bytes, cut: int, piece: int) -> None:
    raw = padded(content)

    for wrong in (raw[:-cut], raw + bytes(cut)):
        with pytest.raises(DamagedFile):
            unpadded(wrong, piece)


def test_padding_that_is_not_zero_is_refused() -> None:
    with pytest.raises(DamagedFile):
        unpadded(padded(b"photograph")[:-1] + b"x", 7)


@pytest.mark.parametrize("claimed", [0, 3, 5, 5000])
def test_a_source_that_grew_or_shrank_meanwhile_is_refused(claimed: int) -> None:
    with pytest.raises(DamagedFile):
        pad_file(io.BytesIO(b"four"), claimed).read()


def test_an_attachment_is_padded_and_sealed_and_opened_in_one_pass() -> None:
    content = bytes(range(256)) * 1000
    sealed, out = io.BytesIO(), io.BytesIO()

    seal_stream(pad_file(io.BytesIO(content), len(content)), sealed, [IDENTITY.recipient])
    with unpad_file(out) as inner:
        open_stream(io.BytesIO(sealed.getvalue()), inner, [IDENTITY])

    assert out.getvalue() == content
    assert len(sealed.getvalue()) == sealed_size(padme(8 + len(content), 65536), 1)
