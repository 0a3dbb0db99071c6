"""Farrington's method and Noufaily's: a week against the same season of earlier years, past surges weighed down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from tocsin.core.watch import reference
from tocsin.core.watch.errors import BadSettings
from tocsin.core.watch.levels import (
    Cells,
    Fit,
    dispersion,
    downweight,
    fit_levels,
    fit_slope,
    freedom,
    is_smooth,
    trend_p,
)
from tocsin.core.watch.quantiles import nb_quantile, poisson_quantile
from tocsin.core.watch.reference import Calendar, Pattern
from tocsin.core.watch.surge import Floats, Reason, Surge, as_counts, judge
from tocsin.terms import Day

ThresholdMethod = Literal["delta", "nbPlugin", "muan"]
PowerTransform = Literal["2/3", "1/2", "none"]
POWERS: Final = {"2/3": 2 / 3, "1/2": 1 / 2, "none": 1.0}

CELLS_AT_ONCE: Final = 40_000
"""Cells of one batch: eight such arrays stay in the cache of a small processor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What both methods share, checked once."""

    b: int
    w: int
    trend: bool
    p_trend: float
    reweight: bool
    reweight_beyond: float
    alpha: float
    limit54: tuple[float, int]
    power: float
    method: ThresholdMethod
    is_flexible: bool

    def __post_init__(self) -> None:
        cases, weeks = self.limit54
        if (
            self.b < 1
            or self.w < 0
            or not 0 < self.alpha < 1
            or cases < 0
            or weeks < 1
            or self.reweight_beyond <= 0
        ):
            raise BadSettings(
                "it looks at no years, its alpha is not between 0 and 1, or its limits are below 0"
            )


def farrington(
    counts: ArrayLike,
    *,
    b: int = 5,
    w: int = 3,
    reweight: bool = True,
    trend: bool = True,
    alpha: float = 0.05,
    limit54: tuple[float, int] = (5, 4),
    powertrans: PowerTransform = "2/3",
    freq: int = 52,
    first_day: Day | None = None,
) -> Surge:
    """Compare each week with the 2 w + 1 weeks around it in each of the b years before.

    Parameters
    ----------
    counts : array, shape (weeks, places)
        Reports a week, oldest first; NaN where nobody watched: such a week is left out.
    b : years
    w : weeks
    reweight : bool
        Whether past surges are weighed down.
    trend : bool
        Whether a trend is looked for; it is kept if significant at 0.05, over 3 years or more, and not beyond what was seen.
    alpha : the two-sided level; half of it is the chance of a false alarm above
    limit54 : (cases, weeks)
        No answer where fewer cases were seen in so many weeks up to this one. (0, 1) turns it off.
    powertrans : "2/3", "1/2" or "none"
        Power in which the prediction is taken to be normal.
    freq : rows a year
    first_day : Day
        Day of the first row, so that earlier years are found by date; else `freq` rows back.

    Returns
    -------
    Surge

    Raises
    ------
    BadSettings, BadCounts

    References
    ----------
    Farrington, Andrews, Beale and Catchpole (1996), J. R. Stat. Soc. A 159, 547-563; function `algo.farrington`.
    """
    if powertrans not in POWERS:
        raise BadSettings("its power is none of 2/3, 1/2 and none")
    plan = Plan(
        b=b, w=w, trend=trend, p_trend=0.05, reweight=reweight, reweight_beyond=1.0, alpha=alpha / 2,
        limit54=limit54, power=POWERS[powertrans], method="delta", is_flexible=False,
    )  # fmt: skip
    calendar = Calendar(freq=freq, first_day=first_day)
    counts = as_counts(counts)
    patterns = {row: reference.around(row, calendar, b=b, w=w) for row in range(len(counts))}
    return _detect(counts, None, patterns, plan)


def farrington_flexible(
    counts: ArrayLike,
    *,
    b: int = 5,
    w: int = 3,
    periods: int = 1,
    weeks_left_out: int | None = None,
    reweight: bool = True,
    weights_threshold: float = 2.58,
    trend: bool = True,
    p_threshold_trend: float = 0.05,
    alpha: float = 0.05,
    limit54: tuple[float, int] = (5, 4),
    threshold_method: ThresholdMethod = "delta",
    powertrans: PowerTransform = "2/3",
    population: ArrayLike | None = None,
    freq: int = 52,
    first_day: Day | None = None,
) -> Surge:
    """Compare each week with all weeks of b years, cut into parts of the year.

    Parameters
    ----------
    counts : array, shape (weeks, places)
        Reports a week, oldest first; NaN where nobody watched: such a week is left out.
    b, w : years, weeks on either side of the same week
    periods : parts of the year with a level of their own (`noPeriods` in R)
        1 takes the reference windows alone; 10 is Noufaily's.
    weeks_left_out : weeks right before the tested one (`pastWeeksNotIncluded`)
        A surge that has begun must not raise its own bar. w if not given; 26 is Noufaily's.
    reweight, weights_threshold : whether and beyond which Anscombe residual past surges are weighed down
    trend, p_threshold_trend : whether a trend is fitted, and up to which p-value it is kept
        1 keeps it whenever b is 3 or more and it does not lead beyond what was seen.
    alpha : chance of a false alarm
    limit54 : (cases, weeks)
        No answer where fewer cases were seen in so many weeks up to this one. For persecution lower it on purpose.
    threshold_method : "delta", "nbPlugin" or "muan"
        A normal quantile after `powertrans`; a negative binomial quantile at the fitted mean; the same at the upper
        limit of the fitted mean.
    population : array, shape (weeks, places), above 0
        Its log is an offset: people, or items published by the same sources.
    freq, first_day : as in `farrington`

    Returns
    -------
    Surge

    Raises
    ------
    BadSettings, BadCounts

    References
    ----------
    Noufaily et al. (2013), Stat. Med. 32, 1206-1222; Salmon, Schumacher and Höhle (2016), J. Stat. Softw. 70(10);
    function `farringtonFlexible`.
    """
    if powertrans not in POWERS or threshold_method not in ("delta", "nbPlugin", "muan") or periods < 1:
        raise BadSettings("its power or threshold is unknown, or it has no periods")
    plan = Plan(
        b=b, w=w, trend=trend, p_trend=p_threshold_trend, reweight=reweight, reweight_beyond=weights_threshold,
        alpha=alpha, limit54=limit54, power=POWERS[powertrans], method=threshold_method, is_flexible=True,
    )  # fmt: skip
    calendar, left_out = (
        Calendar(freq=freq, first_day=first_day),
        w if weeks_left_out is None else weeks_left_out,
    )
    counts = as_counts(counts)
    patterns = {
        row: reference.parts(row, calendar, b=b, w=w, periods=periods, left_out=left_out)
        for row in range(len(counts))
    }
    return _detect(counts, population, patterns, plan)


def _detect(
    counts: Floats, population: ArrayLike | None, patterns: dict[int, Pattern | None], plan: Plan
) -> Surge:
    expected, threshold = np.full_like(counts, np.nan), np.full_like(counts, np.nan)
    reason = np.full(counts.shape, np.uint8(Reason.SHORT_HISTORY))
    gathered = _Gathered(counts, _offset(population, counts))
    ready = {row: pattern for row, pattern in patterns.items() if pattern is not None}
    for pattern, rows in reference.by_pattern(ready):
        at_once = max(1, CELLS_AT_ONCE // (len(pattern.back) * counts.shape[1] or 1))
        for first in range(0, len(rows), at_once):
            some = rows[first : first + at_once]
            cells = gathered.cells(some, pattern)
            now = None if gathered.offset is None else gathered.offset[some].ravel()
            # Series that come apart divide by nothing on their way to NaN, which is told as a reason.
            with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
                mean, bar = _threshold(cells, now, plan)
            expected[some], threshold[some] = mean.reshape(len(some), -1), bar.reshape(len(some), -1)
            reason[some] = np.where(
                np.isnan(threshold[some]), np.uint8(Reason.NO_FIT), np.uint8(Reason.ANSWERED)
            )
            reason[some] = np.where(
                _is_bare(cells).reshape(len(some), -1), np.uint8(Reason.GAPS), reason[some]
            )
    has_answer = reason == Reason.ANSWERED
    reason[has_answer & ~_has_enough(counts, plan.limit54)] = Reason.TOO_FEW_CASES
    return judge(counts, expected=expected, threshold=threshold, reason=reason)


class _Gathered:
    """Counts and what is computed of them once, whatever the number of fits that use them."""

    def __init__(self, counts: Floats, offset: Floats | None) -> None:
        known = ~np.isnan(counts)
        self.y = np.where(known, counts, 0.0)
        self.known = None if known.all() else known.astype(np.float64)
        self.start = np.log(self.y + 0.1)
        self.own = self.y * np.log(np.maximum(self.y, 1.0)) - self.y
        self.root = np.cbrt(self.y) ** 2
        self.offset = offset

    def cells(self, rows: NDArray[np.intp], pattern: Pattern) -> Cells:
        at = rows[:, None] - np.array(pattern.back)
        level = np.array(pattern.level)
        first = np.flatnonzero(np.diff(level, prepend=-1))

        def take(table: Floats) -> Floats:
            return np.ascontiguousarray(table[at].transpose(0, 2, 1)).reshape(-1, len(level))

        return Cells(
            y=take(self.y), start=take(self.start), own=take(self.own), root=take(self.root),
            known=None if self.known is None else take(self.known),
            offset=None if self.offset is None else take(self.offset),
            time=np.array(pattern.time), first=first, n_rows=np.diff(first, append=len(level)),
        )  # fmt: skip


def _offset(population: ArrayLike | None, counts: Floats) -> Floats | None:
    if population is None:
        return None
    people = np.broadcast_to(np.asarray(population, np.float64), counts.shape)
    if not (people > 0).all():
        raise BadSettings("a population is not above 0")
    return np.log(people)


def _is_bare(cells: Cells) -> NDArray[np.bool_]:
    """Whether too few reference weeks were watched: none in this part of the year, or under half in all."""
    if cells.known is None:
        return np.zeros(len(cells.y), np.bool_)
    seen = np.add.reduceat(cells.known, cells.first, axis=1)
    return np.asarray((seen[:, -1] == 0) | (seen.sum(axis=1) < cells.y.shape[1] / 2))


def _has_enough(counts: Floats, limit54: tuple[float, int]) -> NDArray[np.bool_]:
    """Whether at least so many cases were seen in so many weeks up to each; a missing week has none to add."""
    cases, weeks = limit54
    filled = np.nan_to_num(counts)
    seen = np.cumsum(filled, axis=0)
    seen[weeks:] -= np.cumsum(filled, axis=0)[:-weeks]
    return np.asarray(seen >= cases)


@dataclass(frozen=True, slots=True)
class _Now:
    """A model's word on the tested week, each (fits,)."""

    log_mean: Floats
    unit_variance: Floats
    phi: Floats
    spread: Floats
    """Dispersion that goes into the standard error of the mean."""
    p: Floats
    settled: NDArray[np.bool_]


