"""EARS C1, C2 and C3: a week against the mean and spread of the few weeks right before it."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from tocsin.core.watch.errors import BadSettings
from tocsin.core.watch.surge import Floats, Reason, Surge, as_counts, judge

Method = Literal["C1", "C2", "C3"]

GUARD: Final = {"C1": 0, "C2": 2, "C3": 2}
"""Weeks between the baseline and the tested week, so that a surge that has begun does not raise its own bar."""
EXACT: Final = 2.0**53
"""Whole numbers up to it are exact."""
WITHIN: Final = {"C1": 0, "C2": 0, "C3": 2}
"""Weeks before the tested one whose excess counts too."""


def ears(
    counts: ArrayLike,
    *,
    method: Method = "C1",
    baseline: int = 7,
    alpha: float | None = None,
    min_sigma: float = 0.0,
) -> Surge:
    """Compare each week with the `baseline` weeks before it.

    Parameters
    ----------
    counts : array, shape (weeks, places)
        Reports a week, oldest first; NaN where nobody watched.
    method : "C1", "C2" or "C3"
        C1 takes the weeks right before; C2 leaves two weeks out between; C3 adds the excess of the last two weeks.
    baseline : weeks
        At least 2.
    alpha : chance of a false alarm in a quiet week, above 0 and at most 0.5
        If not given 0.001 for C1 and C2, 0.025 for C3.
    min_sigma : reports a week
        Least spread assumed. At 0 the first report after silence rings.

    Returns
    -------
    Surge
        C1, C2: threshold = mean + z(1 - alpha) * max(sd, min_sigma), with the sd of n - 1; a week rings when above.
        A baseline with a week that was not watched gives no answer rather than a guess.

    Raises
    ------
    BadSettings, BadCounts

    References
    ----------
    Hutwagner et al. (2003), J. Urban Health 80, i89-i96; Salmon, Schumacher and Höhle (2016), J. Stat. Softw.
    70(10), function `earsC`.
    """
    counts = as_counts(counts)
    if method not in GUARD:
        raise BadSettings("its method is none of C1, C2 and C3")
    if alpha is None:
        alpha = 0.025 if method == "C3" else 0.001
    if baseline < 2 or not 0 < alpha <= 0.5 or not min_sigma >= 0:
        raise BadSettings(
            "its baseline is under two weeks, its alpha not between 0 and one half, or its spread below 0"
        )
    z = float(ndtri(1 - alpha))
    mean, sigma = _before(counts, baseline, GUARD[method])
    sigma = np.maximum(sigma, min_sigma)
    threshold = mean + z * sigma if method != "C3" else _c3(counts, mean, sigma, z)
    reason = np.where(np.isnan(threshold), np.uint8(Reason.GAPS), np.uint8(Reason.ANSWERED))
    if method == "C3":
        reason[np.isnan(threshold) & _all_known(mean, counts)] = Reason.NO_SPREAD
    reason[: baseline + GUARD[method] + WITHIN[method]] = Reason.SHORT_HISTORY
    return judge(counts, expected=mean, threshold=threshold, reason=reason)


def _before(counts: Floats, n: int, guard: int) -> tuple[Floats, Floats]:
    """Mean and sd of the n weeks that end `guard` weeks before each week; NaN where one is missing or too early."""
    mean, sigma = np.full_like(counts, np.nan), np.full_like(counts, np.nan)
    n_weeks = len(counts) - n - guard
    if n_weeks <= 0:
        return mean, sigma
    unknown = np.isnan(counts)
    seen = np.where(unknown, 0.0, counts) if unknown.any() else counts
    most = float(seen.max(initial=0.0))
    if most * most * n * max(n, len(counts)) < EXACT:
        # Sums of whole numbers are exact, and so is n times the sum of squares less the square of the sum.
        total, squares = _moving(seen, n)[:n_weeks], _moving(seen * seen, n)[:n_weeks]
        mean[n + guard :] = total / n
        sigma[n + guard :] = np.sqrt((n * squares - total * total) / (n * (n - 1)))
    else:
        windows = np.lib.stride_tricks.sliding_window_view(seen, n, axis=0)[:n_weeks]
        mean[n + guard :], sigma[n + guard :] = windows.mean(axis=-1), windows.std(axis=-1, ddof=1)
    if seen is not counts:
        gaps = _moving(unknown.astype(np.float64), n)[:n_weeks] > 0
        mean[n + guard :][gaps] = np.nan
        sigma[n + guard :][gaps] = np.nan
    return mean, sigma


def _moving(values: Floats, n: int) -> Floats:
    """Sums of n rows in a row."""
    total = np.cumsum(values, axis=0)
    total[n:] -= total[:-n].copy()
    return np.asarray(total[n - 1 :])


def _c3(counts: Floats, mean: Floats, sigma: Floats, z: float) -> Floats:
    """The count that would bring this week's and the last two weeks' excess over one spread to the limit."""
    with np.errstate(invalid="ignore", divide="ignore"):
        excess = np.maximum(0.0, (counts - mean) / sigma - 1)
        earlier = np.full_like(counts, np.nan)
        earlier[2:] = excess[:-2] + excess[1:-1]
        return np.maximum(0.0, counts + sigma * (z - earlier))


def _all_known(mean: Floats, counts: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    known = ~np.isnan(mean)
    seen = known & ~np.isnan(counts)
    known[2:] &= seen[:-2] & seen[1:-1]
    return known
