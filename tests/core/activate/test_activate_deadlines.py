"""Deadlines: order decides, and nobody meets or moves what another set."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.activate import (
    DeadlineCode,
    DeadlineMet,
    DeadlinePassed,
    DeadlineSet,
    Entry,
    deadlines_of,
)
from tocsin.core.ledger.content import Content
from tocsin.terms import DeviceNumber

CODES = st.sampled_from([DeadlineCode("pomfret"), DeadlineCode("tarsgill")])
SAID: st.SearchStrategy[Content] = st.one_of(
    st.builds(DeadlineSet, code=CODES, due_at=st.integers(0, 9)),
    st.builds(DeadlineMet, code=CODES),
    st.builds(DeadlinePassed, code=CODES),
)
HISTORIES = st.lists(st.tuples(st.integers(1, 3), SAID), max_size=12)


def entries(said: list[tuple[int, Content]]) -> list[Entry]:
    return [
        Entry(number=number, author=DeviceNumber(author), content=content)
        for number, (author, content) in enumerate(said)
    ]


@given(HISTORIES, st.randoms(use_true_random=False))
def test_deadlines_stand_alike_in_whatever_order_records_were_read(
    said: list[tuple[int, Content]], chance: Random
) -> None:
    there = entries(said)
    shuffled = list(there)
    chance.shuffle(shuffled)

    assert deadlines_of(shuffled) == deadlines_of(there)


@given(HISTORIES)
def test_a_stranger_changes_no_deadline_but_by_being_a_sentry(said: list[tuple[int, Content]]) -> None:
    owners = {each.code: each.set_by for each in deadlines_of(entries(said))}
    without = [
        (author, content)
        for author, content in said
        if isinstance(content, DeadlinePassed) or author == owners.get(content.code)  # type: ignore[attr-defined]
    ]

    after = {each.code: each for each in deadlines_of(entries(without))}
    assert {each.code: each for each in deadlines_of(entries(said))} == after


@given(HISTORIES)
def test_what_passed_or_was_met_stays_so(said: list[tuple[int, Content]]) -> None:
    there = entries(said)

    for cut in range(len(there)):
        later = {each.code: each for each in deadlines_of(there)}
        for each in deadlines_of(there[:cut]):
            assert later[each.code].is_passed >= each.is_passed
            assert later[each.code].is_met >= each.is_met


def test_a_deadline_moves_with_its_setter_and_is_overdue_after_its_last_time() -> None:
    code = DeadlineCode("pomfret")
    said = [(1, 10), (2, 99), (1, 20)]

    (moved,) = deadlines_of(entries([(by, DeadlineSet(code=code, due_at=at)) for by, at in said]))

    assert (moved.set_by, moved.due_at) == (1, 20)
    assert [moved.is_overdue(now) for now in (10, 20, 21)] == [False, False, True]