def _threshold(cells: Cells, offset: Floats | None, plan: Plan) -> tuple[Floats, Floats]:
    """Means and thresholds: (fits,) each."""
    smooth = is_smooth(cells)
    if smooth.all() or not smooth.any():
        return _threshold_of(cells, offset, plan, is_plain=bool(smooth.all()))
    both = np.empty((2, len(smooth)))
    for fits, is_plain in ((np.flatnonzero(smooth), True), (np.flatnonzero(~smooth), False)):
        both[:, fits] = _threshold_of(
            cells.of(fits), None if offset is None else offset[fits], plan, is_plain=is_plain
        )
    return both[0], both[1]


def _threshold_of(
    cells: Cells, offset: Floats | None, plan: Plan, *, is_plain: bool
) -> tuple[Floats, Floats]:
    now = _model(cells, offset, plan, trend=plan.trend, is_plain=is_plain)
    if plan.trend:
        seen = cells.y.max(axis=1)
        kept = now.settled & (now.p < plan.p_trend) & (np.exp(now.log_mean) <= seen) & (plan.b >= 3)
        again = np.flatnonzero(~kept)
        if len(again):
            part = None if offset is None else offset[again]
            flat = _model(cells.of(again), part, plan, trend=False, is_plain=is_plain)
            for name in ("log_mean", "unit_variance", "phi", "spread", "settled"):
                getattr(now, name)[again] = getattr(flat, name)
    mean = np.where(now.settled, np.exp(now.log_mean), np.nan)
    error = np.sqrt(now.unit_variance * (now.spread if plan.is_flexible else now.phi))
    if plan.method == "delta":
        return mean, _delta(mean, error, now.phi, plan)
    middle = mean if plan.method == "nbPlugin" else mean * np.exp(ndtri(1 - plan.alpha) * error)
    return mean, _plug_in(middle, now.phi, plan.alpha)


