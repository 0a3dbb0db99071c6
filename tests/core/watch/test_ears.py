"""Laws of EARS, and its arithmetic on numbers small enough to check by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tocsin.core.watch import BadSettings, Reason, ears

COUNTS = arrays.arrays(np.float64, (20, 3), elements=st.integers(0, 9).map(float))


def test_the_threshold_is_the_mean_and_three_and_a_bit_spreads_of_seven_weeks() -> None:
    counts = np.array([[2.0], [4.0], [4.0], [4.0], [5.0], [5.0], [7.0], [9.0]])

    surge = ears(counts)

    spread = np.std([2, 4, 4, 4, 5, 5, 7], ddof=1)
    assert surge.threshold[7, 0] == pytest.approx(31 / 7 + 3.090232306 * spread, rel=1e-9)
    assert not surge.alarm[7, 0]


@given(COUNTS, st.integers(2, 12), st.floats(0.0001, 0.5), st.floats(0, 3))
def test_a_quiet_week_never_rings(counts: np.ndarray, baseline: int, alpha: float, min_sigma: float) -> None:
    counts[-1] = 0

    assert not ears(counts, baseline=baseline, alpha=alpha, min_sigma=min_sigma).alarm[-1].any()


@given(COUNTS, st.integers(0, 19))
def test_a_missing_week_is_no_quiet_week(counts: np.ndarray, row: int) -> None:
    counts[row] = np.nan

    surge = ears(counts)

    assert np.isnan(surge.threshold[row + 1 : row + 8]).all()
    assert not surge.alarm[row : row + 8].any()


def test_silence_says_whether_nobody_looked_or_the_history_is_short() -> None:
    counts = np.zeros((9, 1))
    counts[8] = np.nan

    surge = ears(counts)

    assert [surge.why_silent(row, 0) for row in (6, 7, 8)] == [Reason.SHORT_HISTORY, None, Reason.NOT_WATCHED]


def test_c3_cannot_divide_by_a_spread_that_is_none() -> None:
    assert ears(np.zeros((14, 1)), method="C3").why_silent(13, 0) == Reason.NO_SPREAD


def test_a_lone_origin_after_silence_does_not_ring_and_two_do() -> None:
    counts = np.zeros((8, 2))
    counts[7] = 1, 2

    assert ears(counts, min_sigma=0.5).alarm[7].tolist() == [False, True]


@pytest.mark.parametrize(
    "settings", [{"baseline": 1}, {"alpha": 0}, {"alpha": 0.6}, {"min_sigma": -1}, {"method": "C4"}]
)
def test_settings_that_mean_nothing_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(BadSettings):
        ears(np.zeros((9, 1)), **settings)
