"""Laws that hold of every detector, and what bad input meets: a typed error or a reason, never a silent "no alarm"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tocsin.core.watch import (
    BadCounts,
    BadSettings,
    BadWeeks,
    Reason,
    Surge,
    acute,
    bayes,
    cusum,
    ears,
    expected_false_alarms,
    farrington,
    farrington_flexible,
    fit_contagion,
    glr_negative_binomial,
    glr_poisson,
    outbreak_p,
    p_values,
    rank_signals,
    rki,
    silence,
    tabulate,
    thresholds_from_costs,
)
from tocsin.terms import Place, Week

DETECTORS: dict[str, Callable[[Any], Surge]] = {
    "ears C1": lambda counts: ears(counts),
    "ears C3": lambda counts: ears(counts, method="C3", min_sigma=0.5),
    "bayes": lambda counts: bayes(counts),
    "rki": lambda counts: rki(counts, b=1, w=2, freq=12),
    "farrington": lambda counts: farrington(counts, b=3, w=2, freq=12, limit54=(0, 1)),
    "farrington flexible": lambda counts: farrington_flexible(
        counts, b=3, w=1, periods=4, freq=12, threshold_method="nbPlugin", limit54=(0, 1)
    ),
    "cusum": lambda counts: cusum(counts, start=24),
    "glr poisson": lambda counts: glr_poisson(counts, start=24, freq=12),
    "glr negative binomial": lambda counts: glr_negative_binomial(counts, start=24, freq=12, dispersion=0.3),
    "outbreak p": lambda counts: outbreak_p(counts),
    "acute": lambda counts: acute(counts).surge,
}
COUNTS = arrays.arrays(np.float64, (48, 2), elements=st.integers(0, 9).map(float))
every_detector = pytest.mark.parametrize("name", DETECTORS)


@every_detector
@given(counts=COUNTS)
@settings(max_examples=8, deadline=None)
def test_the_order_of_places_and_quiet_places_beside_change_no_bit(name: str, counts: np.ndarray) -> None:
    detect = DETECTORS[name]
    alone, turned = detect(counts), detect(np.hstack([np.zeros((48, 3)), counts[:, ::-1]]))

    for field in ("expected", "threshold", "alarm", "score", "reason"):
        np.testing.assert_array_equal(getattr(turned, field)[:, :2:-1], getattr(alone, field))


@every_detector
@given(counts=COUNTS, row=st.integers(0, 47))
@settings(max_examples=8, deadline=None)
def test_a_missing_week_says_so_and_never_rings(name: str, counts: np.ndarray, row: int) -> None:
    counts[row] = np.nan

    surge = DETECTORS[name](counts)

    assert not surge.alarm[row].any()
    assert not surge.answered[row].any()


@every_detector
@given(counts=COUNTS)
@settings(max_examples=8, deadline=None)
def test_every_cell_has_an_answer_or_a_reason(name: str, counts: np.ndarray) -> None:
    surge = DETECTORS[name](counts)

    assert not surge.alarm[~surge.answered].any()
    assert not np.isnan(surge.score[surge.answered]).any()
    assert np.isnan(surge.score[~surge.answered]).all()


@every_detector
@pytest.mark.parametrize("bad", [-1.0, 0.5, np.inf, 1e10])
def test_counts_that_cannot_be_are_refused(name: str, bad: float) -> None:
    counts = np.zeros((48, 2))
    counts[30, 1] = bad

    with pytest.raises(BadCounts):
        DETECTORS[name](counts)


@every_detector
def test_a_place_that_nobody_watched_is_not_quiet(name: str) -> None:
    surge = DETECTORS[name](np.full((48, 2), np.nan))

    assert not surge.answered.any()


@every_detector
def test_a_single_week_has_no_answer(name: str) -> None:
    if name.startswith(("cusum", "glr")):
        with pytest.raises(BadSettings):
            DETECTORS[name](np.ones((1, 1)))
    elif name != "outbreak p":
        assert DETECTORS[name](np.ones((1, 1))).why_silent(0, 0) == Reason.SHORT_HISTORY


@given(COUNTS, st.integers(2, 20))
@settings(max_examples=20, deadline=None)
def test_ears_scales_with_the_counts(counts: np.ndarray, times: int) -> None:
    one, many = ears(counts, min_sigma=0.5), ears(times * counts, min_sigma=0.5 * times)

    np.testing.assert_allclose(many.threshold, times * one.threshold, rtol=1e-9)


def test_enormous_counts_keep_their_spread() -> None:
    counts = np.array([[999_999_990.0 + week % 3] for week in range(9)])
    before = counts[1:8]

    wanted = before.mean() + 3.090232306 * before.std(ddof=1)
    assert ears(counts).threshold[8, 0] == pytest.approx(wanted, rel=1e-12)


def test_flexible_weighs_a_past_surge_down() -> None:
    rng = np.random.default_rng(1)
    counts = rng.poisson(4, (220, 1)).astype(float)
    counts[165:169] = 60
    given_settings: dict[str, Any] = {
        "b": 3,
        "periods": 5,
        "weeks_left_out": 13,
        "threshold_method": "nbPlugin",
    }

    with_weights = farrington_flexible(counts, **given_settings)
    without = farrington_flexible(counts, reweight=False, **given_settings)

    assert with_weights.threshold[-1, 0] < without.threshold[-1, 0]


def test_glr_dates_the_rise() -> None:
    counts = np.concatenate([np.tile([2.0, 3.0], 40), np.full(6, 8.0)])[:, None]

    surge = glr_poisson(counts, start=60, waves=0)

    assert surge.onset is not None
    assert surge.alarm[80:].any()
    assert surge.onset[np.flatnonzero(surge.alarm[:, 0])[0], 0] == 80


def test_a_network_without_links_brings_nothing_from_neighbours() -> None:
    counts = np.random.default_rng(2).poisson(2, (60, 3)).astype(float)

    assert np.nanmax(fit_contagion(counts, network=np.zeros((3, 3)), dispersed=False).near) == 0


def test_a_source_that_stopped_is_told_from_one_that_is_rare() -> None:
    counts = np.zeros((80, 2))
    counts[:60, 0], counts[10, 1] = 3, 1

    found = silence(counts)

    assert found.has_stopped.tolist() == [True, False]


def test_at_most_the_budget_is_read_and_the_rest_is_counted() -> None:
    counts = np.zeros((9, 4))
    counts[-1] = 1, 4, 2, 0

    ranking = rank_signals(
        ears(counts, min_sigma=0.5), budget=1, p=p_values(counts, np.full_like(counts, 0.1))
    )

    assert (ranking.places.tolist(), ranking.n_left_out) == ([1], 1)
    assert ranking.q[0] < 0.001


def test_acts_that_cost_more_ask_for_more() -> None:
    needed = thresholds_from_costs()

    assert needed["look"] < needed["verify"] < needed["activate"]
    assert expected_false_alarms(alpha=0.001, n_places=200, n_series=4) == pytest.approx(41.6)


AZ, RU = Place("az"), Place("ru")


@pytest.mark.parametrize("weeks", [(5, 5), (6, 5)])
def test_weeks_that_come_twice_or_backwards_are_refused(weeks: tuple[int, int]) -> None:
    with pytest.raises(BadWeeks):
        tabulate([(Week(week), AZ, 1.0) for week in weeks])


def test_a_week_without_a_row_is_zero_only_where_it_was_watched() -> None:
    table = tabulate([(Week(5), AZ, 2.0), (Week(7), RU, 1.0)], watched={AZ: (Week(4), Week(6))})

    np.testing.assert_array_equal(table.counts, [[0, np.nan], [2, np.nan], [0, np.nan], [np.nan, 1]])
