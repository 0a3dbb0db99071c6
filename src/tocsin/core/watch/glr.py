"""Likelihood ratios over all weeks at which a rise may have begun: rings late and says since when.

Longer than most modules: three statistics (known rise, unknown rise, epidemic) times two distributions are one table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from tocsin.core.watch.errors import BadSettings
from tocsin.core.watch.seasonal import fit_seasonal
from tocsin.core.watch.surge import Floats, Reason, Surge, as_counts

Change = Literal["intercept", "epi"]
Direction = Literal["inc", "dec"]
Statistic = Callable[[Floats, Floats, float], tuple[float, int]]
"""Counts and means since the last alarm, and the count before them: the ratio now, and rows back to the change."""

Again = Callable[[int], Floats]
"""Means fitted anew to the weeks before a row."""

LEAST_SHARE: Final = -18.0
"""Log of a share of last week's count so small that it is none."""
NEVER: Final = -1


def glr_poisson(counts: ArrayLike, *, start: int, limit: float = 5.0, **settings: object) -> Surge:
    """Compare a Poisson mean in control with a raised one, over all weeks at which the rise may have begun.

    As `glr_negative_binomial` with dispersion 0.
    """
    return glr_negative_binomial(counts, start=start, limit=limit, dispersion=0.0, **settings)  # type: ignore[arg-type]  # the same settings


def glr_negative_binomial(
    counts: ArrayLike,
    *,
    start: int,
    limit: float = 5.0,
    mean: ArrayLike | None = None,
    dispersion: float | None = None,
    rise: float | None = None,
    change: Change = "intercept",
    direction: Direction = "inc",
    window: int | None = None,
    least_weeks: int = 1,
    waves: int = 1,
    trend: bool = False,
    refit: bool = False,
    freq: int = 52,
) -> Surge:
    """Compare a negative binomial in control with a changed one, over all weeks at which the change may have begun.

    Parameters
    ----------
    counts : array, shape (weeks, places)
        Reports a week, oldest first; NaN where nobody watched.
    start : row
        The first week monitored; weeks before it are learnt from.
    limit : log likelihood ratio at which it rings (`c.ARL` in R)
        Tune it to the false alarms that the desk can bear.
    mean : array that fits (weeks - start, places), or None
        Reports a week in control; fitted with `waves`, `trend` and `freq` if not given.
    dispersion : variance is mean + dispersion * mean**2
        None estimates it from the weeks before `start`; 0 is Poisson.
    rise : log of the factor to detect (`theta` in R), or None to estimate it
    change : "intercept" for a factor on the mean, "epi" for a share of last week's count added
    direction : "inc" or "dec"
    window : weeks looked back, None for all since the last alarm (`M`)
    least_weeks : weeks that a change must last to be estimated (`Mtilde`)
    refit : bool
        Whether the mean is fitted anew after each alarm.

    Returns
    -------
    Surge
        score: the statistic over `limit`. expected: the mean in control. onset: row of the most likely change. It
        starts anew after each alarm. It has no threshold in reports: the same count may ring or not, by what came before.
        A missing week is skipped.

    Raises
    ------
    BadSettings, BadCounts

    References
    ----------
    Höhle and Paul (2008), Comput. Stat. Data Anal. 52, 4357-4368; function `algo.glrnb`.
    """
    counts = as_counts(counts)
    if (
        not 0 < start <= len(counts)
        or limit <= 0
        or least_weeks < 1
        or (window is not None and window < least_weeks)
    ):
        raise BadSettings("it starts out of range, its limit is not above 0, or its window is too small")
    if change not in ("intercept", "epi") or direction not in ("inc", "dec") or (rise == 0):
        raise BadSettings("its change or direction is unknown, or the rise to detect is none")

    def learn(upto: int) -> tuple[Floats, Floats]:
        fit = fit_seasonal(counts, start=upto, waves=waves, trend=trend, freq=freq, dispersion=dispersion)
        return fit.mean, fit.dispersion

    if mean is None:
        means, alphas = learn(start)
    else:
        means = np.full_like(counts, np.nan)
        means[start:] = np.broadcast_to(np.asarray(mean, np.float64), means[start:].shape)
        alphas = np.full(counts.shape[1], 0.0 if dispersion is None else dispersion)
    walk = _Walk(counts, start, limit)
    for place in range(counts.shape[1]):
        sign = 1 if direction == "inc" else -1
        statistic = _statistic(float(alphas[place]), change, rise, sign, window, least_weeks)
        again = (lambda upto, at=place: learn(upto)[0][:, at]) if refit and mean is None else None
        walk.run(place, means[:, place], statistic, rise is not None, again)
    return walk.surge(means)


