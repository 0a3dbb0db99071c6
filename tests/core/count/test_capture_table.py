"""Laws of the capture table, and what is seen before anything is estimated. All numbers are invented."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.count.mse import BadTable, CaptureTable, NotEstimable, chapman, check, lincoln_petersen

COUNTS = st.lists(st.integers(0, 40), min_size=7, max_size=7)


def three(counts: list[int], lists: tuple[str, ...] = ("hotline", "clinic", "monitor")) -> CaptureTable:
    """Make a table of the seven histories 100, 010, 110, 001, 101, 011, 111."""
    return CaptureTable.from_counts(
        {tuple(code >> at & 1 for at in range(3)): counts[code - 1] for code in range(1, 8)}, lists
    )


def codes(table: CaptureTable) -> set[str]:
    return {reason.code for reason in check(table).refusals}


@given(COUNTS)
def test_nobody_is_lost_when_lists_are_put_in_another_order(counts: list[int]) -> None:
    table = three(counts)

    turned = table.reorder(["monitor", "hotline", "clinic"])

    assert turned.n == table.n
    assert turned.reorder(table.lists) == table
    assert turned.overlaps()[0, 2] == table.overlaps()[2, 1]


@given(COUNTS)
def test_merging_two_lists_loses_nobody_and_forgets_who_shared(counts: list[int]) -> None:
    table = three(counts)

    merged = table.merge("hotline", "monitor")

    assert merged.lists == ("hotline+monitor", "clinic")
    assert merged.n == table.n
    assert merged.overlaps()[0, 0] == table.n - counts[1]


@given(COUNTS)
def test_dropping_a_list_loses_who_stood_on_no_other(counts: list[int]) -> None:
    table = three(counts)

    assert table.drop("clinic").n == table.n - counts[1]


def test_one_person_more_is_another_table() -> None:
    assert three([9, 9, 9, 9, 9, 9, 9]).hash != three([9, 9, 9, 9, 9, 9, 10]).hash
    assert three([9, 9, 9, 9, 9, 9, 9]).hash == three([9, 9, 9, 9, 9, 9, 9]).hash


def test_records_are_counted_and_strata_told_apart() -> None:
    people = [{"a": True, "b": False, "where": "north"}, {"a": True, "b": True, "where": "south"}] * 2

    table = CaptureTable.from_records(people, lists=["a", "b"], by=["where"])

    assert table.cells == ((1, 2), (3, 2))
    assert table.strata["south",].cells == ((3, 2),)


def test_a_file_tells_lists_from_strata() -> None:
    table = CaptureTable.read_csv(["a,b,month,count", "1,0,May,3", "1,1,May,4", "1,0,June,5"])

    assert table.lists == ("a", "b")
    assert table.cells == ((1, 8), (3, 4))
    assert table.strata["June",].n == 5


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,0", "a,count\n1,2,3", "a,count\n1", "count\n3", "a,a,count\n1,1,3"]
)
def test_what_is_no_table_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(BadTable):
        CaptureTable.read_csv(text.split("\n"))


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("0,0,0,5", "table.nobody"),
        ("1,0,0,-5", "table.negative"),
        ("1,0,0,2.5", "table.fraction"),
        ("1,0,0,many", "table.not-a-number"),
        ("1,0,0,nan", "table.not-a-number"),
        ("1,0,0,1e400", "table.not-a-number"),
        ("1,1,1,3", "table.duplicate"),
    ],
)
def test_a_wrong_row_is_a_refusal(row: str, code: str) -> None:
    lines = ["a,b,c,count", "1,1,1,20", "0,1,0,20", "0,0,1,20", row]

    assert code in codes(CaptureTable.read_csv(lines))


def test_a_history_of_something_else_is_a_refusal() -> None:
    assert "table.history" in codes(CaptureTable.read_csv(["a,b,c,count", "1,2,1,20"], by=()))


@pytest.mark.parametrize(
    ("counts", "code"),
    [
        ([0, 0, 0, 0, 0, 0, 0], "few.people"),
        ([4, 4, 3, 4, 3, 3, 2], "few.people"),
        ([40, 0, 0, 30, 5, 0, 0], "list.empty"),
        ([40, 30, 6, 20, 0, 0, 0], "list.alone"),
        ([40, 0, 30, 30, 5, 0, 5], "list.inside"),
    ],
)
def test_lists_that_tell_nothing_are_refused(counts: list[int], code: str) -> None:
    assert code in codes(three(counts))


def test_two_groups_of_lists_that_share_nobody_are_refused() -> None:
    table = CaptureTable.from_counts(
        {
            (1, 1, 0, 0): 20,
            (1, 0, 0, 0): 20,
            (0, 1, 0, 0): 9,
            (0, 0, 1, 1): 30,
            (0, 0, 1, 0): 9,
            (0, 0, 0, 1): 9,
        },
        list("abcd"),
    )

    assert "lists.islands" in codes(table)


def test_lists_made_from_one_another_are_refused_by_their_provenance() -> None:
    found = check(three([60, 50, 20, 40, 15, 12, 8]), derived=[("clinic", "hotline")])

    assert [reason.code for reason in found.refusals] == ["lists.derived"]
    assert not found.is_estimable


def test_a_stratum_of_three_people_is_refused() -> None:
    lines = ["a,b,c,where,count", "1,1,0,north,40", "0,1,1,north,30", "1,0,1,north,20", "1,0,0,south,3"]

    assert "strata.small" in codes(CaptureTable.read_csv(lines))


def test_a_sound_table_has_neither_refusal_nor_warning() -> None:
    found = check(three([60, 50, 20, 40, 15, 12, 8]))

    assert found.refusals == found.warnings == ()


def test_people_who_differ_in_how_easily_they_are_listed_show() -> None:
    rng = np.random.default_rng(3)
    easy = rng.random((1500, 4)) < 0.5
    hard = rng.random((4000, 4)) < 0.08
    people = np.concatenate((easy, hard))
    people = people[people.any(axis=1)]

    table = CaptureTable.from_records(
        [dict(zip("abcd", person, strict=True)) for person in people.tolist()], lists=list("abcd")
    )

    assert "capture.unequal" in {reason.code for reason in check(table).warnings}


def test_two_lists_give_a_number_that_is_marked_as_not_to_be_published() -> None:
    table = CaptureTable.from_counts({(1, 0): 40, (0, 1): 30, (1, 1): 10}, ["a", "b"])

    found = chapman(table)

    assert found.estimate == pytest.approx(51 * 41 / 11 - 1, rel=1e-12)
    assert lincoln_petersen(table).estimate == 200
    assert not found.is_publishable
    assert [reason.code for reason in found.reasons] == ["two.lists"]
    assert table.n < found.interval[0] < found.estimate < found.interval[1]
    low, high = chapman(table, interval="bayes").interval
    assert table.n < low < found.estimate < high


def test_few_shared_people_are_said_and_none_is_refused() -> None:
    few = CaptureTable.from_counts({(1, 0): 40, (0, 1): 30, (1, 1): 6}, ["a", "b"])
    none = CaptureTable.from_counts({(1, 0): 40, (0, 1): 30}, ["a", "b"])

    assert "few.shared" in {reason.code for reason in chapman(few).reasons}
    with pytest.raises(NotEstimable):
        lincoln_petersen(none)
