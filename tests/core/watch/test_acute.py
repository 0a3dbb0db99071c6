"""Laws of our own verdict: what a quiet place, a missing week, another place or the scale of a habit cannot do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tocsin.core.watch import AcuteSettings, BadCounts, BadSettings, Reason, acute, chronic

COUNTS = arrays.arrays(np.float64, (60, 3), elements=st.integers(0, 6).map(float))


@given(COUNTS)
@settings(max_examples=30)
def test_the_order_of_places_changes_no_bit(counts: np.ndarray) -> None:
    forth, back = acute(counts), acute(counts[:, ::-1])

    np.testing.assert_array_equal(forth.p, back.p[:, ::-1])
    np.testing.assert_array_equal(forth.begins, back.begins[:, ::-1])


@given(COUNTS, st.integers(1, 5))
@settings(max_examples=30)
def test_quiet_places_beside_it_change_no_bit_of_a_place(counts: np.ndarray, n_quiet: int) -> None:
    beside = acute(np.hstack([counts, np.zeros((60, n_quiet))]))

    np.testing.assert_array_equal(beside.p[:, :3], acute(counts).p)


@given(COUNTS, st.integers(1, 59))
@settings(max_examples=30)
def test_later_weeks_never_change_an_earlier_answer(counts: np.ndarray, upto: int) -> None:
    np.testing.assert_array_equal(acute(counts[:upto]).p, acute(counts).p[:upto])


@given(COUNTS)
@settings(max_examples=30)
def test_a_week_without_reports_never_rings(counts: np.ndarray) -> None:
    counts[-1] = 0

    assert not acute(counts).surge.alarm[-1].any()


@given(COUNTS)
@settings(max_examples=30)
def test_a_week_rings_exactly_above_its_threshold(counts: np.ndarray) -> None:
    surge = acute(counts).surge

    np.testing.assert_array_equal(surge.alarm, surge.answered & (counts > surge.threshold))


def test_missing_is_not_zero() -> None:
    quiet, unwatched = np.zeros((40, 1)), np.full((40, 1), np.nan)
    quiet[-1], unwatched[-1] = 2, 2

    assert acute(quiet).begins[-1, 0]
    assert acute(unwatched).surge.why_silent(39, 0) == Reason.SHORT_HISTORY


def test_a_place_that_appears_late_is_judged_by_the_weeks_it_has() -> None:
    counts = np.full((30, 1), np.nan)
    counts[20:] = 0
    counts[-1] = 4

    found = acute(counts)

    assert [found.surge.why_silent(row, 0) for row in (10, 22, 29)] == [
        Reason.NOT_WATCHED,
        Reason.SHORT_HISTORY,
        None,
    ]
    assert found.begins[29, 0]


def test_the_first_report_after_a_lull_rings_only_where_a_surge_went_before() -> None:
    counts = np.zeros((60, 2))
    counts[40, 0], counts[55] = 4, 1

    assert acute(counts).begins[55].tolist() == [True, False]


def test_a_surge_is_dated_where_it_begins() -> None:
    counts = np.zeros((60, 1))
    counts[50:56] = 6

    found = acute(counts)

    assert found.surge.onset is not None
    assert found.surge.onset[55, 0] == 50
    assert found.onset_from[55, 0] <= 50 <= found.onset_to[55, 0]


def test_a_level_that_stays_up_is_chronic_and_dated() -> None:
    rng = np.random.default_rng(5)
    counts = np.concatenate([rng.poisson(0.2, 200), rng.poisson(2.0, 60)]).astype(float)[:, None]

    found = chronic(counts)

    assert found.is_chronic[0]
    assert found.changed_from[0] <= 200 <= found.changed_to[0] + 4
    assert found.before[0] < 0.4 < 1.5 < found.after[0]


def test_a_steady_level_is_not_chronic_and_a_short_history_says_so() -> None:
    steady = np.random.default_rng(6).poisson(1.0, (300, 1)).astype(float)

    assert not chronic(steady).is_chronic[0]
    assert chronic(steady[:30]).reason[0] == Reason.SHORT_HISTORY


@pytest.mark.parametrize("count", [-1.0, 0.5, np.inf, 1e12])
def test_counts_that_cannot_be_are_refused(count: float) -> None:
    with pytest.raises(BadCounts):
        acute(np.array([[0.0], [count]]))


@pytest.mark.parametrize("bad", [{"p_act": 1.0}, {"recent_weeks": 3}, {"rise": 0.0}, {"lull_weeks": -1}])
def test_settings_that_mean_nothing_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(BadSettings):
        acute(np.zeros((9, 1)), AcuteSettings(**bad))  # type: ignore[arg-type]  # numbers of both kinds