def _model(cells: Cells, offset: Floats | None, plan: Plan, *, trend: bool, is_plain: bool) -> _Now:
    fit = fit_slope(cells, trend=trend) if is_plain else fit_levels(cells, trend=trend)
    settled = fit.settled
    phi = np.maximum(1.0, dispersion(cells, fit, fit.weight, trend=trend))
    prior = cells.known
    if plan.reweight:
        prior = downweight(cells, fit, phi, plan.reweight_beyond)
        if is_plain:
            fit = fit_slope(cells, trend=trend, weights=prior, slope=fit.slope)
        else:
            fit = fit_levels(cells, trend=trend, weights=prior)
        phi = np.maximum(1.0, dispersion(cells, fit, fit.weight, trend=trend))
    # R's flexible method takes the prior weights where the working ones belong, in this place only.
    odd = plan.is_flexible and plan.reweight and prior is not None
    spread = dispersion(cells, fit, prior if odd and prior is not None else fit.weight, trend=trend)
    return _Now(
        _log_mean(fit, offset), fit.unit_variance(), phi, spread, _p(cells, fit, spread, trend), settled
    )


def _log_mean(fit: Fit, offset: Floats | None) -> Floats:
    return fit.level[:, -1].copy() if offset is None else fit.level[:, -1] + offset


def _p(cells: Cells, fit: Fit, spread: Floats, trend: bool) -> Floats:
    return trend_p(fit, spread, freedom(cells, trend=True)) if trend else np.ones(len(cells.y))


def _delta(mean: Floats, error: Floats, phi: Floats, plan: Plan) -> Floats:
    """The quantile of a normal in a power of the mean; `error` is that of the log mean."""
    tau = phi + mean * error**2
    power = plan.power
    spread = power * mean ** (power - 0.5) * np.sqrt(tau)
    return np.asarray((mean**power + ndtri(1 - plan.alpha) * spread) ** (1 / power))


def _plug_in(mean: Floats, phi: Floats, alpha: float) -> Floats:
    mean = np.where(np.isfinite(mean), mean, np.nan)
    wide = phi > 1
    with np.errstate(divide="ignore", invalid="ignore"):
        by_nb = nb_quantile(1 - alpha, np.where(wide, mean / (phi - 1), np.nan), 1 / phi)
    return np.where(wide, by_nb, poisson_quantile(1 - alpha, np.where(wide, np.nan, mean)))
