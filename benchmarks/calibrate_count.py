"""Do the intervals hold the truth, and does the report warn where they cannot?

People are invented with a known total, listed by lists of known chances, and all that `report` says is held against the
truth. Where the assumptions hold: how often the 95 % intervals hold the total, how often a table is refused or warned of for
nothing, and how wide intervals are beside those of the true model, had it been known. Where they do not hold: how often the
right refusal or warning is there. On sparse tables both are asked (decision 0038): the assumptions hold, and what is warned
of, that a few shared people decide, is true. Latent classes take seconds a table; they are run on a part of them, and where
without them one method stood alone, since then they decide whether there is a number.
"""

from __future__ import annotations

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from _table import Figure, main

from tocsin.core.count.mse import CaptureTable, Report, decomposable, report

SEED = 20261127
"""Chosen once the rules stood, and for no other work: none of them was set by looking at these tables."""
TABLES = 400
COVER, RIGHT, REFUSED, WARNED, WIDTH = 0.90, 0.80, 0.05, 0.20, 1.25


@dataclass(frozen=True, kw_only=True)
class World:
    """A truth to draw tables from."""

    name: str
    total: int
    draw: Callable[[int, np.random.Generator], np.ndarray]
    """Who is on which list, shape (total, lists)."""
    true_model: str | None
    """None where the assumptions do not hold."""
    right: frozenset[str] = frozenset()
    """Codes of which one must be there."""
    is_faint: bool = False
    """Whether so few people and lists can hardly show what is wrong, to any test: no bar of its own, but in the whole."""
    so: frozenset[str] = frozenset()
    """Codes that are no false alarm, since what they say is so in this world though the assumptions hold."""


def independent(*p: float) -> Callable[[int, np.random.Generator], np.ndarray]:
    """Give lists that know nothing of one another."""
    return lambda total, rng: rng.random((total, len(p))) < np.array(p)


def dependent(*p: float, second: float) -> Callable[[int, np.random.Generator], np.ndarray]:
    """Give a second list that holds another share of those on the first."""

    def draw(total: int, rng: np.random.Generator) -> np.ndarray:
        on = rng.random((total, len(p))) < np.array(p)
        on[:, 1] = rng.random(total) < np.where(on[:, 0], second, p[1])
        return on

    return draw


def unequal(n_lists: int) -> Callable[[int, np.random.Generator], np.ndarray]:
    """Give people of whom 30 % are easily listed, by every list, and 70 % hardly."""

    def draw(total: int, rng: np.random.Generator) -> np.ndarray:
        easy = np.array([0.4, 0.6, 0.5, 0.45, 0.55, 0.5])[:n_lists]
        hard = np.array([0.06, 0.12, 0.08, 0.1, 0.07, 0.09])[:n_lists]
        return rng.random((total, n_lists)) < np.where(rng.random((total, 1)) < 0.3, easy, hard)

    return draw


def reused(*p: float, share: float) -> Callable[[int, np.random.Generator], np.ndarray]:
    """Give a second list that took over a share of the first one's people, beside its own."""

    def draw(total: int, rng: np.random.Generator) -> np.ndarray:
        on = rng.random((total, len(p))) < np.array(p)
        on[:, 1] |= on[:, 0] & (rng.random(total) < share)
        return on

    return draw