class _Walk:
    """Goes through the weeks of each place and starts anew after an alarm."""

    def __init__(self, counts: Floats, start: int, limit: float) -> None:
        self.counts, self.start, self.limit = counts, start, limit
        self.value = np.full_like(counts, np.nan)
        self.alarm = np.zeros(counts.shape, np.bool_)
        self.onset = np.full(counts.shape, NEVER, np.int64)

    def run(
        self,
        place: int,
        means: Floats,
        statistic: Statistic,
        is_strict: bool,
        again: Callable[[int], Floats] | None,
    ) -> None:
        seen = [row for row in range(self.start, len(self.counts)) if not np.isnan(self.counts[row, place])]
        if np.isnan(means[self.start :]).any():
            return
        first, before = 0, 0.0
        for at, row in enumerate(seen):
            rows = seen[first : at + 1]
            x, mu = self.counts[rows, place], means[rows]
            value, back = statistic(x, mu, before)
            self.value[row, place] = value
            self.onset[row, place] = rows[len(rows) - 1 - back] if value > 0 else NEVER
            if value > self.limit or (value == self.limit and not is_strict):
                self.alarm[row, place] = True
                first, before = at + 1, float(self.counts[row, place])
                means = means if again is None or row + 1 >= len(self.counts) else again(row + 1)

    def surge(self, means: Floats) -> Surge:
        reason = np.where(np.isnan(self.value), np.uint8(Reason.NO_FIT), np.uint8(Reason.ANSWERED))
        reason[np.isnan(self.counts)] = Reason.NOT_WATCHED
        reason[np.isnan(means) & ~np.isnan(self.counts)] = Reason.SHORT_HISTORY
        reason[: self.start] = Reason.NOT_STARTED
        return Surge(
            expected=np.where(reason == Reason.ANSWERED, means, np.nan),
            threshold=np.full_like(self.counts, np.nan),
            alarm=self.alarm,
            score=np.where(reason == Reason.ANSWERED, self.value / self.limit, np.nan),
            reason=reason,
            onset=self.onset,
        )


def _statistic(
    alpha: float, change: str, rise: float | None, sign: int, window: int | None, least: int
) -> Statistic:
    if change == "epi":
        return lambda x, mu, before: _latest(_epidemic(x, mu, before, alpha), window, least)
    if rise is not None:
        return lambda x, mu, _before: _known(x, mu, alpha, rise)
    if alpha == 0:
        return lambda x, mu, _before: _latest(_poisson(x, mu, sign), window, least)
    return lambda x, mu, _before: _latest(_negative_binomial(x, mu, alpha, sign), window, least)


def _latest(ratios: Floats, window: int | None, least: int) -> tuple[float, int]:
    """The highest ratio over the changes allowed; ratios run from a change this week backwards."""
    allowed = ratios[least - 1 : None if window is None else window + 1]
    if not len(allowed):
        return 0.0, 0
    best = int(np.argmax(allowed))
    return float(allowed[best]), best + least - 1


