"""Log-linear models of who is on which lists: one that is named, the best of all, or one grown step by step.

The interval is a bootstrap's that carries the choice of the model: every resampled table chooses anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from scipy.special import gammaln, ndtr, ndtri, pdtr, pdtrc

from tocsin.core.count.mse.checks import check
from tocsin.core.count.mse.errors import BadChoice, NotEstimable, Reason
from tocsin.core.count.mse.fitting import Bools, Fits, Space, fit
from tocsin.core.count.mse.models import Terms, all_models, name_model, read_model
from tocsin.core.count.mse.reasons import because
from tocsin.core.count.mse.table import CaptureTable, Floats

Selection = Literal["bic", "aic", "stepwise"]

NEAR, FAR = 7.0, 60.0
"""A resampled table is fitted with models whose criterion, guessed by one step, is within the first of the best, if on the
table itself it is within the second."""
MOST_ENDLESS = 0.025
"""Share of resampled tables without an estimate, above which there is no upper end to speak of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One model that was fitted."""

    model: str
    estimate: float
    criterion: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLinear:
    """A fitted model and its estimate of the total."""

    n: int
    estimate: float
    sd: float
    """Of the total, as if the model were known and numbers Poisson."""
    log_sd: float
    """Of the log of the unlisted."""
    model: str
    terms: Terms
    """In the order they were taken in."""
    n_models: int
    """Models with an estimate on this table."""
    n_tried: int
    log_likelihood: float
    deviance: float
    aic: float
    bic: float
    ranked: tuple[Ranked, ...]
    method: str
    boot: Floats
    """Totals of resampled tables, rising, infinite where a table had none; empty without bootstrap."""
    acceleration: float
    table_hash: str
    refusals: tuple[Reason, ...] = ()

    @property
    def n0(self) -> float:
        """Estimated number of people on no list."""
        return self.estimate - self.n

    def wald(self, level: float = 0.95) -> tuple[float, float]:
        """Give the interval that knows nothing of the choice of the model."""
        half = float(ndtri((1 + level) / 2)) * self.log_sd
        return self.n + self.n0 * float(np.exp(-half)), self.n + self.n0 * float(np.exp(half))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Give the bootstrap's bias-corrected and accelerated interval, or Wald's if there was no bootstrap."""
        if not len(self.boot):
            return self.wald(level)
        return self.quantile((1 - level) / 2), self.quantile((1 + level) / 2)

    def quantile(self, q: float) -> float:
        """Give an end of the bootstrap's interval (Efron 1987, J. Am. Stat. Assoc. 82, 171-185)."""
        n_boot = len(self.boot)
        below = np.clip((self.boot < self.estimate).sum(), 0.5, n_boot - 0.5) / n_boot
        bias = float(ndtri(below))
        shifted = bias + float(ndtri(q))
        share = float(ndtr(bias + shifted / (1 - self.acceleration * shifted)))
        at = share * (n_boot - 1)
        low, high = self.boot[int(at)], self.boot[min(int(at) + 1, n_boot - 1)]
        return float(low) if low == high else float(low + (at - int(at)) * (high - low))


