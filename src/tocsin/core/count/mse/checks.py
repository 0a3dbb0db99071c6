"""What a table shows before anything is estimated: whether it allows an estimate at all, and what to be wary of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from tocsin.core.count.mse.errors import BadChoice, Reason
from tocsin.core.count.mse.reasons import because
from tocsin.core.count.mse.table import CaptureTable, Floats, Ints, Stratum

LEAST_PEOPLE, LEAST_LISTS = 30, 3
LEAST_ON_LIST = 10
"""Records of a list; below, it can hardly tell anything. A list this long that lies inside another was copied."""
LEAST_IN_STRATUM = 10
"""People; a smaller stratum may point at somebody."""
MOST_ON_ONE = 0.9
MOST_REUSED, MOST_TYPICAL = 0.5, 0.2
"""Share of a list found on another, and how much of that share the other lists reach at most, for it to look copied."""
UNEQUAL_Z, CHANGED_SHARE = 2.0, 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostics:
    """What stands against an estimate, and what to read it with."""

    refusals: tuple[Reason, ...]
    warnings: tuple[Reason, ...]

    @property
    def is_estimable(self) -> bool:
        """Say whether nothing stands against it so far."""
        return not self.refusals


def check(
    table: CaptureTable,
    *,
    derived: Iterable[tuple[str, str]] = (),
    missed_matches: float = 0.0,
) -> Diagnostics:
    """Look at a table before it is estimated; every estimator does.

    Parameters
    ----------
    table : CaptureTable
    derived : pairs of lists of which one was made from the other, as their provenance says
    missed_matches : share of shared people that linking is thought to miss, 0 to 1

    Raises
    ------
    BadChoice
        There is no list of a name in `derived`, or `missed_matches` is no share.
    """
    if not 0 <= missed_matches <= 1:
        raise BadChoice("missed matches are a share, from 0 to 1")
    refusals: list[Reason] = list(table.faults)
    warnings: list[Reason] = []
    sizes = np.diag(table.overlaps()) if table.cells else np.zeros(table.n_lists, dtype=np.int64)
    refusals += _too_little(table, sizes)
    refusals += [
        because("lists.derived", {"list": table.place_of(a) + 1, "from": table.place_of(b) + 1})
        for a, b in derived
    ]
    small = [one.n for one in table.strata.values() if 0 < one.n < LEAST_IN_STRATUM]
    if small:
        refusals.append(because("strata.small", {"strata": len(small), "least": LEAST_IN_STRATUM}))
    if sizes.all() and table.n_lists > 1:
        refusals += _islands(table)
        for reason, is_refused in _contained(table, sizes):
            (refusals if is_refused else warnings).append(reason)
    if not refusals:
        warnings += _warn(table, sizes.astype(np.float64), missed_matches)
    return Diagnostics(refusals=tuple(refusals), warnings=tuple(warnings))


def _too_little(table: CaptureTable, sizes: Ints) -> Iterator[Reason]:
    filled = int((sizes > 0).sum())
    if filled < LEAST_LISTS:
        yield because("few.lists", {"lists": filled, "least": LEAST_LISTS})
    if filled < table.n_lists:
        yield because("list.empty", {"lists": table.n_lists - filled})
    if table.n < LEAST_PEOPLE:
        yield because("few.people", {"n": table.n, "least": LEAST_PEOPLE})


def _islands(table: CaptureTable) -> Iterator[Reason]:
    shared = table.overlaps() > 0
    reached = shared[0]
    for _ in range(table.n_lists):
        reached = shared[reached].any(axis=0)
    if not reached.all():
        alone = int((shared.sum(axis=1) == 1).sum())
        yield because("list.alone" if alone else "lists.islands", {"alone": alone})


def _contained(table: CaptureTable, sizes: Ints) -> Iterator[tuple[Reason, bool]]:
    overlaps = table.overlaps()
    for a in range(table.n_lists):
        inside = [b for b in range(table.n_lists) if b != a and overlaps[a, b] == sizes[a]]
        if inside:
            yield (
                because("list.inside", {"list": a + 1, "inside": inside[0] + 1, "people": int(sizes[a])}),
                bool(sizes[a] >= LEAST_ON_LIST),
            )


def _warn(table: CaptureTable, sizes: Floats, missed_matches: float) -> Iterator[Reason]:
    if (short := int((sizes < LEAST_ON_LIST).sum())) > 0:
        yield because("list.short", {"lists": short, "least": LEAST_ON_LIST})
    alone = table.occupancy()[0] / table.n
    if alone > MOST_ON_ONE:
        yield because("mostly.once", {"share": alone, "most": MOST_ON_ONE})
    yield from _reused(table)
    z = unequal_capture(table)
    if z > UNEQUAL_Z:
        yield because("capture.unequal", {"z": z, "most": UNEQUAL_Z})
    if missed_matches > 0.2:
        yield because("linkage.weak", {"missed": missed_matches, "most": 0.2})
    yield from _changing(table.strata, table.n_lists)


def _reused(table: CaptureTable) -> Iterator[Reason]:
    """Find a list most of which stands on another, while that other holds few of everybody else."""
    on, counts = table.histories(), table.counts()
    for a, b in combinations(range(table.n_lists), 2):
        for one, other in ((a, b), (b, a)):
            rest = np.delete(on, [one, other], axis=1).any(axis=1) & ~on[:, one]
            n_one, n_rest = counts[on[:, one]].sum(), counts[rest].sum()
            share = counts[on[:, one] & on[:, other]].sum() / n_one
            typical = (counts[rest & on[:, other]].sum() + 0.5) / (n_rest + 1)
            if n_one >= LEAST_ON_LIST and share > MOST_REUSED and typical < MOST_TYPICAL * share:
                yield because(
                    "list.reused", {"list": one + 1, "on": other + 1, "share": share, "typical": typical}
                )
                break


def unequal_capture(table: CaptureTable) -> float:
    """Weigh whether being on one list goes with being on any other, beyond one pair of lists: a z, high if so.

    Each pair's odds ratio is taken among people who are on some third list, where all four of its numbers are known
    (Mantel and Haenszel over the third lists' histories). The pair with the highest is left out: two lists may well
    depend on each other without people being unequal.
    """
    on, counts = table.histories(), table.counts()
    found = sorted(_pair_z(on, counts, a, b) for a, b in combinations(range(table.n_lists), 2))[:-1]
    return float(sum(found) / np.sqrt(len(found))) if found else 0.0


def _pair_z(on: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], counts: Floats, a: int, b: int) -> float:
    others = np.delete(on, [a, b], axis=1)
    codes = others @ (1 << np.arange(others.shape[1]))
    tables = np.zeros((1 << others.shape[1], 2, 2)) if others.shape[1] <= 12 else None
    if tables is None:
        codes = np.unique(codes, return_inverse=True)[1] + 1
        tables = np.zeros((codes.max() + 1, 2, 2))
    np.add.at(tables, (codes, on[:, a].astype(int), on[:, b].astype(int)), counts)
    tables = tables[1:]
    n = tables.sum(axis=(1, 2))
    tables, n = tables[n > 1], n[n > 1]
    row, column = tables.sum(axis=2)[:, 1], tables.sum(axis=1)[:, 1]
    excess = (tables[:, 1, 1] - row * column / n).sum()
    variance = (row * (n - row) * column * (n - column) / (n * n * (n - 1))).sum()
    return float(excess / np.sqrt(variance)) if variance > 0 else 0.0


def _changing(strata: Mapping[Stratum, CaptureTable], n_lists: int) -> Iterator[Reason]:
    """Warn if a list's share of the documented drifts from the first third of the strata to the last."""
    if len(strata) < 3:
        return
    tables = [strata[key] for key in sorted(strata)]
    third = len(tables) // 3
    ends = []
    for part in (tables[:third], tables[-third:]):
        people = sum(one.n for one in part)
        held = np.sum([np.diag(one.overlaps()) for one in part if one.cells], axis=0)
        ends.append(np.broadcast_to(held / max(people, 1), n_lists))
    moved = float(np.abs(ends[1] - ends[0]).max())
    if moved > CHANGED_SHARE:
        yield because("list.changing", {"moved": moved, "most": CHANGED_SHARE})