def _known(x: Floats, mu: Floats, alpha: float, rise: float) -> tuple[float, int]:
    """Page's recursion for a rise that is known."""
    if alpha == 0:
        gains = rise * x + (1 - np.exp(rise)) * mu
    else:
        gains = rise * x + (x + 1 / alpha) * np.log((1 + alpha * mu) / (1 + alpha * mu * np.exp(rise)))
    total, since = 0.0, 0
    for at, gain in enumerate(gains):
        total, since = (total + gain, since) if total + gain > 0 else (0.0, at + 1)
    return float(total), min(len(x) - 1, len(x) - 1 - since) if total > 0 else 0


def _poisson(x: Floats, mu: Floats, sign: int) -> Floats:
    total, usual = np.cumsum(x[::-1]), np.cumsum(mu[::-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        rise = sign * np.fmax(0.0, sign * np.log(total / usual))
    rise = np.where(np.isfinite(rise), rise, 0.0)
    return np.asarray(rise * total + (1 - np.exp(rise)) * usual)


def _negative_binomial(x: Floats, mu: Floats, alpha: float, sign: int) -> Floats:
    """The likelihood has one peak in the log rise; bracketed Newton steps cannot run away from it.

    Only changes that point the right way are solved for: at a rise of 0 the slope already says so.
    """
    x, mu = x[::-1], mu[::-1]
    ratios = np.zeros(len(x))
    some = np.flatnonzero(sign * np.cumsum((x - mu) / (1 + alpha * mu)) > 0)
    if not len(some):
        return ratios
    part = np.arange(len(x)) <= some[:, None]
    low, high = np.full(len(some), min(0.0, 30.0 * sign)), np.full(len(some), max(0.0, 30.0 * sign))
    with np.errstate(divide="ignore"):
        rise = np.log(np.cumsum(x)[some] / np.cumsum(mu)[some])
    rise = np.where((rise > low) & (rise < high), rise, (low + high) / 2)
    for _ in range(100):
        grown = np.exp(rise)[:, None] * mu
        slope = np.where(part, (x - grown) / (1 + alpha * grown), 0.0).sum(axis=1)
        bend = np.where(part, grown * (alpha * x + 1) / (1 + alpha * grown) ** 2, 0.0).sum(axis=1)
        low, high = np.where(slope > 0, rise, low), np.where(slope > 0, high, rise)
        ahead = rise + slope / bend
        ahead = np.where((ahead > low) & (ahead < high), ahead, (low + high) / 2)
        moved, rise = np.abs(ahead - rise).max(), ahead
        if moved < 1e-9:
            break
    raised = np.exp(rise)[:, None] * mu
    gains = rise[:, None] * x + (x + 1 / alpha) * np.log((1 + alpha * mu) / (1 + alpha * raised))
    ratios[some] = np.where(part, gains, 0.0).sum(axis=1)
    return ratios


def _epidemic(x: Floats, mu: Floats, before: float, alpha: float) -> Floats:
    """A share of last week's count added to the mean; the share of each possible change by golden section."""
    earlier = np.concatenate([[before], x[:-1]])[::-1]
    back_x, back_mu = x[::-1], mu[::-1]

    def ratios(share: Floats) -> Floats:
        raised = back_mu + np.exp(share)[:, None] * earlier
        if alpha == 0:
            return np.asarray(np.tril(back_x * np.log(raised / back_mu) - (raised - back_mu)).sum(axis=1))
        loss = np.log((1 + alpha * back_mu) / (1 + alpha * raised))
        return np.asarray(np.tril(back_x * (np.log(raised / back_mu) + loss) + loss / alpha).sum(axis=1))

    low, high = np.full(len(x), LEAST_SHARE), np.full(len(x), 10.0)
    golden = (np.sqrt(5) - 1) / 2
    for _ in range(70):
        left, right = high - golden * (high - low), low + golden * (high - low)
        is_left = ratios(left) >= ratios(right)
        low, high = np.where(is_left, low, left), np.where(is_left, right, high)
    return np.asarray(ratios((low + high) / 2))