FREE = "independence"
UNEQUAL = frozenset({"capture.unequal"})
SPARSE = frozenset({"mostly.once"})
SCARCE = SPARSE | {"interval.wide", "unlisted.many"}
REUSED = frozenset({"list.reused", "list.inside"})
WORLDS = (
    World(
        name="3 independent lists, N 1,000", total=1000, draw=independent(0.3, 0.25, 0.35), true_model=FREE
    ),
    World(
        name="4 independent lists, N 200", total=200, draw=independent(0.3, 0.25, 0.2, 0.3), true_model=FREE
    ),
    World(
        name="4 independent lists, N 1,000",
        total=1000,
        draw=independent(0.3, 0.2, 0.15, 0.25),
        true_model=FREE,
    ),
    World(
        name="4 independent lists, N 20,000",
        total=20_000,
        draw=independent(0.1, 0.08, 0.12, 0.1),
        true_model=FREE,
    ),
    World(
        name="6 independent lists, N 1,000",
        total=1000,
        draw=independent(0.2, 0.15, 0.1, 0.2, 0.15, 0.1),
        true_model=FREE,
    ),
    World(
        name="3 lists, one dependent pair, N 2,000",
        total=2000,
        draw=dependent(0.3, 0.15, 0.25, second=0.45),
        true_model="[12,3]",
    ),
    World(
        name="4 lists, one dependent pair, N 1,000",
        total=1000,
        draw=dependent(0.3, 0.15, 0.15, 0.25, second=0.45),
        true_model="[12,3,4]",
    ),
    World(
        name="4 lists, one dependent pair, N 5,000",
        total=5000,
        draw=dependent(0.2, 0.1, 0.15, 0.2, second=0.4),
        true_model="[12,3,4]",
    ),
    World(
        name="5 lists, one dependent pair, N 2,000",
        total=2000,
        draw=dependent(0.2, 0.1, 0.15, 0.2, 0.15, second=0.4),
        true_model="[12,3,4,5]",
    ),
    World(
        name="4 sparse lists, N 1,000",
        total=1000,
        draw=independent(0.05, 0.04, 0.03, 0.06),
        true_model=FREE,
        right=SPARSE,
        so=SCARCE,
    ),
    World(
        name="4 less sparse lists, N 5,000",
        total=5000,
        draw=independent(0.08, 0.07, 0.06, 0.09),
        true_model=FREE,
    ),
    World(
        name="4 lists, unequal people, N 1,000", total=1000, draw=unequal(4), true_model=None, right=UNEQUAL
    ),
    World(
        name="5 lists, unequal people, N 5,000", total=5000, draw=unequal(5), true_model=None, right=UNEQUAL
    ),
    World(
        name="6 lists, unequal people, N 20,000",
        total=20_000,
        draw=unequal(6),
        true_model=None,
        right=UNEQUAL,
    ),
    World(
        name="3 lists, unequal people, N 1,000",
        total=1000,
        draw=unequal(3),
        true_model=None,
        right=UNEQUAL,
        is_faint=True,
    ),
    World(
        name="4 lists, unequal people, N 200",
        total=200,
        draw=unequal(4),
        true_model=None,
        right=UNEQUAL,
        is_faint=True,
    ),
    World(
        name="3 lists, one reuses another, N 1,000",
        total=1000,
        draw=reused(0.3, 0.06, 0.25, share=0.7),
        true_model=None,
        right=REUSED,
    ),
    World(
        name="4 lists, one reuses another, N 5,000",
        total=5000,
        draw=reused(0.2, 0.05, 0.15, 0.2, share=0.7),
        true_model=None,
        right=REUSED,
    ),
)


CLASSES = {
    "4 independent lists, N 1,000": 20,
    "4 lists, one dependent pair, N 1,000": 20,
    "4 lists, unequal people, N 1,000": 8,
}
"""World to how many tables latent classes are run on."""


@dataclass(kw_only=True)
class Found:
    """What was seen over the tables of one world."""

    held: dict[str, list[bool]] = field(default_factory=dict)
    width: list[float] = field(default_factory=list)
    true_width: list[float] = field(default_factory=list)
    refused: list[bool] = field(default_factory=list)
    warned: list[bool] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)


def run(
    world: World, n_tables: int, *, bootstrap: int, with_latent: bool = False, quick: bool = False
) -> Found:
    """Report on many tables of a world."""
    rng, found = np.random.default_rng([SEED, WORLDS.index(world)]), Found()
    for _ in range(n_tables):
        on = world.draw(world.total, rng)
        names = [f"list {at + 1}" for at in range(on.shape[1])]
        histories, counts = np.unique(on[on.any(axis=1)].astype(int), axis=0, return_counts=True)
        table = CaptureTable.from_counts(
            {tuple(one): int(n) for one, n in zip(histories.tolist(), counts, strict=True)}, names
        )
        said = report(table, rng=rng, bootstrap=bootstrap, with_latent=with_latent)
        if world.true_model and "method.alone" in {reason.code for reason in said.refusals} and not quick:
            said = report(table, rng=np.random.default_rng(SEED), bootstrap=bootstrap)
        _take(found, world, table, said)
    return found


