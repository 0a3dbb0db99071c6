"""Delay: what has happened but is not yet reported; and silence: a source that has stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, gammaln, ndtr, xlog1py, xlogy

from tocsin.core.watch.errors import BadCounts, BadSettings
from tocsin.core.watch.surge import Floats, as_counts

PRIOR_CELL = 0.1
"""Reports with each delay before any was seen."""
SHARES = 400
"""Points at which the share that is already reported is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nowcast:
    """What will have been reported in the end of each day; arrays of shape (days,)."""

    observed: Floats
    expected: Floats
    """Median."""
    low: Floats
    high: Floats
    reported: Floats
    """Share that is reported by now."""


def reporting_triangle(
    events: ArrayLike, reports: ArrayLike, *, now: int, longest_delay: int, first: int | None = None
) -> Floats:
    """Count reports by day of the event and delay.

    Parameters
    ----------
    events, reports : arrays, shape (reports,)
        Day of the event and day on which it was reported, in whole days (or weeks).
    now : day; what was reported later is not used
    longest_delay : longer ones count as this long
    first : day of row 0; the earliest event if not given

    Returns
    -------
    array, shape (days, delays)
        Row 0 is the first day, the last is `now`; NaN where the delay lies beyond now.
    """
    events, reports = np.asarray(events), np.asarray(reports)
    if events.shape != reports.shape or not len(events) or (reports < events).any() or longest_delay < 1:
        raise BadCounts(
            "there are none, some are reported before they happened, or the longest delay is under one"
        )
    start = int(events.min()) if first is None else first
    n_days = now - start + 1
    if n_days <= longest_delay:
        raise BadSettings("it has no more days than its longest delay")
    seen = reports <= now
    counts = np.zeros((n_days, longest_delay + 1))
    np.add.at(counts, (events[seen] - start, np.minimum(reports[seen] - events[seen], longest_delay)), 1)
    beyond = np.arange(n_days)[:, None] + np.arange(longest_delay + 1) >= n_days
    return np.where(beyond, np.nan, counts)


def nowcast(
    triangle: ArrayLike,
    *,
    method: Literal["lawless", "bayes"] = "bayes",
    alpha: float = 0.05,
    prior_mean: float = 50.0,
    prior_variance: float = 3000.0,
    most: int = 300,
) -> Nowcast:
    """Say what each day will have come to once everything is reported.

    Parameters
    ----------
    triangle : array, shape (days, delays), from `reporting_triangle`
    method : "lawless" or "bayes"
        Lawless: reported over share reported, with a normal interval that leaves out how little the share is known. Bayes:
        shares by delay from a Dirichlet, counts from a negative binomial prior; intervals hold both.
    alpha : 1 less the probability of the interval
    prior_mean, prior_variance : of a day's count, for "bayes"
    most : a day's count is at most this

    Returns
    -------
    Nowcast

    References
    ----------
    Lawless (1994), Can. J. Stat. 22, 15-31; Höhle and an der Heiden (2014), Biometrics 70, 993-1002; function `nowcast`,
    methods `lawless` and `bayes.notrunc`. R draws the shares by chance; here they are looked at evenly.
    """
    cells = np.asarray(triangle, np.float64)
    if (
        cells.ndim != 2
        or not 0 < alpha < 1
        or prior_variance <= prior_mean
        or method not in ("lawless", "bayes")
    ):
        raise BadSettings(
            "its triangle is none, its alpha is not between 0 and 1, or its prior has too little variance"
        )
    observed = np.nansum(cells, axis=1)
    n_days, longest = cells.shape[0], cells.shape[1] - 1
    reported, low, middle, high = (np.ones(n_days), observed.copy(), observed.copy(), observed.copy())
    by_delay = np.nansum(cells, axis=0)
    for day in range(max(0, n_days - 1 - longest), n_days):
        delay = n_days - 1 - day
        if method == "lawless":
            reported[day] = _share(cells, delay)
            chances = _lawless(observed[day], reported[day], most)
        else:
            seen, rest = PRIOR_CELL + by_delay[: delay + 1], PRIOR_CELL + by_delay[delay + 1 :]
            reported[day] = seen.sum() / (seen.sum() + rest.sum())
            chances = _bayes(observed[day], seen.sum(), rest.sum(), prior_mean, prior_variance, most)
        low[day], middle[day], high[day] = (
            float(np.argmax(chances > level)) for level in (alpha / 2, 0.5, 1 - alpha / 2)
        )
    return Nowcast(observed=observed, expected=middle, low=low, high=high, reported=reported)


