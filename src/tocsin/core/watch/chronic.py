"""The other channel: has a place's level changed for good, against its own years, and since when?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, logsumexp

from tocsin.core.watch.errors import BadSettings
from tocsin.core.watch.surge import Floats, Reason, as_counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Chronic:
    """The level of each place as of one week; arrays of shape (places,)."""

    before: Floats
    after: Floats
    """Reports a week before and since the change; where there is none both are the level of all weeks."""
    p: Floats
    """Probability that the level changed at all."""
    changed: NDArray[np.int64]
    changed_from: NDArray[np.int64]
    changed_to: NDArray[np.int64]
    """Most likely first row of the new level, and rows between which it lies with probability 0.9; -1 without change."""
    is_chronic: NDArray[np.bool_]
    """Whether the level rose and has stayed up for at least `least_weeks`."""
    reason: NDArray[np.uint8]
    """A `Reason` per place."""


def chronic(
    counts: ArrayLike,
    *,
    row: int = -1,
    years: int = 10,
    least_weeks: int = 26,
    odds: float = 0.1,
    rises: float = 1.5,
    freq: int = 52,
) -> Chronic:
    """Compare one lasting level with two, over all weeks at which the second may have begun.

    Parameters
    ----------
    counts : array, shape (weeks, places)
        Reports a week, oldest first; NaN where nobody watched: such a week takes no part.
    row : the week as of which it is asked
    years : years looked back
    least_weeks : weeks that a level must last to be one
    odds : odds that a level changed in that time, before looking
    rises : a rise by less than this factor is none
    freq : rows a year

    Returns
    -------
    Chronic

    Raises
    ------
    BadCounts, BadSettings

    References
    ----------
    Barry and Hartigan (1993), J. Am. Stat. Assoc. 88, 309-319, with gamma-Poisson levels; the likelihood is tempered by the
    dispersion between neighbouring months, for weeks of violence come in clusters.
    """
    counts = as_counts(counts)
    if not -len(counts) <= row < len(counts) or years < 1 or least_weeks < 2 or odds <= 0 or rises < 1:
        raise BadSettings("its week is not there, or its years, weeks, odds or rise are too small")
    end = row % len(counts) + 1
    first = max(0, end - years * freq)
    seen = counts[first:end]
    known = ~np.isnan(seen)
    weeks = np.vstack([np.zeros(seen.shape[1]), np.cumsum(known, axis=0)])
    reports = np.vstack([np.zeros(seen.shape[1]), np.cumsum(np.nan_to_num(seen), axis=0)])
    n, total = weeks[-1], reports[-1]
    phi = _dispersion(np.nan_to_num(seen), known)
    allowed = (weeks >= least_weeks) & (n - weeks >= least_weeks)
    with np.errstate(invalid="ignore", divide="ignore"):
        gain = _level(reports, weeks, phi) + _level(total - reports, n - weeks, phi) - _level(total, n, phi)
        gain = np.where(allowed, gain, -np.inf)
        log_odds = np.log(odds) + logsumexp(gain, axis=0) - np.log(np.maximum(1, allowed.sum(axis=0)))
    p = np.where(allowed.any(axis=0), 1 / (1 + np.exp(-np.clip(log_odds, -700, 700))), np.nan)
    best = gain.argmax(axis=0)
    places = np.arange(seen.shape[1])
    has_changed = np.nan_to_num(p) > 0.5
    level = total / np.maximum(n, 1)
    before = np.where(has_changed, reports[best, places] / np.maximum(weeks[best, places], 1), level)
    after = np.where(
        has_changed, (total - reports[best, places]) / np.maximum(n - weeks[best, places], 1), level
    )
    low, high = _interval(gain)
    reason = np.where(np.isnan(p), np.uint8(Reason.SHORT_HISTORY), np.uint8(Reason.ANSWERED))
    return Chronic(
        before=before, after=after, p=p,
        changed=np.where(has_changed, first + best, -1),
        changed_from=np.where(has_changed, first + low, -1),
        changed_to=np.where(has_changed, first + high, -1),
        is_chronic=has_changed & (after >= rises * before),
        reason=reason,
    )  # fmt: skip


def _level(total: Floats, weeks: Floats, phi: Floats) -> Floats:
    """Log likelihood of a stretch of weeks at one level that is not known, half a report in half a year beforehand."""
    shape, rate = 0.5, 26.0
    total, weeks = total / phi, weeks / phi
    return np.asarray(
        gammaln(shape + total)
        - gammaln(shape)
        + shape * np.log(rate)
        - (shape + total) * np.log(rate + weeks)
    )


def _dispersion(seen: Floats, known: NDArray[np.bool_]) -> Floats:
    """Variance over mean between neighbouring stretches of four weeks; at least 1."""
    n_months = len(seen) // 4
    if n_months < 3:
        return np.ones(seen.shape[1])
    months = seen[len(seen) - 4 * n_months :].reshape(n_months, 4, -1).sum(axis=1)
    whole = np.asarray(known[len(seen) - 4 * n_months :].reshape(n_months, 4, -1).all(axis=1))
    both: NDArray[np.bool_] = np.asarray(whole[1:] & whole[:-1])
    apart = (np.diff(months, axis=0) ** 2 * both).sum(axis=0) / 2
    mean = ((months[1:] + months[:-1]) / 2 * both).sum(axis=0)
    return np.asarray(np.maximum(1.0, apart / np.maximum(mean, 1.0)))


def _interval(gain: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    top = gain.max(axis=0)
    with np.errstate(invalid="ignore"):
        weight = np.where(np.isfinite(top), np.exp(gain - np.where(np.isfinite(top), top, 0.0)), 0.0)
        gathered = np.cumsum(weight, axis=0) / np.maximum(weight.sum(axis=0), 1e-300)
    return np.argmax(gathered >= 0.05, axis=0), np.argmax(gathered >= 0.95, axis=0)
