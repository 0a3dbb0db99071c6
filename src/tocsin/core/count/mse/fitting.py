"""Poisson fits of many models to many tables at once, by Newton's steps.

A term whose lists share nobody is estimated at minus infinity, and the histories it covers are left out: the extended
maximum likelihood estimate. It still counts as a parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from tocsin.core.count.mse.existence import exists, is_identified
from tocsin.core.count.mse.models import Terms
from tocsin.core.count.mse.table import Floats, Ints

Bools = NDArray[np.bool_]

MOST_STEPS, CLOSE, AT_REST = 40, 1e-8, 0.05
"""Newton's steps; the gain at which a fit is done; the most that a log expectation may still have moved in the last step.

On the way to an infinite value each step moves some of them by about one, however little is gained."""
STILL = 1e-4
"""A step that moves no filled history by more, no empty one up by more and some down by a half leads to infinity."""
MOST_AT_ONCE = 20_000


@dataclass(frozen=True)
class Space:
    """Histories and terms that some models have in common."""

    n_lists: int
    terms: Terms
    """Every term of any of the models, rising."""

    @cached_property
    def cells(self) -> Ints:
        """All histories but that of nobody's list."""
        return np.arange(1, 1 << self.n_lists)

    @cached_property
    def matrix(self) -> Floats:
        """Zeros and ones, shape (cells, 1 + terms); the intercept is the first."""
        return np.asarray(np.column_stack((np.ones(len(self.cells)), self.covers)), dtype=np.float64)

    @cached_property
    def covers(self) -> Bools:
        """Which history is on all lists of which term, shape (cells, terms)."""
        terms = np.array(self.terms)
        return np.asarray((self.cells[:, None] & terms) == terms)

    @cached_property
    def products(self) -> Floats:
        """Each cell's product of each two columns, shape (cells, parameters squared)."""
        return np.asarray(np.einsum("ci,cj->cij", self.matrix, self.matrix).reshape(len(self.cells), -1))

    def mask(self, models: list[Terms]) -> Bools:
        """Say which model has which term, shape (models, terms)."""
        place = {term: at for at, term in enumerate(self.terms)}
        found = np.zeros((len(models), len(self.terms)), dtype=bool)
        for row, model in enumerate(models):
            found[row, [place[term] for term in model]] = True
        return found


@dataclass(frozen=True, slots=True)
class Fits:
    """One row a model and table."""

    beta: Floats
    """Coefficients, shape (rows, parameters), 0 for terms a model has not; the first is the log of the unlisted."""
    log_likelihood: Floats
    """Poisson's, with its constants."""
    n_parameters: Ints
    """With those at minus infinity."""
    is_there: Bools
    """Whether the estimate exists and is the only one."""
    cells: Bools
    """Histories that were not left out, shape (rows, cells)."""
    terms: Bools
    """Terms that are finite."""

    def unlisted(self) -> Floats:
        """Give the estimated number of unlisted people, not a number where there is no estimate."""
        return np.where(self.is_there, np.exp(np.where(self.is_there, self.beta[:, 0], 0.0)), np.nan)


def fit(space: Space, models: Bools, counts: Floats, start: Floats | None = None) -> Fits:
    """Fit one model to one table in each row.

    Parameters
    ----------
    space : Space
    models : which terms, shape (rows, terms)
    counts : shape (rows, cells)
    start : coefficients to begin with, shape (rows, 1 + terms)
    """
    if len(models) > MOST_AT_ONCE:
        parts = [slice(at, at + MOST_AT_ONCE) for at in range(0, len(models), MOST_AT_ONCE)]
        done = [fit(space, models[p], counts[p], None if start is None else start[p]) for p in parts]
        return Fits(*(np.concatenate([getattr(one, name) for one in done]) for name in Fits.__slots__))
    empty = models & (counts @ space.covers == 0)
    terms = models & ~empty
    cells = ~(empty.astype(np.float32) @ space.covers.T.astype(np.float32) > 0)
    n_rows, n_all = len(models), len(space.terms) + 1
    beta, value = np.zeros((n_rows, n_all)), np.full(n_rows, -np.inf)
    is_there = _identified(space, terms, cells)
    size = terms.sum(axis=1)
    for k in np.unique(size[is_there]):
        rows = np.flatnonzero(is_there & (size == k))
        columns = np.concatenate(
            (np.zeros((len(rows), 1), dtype=np.int64), 1 + np.nonzero(terms[rows])[1].reshape(-1, k)), axis=1
        )
        begin = None if start is None else start[rows]
        beta[rows], value[rows], rests, flees = _newton(space, columns, counts[rows], cells[rows], begin)
        is_there[rows[flees]] = False
        for row in rows[~rests & ~flees]:
            columns_of = np.append(True, terms[row])
            matrix = space.matrix[cells[row]][:, columns_of]
            is_there[row] = exists(matrix, counts[row][cells[row]] > 0)
    value = np.where(is_there, value - gammaln(counts + 1).sum(axis=1), -np.inf)
    return Fits(beta, value, models.sum(axis=1) + 1, is_there, cells, terms)


