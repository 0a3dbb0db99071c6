"""When drafts leave: urgent ones at once, the others after a fixed hour, each compartment in its order."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.ledger import FIXED_HOURS, Waiting, choose_leaving, last_fixed_hour, next_fixed_hour
from tocsin.core.ledger.leaving import leaves_now

HOUR = 3_600
NOON = 20_000 * 86_400 + 12 * HOUR

DRAFTS = st.lists(
    st.builds(
        Waiting,
        compartment=st.sampled_from(("watch", "count", "case/a/file", "case/b/file")),
        at=st.integers(NOON - 20 * HOUR, NOON + 20 * HOUR),
        urgent=st.booleans(),
    ),
    max_size=30,
)


def choose(drafts: list[Waiting], *, now: int = NOON + HOUR, seed: int = 1) -> list[int]:
    rng = random.Random(seed)  # noqa: S311 - shuffles a test's compartments
    return choose_leaving(drafts, now=now, below=rng.randrange)


def test_an_hour_is_fixed_by_the_utc_day() -> None:
    assert last_fixed_hour(NOON) == NOON
    assert last_fixed_hour(NOON - 1) == NOON - 6 * HOUR
    assert next_fixed_hour(NOON) == NOON + 6 * HOUR
    assert next_fixed_hour(NOON + 11 * HOUR) == NOON + 12 * HOUR


@given(st.integers(0, 10**10))
def test_a_fixed_hour_strikes_within_every_six_hours(at: int) -> None:
    assert last_fixed_hour(at) <= at < next_fixed_hour(at)
    assert next_fixed_hour(at) - last_fixed_hour(at) == 24 * HOUR // len(FIXED_HOURS)
    assert last_fixed_hour(next_fixed_hour(at)) == next_fixed_hour(at)


def test_what_can_wait_waits_for_the_hour_and_what_is_urgent_does_not() -> None:
    said = NOON + HOUR

    assert not leaves_now(Waiting("count", said, urgent=False), now=said)
    assert not leaves_now(Waiting("count", said, urgent=False), now=NOON + 6 * HOUR - 1)
    assert leaves_now(Waiting("count", said, urgent=False), now=NOON + 6 * HOUR)
    assert leaves_now(Waiting("count", said, urgent=True), now=said)


def test_a_clock_that_was_set_back_holds_nothing_up() -> None:
    assert leaves_now(Waiting("count", NOON + 4 * 365 * 24 * HOUR, urgent=False), now=NOON)


def test_an_urgent_record_takes_along_what_was_said_there_before_it() -> None:
    now = NOON + HOUR
    drafts = [
        Waiting("watch", now, urgent=False),
        Waiting("count", now, urgent=False),
        Waiting("watch", now, urgent=True),
        Waiting("watch", now, urgent=False),
    ]

    assert choose(drafts) == [0, 2]


@given(DRAFTS, st.integers(0, 10))
def test_what_is_due_leaves_once_and_each_compartment_keeps_its_order(
    drafts: list[Waiting], seed: int
) -> None:
    now = NOON + HOUR
    places = choose(drafts, now=now, seed=seed)

    assert len(set(places)) == len(places)
    assert {place for place, draft in enumerate(drafts) if leaves_now(draft, now=now)} <= set(places)
    for compartment in {draft.compartment for draft in drafts}:
        here = [place for place in places if drafts[place].compartment == compartment]
        all_here = [place for place, draft in enumerate(drafts) if draft.compartment == compartment]
        assert here == all_here[: len(here)]
        assert not here or leaves_now(drafts[here[-1]], now=now)


def test_compartments_leave_in_no_order_that_tells() -> None:
    drafts = [Waiting(f"case/{n}/file", NOON - HOUR, urgent=False) for n in range(6)]

    assert len({tuple(choose(drafts, seed=seed)) for seed in range(20)}) > 10
