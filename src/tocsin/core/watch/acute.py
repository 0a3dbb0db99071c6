"""Our own verdict: has a surge begun in this place, how surely, and since when?

Each week is told by two stories: the place goes on as before, or a surge has begun. The first is a negative binomial made of
the last nine months, held towards the place's own years, so that it has a spread even where nothing was ever reported; the
second a broad rise above it. Their odds, times the odds that a surge begins at all, give a probability; it rings where
acting is worth it. In the half-year after a surge another wave is likelier, and the first report after a lull rings.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, gammaln

from tocsin.core.watch.errors import BadSettings
from tocsin.core.watch.surge import Floats, Reason, Surge, as_counts

LEAST_WEEKS = 6
"""Watched weeks without which nothing is said: with fewer the place's habit is only our guess."""
LOOK_BACK = 8
"""Weeks over which the beginning of a surge is dated."""
LONG_AGO = -(10**6)
FALL = -30.0
"""Log odds below which a week speaks for itself: no surge."""


class AcuteSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of `acute`; the defaults were chosen once, on Myanmar with Mexico in view, and hold for every place."""

    recent_weeks: int = 39
    """Weeks that make a place's habit."""
    guard_weeks: int = 1
    """Weeks right before the tested one that are left out, so that a surge does not raise its own bar."""
    years: int = 10
    """Years towards whose mean the habit is held."""
    held_weeks: float = 8.0
    """How many weeks those years weigh."""
    surge_every_weeks: float = 260.0
    """One surge in so many weeks is what we expect of a place before looking: once in five years."""
    wave_weeks: int = 26
    """Weeks after a surge in which another wave is likely."""
    wave_odds: float = 1 / 3
    """Odds that one begins in a week of them, before looking."""
    rise: float = 3.0
    """A surge brings so many reports a week from nothing, and `rise_times` the habit on top."""
    rise_times: float = 4.0
    lull_weeks: int = 8
    """Weeks without a surge after which the next is a new one."""
    grows_times: float = 2.0
    """A week with more than so many times the surge's worst one rings anew."""
    skip_weeks: int = 8
    """Weeks of a surge that are kept out of the habit; what lasts longer becomes the habit."""
    p_act: float = 0.5
    """Probability from which on it rings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acute:
    """What `acute` says of every week and place; arrays have the shape of the counts."""

    surge: Surge
    """expected: the habit. threshold: reports that may pass. alarm: the week is part of a surge. score: log odds of the
    surge, 1 where it rings. onset: row in which the surge most likely began."""
    p: Floats
    """Probability that the week is part of a surge; NaN where there is no answer."""
    begins: NDArray[np.bool_]
    """Whether a surge begins, or worsens, that week: these ring."""
    onset_from: NDArray[np.int64]
    onset_to: NDArray[np.int64]
    """Rows between which the surge began with a probability of 0.9; -1 where none did."""


def acute(counts: ArrayLike, settings: AcuteSettings | None = None) -> Acute:
    """Say of every week whether a surge has begun, from what was seen up to that week.

    Parameters
    ----------
    counts : array, shape (weeks, places)
        Reports a week, oldest first; NaN where nobody watched: such a week is neither quiet nor loud.
    settings : AcuteSettings

    Returns
    -------
    Acute

    Raises
    ------
    BadCounts, BadSettings

    References
    ----------
    The predictive is that of `bayes`, held towards the years as by Enki et al. (2013), Stat. Med. 32, 4241-4257 for few
    cases; odds of a beginning as by Shiryaev (1963), Theory Probab. Appl. 8, 22-46.
    """
    settings = AcuteSettings() if settings is None else settings
    _check(settings)
    counts = as_counts(counts)
    walk = _Walk(counts, settings)
    for row in range(len(counts)):
        walk.step(row)
    return walk.verdict()


def _check(settings: AcuteSettings) -> None:
    above_0 = (
        settings.recent_weeks, settings.years, settings.held_weeks, settings.surge_every_weeks, settings.wave_odds,
        settings.rise, settings.lull_weeks, settings.grows_times,
    )  # fmt: skip
    if (
        min(above_0) <= 0
        or min(settings.guard_weeks, settings.wave_weeks, settings.skip_weeks, settings.rise_times) < 0
    ):
        raise BadSettings("a length, a rise or odds are below 0")
    if settings.recent_weeks < LEAST_WEEKS or not 0 < settings.p_act < 1:
        raise BadSettings(
            "its habit is made of under six weeks, or it rings at no probability between 0 and 1"
        )


class _Walk:
    """Goes through the weeks with all places side by side."""

    def __init__(self, counts: Floats, settings: AcuteSettings) -> None:
        self.counts, self.settings = counts, settings
        n_weeks, n_places = counts.shape
        self.seen = np.nan_to_num(counts)
        # Running totals of weeks in the habit and of their reports; row 0 is before the first week.
        self.weeks, self.reports = np.zeros((2, n_weeks + 1, n_places))
        self.size, self.mean, self.odds, self.ratio = (np.full(counts.shape, np.nan) for _ in range(4))
        self.begins, self.in_surge = (np.zeros(counts.shape, np.bool_) for _ in range(2))
        self.last, self.first, self.strong = (np.full(n_places, LONG_AGO) for _ in range(3))
        self.worst = np.zeros(n_places)

    def step(self, row: int) -> None:
        """Judge one week, then let it into the habit unless it is part of a surge."""
        settings, x, watched = self.settings, self.seen[row], ~np.isnan(self.counts[row])
        size, mean, weeks = self._habit(row)
        known = watched & (weeks >= LEAST_WEEKS)
        ratio = surge_ratio(x, size, mean, settings)
        cold = -np.log(settings.surge_every_weeks)
        odds = np.where(row - self.strong <= settings.wave_weeks, np.log(settings.wave_odds), cold)
        limit = np.log(settings.p_act / (1 - settings.p_act))
        high = known & (ratio + odds > limit) & (x > mean)
        is_new = row - self.last > settings.lull_weeks
        rings = high & (is_new | (x > settings.grows_times * self.worst))
        self.first = np.where(high & is_new, row, self.first)
        self.worst = np.where(high, np.where(is_new, x, np.maximum(self.worst, x)), self.worst)
        self.last = np.where(high, row, self.last)
        self.strong = np.where(high & (ratio + cold > limit), row, self.strong)
        out = high & (row - self.first < settings.skip_weeks)
        self.weeks[row + 1] = self.weeks[row] + (watched & ~out)
        self.reports[row + 1] = self.reports[row] + np.where(watched & ~out, x, 0.0)
        self.size[row], self.mean[row] = np.where(known, size, np.nan), np.where(known, mean, np.nan)
        self.odds[row], self.ratio[row] = np.where(known, odds, np.nan), np.where(known, ratio, np.nan)
        self.begins[row], self.in_surge[row] = rings, high

    def _habit(self, row: int) -> tuple[Floats, Floats, Floats]:
        settings = self.settings
        end = max(0, row - settings.guard_weeks)
        recent, long = max(0, end - settings.recent_weeks), max(0, end - 52 * settings.years)
        n, total = self.weeks[end] - self.weeks[recent], self.reports[end] - self.reports[recent]
        # Half a report in half a year stands for what we know of any place: not nothing.
        level = (self.reports[end] - self.reports[long] + 0.5) / (self.weeks[end] - self.weeks[long] + 26)
        size = level * settings.held_weeks + total
        return size, size / (settings.held_weeks + n), n

    def verdict(self) -> Acute:
        settings = self.settings
        log_odds = self.ratio + self.odds
        reason = np.where(np.isnan(self.ratio), np.uint8(Reason.SHORT_HISTORY), np.uint8(Reason.ANSWERED))
        reason[np.isnan(self.counts)] = Reason.NOT_WATCHED
        limit = np.log(settings.p_act / (1 - settings.p_act))
        threshold = _threshold(self.size, self.mean, limit - self.odds, settings)
        low, best, high = _onsets(np.where(self.in_surge, self.ratio, np.nan), self.ratio)
        surge = Surge(
            expected=self.mean,
            threshold=threshold,
            alarm=self.in_surge,
            score=1 + (log_odds - limit) / 10,
            reason=reason,
            onset=best,
        )
        p = np.where(self.seen > self.mean, expit(log_odds), expit(np.minimum(log_odds, FALL)))
        p = np.where(reason == Reason.ANSWERED, p, np.nan)
        return Acute(surge=surge, p=p, begins=self.begins, onset_from=low, onset_to=high)


def surge_ratio(x: Floats, size: Floats, mean: Floats, settings: AcuteSettings) -> Floats:
    """Log odds that the data alone give a surge: a broad rise against the place's habit."""
    up = settings.rise + settings.rise_times * mean
    surge = x * np.log(up / (1 + up)) - np.log1p(up)
    share = size / (size + mean)
    habit = gammaln(x + size) - gammaln(size) - gammaln(x + 1) + size * np.log(share) + x * np.log1p(-share)
    return np.asarray(surge - habit)


