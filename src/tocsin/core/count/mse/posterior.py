"""What an estimate answers: a distribution over how many there are in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tocsin.core.count.mse.errors import Reason
from tocsin.core.count.mse.table import Floats, Ints

GOOD_RHAT, GOOD_ESS = 1.01, 400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelWeight:
    """One model of several that were averaged, or ranked."""

    model: str
    """Its greatest terms, lists numbered from 1: `[12,3]`."""
    weight: float
    mean: float
    """The posterior mean of the total under it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PosteriorN:
    """How probable each total is. The unlisted are told in cells of whole numbers, each spread evenly.

    Draws are kept in the same form, each distinct value a cell of its own.
    """

    n: int
    """People on some list: the total is never below it."""
    low: Ints
    """First number of unlisted people in each cell, rising."""
    high: Ints
    """Last one; the same as the first where every number has its own cell."""
    mass: Floats
    """Probability of each cell, 1 in all."""
    method: str
    settings: Mapping[str, float | int | str] = field(default_factory=dict)
    ranked: tuple[ModelWeight, ...] = ()
    """The models behind it, the weightiest first; fifty at most."""
    complete_weight: float | None = None
    """Weight the complete graph has, or would have were it let in: there the prior speaks, not the lists."""
    mass_at_cap: float = 0.0
    """Probability in the last tenth of what was looked at, or of draws that were turned away."""
    rhat: float | None = None
    ess: float | None = None
    table_hash: str = ""
    refusals: tuple[Reason, ...] = ()
    """Why this must not be published; estimators raise these unless asked not to."""

    @classmethod
    def from_draws(cls, n: int, n0: Ints, *, method: str, **more: Any) -> PosteriorN:  # fields of this class
        """Make one of draws of how many are unlisted."""
        values, times = np.unique(np.asarray(n0, dtype=np.int64), return_counts=True)
        return cls(n=n, low=values, high=values, mass=times / times.sum(), method=method, **more)

    @property
    def mean(self) -> float:
        """Mean of the total. With few shared people it may be ruled by the far tail; read the median."""
        return self.n + float(self.mass @ self._middle)

    @property
    def sd(self) -> float:
        """Standard deviation of the total."""
        width = (self.high - self.low + 1).astype(np.float64)
        within = (width * width - 1) / 12
        apart = self._middle - self.mass @ self._middle
        return float(np.sqrt(self.mass @ (apart * apart + within)))

    @property
    def _middle(self) -> Floats:
        return np.asarray((self.low.astype(np.float64) + self.high) / 2)

    @property
    def is_converged(self) -> bool:
        """Say whether chains tell one story; what is summed exactly has none."""
        return self.rhat is None or (self.rhat < GOOD_RHAT and (self.ess or 0.0) >= GOOD_ESS)

    @property
    def median(self) -> float:
        """Half of the probability lies at or below it."""
        return self.quantile(0.5)

    @property
    def n0(self) -> float:
        """Median of how many are on no list."""
        return self.median - self.n

    def quantile(self, q: float) -> float:
        """Give the smallest total with at least q of the probability at or below."""
        below = np.cumsum(self.mass)
        at = min(int(np.searchsorted(below, q * below[-1] * (1 - 1e-15))), len(below) - 1)
        before = below[at - 1] if at else 0.0
        width = self.high[at] - self.low[at] + 1
        share = (q * below[-1] - before) / self.mass[at] if self.mass[at] > 0 else 0.0
        step = min(max(int(np.ceil(share * width)) - 1, 0), int(width) - 1)
        return float(self.n + self.low[at] + step)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Give the central interval of a level."""
        return self.quantile((1 - level) / 2), self.quantile((1 + level) / 2)

    def draws(self, k: int, rng: np.random.Generator) -> Ints:
        """Draw k totals."""
        at = rng.choice(len(self.mass), size=k, p=self.mass / self.mass.sum())
        return np.asarray(self.n + rng.integers(self.low[at], self.high[at] + 1), dtype=np.int64)

    def models(self, top: int = 5) -> tuple[ModelWeight, ...]:
        """Give the weightiest models."""
        return self.ranked[:top]

    def density(self) -> tuple[Floats, Floats]:
        """Give totals and the probability of each one of them, for a picture."""
        return self.n + self._middle, self.mass / (self.high - self.low + 1)

    def n_humps(self, *, share: float = 0.1) -> int:
        """Count the peaks with at least a share of the probability and a valley of less than half their height between.

        The density is looked at per doubling of the unlisted, in forty steps over what holds 99 % of it.
        """
        edges, height = _per_step(self)
        peaks: list[tuple[float, float]] = []
        mass = top = 0.0
        valley = np.inf
        for at in range(len(edges)):
            here = height[at]
            if here < top / 2 and here < valley:
                valley = here
            if valley < np.inf and here > 2 * valley:
                peaks.append((mass, top))
                mass, top, valley = 0.0, 0.0, np.inf
            mass, top = mass + here, max(top, here)
        peaks.append((mass, top))
        return max(1, sum(each >= share for each, _ in peaks))

    def to_json(self) -> dict[str, Any]:  # what json takes
        """Give what a file should keep."""
        low, high = self.interval()
        return {
            "method": self.method,
            "documented": self.n,
            "median": self.median,
            "interval_95": [low, high],
            "quantiles": {str(q): self.quantile(q) for q in (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)},
            "settings": dict(self.settings),
            "models": [{"model": one.model, "weight": one.weight} for one in self.models()],
            "complete_weight": self.complete_weight,
            "mass_at_cap": self.mass_at_cap,
            "rhat": self.rhat,
            "ess": self.ess,
            "table": self.table_hash,
        }


def _per_step(posterior: PosteriorN, n_steps: int = 40) -> tuple[Floats, Floats]:
    """Share of the probability in equal steps of log(1 + unlisted), lightly smoothed."""
    first, last = (posterior.quantile(q) - posterior.n for q in (0.005, 0.995))
    scale = np.log1p(np.concatenate((posterior.low - 0.5, [posterior.high[-1] + 0.5])).clip(-0.5))
    below = np.concatenate(([0.0], np.cumsum(posterior.mass)))
    edges = np.linspace(np.log1p(first), np.log1p(last) + 1e-9, n_steps + 1)
    share = np.diff(np.interp(edges, scale, below))
    padded = np.concatenate((share[:1], share, share[-1:]))
    return edges[:-1], np.asarray(padded[:-2] / 4 + padded[1:-1] / 2 + padded[2:] / 4)


def mixture(posteriors: Sequence[PosteriorN], weights: Floats, *, method: str) -> PosteriorN:
    """Mix posteriors over the same people, as over several ways of linking them. The least documented n stands."""
    n = min(one.n for one in posteriors)
    low = np.concatenate([one.low + one.n - n for one in posteriors])
    high = np.concatenate([one.high + one.n - n for one in posteriors])
    mass = np.concatenate([one.mass * weight for one, weight in zip(posteriors, weights, strict=True)])
    edges = np.unique(np.concatenate((low, high + 1)))
    per_one = mass / (high - low + 1)
    rate = np.zeros(len(edges))
    np.add.at(rate, np.searchsorted(edges, low), per_one)
    np.add.at(rate, np.searchsorted(edges, high + 1), -per_one)
    spread = np.cumsum(rate)[:-1].clip(0) * np.diff(edges)
    kept = spread > 0
    return PosteriorN(
        n=n,
        low=edges[:-1][kept],
        high=edges[1:][kept] - 1,
        mass=spread[kept] / spread.sum(),
        method=method,
    )
