"""Laws of EARS C1, and its arithmetic on numbers small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tocsin.core.watch import BadSettings, EarsSettings, NoAnswer, ears_c1

COUNTS = arrays.arrays(np.float64, (20, 3), elements=st.integers(0, 9).map(float))


def test_the_threshold_is_the_mean_and_three_and_a_bit_spreads_of_seven_weeks() -> None:
    counts = np.array([[2.0], [4.0], [4.0], [4.0], [5.0], [5.0], [7.0], [9.0]])

    verdict = ears_c1(counts, EarsSettings())

    spread = np.std([2, 4, 4, 4, 5, 5, 7], ddof=1)
    assert verdict.threshold[7, 0] == pytest.approx(31 / 7 + 3.090232306 * spread, rel=1e-9)
    assert not verdict.alarm[7, 0]


@given(COUNTS, st.integers(2, 12), st.floats(0.0001, 0.5), st.floats(0, 3))
def test_a_quiet_week_never_rings(counts: np.ndarray, baseline: int, alpha: float, min_sigma: float) -> None:
    counts[-1] = 0
    settings = EarsSettings(baseline=baseline, alpha=alpha, min_sigma=min_sigma)

    assert not ears_c1(counts, settings).alarm[-1].any()


@given(COUNTS, st.integers(0, 19))
def test_a_missing_week_is_no_quiet_week(counts: np.ndarray, row: int) -> None:
    counts[row] = np.nan

    verdict = ears_c1(counts, EarsSettings())

    assert np.isnan(verdict.threshold[row + 1 : row + 8]).all()
    assert not verdict.alarm[row : row + 8].any()


def test_silence_says_whether_nobody_looked_or_the_history_is_short() -> None:
    counts = np.zeros((9, 1))
    counts[8] = np.nan

    verdict = ears_c1(counts, EarsSettings())

    reasons = [verdict.why_silent(row, 0) for row in (6, 7, 8)]
    assert reasons == [NoAnswer.SHORT_BASELINE, None, NoAnswer.NOT_WATCHED]


def test_a_lone_origin_after_silence_does_not_ring_and_two_do() -> None:
    counts = np.zeros((8, 2))
    counts[7] = 1, 2

    assert ears_c1(counts, EarsSettings()).alarm[7].tolist() == [False, True]


@pytest.mark.parametrize(
    "settings",
    [EarsSettings(baseline=1), EarsSettings(alpha=0), EarsSettings(alpha=0.6), EarsSettings(min_sigma=-1)],
)
def test_settings_that_mean_nothing_are_refused(settings: EarsSettings) -> None:
    with pytest.raises(BadSettings):
        ears_c1(np.zeros((9, 1)), settings)
