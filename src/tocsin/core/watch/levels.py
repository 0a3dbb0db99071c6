"""Quasi-Poisson regression on levels and one trend, many series at once, by reweighted least squares.

Where every level holds a report and the scatter is tame the levels follow from the slope, and Newton's method on the
slope alone does it (`fit_slope`). Where a level holds only zeros there is no maximum and the answer is where the iteration
stops: there the steps, the start and the rule to stop are those of R's `glm.fit` (`fit_levels`). Sums run along a series
alone, so that no series changes another's bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from tocsin.core.watch.surge import Floats

MOST_STEPS: Final = 25
SMOOTH_ROWS: Final = 50
SMOOTH_SCATTER: Final = 2.5
"""Variance over mean within levels."""
SETTLED: Final = 1e-8
STILL: Final = 1e-9
"""A step of the slope, a year, after which it stands still; the error left is its square."""
LEAST_MEAN: Final = float(np.finfo(np.float64).eps)

Fits = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Reference weeks of many series, each of shape (fits, rows), rows sorted by level."""

    y: Floats
    """Reports; 0 where nobody watched."""
    start: Floats
    """log(y + 0.1): where the iteration starts."""
    own: Floats
    """y log y - y."""
    root: Floats
    """y ** (2/3)."""
    known: Floats | None
    """1 where watched, else 0; None if all are."""
    offset: Floats | None
    """Log population; None without."""
    time: Floats
    """(rows,) years from the tested week."""
    first: NDArray[np.intp]
    """(levels,) first row of each level."""
    n_rows: NDArray[np.intp]
    """(levels,) rows of each level."""

    def of(self, fits: Fits) -> Cells:
        """Keep some of the series."""
        return Cells(
            y=self.y[fits], start=self.start[fits], own=self.own[fits], root=self.root[fits],
            known=None if self.known is None else self.known[fits],
            offset=None if self.offset is None else self.offset[fits],
            time=self.time, first=self.first, n_rows=self.n_rows,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What a regression found; arrays of shape (fits, ...)."""

    level: Floats
    """(fits, levels) log means of the levels at the tested week."""
    slope: Floats
    """(fits,) change of the log mean a year; 0 without trend."""
    mean: Floats
    """(fits, rows)."""
    weight: Floats
    """(fits, rows) working weights of the last step."""
    total: Floats
    """(fits, levels) sums of working weights."""
    centre: Floats
    """(fits, levels) weighted mean time of each level."""
    bend: Floats
    """(fits,) weighted squares of time around the levels' centres; infinite without trend."""
    settled: NDArray[np.bool_]
    """(fits,) whether it stood still within 25 steps."""

    def unit_variance(self) -> Floats:
        """Variance of the log mean at the tested week, last level, before dispersion: (fits,)."""
        return np.asarray(1 / self.total[:, -1] + self.centre[:, -1] ** 2 / self.bend)


def fit_levels(cells: Cells, *, trend: bool, weights: Floats | None = None) -> Fit:
    """Fit log mean = level + slope * time to every series."""
    prior = cells.known if weights is None else weights
    fits, rows = cells.y.shape
    n_levels = len(cells.first)
    kept = Fit(
        level=np.zeros((fits, n_levels)), slope=np.zeros(fits), mean=np.empty((fits, rows)),
        weight=np.empty((fits, rows)), total=np.empty((fits, n_levels)), centre=np.zeros((fits, n_levels)),
        bend=np.full(fits, np.inf), settled=np.zeros(fits, np.bool_),
    )  # fmt: skip
    going = np.arange(fits)
    y, offset = cells.y, cells.offset
    eta = cells.start
    mean = y + 0.1
    own = cells.own if prior is None else prior * cells.own
    own_total = own.sum(axis=1)
    weighted = y if prior is None else prior * y
    before = _deviance(own_total, weighted, eta, mean, prior)
    for step in range(1, MOST_STEPS + 1):
        weight = mean if prior is None else prior * mean
        seen = eta if offset is None else eta - offset
        working = weight * (seen - 1) + weighted
        total = np.add.reduceat(weight, cells.first, axis=1)
        # A level that nobody watched takes no part; its log mean is 0 and weighs nothing.
        total = np.where(total == 0, 1.0, total) if prior is not None else total
        level = np.add.reduceat(working, cells.first, axis=1) / total
        if trend:
            timed = weight * cells.time
            centre = np.add.reduceat(timed, cells.first, axis=1) / total
            bend = (timed * cells.time).sum(axis=1) - (centre**2 * total).sum(axis=1)
            slope = ((working * cells.time).sum(axis=1) - (level * centre * total).sum(axis=1)) / bend
            level = level - slope[:, None] * centre
            eta = np.repeat(level, cells.n_rows, axis=1)
            eta += slope[:, None] * cells.time
        else:
            eta = np.repeat(level, cells.n_rows, axis=1)
        if offset is not None:
            eta = eta + offset
        mean = np.exp(eta)
        np.maximum(mean, LEAST_MEAN, out=mean)
        now = _deviance(own_total, weighted, eta, mean, prior)
        stands = np.abs(now - before) / (np.abs(now) + 0.1) < SETTLED
        done = stands if step < MOST_STEPS else np.ones_like(stands)
        before = now
        if not done.any():
            continue
        at = going[done]
        kept.level[at], kept.mean[at], kept.weight[at] = level[done], mean[done], weight[done]
        kept.total[at], kept.settled[at] = total[done], stands[done]
        if trend:
            kept.slope[at], kept.centre[at], kept.bend[at] = slope[done], centre[done], bend[done]
        if done.all():
            break
        on = ~done
        going, before, own_total = going[on], before[on], own_total[on]
        weighted, eta, mean = weighted[on], eta[on], mean[on]
        prior = None if prior is None else prior[on]
        offset = None if offset is None else offset[on]
    return kept


def is_smooth(cells: Cells) -> NDArray[np.bool_]:
    """Say where Newton's method and R's iteration end at the same place for our purposes: (fits,).

    That is with a report in every level, enough rows, and no wild scatter: R stops once the deviance changes by less than
    1e-8 of itself, and where the deviance is large that is too early to forget where it came from.
    """
    if cells.known is not None or cells.offset is not None or cells.y.shape[1] < SMOOTH_ROWS:
        return np.zeros(len(cells.y), np.bool_)
    mean = np.add.reduceat(cells.y, cells.first, axis=1) / cells.n_rows
    squares = np.add.reduceat(cells.y * cells.y, cells.first, axis=1) / cells.n_rows
    with np.errstate(invalid="ignore", divide="ignore"):
        scatter = (cells.n_rows * (squares / mean - mean)).sum(axis=1) / cells.y.shape[1]
    return np.asarray((mean > 0).all(axis=1) & (scatter < SMOOTH_SCATTER))


def fit_slope(
    cells: Cells, *, trend: bool, weights: Floats | None = None, slope: Floats | None = None
) -> Fit:
    """Fit the same where every watched level holds a report, from a slope to start with if one is known.

    Given the slope, a level is the log of its reports over the sum of exp(slope * time): one equation remains.
    """
    prior = cells.known if weights is None else weights
    reports = np.add.reduceat(cells.y if prior is None else prior * cells.y, cells.first, axis=1)
    timed = np.zeros(len(cells.y))
    if trend:
        timed = ((cells.y if prior is None else prior * cells.y) * cells.time).sum(axis=1)
    slope = np.zeros(len(cells.y)) if slope is None or not trend else slope.copy()
    for _ in range(MOST_STEPS):
        grown = np.exp(
            slope[:, None] * cells.time
            if cells.offset is None
            else slope[:, None] * cells.time + cells.offset
        )
        share = grown if prior is None else prior * grown
        size = np.add.reduceat(share, cells.first, axis=1)
        # A level that nobody watched takes no part.
        size = np.where(size == 0, 1.0, size) if prior is not None else size
        if not trend:
            centre, bend = np.zeros_like(size), np.full(len(slope), np.inf)
            break
        pulled = share * cells.time
        centre = np.add.reduceat(pulled, cells.first, axis=1) / size
        spread = (
            np.add.reduceat(np.multiply(pulled, cells.time, out=pulled), cells.first, axis=1) / size
            - centre**2
        )
        bend = (reports * spread).sum(axis=1)
        step = (timed - (reports * centre).sum(axis=1)) / bend
        # The curve in the slope is steep far out: half a unit a year at most keeps every step on its side.
        step = np.clip(step, -0.5, 0.5)
        if np.abs(step).max(initial=0.0) < STILL:
            break
        slope += step
    with np.errstate(divide="ignore"):
        level = np.where(reports > 0, np.log(reports / size), 0.0)
    mean = grown * np.repeat(np.exp(level), cells.n_rows, axis=1)
    return Fit(
        level=level, slope=slope, mean=mean, weight=mean if prior is None else prior * mean,
        total=np.where(reports > 0, reports, 1.0), centre=centre, bend=bend, settled=np.ones(len(slope), np.bool_),
    )  # fmt: skip


def _deviance(own: Floats, weighted: Floats, eta: Floats, mean: Floats, prior: Floats | None) -> Floats:
    gone = np.einsum("ij,ij->i", weighted, eta)
    left = mean.sum(axis=1) if prior is None else np.einsum("ij,ij->i", prior, mean)
    return np.asarray(2 * (own - gone + left))


def dispersion(cells: Cells, fit: Fit, weights: Floats, *, trend: bool) -> Floats:
    """Weighted squares of what is left over, a degree of freedom: (fits,)."""
    left = (cells.y - fit.mean) / fit.mean
    return np.asarray(np.einsum("ij,ij,ij->i", weights, left, left) / freedom(cells, trend=trend))


def freedom(cells: Cells, *, trend: bool) -> Floats:
    """Watched rows less coefficients; NaN where nothing is left: (fits,)."""
    if cells.known is None:
        fits, rows = cells.y.shape
        free = np.full(fits, float(rows - len(cells.first) - trend))
    else:
        seen = np.add.reduceat(cells.known, cells.first, axis=1)
        free = seen.sum(axis=1) - (seen > 0).sum(axis=1) - trend
    return np.where(free > 0, free, np.nan)


def downweight(cells: Cells, fit: Fit, phi: Floats, limit: float) -> Floats:
    """Weigh down weeks whose Anscombe residual is beyond a limit: past surges must not raise the bar.

    Farrington et al. (1996), section 3.6: weights fall with the square of the residual and sum to the rows.
    """
    sixth = np.exp(np.log(fit.mean) / 6)
    free = 1 - fit.weight * np.repeat(1 / fit.total, cells.n_rows, axis=1)
    if np.isfinite(fit.bend).any():
        apart = cells.time - np.repeat(fit.centre, cells.n_rows, axis=1)
        apart *= apart
        apart *= fit.weight
        free -= apart / fit.bend[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        # Compared as squares, sign apart: a root and a power a cell are saved where hardly any is far.
        above = cells.root / sixth - sixth * sixth * sixth
        square = (1.5 * above) ** 2 / (free * phi[:, None])
        is_far = (square > limit * limit) & (above > 0)
        weights = np.ones_like(square)
        weights[is_far] = 1 / square[is_far]
    if cells.known is None:
        return np.asarray(weights * (weights.shape[1] / weights.sum(axis=1))[:, None])
    weights *= cells.known
    return np.asarray(weights * (cells.known.sum(axis=1) / weights.sum(axis=1))[:, None])


def trend_p(fit: Fit, spread: Floats, free: Floats) -> Floats:
    """Two-sided p-value of the slope: (fits,)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        t = fit.slope / np.sqrt(spread / fit.bend)
        return np.asarray(2 * stdtr(free, -np.abs(t)))