def _share(cells: Floats, delay: int) -> float:
    """Share reported by a delay: the product over later delays of what was there before each."""
    n_days, n_delays = cells.shape
    share = 1.0
    for later in range(delay + 1, n_delays):
        rows = cells[: n_days - later, : later + 1]
        total = rows.sum()
        share *= 1 - (rows[:, later].sum() / total if total else 0.0)
    return share


def _lawless(observed: float, share: float, most: int) -> Floats:
    """Chance of at most so many, as R takes it: a normal cut off below what was observed."""
    support = np.arange(most + 1)
    mean, variance = observed / share, observed * (1 - share) / share**2
    if variance <= 0:
        return np.asarray(support >= mean, dtype=np.float64)
    spread = np.sqrt(variance)
    above = 1 - ndtr((observed - mean) / spread)
    return np.where(support < observed, 0.0, ndtr((support - mean) / spread) / above)


def _bayes(observed: float, seen: float, rest: float, mean: float, variance: float, most: int) -> Floats:
    support = np.arange(most + 1)
    shares = betaincinv(seen, rest, (np.arange(SHARES) + 0.5) / SHARES) if rest > 0 else np.ones(SHARES)
    size = mean**2 / (variance - mean)
    prior = (
        gammaln(support + size) - gammaln(size) - gammaln(support + 1) + xlogy(support, mean / (mean + size))
    )
    more = support - observed
    with np.errstate(invalid="ignore"):
        ways = np.where(more >= 0, gammaln(support + 1) - gammaln(np.maximum(more, 0) + 1), -np.inf)
        told = (
            prior + ways + xlogy(observed, shares)[:, None] + xlog1py(np.maximum(more, 0), -shares[:, None])
        )
    weight = np.exp(told - told.max(axis=1, keepdims=True))
    return np.asarray(np.cumsum((weight / weight.sum(axis=1, keepdims=True)).mean(axis=0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What a source's silence says, as of the last week; arrays of shape (sources,)."""

    weeks: NDArray[np.int64]
    """Weeks without a report."""
    p: Floats
    """Chance of a silence as long while the source goes on as before; NaN without an answer."""
    has_stopped: NDArray[np.bool_]


def silence(counts: ArrayLike, *, alpha: float = 0.001, least_weeks: int = 26) -> Silence:
    """Test whether sources that usually report have stopped: their zeros are then missing, not quiet.

    Parameters
    ----------
    counts : array, shape (weeks, sources)
        Items a week, oldest first; NaN where nobody read the source.
    alpha : chance of calling a source stopped that only paused
    least_weeks : read weeks before the silence without which nothing is said

    Returns
    -------
    Silence
        The predictive chance of no report, the rate known from the weeks before (gamma-Poisson, thinned by their scatter).
    """
    counts = as_counts(counts)
    if not 0 < alpha < 1 or least_weeks < 2:
        raise BadSettings("its alpha is not between 0 and 1, or it needs under two weeks")
    known, seen = ~np.isnan(counts), np.nan_to_num(counts)
    loud = np.where(seen.any(axis=0), len(counts) - np.argmax(seen[::-1] > 0, axis=0), 0)
    before = (np.arange(len(counts))[:, None] < loud) & known
    n, total = before.sum(axis=0), seen.sum(axis=0)
    weeks = (known & (np.arange(len(counts))[:, None] >= loud)).sum(axis=0)
    mean = total / np.maximum(n, 1)
    scatter = (np.where(before, seen - mean, 0.0) ** 2).sum(axis=0) / np.maximum(n - 1, 1)
    phi = np.maximum(1.0, scatter / np.maximum(mean, 1e-9))
    p = (n / phi / (n / phi + weeks / phi)) ** (total / phi + 0.5)
    p = np.where((n >= least_weeks) & (total > 0), p, np.nan)
    return Silence(weeks=weeks.astype(np.int64), p=p, has_stopped=np.nan_to_num(p, nan=1.0) < alpha)
