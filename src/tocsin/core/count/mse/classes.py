"""The latent class model: people fall into unknown classes, within each of which the lists are independent.

Of the K classes most may stay empty: their sizes are sticks broken off one after another, whose concentration alpha has a
gamma prior (non-parametric Bayes). Unlisted, everybody's class and alpha are integrated out, so what is sampled is smooth:
the sticks, told so that an alpha near nothing is near, and each class's chances of being listed, by Hamiltonian steps of
many chains at once. Between them classes change places, alpha its size, and everybody their class. The total is drawn from
each state kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.core.count.mse.table import CaptureTable, Floats

LEAST_LISTED = 1e-3
"""Chance of being on some list, under which a state is turned away: totals of a thousand times the documented."""
FAR, FAR32 = 600.0, 60.0
"""How far breaks are told, and in single precision: long before, one class holds everybody and the rest nobody."""


@dataclass(frozen=True, slots=True)
class Prior:
    """Truncation and the gamma prior of the concentration."""

    max_classes: int
    a_alpha: float
    b_alpha: float


@dataclass(slots=True)
class State:
    """All chains. The last axis is the chain."""

    breaks: Floats
    """Log of minus the log of what each stick leaves, shape (classes - 1, chains)."""
    chances: Floats
    """Logits of being on a list, shape (lists, classes, chains)."""

    def packed(self) -> Floats:
        """Give one row a coordinate, shape (coordinates, chains)."""
        n_chains = self.breaks.shape[1]
        return np.concatenate((self.breaks, self.chances.reshape(-1, n_chains)))


class Target:
    """The log posterior of a table, and its gradient, of many chains."""

    def __init__(self, table: CaptureTable, prior: Prior) -> None:
        """Lay out the cells."""
        self.cells = table.histories().astype(np.float64)
        self.counts = table.counts()[:, None]
        self.n, self.n_lists, self.prior = float(table.n), table.n_lists, prior
        self._cells32, self._counts32 = self.cells.astype(np.float32), self.counts.astype(np.float32)
        self._n32 = np.float32(table.n)
        self._shape, self._rate = prior.a_alpha + prior.max_classes - 1, prior.b_alpha

    def unpack(self, packed: Any) -> State:  # either precision
        """Give breaks and chances, as views."""
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
        found = self.fit(state)
        found += (state.chances - 2.0 * np.logaddexp(0.0, state.chances)).sum(axis=(0, 1))
        found += state.breaks.sum(axis=0)
        found -= self._shape * np.log(self._rate + _left(state.breaks).sum(axis=0))
        found[(state.breaks > FAR).any(axis=0)] = -np.inf
        return found

    def fit(self, state: State) -> Floats:
        """Log of how likely the table is among tables of as many people, shape (chains,)."""
        base = _log_sizes(_left(state.breaks)) - np.logaddexp(0.0, state.chances).sum(axis=0)
        seen = np.exp(self._joint(state.chances, base)).sum(axis=1)
        on_some = 1.0 - np.exp(base).sum(axis=0)
        is_far = on_some < LEAST_LISTED
        on_some[is_far] = 1.0
        found = (self.counts * np.log(seen + 1e-300)).sum(axis=0) - self.n * np.log(on_some)
        found[is_far] = -np.inf
        return np.asarray(found)

    def slope(self, packed: NDArray[np.float32]) -> NDArray[np.float32]:
        """Gradient of the log density; in single precision, which suffices for steps that are judged by `value`."""
        state, one = self.unpack(packed), np.float32(1)
        left = _left(state.breaks)
        odds = np.exp(state.chances)
        off = one / (one + odds)
        none = np.exp(_log_sizes(left)) * off.prod(axis=0)
        joint = (self._cells32 @ state.chances.reshape(self.n_lists, -1)).reshape(-1, *none.shape)
        np.exp(joint, out=joint)
        joint *= none
        joint *= (self._counts32 / (joint.sum(axis=1) + np.float32(1e-30)))[:, None, :]
        people = joint.sum(axis=0) + none * (
            self._n32 / np.maximum(one - none.sum(axis=0), np.float32(LEAST_LISTED))
        )
        slope = np.empty_like(packed)
        to = self.unpack(slope)
        to.chances[:] = (self._cells32.T @ joint.reshape(len(joint), -1)).reshape(odds.shape)
        to.chances += one - odds * off * (people + np.float32(2))
        after = np.cumsum(people[:0:-1], axis=0)[::-1]
        pull = self._shape / (self._rate + left.sum(axis=0))
        to.breaks[:] = one + left * (people[:-1] / np.expm1(left) - after - pull)
        return slope

    def chance_of_none(self, packed: Floats) -> Floats:
        """Chance of being on no list, shape (chains,)."""
        state = self.unpack(packed)
        return np.asarray(
            np.exp(_log_sizes(_left(state.breaks)) - np.logaddexp(0.0, state.chances).sum(axis=0)).sum(axis=0)
        )

    def jump(self, packed: Floats, rng: np.random.Generator) -> None:
        """Draw classes anew, put them in another order, and try another alpha."""
        self.redraw(packed, rng)
        self.relabel(packed, rng)
        self.rescale(packed, rng)

    def relabel(self, packed: Floats, rng: np.random.Generator) -> None:
        """Put the classes of each chain in another order.

        The order proposed draws each next class as its size is of what is left. Were sticks broken off without end, sizes
        would stand in just such an order: what speaks against one is the last class alone, which tells alpha.
        """
        state, (k, n_chains) = self.unpack(packed), (self.prior.max_classes, packed.shape[1])
        sizes = _log_sizes(_left(state.breaks))
        order = np.argsort(np.log(rng.standard_exponential(sizes.shape)) - sizes, axis=0)
        last = np.take_along_axis(sizes, order[-1:], axis=0)[0]
        gain = self._shape * np.log((self._rate - sizes[-1]) / (self._rate - last))
        order = np.where(np.log(rng.random(n_chains)) < gain, order, np.arange(k)[:, None])
        sizes = np.take_along_axis(sizes, order, axis=0)
        state.chances[:] = np.take_along_axis(state.chances, order[None], axis=1)
        after = np.logaddexp.accumulate(sizes[:0:-1], axis=0)[::-1]
        state.breaks[:] = _breaks(sizes[:-1] - after)

    def rescale(self, packed: Floats, rng: np.random.Generator) -> None:
        """Propose another alpha from its prior, and sticks that are broken off by it as they were by the one before."""
        state, prior = self.unpack(packed), self.prior
        alpha = self._draw_alpha(_left(state.breaks), rng)
        other = rng.gamma(prior.a_alpha, 1 / prior.b_alpha, len(alpha))
        there = State(state.breaks + np.log(alpha) - np.log(other + 1e-300), state.chances)
        with np.errstate(invalid="ignore"):  # neither has a likelihood: stays
            takes = np.log(rng.random(len(alpha))) < self.fit(there) - self.fit(state)
        takes &= (there.breaks < FAR).all(axis=0)
        state.breaks[:, takes] = there.breaks[:, takes]

    def redraw(self, packed: Floats, rng: np.random.Generator) -> None:
        """Draw the unlisted, everybody's class, and then sizes and chances anew: one sweep of Gibbs's."""
        state = self.unpack(packed)
        left = _left(state.breaks)
        base = _log_sizes(left) - np.logaddexp(0.0, state.chances).sum(axis=0)
        none = np.exp(base)
        n0 = rng.negative_binomial(self.n, np.maximum(1.0 - none.sum(axis=0), 1e-9))
        joint = np.exp(self._joint(state.chances, base))
        shares = np.moveaxis(np.concatenate((joint, none[None])), 1, -1) + 1e-300
        shares /= shares.sum(axis=-1, keepdims=True)
        people: Any = np.concatenate((np.broadcast_to(self.counts, joint.shape[::2]), n0[None])).astype(
            np.int64
        )
        drawn = rng.multinomial(people, shares).astype(np.float64)
        listed = np.einsum("cj,cmk->jkm", self.cells, drawn[:-1])
        size = drawn.sum(axis=0).T
        state.chances[:] = _logit_beta(1 + listed, 1 + size - listed, rng)
        alpha = self._draw_alpha(left, rng)
        after = np.cumsum(size[:0:-1], axis=0)[::-1]
        broken = _logit_beta(1 + size[:-1], alpha + after, rng)
        state.breaks[:] = _breaks(broken)

    def _draw_alpha(self, left: Floats, rng: np.random.Generator) -> Floats:
        return np.asarray(rng.gamma(self._shape, 1 / (self._rate + left.sum(axis=0))))

    def _joint(self, chances: Floats, base: Floats) -> Floats:
        """Log of the share of people in each cell and class."""
        return np.asarray((self.cells @ chances.reshape(self.n_lists, -1)).reshape(-1, *base.shape) + base)


def _left(breaks: Any) -> Any:  # either precision
    """Minus the log of what each stick leaves."""
    far = FAR32 if breaks.dtype == np.float32 else FAR
    return np.exp(np.clip(breaks, -far, far))


def _breaks(logits: Floats) -> Floats:
    """Tell sticks, of the logits of the share that is broken off."""
    return np.asarray(np.log(np.logaddexp(0.0, logits)).clip(-FAR, FAR))


def _log_sizes(left: Any) -> Any:  # either precision
    """Log of the classes' sizes, shape (classes, chains)."""
    sizes = np.zeros((len(left) + 1, left.shape[1]), left.dtype)
    np.cumsum(-left, axis=0, out=sizes[1:])
    sizes[:-1] += np.log(-np.expm1(-left))
    return sizes


def _logit_beta(a: Floats, b: Floats, rng: np.random.Generator) -> Floats:
    """Draw the logit of a beta variate; a shape under 1 is drawn one higher and scaled, so that no logarithm is lost."""
    one = np.log(rng.gamma(a))
    other = np.log(rng.gamma(b + 1)) + np.log(rng.random(b.shape)) / b
    return np.asarray(one - other)
