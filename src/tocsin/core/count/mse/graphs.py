"""All decomposable graphs on up to seven lists, each as one step from a smaller one.

A graph is decomposable if and only if some vertex v has neighbours K that are all joined to one another, and what is left
without v is decomposable. So its marginal likelihood is that of the graph in which v stands alone, times
T(K and v) / (T(K) T(v)), and all graphs are evaluated with one sum each, level by level. Nothing is stored in files:
617,675 graphs on seven lists are found in a moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tocsin.core.count.mse.table import Ints

MOST = 7
"""Eight lists have 30.9 million graphs."""


@dataclass(frozen=True, slots=True)
class Family:
    """Every decomposable graph on some lists, those without edges first."""

    n_lists: int
    codes: NDArray[np.int32]
    """Edges as bits, shape (graphs,); the edge of i < j is bit j (j - 1) / 2 + i."""
    parents: NDArray[np.int32]
    """Place of the smaller graph; the first graph is its own."""
    steps: NDArray[np.int32]
    """Place in `joined` of the step from there; 0 is no step."""
    levels: tuple[slice, ...]
    """Graphs whose parents all lie in earlier levels."""
    joined: Ints
    """Steps, shape (steps, 2): v as a set and K as a set, bits for lists; the first is none."""

    @property
    def complete(self) -> int:
        """Place of the graph with every edge."""
        return int(np.flatnonzero(self.codes == self.codes.max())[0])


def _bit(i: int, j: int) -> int:
    i, j = min(i, j), max(i, j)
    return j * (j - 1) // 2 + i


@cache
def family(n_lists: int) -> Family:
    """Find all decomposable graphs: 1, 2, 8, 61, 822, 18,154 and 617,675 for one to seven lists."""
    joined = [(0, 0)] + [
        (1 << v, k) for v in range(n_lists) for k in range(1, 1 << n_lists) if not k >> v & 1
    ]
    step_of = {step: at for at, step in enumerate(joined)}
    n_codes = 1 << n_lists * (n_lists - 1) // 2
    parents, steps = np.zeros(n_codes, np.int32), np.zeros(n_codes, np.int32)
    for v in range(n_lists if n_lists > 1 else 0):
        others = _embedded(family(n_lists - 1).codes, [each for each in range(n_lists) if each != v])
        for k in (each for each in range(1, 1 << n_lists) if not each >> v & 1):
            within = [i for i in range(n_lists) if k >> i & 1]
            clique = sum(1 << _bit(i, j) for at, i in enumerate(within) for j in within[at + 1 :])
            fit = others[others & clique == clique]
            codes = fit | sum(1 << _bit(v, i) for i in within)
            parents[codes], steps[codes] = fit, step_of[1 << v, k]
    codes = np.flatnonzero(steps).astype(np.int32)
    codes = np.concatenate((np.zeros(1, np.int32), codes))
    depth = np.zeros(n_codes, np.int8)
    for _ in range(n_lists - 1):
        depth[codes[1:]] = depth[parents[codes[1:]]] + 1
    order = np.argsort(depth[codes], kind="stable")
    codes = codes[order]
    place = np.zeros(n_codes, np.int32)
    place[codes] = np.arange(len(codes), dtype=np.int32)
    ends = np.searchsorted(depth[codes], np.arange(n_lists + 1))
    levels = tuple(slice(int(a), int(b)) for a, b in pairwise(ends[1:]) if b > a)
    return Family(n_lists, codes, place[parents[codes]], steps[codes], levels, np.array(joined))


def _embedded(codes: NDArray[np.int32], places: list[int]) -> NDArray[np.int32]:
    """Move graphs to other vertices, in rising order."""
    moved = np.zeros_like(codes)
    for j in range(len(places)):
        for i in range(j):
            moved |= (codes >> _bit(i, j) & 1) << _bit(places[i], places[j])
    return moved


def some(graphs: Family, wanted: NDArray[np.bool_]) -> tuple[Family, Ints]:
    """Keep some graphs and what they step from; also give the places of the kept in the whole."""
    needed = wanted.copy()
    needed[0] = True
    for level in reversed(graphs.levels):
        needed[graphs.parents[level][needed[level]]] = True
    places = np.flatnonzero(needed)
    new = np.cumsum(needed) - 1
    levels = []
    for level in graphs.levels:
        first, last = np.searchsorted(places, (level.start, level.stop))
        if last > first:
            levels.append(slice(int(first), int(last)))
    kept = Family(
        graphs.n_lists,
        graphs.codes[places],
        new[graphs.parents[places]].astype(np.int32),
        graphs.steps[places],
        tuple(levels),
        graphs.joined,
    )
    return kept, places


def name_of(code: int, n_lists: int) -> str:
    """Name a graph by its cliques: greatest first, then by list number, as `[123,14,34]`."""
    near = [sum(1 << j for j in range(n_lists) if j != i and code >> _bit(i, j) & 1) for i in range(n_lists)]
    cliques = [
        each
        for each in range(1, 1 << n_lists)
        if all((near[i] | 1 << i) & each == each for i in range(n_lists) if each >> i & 1)
    ]
    greatest = [
        each for each in cliques if not any(each != other and each & other == each for other in cliques)
    ]
    return name_terms(greatest)


def edges_of(terms: Iterable[int]) -> int:
    """Code a graph by terms, sets of lists as bits, of which the pairs are its edges."""
    pairs = [
        [at for at in range(term.bit_length()) if term >> at & 1] for term in terms if term.bit_count() == 2
    ]
    return sum(1 << _bit(i, j) for i, j in pairs)


def name_terms(terms: list[int]) -> str:
    """Name a model by its greatest terms, sets of lists as bits."""
    said = [[at + 1 for at in range(term.bit_length()) if term >> at & 1] for term in terms]
    said.sort(key=lambda one: (-len(one), one))
    wide = any(number > 9 for one in said for number in one)
    return "[" + ",".join((":" if wide else "").join(map(str, one)) for one in said) + "]"
