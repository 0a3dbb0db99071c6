"""The latent class model: people fall into unknown classes, within each of which the lists are independent.

Of the K classes most may stay empty: their sizes are sticks broken off one after another, whose concentration alpha has a
gamma prior (non-parametric Bayes). Unlisted, everybody's class and alpha are integrated out, so what is sampled
is smooth: the sticks and each class's chances of being listed, on the logit scale, by Hamiltonian steps of many chains at
once; in between labels are exchanged and classes drawn anew as in Gibbs's way. The total is drawn from each state kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.core.count.mse.table import CaptureTable, Floats, Ints

LEAST_LISTED = 1e-3
"""Chance of being on some list, under which a state is turned away: totals of a thousand times the documented."""


@dataclass(frozen=True, slots=True)
class Prior:
    """Truncation and the gamma prior of the concentration."""

    max_classes: int
    a_alpha: float
    b_alpha: float


@dataclass(slots=True)
class State:
    """All chains. The last axis is the chain."""

    sticks: Floats
    """Logits, shape (classes - 1, chains)."""
    chances: Floats
    """Logits of being on a list, shape (lists, classes, chains)."""

    def packed(self) -> Floats:
        """Give one row a coordinate, shape (coordinates, chains)."""
        n_chains = self.sticks.shape[1]
        return np.concatenate((self.sticks, self.chances.reshape(-1, n_chains)))


class Target:
    """The log posterior of a table, and its gradient, of many chains."""

    def __init__(self, table: CaptureTable, prior: Prior) -> None:
        """Lay out the cells."""
        self.cells = table.histories().astype(np.float64)
        self.counts = table.counts()[:, None]
        self.n, self.n_lists, self.prior = float(table.n), table.n_lists, prior
        self._cells32, self._counts32 = self.cells.astype(np.float32), self.counts.astype(np.float32)
        self._n32, self._shape = np.float32(table.n), np.float32(prior.a_alpha + prior.max_classes - 1)

    def unpack(self, packed: Any) -> State:  # either precision
        """Give sticks and chances, as views."""
        k = self.prior.max_classes
        return State(packed[: k - 1], packed[k - 1 :].reshape(self.n_lists, k, -1))

    def start(self, n_chains: int, rng: np.random.Generator) -> Floats:
        """Spread chains about what the lists' sizes suggest."""
        k = self.prior.max_classes
        share = (self.cells * self.counts).sum(axis=0) / self.n * rng.uniform(0.3, 0.9, (n_chains, 1))
        middle = np.log(share / (1 - np.minimum(share, 0.95))).T[:, None, :]
        chances = middle + rng.normal(0, 1.0, (self.n_lists, k, n_chains))
        return State(rng.normal(0, 1.0, (k - 1, n_chains)), chances).packed()

    def value(self, packed: Floats) -> Floats:
        """Log density up to a constant, shape (chains,)."""
        state = self.unpack(packed)
        log_v, rest, log_w = _weights(state.sticks)
        soft = np.logaddexp(0.0, state.chances)
        base = log_w - soft.sum(axis=0)
        seen = np.exp(self._joint(state.chances, base)).sum(axis=1)
        on_some = 1.0 - np.exp(base).sum(axis=0)
        is_far = on_some < LEAST_LISTED
        on_some[is_far] = 1.0
        found = (self.counts * np.log(seen + 1e-300)).sum(axis=0) - self.n * np.log(on_some)
        found += (state.chances - 2.0 * soft).sum(axis=(0, 1)) + log_v.sum(axis=0)
        found -= self._shape * np.log(self.prior.b_alpha - rest.sum(axis=0))
        found[is_far] = -np.inf
        return np.asarray(found)

    def slope(self, packed: NDArray[np.float32]) -> NDArray[np.float32]:
        """Gradient of the log density; in single precision, which suffices for steps that are judged by `value`."""
        state, one = self.unpack(packed), np.float32(1)
        v = one / (one + np.exp(-state.sticks))
        rest = np.log(v) - state.sticks
        chance = one / (one + np.exp(-state.chances))
        log_w = np.zeros((self.prior.max_classes, packed.shape[1]), np.float32)
        np.cumsum(rest, axis=0, out=log_w[1:])
        log_w[:-1] += rest + state.sticks
        base = log_w + (np.log(chance) - state.chances).sum(axis=0)
        joint = self._joint(state.chances, base)
        np.exp(joint, out=joint)
        none = np.exp(base)
        joint *= (self._counts32 / (joint.sum(axis=1) + np.float32(1e-30)))[:, None, :]
        people = joint.sum(axis=0) + none * (
            self._n32 / np.maximum(one - none.sum(axis=0), np.float32(LEAST_LISTED))
        )
        slope = np.empty_like(packed)
        to = self.unpack(slope)
        to.chances[:] = (self._cells32.T @ joint.reshape(len(joint), -1)).reshape(state.chances.shape)
        to.chances += one - chance * (people + np.float32(2))
        after = people.sum(axis=0) - np.cumsum(people, axis=0)
        pull = self._shape / (self.prior.b_alpha - rest.sum(axis=0))
        to.sticks[:] = (people[:-1] + one) * (one - v) - v * (after[:-1] + pull)
        return slope

    def _joint(self, chances: Any, base: Any) -> Any:  # either precision
        cells = self._cells32 if chances.dtype == np.float32 else self.cells
        found = (cells @ chances.reshape(self.n_lists, -1)).reshape(len(cells), *base.shape)
        found += base
        return found

    def chance_of_none(self, packed: Floats) -> Floats:
        """Chance of being on no list, shape (chains,)."""
        state = self.unpack(packed)
        log_w = _weights(state.sticks)[2]
        return np.asarray(np.exp(log_w - np.logaddexp(0.0, state.chances).sum(axis=0)).sum(axis=0))

    def exchange(self, packed: Floats, rng: np.random.Generator) -> None:
        """Exchange the labels of two classes in each chain, each with its size, as the prior of sizes allows."""
        state, k = self.unpack(packed), self.prior.max_classes
        n_chains = packed.shape[1]
        one: Ints = np.asarray(rng.integers(0, k, n_chains))
        other: Ints = np.asarray((one + rng.integers(1, k, n_chains)) % k)
        chains = np.arange(n_chains)
        weights = _weights(state.sticks)[2]
        swapped = weights.copy()
        swapped[one, chains], swapped[other, chains] = weights[other, chains], weights[one, chains]
        takes: NDArray[np.bool_] = np.log(rng.random(n_chains)) < self._size_prior(
            swapped
        ) - self._size_prior(weights)
        rows, a, b = chains[takes], one[takes], other[takes]
        held = state.chances[:, a, rows].copy()
        state.chances[:, a, rows] = state.chances[:, b, rows]
        state.chances[:, b, rows] = held
        left = _left(swapped[:, takes])
        state.sticks[:, takes] = swapped[:-1, takes] - left[1:]

    def _size_prior(self, weights: Floats) -> Floats:
        """Log density of the classes' log sizes, as sizes."""
        shape = self.prior.a_alpha + self.prior.max_classes - 1
        last = weights[-1]
        spread = -_left(weights)[:-1].sum(axis=0)
        return np.asarray(spread - last - shape * np.log(self.prior.b_alpha - last))

    def redraw(self, packed: Floats, rng: np.random.Generator) -> None:
        """Draw the unlisted, everybody's class, and then sizes and chances anew: one sweep of Gibbs's."""
        state, k = self.unpack(packed), self.prior.max_classes
        n_chains = packed.shape[1]
        log_w = _weights(state.sticks)[2]
        base = log_w - np.logaddexp(0.0, state.chances).sum(axis=0)
        none = np.exp(base)
        n0 = rng.negative_binomial(self.n, np.maximum(1.0 - none.sum(axis=0), 1e-9))
        joint = np.exp((self.cells @ state.chances.reshape(self.n_lists, -1)).reshape(-1, k, n_chains) + base)
        shares = np.moveaxis(np.concatenate((joint, none[None])), 1, -1) + 1e-300
        shares /= shares.sum(axis=-1, keepdims=True)
        people: Any = np.concatenate((np.broadcast_to(self.counts, joint.shape[::2]), n0[None])).astype(
            np.int64
        )
        drawn = rng.multinomial(people, shares).astype(np.float64)
        listed = np.einsum("cj,cmk->jkm", self.cells, drawn[:-1])
        size = drawn.sum(axis=0).T
        state.chances[:] = _logit_beta(1 + listed, 1 + size - listed, rng)
        shape = self.prior.a_alpha + k - 1
        last = log_w[-1]
        alpha = rng.gamma(shape, 1 / (self.prior.b_alpha - last))
        after = size.sum(axis=0) - np.cumsum(size, axis=0)
        state.sticks[:] = _logit_beta(1 + size[:-1], alpha + after[:-1], rng)


def _weights(sticks: Floats) -> tuple[Floats, Floats, Floats]:
    """Logs of the shares broken off, of what each leaves, and of the classes' sizes."""
    rest = -np.logaddexp(0.0, sticks)
    log_v = sticks + rest
    left = np.concatenate((np.zeros((1, sticks.shape[1])), np.cumsum(rest, axis=0)))
    log_w = left.copy()
    log_w[:-1] += log_v
    return log_v, rest, log_w


def _left(weights: Floats) -> Floats:
    """Log of what is left before each class is broken off, of log sizes."""
    return np.asarray(np.logaddexp.accumulate(weights[::-1], axis=0)[::-1])


def _logit_beta(a: Floats, b: Floats, rng: np.random.Generator) -> Floats:
    """Draw the logit of a beta variate; a shape under 1 is drawn one higher and scaled, so that no logarithm is lost."""
    one = np.log(rng.gamma(a))
    other = np.log(rng.gamma(b + 1)) + np.log(rng.random(b.shape)) / b
    return np.asarray((one - other).clip(-500, 500))
