"""What is lost if one of us is taken: added up from what devices say, and said again when it must be."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.ledger import STALE_DAYS, Exposure, Said, Worst, is_due, weigh
from tocsin.terms import Day

TODAY, NOON = Day(20_000), 20_000 * 86_400 + 43_200
NOTHING = Exposure()


def said(numbers: Exposure, *, days_ago: int = 0, seconds_ago: int = 60) -> Said:
    return Said(numbers=numbers, day=Day(TODAY - days_ago), at=NOON - 86_400 * days_ago - seconds_ago)


def worst(numbers: dict[int, Said], *, n: int = 3, removed: tuple[int, ...] = ()) -> Worst:
    return weigh(numbers, on_roll=range(1, n + 1), removed=removed, today=TODAY)


exposures = st.builds(
    Exposure,
    cases=st.integers(0, 8),
    people=st.integers(0, 60),
    counted=st.integers(0, 60),
    waiting=st.integers(0, 9),
)


def test_the_example_of_the_design() -> None:
    a_caseworker = Exposure(cases=8, people=11, counted=11)
    a_colleague = Exposure(cases=7, people=9, counted=400, waiting=1)

    found = worst({1: said(a_caseworker), 2: said(a_colleague), 3: said(NOTHING)})

    assert (found.one_cases, found.one_people, found.of_people, found.unknown) == (8, 11, 412, ())
    assert found.two_people == 20


@given(st.dictionaries(st.integers(1, 5), exposures, min_size=5))
def test_no_device_holds_more_than_the_worst_and_no_two_more_than_the_worst_two(
    numbers: dict[int, Exposure],
) -> None:
    found = worst({device: said(each) for device, each in numbers.items()}, n=5)

    people = [each.people for each in numbers.values()]
    assert max(people) == found.one_people <= found.two_people <= sum(people)
    assert all(a + b <= found.two_people for at, a in enumerate(people) for b in people[at + 1 :])
    assert found.one_people <= found.of_people


def test_calls_that_several_wait_for_are_counted_once() -> None:
    found = worst({1: said(Exposure(waiting=5, counted=2)), 2: said(Exposure(waiting=4)), 3: said(NOTHING)})

    assert found.of_people == 7


@pytest.mark.parametrize("silent", [None, said(Exposure(people=50, cases=8), days_ago=STALE_DAYS + 1)])
def test_who_is_silent_is_unknown_and_never_nothing(silent: Said | None) -> None:
    others = {1: said(NOTHING), 2: said(NOTHING)}

    found = worst(others if silent is None else {**others, 3: silent})

    assert found.unknown == (3,)
    assert found.one_people == 0
    assert found.hands[2].numbers is None


def test_a_removed_device_stands_in_the_list_and_not_in_the_sum() -> None:
    found = worst(
        {1: said(NOTHING), 2: said(NOTHING), 3: said(NOTHING), 9: said(Exposure(people=4))}, removed=(9,)
    )

    assert found.one_people == 0
    assert [(hand.device, hand.people) for hand in found.hands if hand.is_off_roll] == [(9, 4)]


ONE = Exposure(cases=1, people=2)


@pytest.mark.parametrize(
    ("now", "before", "due"),
    [
        (ONE, None, True),
        (ONE, said(ONE), False),
        (ONE, said(ONE, days_ago=6), False),
        (ONE, said(ONE, days_ago=7), True),
        (Exposure(cases=2, people=2), said(ONE), True),
        (Exposure(cases=1, people=3), said(ONE), True),
        (Exposure(cases=1, people=2, accounts=9), said(ONE), False),
        (Exposure(cases=8, people=25), said(Exposure(cases=8, people=20)), False),
        (Exposure(cases=8, people=25), said(Exposure(cases=8, people=20), seconds_ago=3600), True),
        (Exposure(), said(ONE, seconds_ago=3600), False),
        (Exposure(), said(ONE, days_ago=1), True),
        (Exposure(cases=1, people=2, waiting=3), said(ONE, seconds_ago=3600), False),
    ],
)
def test_a_leap_is_said_at_once_growth_hourly_the_rest_daily_and_all_of_it_weekly(
    now: Exposure, before: Said | None, due: bool
) -> None:
    assert is_due(now, before, at=NOON, today=TODAY) is due


def test_numbers_that_cannot_be_do_not_decode() -> None:
    raw = msgspec.msgpack.encode({**msgspec.to_builtins(NOTHING), "people": -1})

    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(raw, type=Exposure)
