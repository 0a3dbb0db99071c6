"""Quantiles of count distributions, for whole arrays at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaincc, gammaincc, ndtri, pdtr

from tocsin.core.watch.surge import Floats

BEYOND = 1e12
"""No count is looked for beyond: such a mean is a model that came apart."""

Chance = Callable[[NDArray[np.bool_], Floats], Floats]
"""Probability of at most so many, in the cells chosen."""


def nb_quantile(level: float, size: ArrayLike, share: ArrayLike) -> Floats:
    """Give the least count whose negative binomial probability of being reached or undercut is at least `level`.

    Parameters
    ----------
    level : above 0 and below 1
    size, share : arrays of one shape
        Mean size * (1 - share) / share, variance mean / share. A share of 1 is no spread at all; NaN gives NaN.
    """
    size, share = np.broadcast_arrays(np.asarray(size, np.float64), np.asarray(share, np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = size * (1 - share) / share
        spread = np.sqrt(mean / share)
        skew = (2 - share) / np.sqrt(size * (1 - share))
    return _search(level, mean, spread, skew, lambda at, k: betainc(size[at], k + 1, share[at]))


def poisson_quantile(level: float, mean: ArrayLike) -> Floats:
    """Give the least count whose Poisson probability of being reached or undercut is at least `level`."""
    mean = np.asarray(mean, np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt(mean)
        skew = 1 / spread
    return _search(level, mean, spread, skew, lambda at, k: pdtr(k, mean[at]))


def nb_tail(counts: Floats, size: Floats, share: Floats) -> Floats:
    """Chance of a negative binomial count as high as this one or higher."""
    return np.where(counts <= 0, 1.0, betaincc(size, np.maximum(counts, 1), share))


def poisson_tail(counts: Floats, mean: Floats) -> Floats:
    """Chance of a Poisson count as high as this one or higher."""
    return np.where(counts <= 0, 1.0, 1 - gammaincc(np.maximum(counts, 1), mean))


def _search(level: float, mean: Floats, spread: Floats, skew: Floats, chance: Chance) -> Floats:
    """Start at the Cornish-Fisher guess; double steps until the level lies between, then halve."""
    cells = (mean >= 0) & (mean < BEYOND) & (spread < BEYOND)
    answer = np.full(mean.shape, np.nan)
    z = float(ndtri(level))
    # R allows for the same rounding in the chance that a count is reached: a level met exactly is met.
    enough = level * (1 - 64 * np.finfo(np.float64).eps)

    def fits(count: Floats) -> NDArray[np.bool_]:
        return (count >= 0) & (chance(cells, np.maximum(count, 0.0)) >= enough)

    guess = (
        mean[cells]
        + spread[cells] * z
        + spread[cells] * np.where(np.isfinite(skew), skew, 0.0)[cells] * (z * z - 1) / 6
    )
    high = np.maximum(0.0, np.floor(guess + 0.5))
    step = np.maximum(1.0, np.floor(spread[cells] / 8))
    while (short := ~fits(high)).any():
        high, step = np.where(short, high + step, high), np.where(short, 2 * step, step)
    low, step = high - 1, np.ones_like(high)
    while (above := fits(low)).any():
        low, step = np.where(above, low - step, low), np.where(above, 2 * step, step)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        is_enough = fits(middle)
        high, low = np.where(is_enough, middle, high), np.where(is_enough, low, middle)
    answer[cells] = high
    return answer
