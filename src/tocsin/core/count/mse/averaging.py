"""Exact Bayesian averaging over all decomposable graphs on three to seven lists.

Lists that stand in one clique may depend on one another in any way; lists in different cliques are independent given those
between. The prior of the cells is hyper-Dirichlet with weight delta, of the graphs uniform. Delta decides on sparse tables:
1/2 or 1 puts nearly all weight on the complete graph, where nothing but the prior speaks of the unlisted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np
from scipy.special import gammaln, logsumexp

from tocsin.core.count.mse.checks import check
from tocsin.core.count.mse.errors import BadChoice, NotEstimable, Reason
from tocsin.core.count.mse.graphs import MOST, Family, edges_of, family, name_of, some
from tocsin.core.count.mse.models import read_model
from tocsin.core.count.mse.posterior import ModelWeight, PosteriorN
from tocsin.core.count.mse.reasons import because
from tocsin.core.count.mse.table import CaptureTable, Floats, Ints

Prior = Literal["1/N", "uniform", "gamma"]

NAMED = 50
"""Models that are told one by one."""
LEAST_FINE, MOST_FINE = 400, 1600
"""Cells of the adaptive grid, half spread evenly over the scale, half over the probability; more where graphs are few."""
COARSE, COARSEST, MANY = 48, 20, 2000
"""Points of one look; of one look at so many graphs."""
FIRST_DROPPED, DROPPED = 400.0, 32.0
"""Graphs so many log units below the best are left out, at the first look and at the last: all together weigh under 1e-8."""
MOST_COMPLETE, MOST_AT_CAP = 0.2, 0.01
LEAST_MISSING = 1
"""At nobody unlisted the prior of one cell alone would decide, so one is the least, as in the peer programs."""
FARTHEST = 1e6
"""The grid reaches this many times as far as the documented."""


def decomposable(
    table: CaptureTable,
    *,
    delta: float | None = None,
    n_prior: Prior = "1/N",
    gamma: tuple[float, float] = (1.0, 0.0),
    complete_graph: Literal["exclude", "include"] = "exclude",
    graphs: Sequence[str] | None = None,
    n_missing: Ints | None = None,
    strict: bool = True,
) -> PosteriorN:
    """Say how many there are in all, averaged over every decomposable graph.

    Parameters
    ----------
    table : CaptureTable
        Three to seven lists.
    delta : weight of the prior in each cell
        If not given 2 ** -lists: one person's worth in all.
    n_prior : prior of the total
        "gamma" takes `gamma`: shape, and rate per person.
    complete_graph : "exclude" or "include"
        Leaving it out assumes that not all lists depend on one another at once. Its weight is given either way.
    graphs : names such as "[12,3]" of the only ones to average over, the complete one apart; all if not given
    n_missing : whole numbers, rising
        The unlisted to look at, one by one; if not given, cells that follow the probability until its tail is under 1e-6.
    strict : raise what must not be published
        If not, it is in `refusals`: for comparing with other programs.

    Returns
    -------
    PosteriorN

    Raises
    ------
    NotEstimable, BadChoice

    References
    ----------
    Madigan and York (1997), Biometrika 84, 19-31; Dawid and Lauritzen (1993), Ann. Statist. 21, 1272-1317.
    """
    if strict and (refusals := check(table).refusals):
        raise NotEstimable(refusals)
    if not 3 <= table.n_lists <= MOST:
        raise BadChoice(f"averaging over graphs takes three to {MOST} lists; leave one out, or merge two")
    delta = 2.0**-table.n_lists if delta is None else delta
    if not 0 < delta < 1e6 or n_prior not in ("1/N", "uniform", "gamma") or not gamma[0] > 0 <= gamma[1]:
        raise BadChoice("delta must be above 0 and the prior one of 1/N, uniform and gamma")
    asked = _Asked(_Marginals.of(table, delta), n_prior, gamma, complete_graph == "include")
    members = family(table.n_lists)
    if graphs is not None:
        asked = replace(asked, only=_codes(graphs, members))
    if n_missing is None:
        members, low, high = _find_cells(asked, members)
    else:
        low = high = np.asarray(n_missing, dtype=np.int64)
        if low.ndim != 1 or not len(low) or low[0] < 0 or np.any(np.diff(low) <= 0):
            raise BadChoice("the numbers of unlisted people must rise from 0 or more")
    posterior = _average(asked, members, low, high)
    posterior = replace(
        posterior,
        settings={"delta": delta, "n_prior": n_prior, "complete_graph": complete_graph},
        table_hash=table.hash,
        refusals=_refusals(posterior),
    )
    if strict and posterior.refusals:
        raise NotEstimable(posterior.refusals)
    return posterior


def _refusals(posterior: PosteriorN) -> tuple[Reason, ...]:
    found = []
    weight = posterior.complete_weight or 0.0
    if weight > MOST_COMPLETE:
        found.append(because("graph.complete", {"weight": weight, "most": MOST_COMPLETE}))
    if posterior.mass_at_cap > MOST_AT_CAP:
        found.append(because("posterior.cap", {"mass": posterior.mass_at_cap, "most": MOST_AT_CAP}))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Marginals:
    """Of each set of lists: what its table gives whatever the number of unlisted, and what meets that number."""

    n: int
    constant: Floats
    """Shape (2 ** lists,), the first unused."""
    on_none: Floats
    """Listed people on none of these lists, plus the prior's weight; the same shape."""
    weight: float
    """The prior's weight in all."""

    @classmethod
    def of(cls, table: CaptureTable, delta: float) -> _Marginals:
        slots, sets, is_none, prior_cells = _layout(table.n_lists)
        counts = table.dense()
        margins = np.bincount(slots, np.tile(counts, 2**table.n_lists), minlength=len(sets))
        weights = delta * prior_cells
        terms = np.where(is_none, 0.0, gammaln(margins + weights)) - gammaln(weights)
        total = delta * 2**table.n_lists
        constant = np.bincount(sets, terms) + gammaln(total)
        on_none = np.zeros(2**table.n_lists)
        on_none[sets[is_none]] = (margins + weights)[is_none]
        return cls(table.n, constant, on_none, total)

    def terms(self, n0: Floats) -> Floats:
        """Log marginal likelihood of each set of lists, shape (2 ** lists, points); of the empty set 0."""
        found = (
            gammaln(self.on_none[:, None] + n0) + self.constant[:, None] - gammaln(self.n + n0 + self.weight)
        )
        found[0] = 0.0
        return np.asarray(found)


