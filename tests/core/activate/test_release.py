"""Laws of release: as many seats of as many organisations as the protocol says, under a firm head, each its own device."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tocsin.core.activate import (
    Clocks,
    Entry,
    NoSuchSeat,
    Protocol,
    Quorum,
    Release,
    Released,
    Seat,
    let_out,
    released,
)
from tocsin.terms import DeviceNumber, OrganisationNumber

WHAT, HASH = b"w" * 16, b"h" * 32
SEATS = tuple(
    Seat(seat=f"seat-{device}", organisation=OrganisationNumber(organisation), device=DeviceNumber(device))
    for device, organisation in ((1, 1), (2, 1), (3, 2), (4, 3))
)
PROTOCOL = Protocol(
    name="exercise",
    version=1,
    seats=SEATS,
    quorum=Quorum(seats=2, organisations=2),
    clocks=Clocks(),
    needs_alarm=(),
)
WORDS = st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=8)


def said(device: int, number: int, *, is_exact: bool = False, **change: object) -> Entry:
    word = let_out(WHAT, HASH, PROTOCOL, seat=f"seat-{device}", is_exact=is_exact)
    return Entry(number=number, author=DeviceNumber(device), content=replace(word, **change))


def state(*entries: Entry, firm_size: int = 100) -> Released:
    return released(entries, WHAT, HASH, PROTOCOL, firm_size=firm_size)


@given(WORDS)
def test_it_is_out_exactly_when_a_quorum_said_so_and_exact_when_a_quorum_last_said_that(
    words: list[tuple[int, bool]],
) -> None:
    found = state(*(said(device, at, is_exact=exact) for at, (device, exact) in enumerate(words)))

    last = dict(words)

    def is_quorum(devices: set[int]) -> bool:
        return len(devices) >= 2 and devices != {1, 2}

    assert {seat.device for seat in found.seats} == set(last)
    assert found.is_out == is_quorum(set(last))
    assert found.is_exact == is_quorum({device for device, exact in last.items() if exact})


def test_no_word_counts_before_it_is_firm_or_from_another_device_or_of_something_else() -> None:
    one = said(1, 0)
    assert state(one, said(3, 1)).is_out

    others = [
        said(3, 100),
        Entry(number=1, author=DeviceNumber(4), content=said(3, 1).content),
        said(3, 1, what=b"o" * 16),
        said(3, 1, content_hash=b"o" * 32),
        said(3, 1, protocol_hash=b"o" * 32),
        said(3, 1, seat="seat-1"),
    ]

    for other in others:
        assert isinstance(other.content, Release)
        assert [seat.seat for seat in state(one, other).seats] == ["seat-1"]
        assert not state(one, other).is_out


def test_only_seats_of_the_protocol_let_something_out() -> None:
    with pytest.raises(NoSuchSeat):
        let_out(WHAT, HASH, PROTOCOL, seat="seat-9", is_exact=False)