def loglinear(
    table: CaptureTable,
    *,
    model: str | None = None,
    select: Selection = "bic",
    max_order: int | None = None,
    p_threshold: float = 0.02,
    bootstrap: int = 1000,
    rng: np.random.Generator | None = None,
    strict: bool = True,
) -> LogLinear:
    """Estimate how many there are in all by a log-linear model.

    Parameters
    ----------
    table : CaptureTable
    model : name such as "[12,3]" or "independence"
        If given, this one is fitted and none chosen.
    select : "bic", "aic" or "stepwise"
        The first two try every hierarchical model on two to five lists, and on six, if `max_order` is 2, every one of pairs.
        "stepwise" adds the pair of lists whose overlap is the least probable under the model so far, while its probability
        is under `p_threshold`.
    max_order : lists in one term at most
        If not given one less than there are lists, three at most.
    bootstrap : resampled tables
        0 for none; more needs `rng`.
    strict : raise what must not be published

    Raises
    ------
    NotEstimable
        Also if the model has no finite estimate, or none that is the only one.
    BadChoice

    References
    ----------
    Chan, Silverman and Vincent (2021), J. Am. Stat. Assoc. 116, 1297-1306; Silverman, Chan and Vincent (2024), Stat.
    Comput. 34, 44.
    """
    if strict and (refusals := check(table).refusals):
        raise NotEstimable(refusals)
    if select not in ("bic", "aic", "stepwise") or bootstrap < 0 or not 0 < p_threshold < 1:
        raise BadChoice("it selects by none of bic, aic and stepwise, or its numbers are out of range")
    if bootstrap and rng is None:
        raise BadChoice("a bootstrap needs chance: give rng")
    if not 2 <= table.n_lists <= 10:
        raise BadChoice("log-linear models take two to ten lists")
    counts = table.dense()[1:]
    chooser: _Chooser
    if model is not None:
        chooser = _Best(counts, table.n_lists, [read_model(model, table.n_lists)], "bic")
    elif select == "stepwise":
        chooser = _Stepwise(table.n_lists, p_threshold)
    else:
        order = min(3, table.n_lists - 1) if max_order is None else max_order
        chooser = _Best(counts, table.n_lists, list(all_models(table.n_lists, order)), select)
    point = chooser.choose(counts[None, :])
    if not point.fits.is_there[0]:
        raise NotEstimable((_NO_ESTIMATE,))
    boot, acceleration = np.empty(0), 0.0
    if bootstrap and rng is not None:
        n = int(counts.sum())
        resampled = rng.multinomial(n, counts / n, size=bootstrap).astype(np.float64)
        boot = _totals(chooser, resampled)
        acceleration = _acceleration(chooser, counts)
    return _result(
        table, counts, chooser, point, boot, acceleration, "fixed" if model is not None else select, strict
    )


_NO_ESTIMATE = because("loglinear.none")


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What was chosen for each table, one row each."""

    fits: Fits
    models: Bools
    order: tuple[Terms, ...] = ()
    """Terms in the order they were taken in, where that was asked."""


class _Chooser:
    """A way to choose a model for each of many tables."""

    space: Space
    n_models = 1
    n_tried = 1
    ranked: tuple[Ranked, ...] = ()

    def choose(self, counts: Floats) -> _Chosen:
        raise NotImplementedError


class _Best(_Chooser):
    """The best by a criterion of models that have an estimate on the table itself."""

    def __init__(
        self, counts: Floats, n_lists: int, models: list[Terms], criterion: Literal["bic", "aic"]
    ) -> None:
        self.space = Space(n_lists, tuple(sorted({term for one in models for term in one})))
        self.criterion = criterion
        masks = self.space.mask(models)
        fits = fit(self.space, masks, np.broadcast_to(counts, (len(models), len(counts))))
        scores = self._score(fits, np.full(len(models), counts.sum()))
        order = np.argsort(scores, kind="stable")[: int(fits.is_there.sum())]
        self.n_tried, self.n_models = len(models), len(order)
        self.masks = masks[order]
        self.fits = Fits(*(getattr(fits, name)[order] for name in Fits.__slots__))
        self.counts, self.scores = counts, scores[order]
        totals = counts.sum() + self.fits.unlisted()
        self.ranked = tuple(
            Ranked(model=name_model(models[at]), estimate=float(totals[row]), criterion=float(scores[at]))
            for row, at in enumerate(order[:100])
        )

    def _score(self, fits: Fits, n: Floats) -> Floats:
        each = np.log(n) if self.criterion == "bic" else 2.0
        return np.asarray(
            np.where(fits.is_there, -2 * fits.log_likelihood + each * fits.n_parameters, np.inf)
        )

    def choose(self, counts: Floats) -> _Chosen:
        """Guess each model's criterion by one step from its fit to the whole table; fit those that are near the best."""
        if not self.n_models:
            raise NotEstimable((_NO_ESTIMATE,))
        if len(counts) == 1 and np.array_equal(counts[0], self.counts):
            return _Chosen(Fits(*(getattr(self.fits, name)[:1] for name in Fits.__slots__)), self.masks[:1])
        guess = self._guess(counts)
        rows, models = np.nonzero(guess < guess.min(axis=1, keepdims=True) + NEAR)
        fits = fit(self.space, self.masks[models], counts[rows], self.fits.beta[models])
        scores = self._score(fits, counts.sum(axis=1)[rows])
        # The first of the equal in the order of the whole table's criterion.
        order = np.lexsort((models, scores, rows))
        first = order[np.unique(rows[order], return_index=True)[1]]
        best = Fits(*(getattr(fits, name)[first] for name in Fits.__slots__))
        return _Chosen(best, self.masks[models[first]])

    def _guess(self, counts: Floats) -> Floats:
        n = counts.sum(axis=1)
        each = np.log(n) if self.criterion == "bic" else np.full(len(n), 2.0)
        n_near = int((self.scores <= self.scores[0] + FAR).sum())
        found = np.empty((len(counts), n_near))
        matrix = self.space.matrix
        for at in range(n_near):
            columns = np.append(True, self.fits.terms[at])
            kept = self.fits.cells[at]
            design = matrix[kept][:, columns]
            log_mean = design @ self.fits.beta[at][columns]
            mean = np.exp(log_mean)
            root = np.linalg.cholesky(design.T @ (mean[:, None] * design))
            score = (counts[:, kept] - mean) @ design
            moved = np.linalg.solve(root, score.T)
            value = counts[:, kept] @ log_mean - mean.sum() + 0.5 * np.einsum("it,it->t", moved, moved)
            found[:, at] = -2 * value + each * self.fits.n_parameters[at]
        return found