@cache
def _layout(n_lists: int) -> tuple[Ints, Ints, np.ndarray[tuple[int, ...], np.dtype[np.bool_]], Floats]:
    """Where each history of each set of lists is counted: slot by (set, history); then of each slot its set, and so on."""
    n_cells = 1 << n_lists
    keys = np.array(
        [[chosen << n_lists | (history & chosen) for history in range(n_cells)] for chosen in range(n_cells)]
    )
    found, slots = np.unique(keys, return_inverse=True)
    sets, histories = found >> n_lists, found & (n_cells - 1)
    cells = np.array([2.0 ** (n_lists - int(each).bit_count()) for each in sets])
    return slots.reshape(-1), sets, histories == 0, cells


@dataclass(frozen=True, slots=True)
class _Asked:
    margins: _Marginals
    n_prior: Prior
    gamma: tuple[float, float]
    with_complete: bool
    only: Ints | None = None
    """Codes of the graphs to average over; all if not given."""

    def prior(self, n0: Floats) -> Floats:
        """Log prior of the total, and the ways to choose who is unlisted."""
        n = self.margins.n
        ways = gammaln(n + n0 + 1) - gammaln(n0 + 1)
        if self.n_prior == "uniform":
            return np.asarray(ways)
        if self.n_prior == "1/N":
            return np.asarray(ways - np.log(n + n0))
        shape, rate = self.gamma
        return np.asarray(ways + (shape - 1) * np.log(n + n0) - rate * (n + n0))

    def joint(self, graphs: Family, n0: Floats) -> Floats:
        """Log probability of each graph with each number of unlisted, shape (graphs, points), up to a constant."""
        terms = self.margins.terms(n0)
        alone, near = graphs.joined[:, 0], graphs.joined[:, 1]
        steps = terms[alone | near] - terms[near] - terms[alone]
        found = np.empty((len(graphs.codes), len(n0)))
        found[0] = terms[[1 << v for v in range(graphs.n_lists)]].sum(axis=0) + self.prior(n0)
        for level in graphs.levels:
            np.take(found, graphs.parents[level], axis=0, out=found[level], mode="clip")
            found[level] += steps[graphs.steps[level]]
        if self.only is not None:
            found[~np.isin(graphs.codes, [*self.only, graphs.codes[graphs.complete]])] = -np.inf
        return found


def _codes(names: Sequence[str], members: Family) -> Ints:
    """Find graphs by their cliques."""
    codes = {edges_of(read_model(name, members.n_lists)) for name in names}
    if not codes or not np.isin(list(codes), members.codes).all():
        raise BadChoice("a graph is not decomposable, or none was named")
    return np.array(sorted(codes), dtype=np.int64)