def _threshold(size: Floats, mean: Floats, needed: Floats, settings: AcuteSettings) -> Floats:
    """The highest count that does not ring; the ratio grows with the count once it is above the mean."""
    low, high = np.floor(mean), np.floor(mean) + 1
    for _ in range(40):
        short = surge_ratio(high, size, mean, settings) <= needed
        if not short.any():
            break
        low, high = np.where(short, high, low), np.where(short, 2 * high + 1, high)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        short = surge_ratio(middle, size, mean, settings) <= needed
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.asarray(low)


def _onsets(high: Floats, ratio: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Date the beginning: every week of the last eight may be the first, weighed by what all weeks since it say."""
    low, best, late = (np.full(ratio.shape, -1, np.int64) for _ in range(3))
    for row, place in zip(*np.nonzero(~np.isnan(high)), strict=True):
        first = max(0, row - LOOK_BACK + 1)
        since = np.cumsum(np.nan_to_num(ratio[first : row + 1, place])[::-1])[::-1]
        weight = np.exp(since - since.max())
        gathered = np.cumsum(weight) / weight.sum()
        best[row, place] = first + int(np.argmax(since))
        low[row, place] = first + int(np.searchsorted(gathered, 0.05))
        late[row, place] = first + min(len(since) - 1, int(np.searchsorted(gathered, 0.95)))
    return low, best, late
