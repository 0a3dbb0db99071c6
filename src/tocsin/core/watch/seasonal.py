"""What weeks look like in control: a log-linear trend and yearly waves, Poisson or negative binomial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import digamma, gammaln, polygamma

from tocsin.core.watch.errors import BadSettings
from tocsin.core.watch.surge import Floats

MOST_STEPS: Final = 25
SETTLED: Final = 1e-8
LEAST_MEAN: Final = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True, kw_only=True)
class InControl:
    """Means in control of all weeks, and how dispersed the weeks that they were learnt from were."""

    mean: Floats
    """(weeks, places) reports a week; NaN where nothing could be fitted."""
    dispersion: Floats
    """(places,) variance is mean + dispersion * mean**2; 0 is Poisson."""


def fit_seasonal(
    counts: Floats,
    *,
    start: int,
    waves: int = 1,
    trend: bool = False,
    freq: int = 52,
    dispersion: float | None = 0.0,
) -> InControl:
    """Fit log mean = level + slope * week + yearly waves to the weeks before `start`, each place by itself.

    Parameters
    ----------
    counts : array, shape (weeks, places), NaN where nobody watched
    start : row
        Weeks before it are learnt from; the fit is told for all weeks.
    waves : pairs of cosine and sine
    trend : bool
    freq : rows a year
    dispersion : 0 for Poisson, a number to hold, or None to estimate it (maximum likelihood)

    References
    ----------
    Höhle and Paul (2008), Comput. Stat. Data Anal. 52, 4357-4368; the negative binomial is fitted in turns of
    mean and dispersion as by Venables and Ripley (2002), Modern Applied Statistics with S, section 7.4.
    """
    if not 0 < start <= len(counts) or waves < 0 or (dispersion is not None and dispersion < 0):
        raise BadSettings("it learns from no weeks, has less than no waves, or a dispersion below 0")
    design = design_of(len(counts), waves=waves, trend=trend, freq=freq)
    mean = np.full_like(counts, np.nan)
    spread = np.full(counts.shape[1], np.nan)
    for place in range(counts.shape[1]):
        seen = ~np.isnan(counts[:start, place])
        if seen.sum() > design.shape[1]:
            y, rows = counts[:start, place][seen], design[:start][seen]
            beta, spread[place] = _fit(y, rows, dispersion)
            with np.errstate(over="ignore"):
                mean[:, place] = np.maximum(LEAST_MEAN, np.exp(design @ beta))
    return InControl(mean=mean, dispersion=spread)


def design_of(n_weeks: int, *, waves: int, trend: bool, freq: int) -> Floats:
    """Columns 1, week (1-based), cosine and sine of each wave."""
    week = np.arange(1, n_weeks + 1)
    columns = [np.ones(n_weeks)] + ([week.astype(np.float64)] if trend else [])
    for wave in range(1, waves + 1):
        columns += [np.cos(2 * wave * np.pi / freq * week), np.sin(2 * wave * np.pi / freq * week)]
    return np.column_stack(columns)


def _fit(y: Floats, rows: Floats, dispersion: float | None) -> tuple[Floats, float]:
    if dispersion is not None:
        start = y + 0.1 if dispersion == 0 else y + (y == 0) / 6
        return _settle(y, rows, np.log(start), dispersion)[0], dispersion
    return _fit_negative_binomial(y, rows)


def _settle(y: Floats, rows: Floats, eta: Floats, alpha: float) -> tuple[Floats, Floats]:
    """Reweighted least squares until the deviance stands still; the coefficients and the log means."""
    beta: Floats = np.zeros(rows.shape[1])
    before = np.inf if not len(y) else _deviance(y, np.exp(eta), alpha)
    for _ in range(MOST_STEPS):
        mean = np.maximum(LEAST_MEAN, np.exp(eta))
        root = np.sqrt(mean / (1 + alpha * mean))
        working = (eta + (y - mean) / mean) * root
        beta = np.asarray(np.linalg.lstsq(rows * root[:, None], working, rcond=None)[0], dtype=np.float64)
        eta = np.minimum(np.asarray(rows @ beta, dtype=np.float64), 700.0)
        now = _deviance(y, np.maximum(LEAST_MEAN, np.exp(eta)), alpha)
        if abs(now - before) / (abs(now) + 0.1) < SETTLED:
            break
        before = now
    return beta, eta


def _deviance(y: Floats, mean: Floats, alpha: float) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.where(y > 0, y * np.log(y / mean), 0.0)
    if alpha == 0:
        return float(2 * (own - (y - mean)).sum())
    return float(2 * (own - (y + 1 / alpha) * np.log((1 + alpha * y) / (1 + alpha * mean))).sum())


def _fit_negative_binomial(y: Floats, rows: Floats) -> tuple[Floats, float]:
    """Mean and dispersion in turns; the size 1 / dispersion by Newton's method on its likelihood."""
    beta, eta = _settle(y, rows, np.log(y + 0.1), 0.0)
    mean = np.maximum(LEAST_MEAN, np.exp(eta))
    size = _size(y, mean)
    scale = np.sqrt(2 * max(1, len(y) - rows.shape[1]))
    now = _likelihood(y, mean, size)
    before, change = now + 2 * scale, 1.0
    for _ in range(MOST_STEPS):
        if abs(before - now) / scale + abs(change) <= SETTLED:
            break
        beta, eta = _settle(y, rows, eta, 1 / size)
        # The size by the means of the turn before, as in `glm.nb`: it matters where the turns do not come to rest.
        change, size = size, _size(y, mean)
        change -= size
        mean = np.maximum(LEAST_MEAN, np.exp(eta))
        before, now = now, _likelihood(y, mean, size)
    return beta, 1 / size


def _size(y: Floats, mean: Floats) -> float:
    size = len(y) / float(((y / mean - 1) ** 2).sum())
    for _ in range(MOST_STEPS - 1):
        size = abs(size)
        slope = (
            digamma(size + y)
            - digamma(size)
            + np.log(size)
            + 1
            - np.log(size + mean)
            - (y + size) / (mean + size)
        )
        bend = (
            -polygamma(1, size + y)
            + polygamma(1, size)
            - 1 / size
            + 2 / (mean + size)
            - (y + size) / (mean + size) ** 2
        )
        step = float(slope.sum() / bend.sum())
        size += step
        if abs(step) <= np.finfo(np.float64).eps ** 0.25:
            break
    return max(size, LEAST_MEAN)


def _likelihood(y: Floats, mean: Floats, size: float) -> float:
    own = gammaln(size + y) - gammaln(size) - gammaln(y + 1) + size * np.log(size)
    return float((own + np.where(y > 0, y * np.log(mean), 0.0) - (size + y) * np.log(size + mean)).sum())