class _Stepwise(_Chooser):
    """Pairs of lists taken in one by one while their overlap is improbable under the model so far."""

    def __init__(self, n_lists: int, p_threshold: float) -> None:
        alone = [1 << at for at in range(n_lists)]
        self.pairs = np.array([1 << a | 1 << b for a, b in combinations(range(n_lists), 2)])
        self.space = Space(n_lists, tuple(sorted([*alone, *self.pairs.tolist()])))
        self.n_lists, self.p_threshold = n_lists, p_threshold
        places = {term: at for at, term in enumerate(self.space.terms)}
        self._alone = np.array([places[term] for term in alone])
        self._places = np.array([places[int(pair)] for pair in self.pairs])

    def choose(self, counts: Floats) -> _Chosen:
        n_tables = len(counts)
        models = np.zeros((n_tables, len(self.space.terms)), dtype=bool)
        models[:, self._alone] = True
        fits = fit(self.space, models, counts)
        beta, likelihood, is_there = fits.beta.copy(), fits.log_likelihood.copy(), fits.is_there.copy()
        cells, terms = fits.cells.copy(), fits.terms.copy()
        observed = counts @ self.space.covers[:, self._places]
        taken: list[list[int]] = [[] for _ in range(n_tables)]
        refused = np.zeros((n_tables, len(self.pairs)), dtype=bool)
        open_ = np.flatnonzero(is_there)
        while len(open_):
            mean = np.exp(beta[open_] @ self.space.matrix.T) * cells[open_]
            expected = mean @ self.space.covers[:, self._places]
            p = np.minimum(
                pdtr(observed[open_], expected),
                np.where(observed[open_] > 0, pdtrc(observed[open_] - 1, expected), 1.0),
            )
            p[models[open_][:, self._places] | refused[open_]] = 1.0
            best = p.argmin(axis=1)
            goes_on = p[np.arange(len(open_)), best] < self.p_threshold
            open_, best = open_[goes_on], best[goes_on]
            if not len(open_):
                break
            tried = models[open_].copy()
            tried[np.arange(len(open_)), self._places[best]] = True
            found = fit(self.space, tried, counts[open_], beta[open_])
            good, bad = np.flatnonzero(found.is_there), np.flatnonzero(~found.is_there)
            rows = open_[good]
            models[rows], beta[rows], likelihood[rows] = (
                tried[good],
                found.beta[good],
                found.log_likelihood[good],
            )
            cells[rows], terms[rows] = found.cells[good], found.terms[good]
            refused[rows] = False
            refused[open_[bad], best[bad]] = True
            for row, pair in zip(rows, best[good], strict=True):
                taken[row].append(int(self.pairs[pair]))
        done = Fits(beta, likelihood, models.sum(axis=1) + 1, is_there, cells, terms)
        alone = tuple(1 << at for at in range(self.n_lists))
        return _Chosen(done, models, tuple((*alone, *pairs) for pairs in taken))


