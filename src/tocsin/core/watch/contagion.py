"""Contagion: how much of a place's week comes from its own past, from its neighbours, and from neither."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, gammaln

from tocsin.core.watch.errors import BadSettings
from tocsin.core.watch.surge import Floats, as_counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Contagion:
    """A fitted model; coefficients are logs but for season, trend and dispersion."""

    names: tuple[str, ...]
    coefficients: Floats
    errors: Floats
    """Standard errors; NaN where the likelihood has no peak."""
    log_likelihood: float
    own: Floats
    near: Floats
    elsewhere: Floats
    """(weeks, places) reports a week expected from the place's own last week, from its neighbours', from neither; NaN in the
    first week and where a week or the one before was not watched."""
    settled: bool

    @property
    def expected(self) -> Floats:
        """Reports a week expected in all: (weeks, places)."""
        return self.own + self.near + self.elsewhere

    @property
    def from_neighbours(self) -> Floats:
        """Share of a week that came from the neighbours: (weeks, places)."""
        return self.near / self.expected


def fit_contagion(
    counts: ArrayLike,
    *,
    network: ArrayLike | None = None,
    own_past: bool = True,
    offset: ArrayLike | None = None,
    waves: int = 0,
    trend: bool = False,
    dispersed: bool = True,
    freq: int = 52,
) -> Contagion:
    """Fit mean = own * last week + near * neighbours' last week + offset * exp(level + trend + season).

    Parameters
    ----------
    counts : array, shape (weeks, places)
        Reports a week, oldest first; NaN where nobody watched.
    network : array, shape (places, places), or None for no neighbours
        Row from, column to, 0 or more: borders, or one ministry, one law, one rumour. The desk defines it.
    own_past : bool
    offset : array that fits (weeks, places), above 0
        People, or items published; 1 if not given.
    waves, trend : yearly waves, and change a row, of what comes from neither
    dispersed : bool
        Whether counts are negative binomial, variance mean + dispersion * mean**2, or Poisson.
    freq : rows a year

    Returns
    -------
    Contagion

    Raises
    ------
    BadCounts, BadSettings

    References
    ----------
    Held, Höhle and Hofmann (2005), Stat. Model. 5, 187-199; Paul and Held (2011), Stat. Med. 30, 1118-1136; function `hhh4`.
    """
    # Loading it costs a quarter of a second, and every desk that starts loads this module.
    from scipy.optimize import minimize

    model = _Model(as_counts(counts), network, own_past, offset, waves, trend, dispersed, freq)
    start = model.start()
    found = minimize(model.loss, start, jac=True, method="BFGS", options={"gtol": 1e-6, "maxiter": 1000})
    theta = np.asarray(found.x, dtype=np.float64)
    coefficients, errors = theta.copy(), model.errors(theta)
    if dispersed:
        coefficients[-1] = np.exp(theta[-1])
        errors[-1] *= coefficients[-1]
    parts = model.parts(theta)
    value, slope = model.loss(theta)
    return Contagion(
        names=model.names, coefficients=coefficients, errors=errors, log_likelihood=-value,
        own=parts[0], near=parts[1], elsewhere=parts[2], settled=bool(np.abs(slope).max() < 1e-2),
    )  # fmt: skip


class _Model:
    def __init__(
        self, counts: Floats, network: ArrayLike | None, own_past: bool, offset: ArrayLike | None,
        waves: int, trend: bool, dispersed: bool, freq: int,
    ) -> None:  # fmt: skip
        n_weeks, n_places = counts.shape
        near = np.zeros((n_places, n_places)) if network is None else np.asarray(network, np.float64)
        base = np.broadcast_to(np.asarray(1.0 if offset is None else offset, np.float64), counts.shape)
        if near.shape != (n_places, n_places) or not (near >= 0).all() or not (base > 0).all() or waves < 0:
            raise BadSettings(
                "its network is not places by places, or it, its offset or its waves are below 0"
            )
        if n_weeks < 3:
            raise BadSettings("it has under three weeks")
        self.dispersed, self.has_near = dispersed, network is not None and bool(near.any())
        self.own_past = own_past
        self.y = counts[1:]
        self.lag, self.lag_near, self.base = counts[:-1], counts[:-1] @ near, base[1:]
        self.known = ~(np.isnan(self.y) | np.isnan(self.lag) | np.isnan(self.lag_near))
        week = np.arange(1, n_weeks)
        columns = [np.ones(n_weeks - 1)] + ([week.astype(np.float64)] if trend else [])
        names = ["end.1"] + (["end.t"] if trend else [])
        for wave in range(1, waves + 1):
            turn = 2 * wave * np.pi * week / freq
            columns += [np.sin(turn), np.cos(turn)]
            names += [f"end.sin({2 * wave} * pi * t/{freq})", f"end.cos({2 * wave} * pi * t/{freq})"]
        self.design = np.column_stack(columns)
        self.n_before = int(own_past) + int(self.has_near)
        before = (["ar.1"] if own_past else []) + (["ne.1"] if self.has_near else [])
        self.names = tuple(before + names + (["overdisp"] if dispersed else []))

    def start(self) -> Floats:
        theta = np.zeros(len(self.names))
        theta[: self.n_before] = -1.5
        mean = np.where(self.known, self.y, 0.0).sum() / max(1.0, np.where(self.known, self.base, 0.0).sum())
        theta[self.n_before] = np.log(max(mean, 1e-6) / 2)
        return theta

    def _split(self, theta: Floats) -> tuple[float, float, Floats]:
        own = float(np.exp(theta[0])) if self.own_past else 0.0
        near = float(np.exp(theta[self.n_before - 1])) if self.has_near else 0.0
        beta = theta[self.n_before : self.n_before + self.design.shape[1]]
        return own, near, self.base * np.exp(np.clip(self.design @ beta, -50, 50))[:, None]

    def loss(self, theta: Floats) -> tuple[float, Floats]:
        """Minus the log likelihood, and its slope."""
        own, near, end = self._split(theta)
        known = self.known
        y, mean = self.y[known], (own * self.lag + near * self.lag_near + end)[known]
        if self.dispersed:
            alpha = float(np.exp(np.clip(theta[-1], -30, 10)))
            size = 1 / alpha
            told = gammaln(y + size) - gammaln(size) - gammaln(y + 1) + size * np.log(size) + y * np.log(mean)
            told -= (y + size) * np.log(size + mean)
            by_mean = y / mean - (y + size) / (size + mean)
            by_size = (
                digamma(y + size)
                - digamma(size)
                + np.log(size)
                + 1
                - np.log(size + mean)
                - (y + size) / (size + mean)
            )
        else:
            size, by_size = np.nan, np.zeros(0)
            told, by_mean = y * np.log(mean) - mean - gammaln(y + 1), y / mean - 1
        pull = np.zeros_like(self.y)
        pull[known] = by_mean
        slope = [own * np.nansum(pull * np.where(known, self.lag, 0.0))] if self.own_past else []
        slope += [near * np.sum(pull * np.where(known, self.lag_near, 0.0))] if self.has_near else []
        slope += list(self.design.T @ (pull * end).sum(axis=1))
        slope += [-size * by_size.sum()] if self.dispersed else []
        return -float(told.sum()), -np.array(slope)

    def errors(self, theta: Floats) -> Floats:
        """From the curve of the likelihood at its peak."""
        step = 1e-5
        rows = [
            (self.loss(theta + step * unit)[1] - self.loss(theta - step * unit)[1]) / (2 * step)
            for unit in np.eye(len(theta))
        ]
        bend = np.array(rows)
        try:
            spread = np.diag(np.linalg.inv((bend + bend.T) / 2))
        except np.linalg.LinAlgError:
            return np.full(len(theta), np.nan)
        return np.sqrt(np.where(spread > 0, spread, np.nan))

    def parts(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        own, near, end = self._split(theta)
        first = np.full((1, self.y.shape[1]), np.nan)
        told = (own * self.lag, near * self.lag_near, end)
        made = [np.vstack([first, np.where(self.known, part, np.nan)]) for part in told]
        return made[0], made[1], made[2]
