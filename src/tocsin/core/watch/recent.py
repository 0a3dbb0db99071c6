"""Bayes and RKI: a week against few earlier weeks, for counts so small that a spread means little."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from tocsin.core.watch.errors import BadSettings
from tocsin.core.watch.quantiles import nb_quantile
from tocsin.core.watch.surge import Floats, Reason, Surge, as_counts, judge

UPPER: Final = np.array([
    3.285, 5.323, 6.686, 8.102, 9.598, 11.177, 12.817, 13.765, 14.921, 16.768, 17.633,
    19.050, 20.335, 21.364, 22.945, 23.762, 25.400, 26.306, 27.735, 28.966, 30.017,
])  # fmt: skip
"""Upper ends of the shortest 95 % intervals of a Poisson mean, counts 0 to 20 (Crow and Gardner 1959, table 1)."""
LARGE_MEAN = 20
"""Reports a week above which the interval is taken from the normal."""


def bayes(
    counts: ArrayLike,
    *,
    b: int = 0,
    w: int = 6,
    this_year: bool = True,
    alpha: float = 0.05,
    freq: int = 52,
) -> Surge:
    """Compare each week with what a Poisson rate known from a few weeks predicts.

    Parameters
    ----------
    counts : array, shape (weeks, places)
        Reports a week, oldest first; NaN where nobody watched.
    b : years back
        Of each, the 2 w + 1 weeks around the same week are taken.
    w : weeks
    this_year : bool
        Whether the w weeks right before the tested one are taken (`actY` in R).
    alpha : chance of a false alarm
    freq : rows a year

    Returns
    -------
    Surge
        threshold: the 1 - alpha quantile of the negative binomial predictive under Jeffreys' prior, never without
        spread; weeks that were not watched are left out, and counted as left out.

    Raises
    ------
    BadSettings, BadCounts

    References
    ----------
    Riebler (2004); Höhle (2007), Comput. Stat. 22, 571-582; function `algo.bayes`.
    """
    counts = as_counts(counts)
    _check(b, w, this_year, alpha)
    n, total, _ = _sums(counts, _lags(b, w, this_year, freq))
    size, share = total + 0.5, n / (n + 1)
    threshold = nb_quantile(1 - alpha, size, share)
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = size / n
    reason = np.where(n > 0, np.uint8(Reason.ANSWERED), np.uint8(Reason.GAPS))
    reason[: b * freq + w] = Reason.SHORT_HISTORY
    return judge(counts, expected=expected, threshold=threshold, reason=reason)


def rki(counts: ArrayLike, *, b: int = 2, w: int = 4, this_year: bool = False, freq: int = 52) -> Surge:
    """Compare each week with the interval of the mean of a few weeks, as the Robert Koch Institute did.

    Parameters are those of `bayes`, without a chance: the level is fixed near 95 %.

    Returns
    -------
    Surge
        threshold: mean + 2 sd above a mean of 20, else the tabled upper end for the mean rounded down. A baseline
        with a week that was not watched gives no answer.

    Raises
    ------
    BadSettings, BadCounts

    References
    ----------
    Altmann (2003); Crow and Gardner (1959), Biometrika 46, 441-453; function `algo.rki`.
    """
    counts = as_counts(counts)
    _check(b, w, this_year, 0.05)
    lags = _lags(b, w, this_year, freq)
    n, total, squares = _sums(counts, lags)
    is_whole = n == len(lags)
    mean = np.where(is_whole, total / len(lags), np.nan)
    sigma = np.sqrt(squares / max(1, len(lags) - 1))
    tabled = UPPER[np.clip(np.nan_to_num(np.floor(mean)), 0, LARGE_MEAN).astype(np.int64)]
    threshold = np.where(mean > LARGE_MEAN, mean + 2 * sigma, tabled)
    reason = np.where(is_whole, np.uint8(Reason.ANSWERED), np.uint8(Reason.GAPS))
    reason[: b * freq + w] = Reason.SHORT_HISTORY
    return judge(counts, expected=mean, threshold=threshold, reason=reason)


def _check(b: int, w: int, this_year: bool, alpha: float) -> None:
    if b < 0 or w < 0 or (b == 0 and not (this_year and w)) or not 0 < alpha < 1:
        raise BadSettings("it looks at no weeks at all, or its alpha is not between 0 and 1")


def _lags(b: int, w: int, this_year: bool, freq: int) -> list[int]:
    """How many rows back the reference weeks lie."""
    recent = list(range(w, 0, -1)) if this_year else []
    return recent + [year * freq + near for year in range(1, b + 1) for near in range(w, -w - 1, -1)]


def _sums(counts: Floats, lags: list[int]) -> tuple[Floats, Floats, Floats]:
    """Watched weeks, their sum and squared distance from their mean, over the reference weeks of each week."""
    n, total, squares = (np.zeros_like(counts) for _ in range(3))
    known = ~np.isnan(counts)
    filled = np.where(known, counts, 0.0)
    for lag in lags:
        n[lag:] += known[: len(counts) - lag]
        total[lag:] += filled[: len(counts) - lag]
    mean = total / np.maximum(n, 1)
    for lag in lags:
        squares[lag:] += (known[: len(counts) - lag] * (filled[: len(counts) - lag] - mean[lag:])) ** 2
    return n, total, squares