def _totals(chooser: _Chooser, counts: Floats) -> Floats:
    """Totals of many tables, rising; infinite where one has none. Equal tables are fitted once."""
    distinct, back = np.unique(counts, axis=0, return_inverse=True)
    unlisted = chooser.choose(distinct).fits.unlisted()[back.reshape(-1)]
    return np.sort(np.where(np.isnan(unlisted), np.inf, unlisted) + counts.sum(axis=1))


def _acceleration(chooser: _Chooser, counts: Floats) -> float:
    """Skewness of what leaving each person out does; people of one history do the same."""
    filled = np.flatnonzero(counts)
    fewer = np.repeat(counts[None, :], len(filled), axis=0)
    fewer[np.arange(len(filled)), filled] -= 1
    totals = fewer.sum(axis=1) + chooser.choose(fewer).fits.unlisted()
    known = ~np.isnan(totals)
    weight = counts[filled][known]
    apart = (weight @ totals[known]) / weight.sum() - totals[known]
    squares = float(weight @ apart**2)
    return float(weight @ apart**3) / (6 * squares**1.5) if squares > 0 else 0.0


def _result(
    table: CaptureTable,
    counts: Floats,
    chooser: _Chooser,
    point: _Chosen,
    boot: Floats,
    acceleration: float,
    method: str,
    strict: bool,
) -> LogLinear:
    fits = point.fits
    columns = np.append(True, fits.terms[0])
    design = chooser.space.matrix[fits.cells[0]][:, columns]
    mean = np.exp(design @ fits.beta[0][columns])
    log_variance = float(np.linalg.inv(design.T @ (mean[:, None] * design))[0, 0])
    unlisted = float(np.exp(fits.beta[0, 0]))
    n, k, value = table.n, int(fits.n_parameters[0]), float(fits.log_likelihood[0])
    saturated = float(
        (counts * np.log(np.where(counts > 0, counts, 1.0)) - counts - gammaln(counts + 1)).sum()
    )
    terms = (
        point.order[0]
        if point.order
        else tuple(term for term, has in zip(chooser.space.terms, point.models[0], strict=True) if has)
    )
    endless = float(np.isinf(boot).mean()) if len(boot) else 0.0
    refusals: tuple[Reason, ...] = ()
    if endless > MOST_ENDLESS:
        refusals = (because("loglinear.endless", {"share": endless, "most": MOST_ENDLESS}),)
    if strict and refusals:
        raise NotEstimable(refusals)
    return LogLinear(
        n=n,
        estimate=n + unlisted,
        sd=float(np.sqrt(unlisted + unlisted**2 * log_variance)),
        log_sd=float(np.sqrt(log_variance)),
        model=name_model(tuple(sorted(terms))),
        terms=terms,
        n_models=chooser.n_models,
        n_tried=chooser.n_tried,
        log_likelihood=value,
        deviance=2 * (saturated - value),
        aic=2 * k - 2 * value,
        bic=float(np.log(n)) * k - 2 * value,
        ranked=chooser.ranked,
        method=f"loglinear {method}",
        boot=boot,
        acceleration=acceleration,
        table_hash=table.hash,
        refusals=refusals,
    )