def _identified(space: Space, terms: Bools, cells: Bools) -> Bools:
    """Find models of full rank; with no history left out all are, the saturated one apart."""
    found = np.ones(len(terms), dtype=bool)
    keys = np.packbits(np.concatenate((terms, cells), axis=1), axis=1)
    doubtful = np.flatnonzero(~cells.all(axis=1))
    if len(doubtful):
        _, first, back = np.unique(keys[doubtful], axis=0, return_index=True, return_inverse=True)
        answers = [
            is_identified(space.matrix[cells[row]][:, np.append(True, terms[row])]) for row in doubtful[first]
        ]
        found[doubtful] = np.array(answers)[back.reshape(-1)]
    return found


def _newton(
    space: Space, columns: Ints, counts: Floats, cells: Bools, start: Floats | None
) -> tuple[Floats, Floats, Bools, Bools]:
    """Climb from each row's start; also say which rows came to rest at a finite point, and which flee to infinity."""
    n_rows, n_all = len(columns), space.matrix.shape[1]
    weight = cells.astype(np.float64)
    counts = counts * weight
    here = np.arange(n_rows)[:, None]
    beta = np.zeros((n_rows, n_all))
    if start is None:
        first = (weight * (counts + 0.3), counts - weight * (counts + 0.3), np.log(counts + 0.3))
        information = (first[0] @ space.products).reshape(-1, n_all, n_all)
        right = (first[0] * first[2] + first[1]) @ space.matrix
        beta[here, columns] = _solve(information, right, columns)
    else:
        beta[here, columns] = start[here, columns]
    log_mean = beta @ space.matrix.T
    mean = np.exp(np.minimum(log_mean, 600.0)) * weight
    value = np.einsum("tc,tc->t", counts, log_mean) - mean.sum(axis=1)
    open_ = np.arange(n_rows)
    rests, flees = np.zeros(n_rows, dtype=bool), np.zeros(n_rows, dtype=bool)
    for _ in range(MOST_STEPS):
        information = (mean[open_] @ space.products).reshape(-1, n_all, n_all)
        score = (counts[open_] - mean[open_]) @ space.matrix
        some = columns[open_]
        step = np.zeros((len(open_), n_all))
        step[np.arange(len(open_))[:, None], some] = _solve(information, score, some)
        gain = np.einsum("ti,ti->t", step, score)
        moved = _line(space, counts[open_], weight[open_], beta[open_], step, value[open_])
        beta[open_], mean[open_], value[open_] = moved
        is_done = gain <= CLOSE
        done = open_[is_done]
        moves = (step[is_done] @ space.matrix.T) * weight[done]
        rests[done] = np.abs(moves).max(axis=1) < AT_REST
        rises = np.where(counts[done] > 0, np.abs(moves), moves).max(axis=1)
        flees[done] = (rises < STILL) & (moves.min(axis=1) < -0.5)
        open_ = open_[~is_done]
        if not len(open_):
            break
    return beta, value, rests, flees


def _solve(information: Floats, right: Floats, columns: Ints) -> Floats:
    rows = np.arange(len(columns))[:, None]
    matrix = information[rows[:, :, None], columns[:, :, None], columns[:, None, :]]
    told = right[rows, columns][..., None]
    # A fit on its way to infinity has information that fades; so little is added that no other fit sees it.
    diagonal = np.einsum("tii->ti", matrix)
    diagonal += 1e-16 * diagonal.max(axis=1, keepdims=True) + 1e-300
    return np.asarray(np.linalg.solve(matrix, told)[..., 0])


def _line(
    space: Space, counts: Floats, weight: Floats, beta: Floats, step: Floats, value: Floats
) -> tuple[Floats, Floats, Floats]:
    """Take each row's step, halved until its likelihood does not fall."""
    share = np.ones((len(beta), 1))
    for _ in range(30):
        found = beta + share * step
        log_mean = found @ space.matrix.T
        mean = np.exp(np.minimum(log_mean, 600.0)) * weight
        reached = np.einsum("tc,tc->t", counts, log_mean) - mean.sum(axis=1)
        falls = ~(reached >= value - 1e-9 * (1 + np.abs(value)))
        if not falls.any():
            break
        share[falls] /= 2
    return found, mean, reached