def _take(found: Found, world: World, table: CaptureTable, said: Report) -> None:
    codes = {reason.code for reason in (*said.refusals, *said.warnings)}
    codes |= {reason.code for row in said.methods for reason in row.reasons}
    for code in codes:
        found.codes[code] = found.codes.get(code, 0) + 1
    found.refused.append(bool(said.refusals))
    found.warned.append(bool({reason.code for reason in said.warnings} - world.so))
    found.right.append(bool(codes & world.right))
    for row in said.methods:
        if row.low is not None and row.high is not None:
            found.held.setdefault(row.method, []).append(row.low <= world.total <= row.high)
    exact = next((row for row in said.methods if row.method == "decomposable" and row.has_number), None)
    if world.true_model and exact and exact.low is not None and exact.high is not None:
        graph = (
            "[" + ",".join(map(str, range(1, table.n_lists + 1))) + "]"
            if world.true_model == FREE
            else world.true_model
        )
        low, high = decomposable(table, graphs=[graph], strict=False).interval()
        found.width.append(exact.high - exact.low)
        found.true_width.append(high - low)


def measure(quick: bool) -> Iterator[Figure]:
    """Go through the worlds."""
    told: list[bool] = []
    for world in WORLDS:
        found = run(world, 12 if quick else TABLES, bootstrap=40 if quick else 200, quick=quick)
        # A dozen tables say little: the bars are for the long form.
        yield from _figures(world, found, with_bars=not quick)
        if world.true_model is None:
            told += found.right
    yield Figure(
        name="all tables where assumptions do not hold: told",
        value=float(np.mean(told)),
        unit="share",
        bar=None if quick else RIGHT,
        note=f"of {len(told)}, faint worlds among them",
    )
    if not quick:
        yield from _classes()


def _classes() -> Iterator[Figure]:
    """Run latent classes on some tables; where people differ without kinds to tell, no method holds, and there is no bar."""
    for world in WORLDS:
        if world.name not in CLASSES:
            continue
        found = run(world, CLASSES[world.name], bootstrap=100, with_latent=True)
        held = found.held.get("latent-class", [])
        yield Figure(
            name=f"{world.name}: latent-class holds",
            value=float(np.mean(held)) if held else float("nan"),
            unit="share",
            bar=COVER if world.true_model else None,
            note=f"of {len(held)} with an answer",
        )


def _figures(world: World, found: Found, *, with_bars: bool) -> Iterator[Figure]:
    seen = ", ".join(f"{code} {n}" for code, n in sorted(found.codes.items(), key=lambda one: -one[1]))

    def bar(value: float) -> float | None:
        return value if with_bars else None

    if world.right:
        value = float(np.mean(found.right))
        yield Figure(
            name=f"{world.name}: told",
            value=value,
            unit="share",
            bar=None if world.is_faint else bar(RIGHT),
            note=seen,
        )
    if world.true_model is None:
        return
    for method, held in found.held.items():
        note = f"of {len(held)}"
        yield Figure(
            name=f"{world.name}: {method} holds",
            value=float(np.mean(held)),
            unit="share",
            bar=bar(COVER),
            note=note,
        )
    yield Figure(
        name=f"{world.name}: refused",
        value=float(np.mean(found.refused)),
        unit="share",
        bar=bar(REFUSED),
        at_most=True,
    )
    yield Figure(
        name=f"{world.name}: warned" + (" of what is not so" if world.so else ""),
        value=float(np.mean(found.warned)),
        unit="share",
        bar=bar(WARNED),
        at_most=True,
        note=seen,
    )
    if found.width:
        yield Figure(
            name=f"{world.name}: width",
            value=float(np.median(found.width) / np.median(found.true_width)),
            unit="x true model",
            bar=bar(WIDTH),
            at_most=True,
        )


if __name__ == "__main__":
    main(
        "Count: intervals and warnings",
        measure,
        left_out="most of the tables, latent classes, and so the bars",
    )