def _find_cells(asked: _Asked, graphs: Family) -> tuple[Family, Ints, Ints]:
    """Look closer and closer at where the probability lies, leaving out graphs that have none of it."""
    ends = float(np.log1p(LEAST_MISSING)), float(np.log1p(FARTHEST * asked.margins.n))
    margin = FIRST_DROPPED
    for _ in range(8):
        scale = np.linspace(*ends, COARSE if len(graphs.codes) < MANY else COARSEST)
        best, height = _look(asked, graphs, scale)
        keep = best > best.max() - margin
        keep[graphs.complete] = True
        if keep.sum() < 0.8 * len(keep):
            graphs, _ = some(graphs, keep)
        seen = np.flatnonzero(height > height.max() - margin)
        first, last = max(seen[0] - 1, 0), min(seen[-1] + 1, len(scale) - 1)
        is_close = last - first > 0.7 * len(scale)
        if is_close and margin == DROPPED:
            break
        margin = max(DROPPED, margin / 4)
        ends = float(scale[first]), float(scale[last])
    return graphs, *_cells(scale, height, max(LEAST_FINE, min(MOST_FINE, 100_000 // len(graphs.codes))))


def _look(asked: _Asked, graphs: Family, scale: Floats) -> tuple[Floats, Floats]:
    """Give each graph's highest point, and each point's highest graph."""
    best, height = np.full(len(graphs.codes), -np.inf), np.full(len(scale), -np.inf)
    some_points = max(1, 4_000_000 // len(graphs.codes))
    for at in range(0, len(scale), some_points):
        part = slice(at, at + some_points)
        joint = asked.joint(graphs, np.expm1(scale[part]))
        joint += scale[part]
        np.maximum(best, joint.max(axis=1), out=best)
        if not asked.with_complete:
            joint[graphs.complete] = -np.inf
        height[part] = joint.max(axis=0)
    return best, height


def _cells(scale: Floats, height: Floats, n_cells: int) -> tuple[Ints, Ints]:
    """Cut the scale into cells of whole numbers, half of them evenly, half by the probability."""
    fine = np.linspace(scale[0], scale[-1], 8 * COARSE)
    dense = np.exp(np.interp(fine, scale, np.maximum(height - height.max(), -60.0)))
    below = np.concatenate(([0.0], np.cumsum((dense[1:] + dense[:-1]) / 2)))
    by_share = np.interp(np.linspace(0, below[-1], n_cells // 2 + 1), below, fine)
    evenly = np.linspace(scale[0], scale[-1], n_cells // 2 + 1)
    edges = np.unique(np.rint(np.expm1(np.concatenate((by_share, evenly)))).astype(np.int64))
    edges = np.append(edges, edges[-1] + 1)
    return edges[:-1], edges[1:] - 1


def _average(asked: _Asked, graphs: Family, low: Ints, high: Ints) -> PosteriorN:
    middle = (low.astype(np.float64) + high) / 2
    width = (high - low + 1).astype(np.float64)
    block = max(16, 2_000_000 // len(graphs.codes))
    parts = [slice(at, at + block) for at in range(0, len(low), block)]
    highest, of_complete = -np.inf, -np.inf
    by_graph, moment = np.zeros(len(graphs.codes)), np.zeros(len(graphs.codes))
    mass = np.zeros(len(low))
    for part in parts:
        joint = asked.joint(graphs, middle[part])
        of_complete = np.logaddexp(of_complete, logsumexp(joint[graphs.complete] + np.log(width[part])))
        if not asked.with_complete:
            joint[graphs.complete] = -np.inf
        top = joint.max()
        if top > highest:
            shrink = np.exp(highest - top)
            by_graph, moment, mass = by_graph * shrink, moment * shrink, mass * shrink
            highest = top
        np.exp(np.subtract(joint, highest, out=joint), out=joint)
        joint *= width[part]
        by_graph += joint.sum(axis=1)
        moment += joint @ middle[part]
        mass[part] = joint.sum(axis=0)
    total = np.log(by_graph.sum()) + highest
    share = of_complete - (total if asked.with_complete else np.logaddexp(total, of_complete))
    mass /= mass.sum()
    return PosteriorN(
        n=asked.margins.n,
        low=low,
        high=high,
        mass=mass,
        method="decomposable",
        ranked=_ranked(asked.margins.n, graphs, by_graph, moment),
        complete_weight=float(np.exp(share)),
        mass_at_cap=float(mass[middle > middle[0] + 0.9 * (middle[-1] - middle[0])].sum()),
    )


def _ranked(n: int, graphs: Family, by_graph: Floats, moment: Floats) -> tuple[ModelWeight, ...]:
    weights = by_graph / by_graph.sum()
    order = np.argsort(-weights, kind="stable")[:NAMED]
    return tuple(
        ModelWeight(
            model=name_of(int(graphs.codes[at]), graphs.n_lists),
            weight=float(weights[at]),
            mean=float(n + moment[at] / by_graph[at]),
        )
        for at in order
        if weights[at] > 1e-9
    )
