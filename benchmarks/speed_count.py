"""How fast are the estimators, and beside R's packages, how much faster?

Tables are invented, as large and as sparse as published ones of three to seven lists; `--tables DIR` takes the published
ones themselves (CSV by the names below). Seconds are CPU seconds (user and system) on one thread; all of it is numpy, there
is no compiled part to fall back from. `--peer DIR` runs R's dga and SparseMSE from that R library on the same tables in the
same run, as far as they are installed.
"""

from __future__ import annotations

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from _table import Figure, main

from tocsin.core.count.mse import CaptureTable, decomposable, loglinear, report
from tocsin.core.count.mse.classes import Prior
from tocsin.core.count.mse.graphs import family
from tocsin.core.count.mse.latent import draw_chains
from tocsin.core.count.mse.mixing import mixing

SEED = 20170921
R_ESS_PER_S = 154
"""What R's LCMCR gave on Kosovo's table on the machine where the bars were set: 203 effective draws in 1.3 CPU seconds."""
NAMES = {3: "hav_taiwan", 4: "kosovo_1999", 5: "uk_2013_5list", 6: "uk_2013_6list"}
SHAPES = {
    3: (500, (0.4, 0.35, 0.3), 0.25),
    4: (10_000, (0.2, 0.17, 0.18, 0.08), 0.4),
    5: (12_000, (0.01, 0.06, 0.1, 0.07, 0.03), 0.2),
    6: (12_000, (0.01, 0.06, 0.1, 0.07, 0.03, 0.02), 0.2),
    7: (8_000, (0.1, 0.08, 0.12, 0.07, 0.05, 0.06, 0.09), 0.3),
}
"""People, chances of the lists, and the share of people twice as easily listed."""

R_SCRIPT = """
.libPaths(c("LIBRARY", .libPaths()))
cpu <- function(what, of) { took <- system.time(what()); cat(of, sum(took[1:2]), "\\n") }
table <- read.csv("table.csv"); p <- ncol(table) - 1
full <- array(0, rep(2, p))
for (row in seq_len(nrow(table))) full[matrix(as.integer(table[row, 1:p]) + 1, 1)] <- table$count[row]
if (p <= 5 && requireNamespace("dga", quietly = TRUE)) {
  data(list = paste0("graphs", p), package = "dga"); graphs <- get(paste0("graphs", p))
  cpu(function() dga::bma.cr(full, 1:(10 * sum(full)), delta = 2^-p, graphs = graphs), "dga")
}
if (requireNamespace("SparseMSE", quietly = TRUE))
  cpu(function() SparseMSE::estimatepopulation(table, nboot = 20), "stepwise20")
"""


def invent(n_lists: int) -> CaptureTable:
    """Make a table of the shape of a published one."""
    total, p, easy = SHAPES[n_lists]
    rng = np.random.default_rng(SEED)
    chance = np.array(p) * np.where(rng.random((total, 1)) < easy, 2.0, 1.0)
    on = rng.random((total, n_lists)) < chance
    # The second list knows of some whom the first does.
    on[:, 1] |= on[:, 0] & (rng.random(total) < 0.2)
    histories, counts = np.unique(on[on.any(axis=1)].astype(int), axis=0, return_counts=True)
    cells = {tuple(one): int(n) for one, n in zip(histories.tolist(), counts, strict=True)}
    return CaptureTable.from_counts(cells, [f"list{at + 1}" for at in range(n_lists)])


def take(n_lists: int) -> tuple[CaptureTable, str]:
    """Give a table and its name."""
    if TABLES and n_lists in NAMES:
        with (TABLES / f"{NAMES[n_lists]}.csv").open(encoding="utf-8") as lines:
            return CaptureTable.read_csv(lines), NAMES[n_lists]
    return invent(n_lists), "invented"


def cpu_s(what: Callable[[], object], turns: int) -> float:
    """The least CPU seconds of some turns: what the work takes when nothing else disturbs it."""
    took = []
    for _ in range(turns):
        began = time.process_time()
        what()
        took.append(time.process_time() - began)
    return min(took)


def measure(quick: bool) -> Iterator[Figure]:
    """Time every method, then how cost grows, then R."""
    for n_lists, bar in ((4, 0.01), (5, 0.02), (6, 0.1), (7, 2.0)):
        yield _exact(n_lists, bar, 2 if n_lists == 7 else 20)
    for n_lists, bar in ((3, 0.05), (4, 0.1), (5, 0.3), (6, 2.0)):
        table, name = take(n_lists)
        took = cpu_s(lambda table=table: _steps(table), 2 if quick or n_lists == 6 else 5)
        yield Figure(
            name=f"stepwise, 1,000 resampled, {n_lists} lists",
            value=took,
            unit="CPU s",
            bar=bar,
            at_most=True,
            note=name,
        )
    table, name = take(4)
    took = cpu_s(
        lambda: loglinear(table, bootstrap=1000, rng=np.random.default_rng(SEED), strict=False),
        2 if quick else 5,
    )
    yield Figure(
        name="best of 113, 1,000 resampled, 4 lists",
        value=took,
        unit="CPU s",
        bar=0.5,
        at_most=True,
        note=name,
    )
    yield from _chains(table, name, quick)
    if not quick:
        yield from _growth()
    if PEER:
        yield from _peer()


def _exact(n_lists: int, bar: float, turns: int) -> Figure:
    table, name = take(n_lists)
    # Finding the graphs is part of it, as of every first estimate.
    first = cpu_s(lambda: (family.cache_clear(), decomposable(table, strict=False)), 1)
    took = min(first, cpu_s(lambda: decomposable(table, strict=False), turns))
    note = f"{name}, {table.n:,} people; the first time {first:.4f} with finding the graphs"
    return Figure(
        name=f"exact averaging, {n_lists} lists", value=took, unit="CPU s", bar=bar, at_most=True, note=note
    )


def _steps(table: CaptureTable) -> object:
    return loglinear(table, select="stepwise", bootstrap=1000, rng=np.random.default_rng(SEED), strict=False)


def _chains(table: CaptureTable, name: str, quick: bool) -> Iterator[Figure]:
    began = time.process_time()
    steps = 1000 if quick else 4000
    chains = draw_chains(
        table, Prior(10, 0.25, 0.25), chains=32, max_steps=steps, rng=np.random.default_rng(SEED)
    )
    rhat, ess = mixing(np.log(np.array(list(chains)) + 0.5))
    took = time.process_time() - began
    yield Figure(
        name="latent classes, effective draws with all warming up",
        value=ess / took,
        unit="a CPU s",
        bar=None if quick else 10 * R_ESS_PER_S,
        note=f"{name}; R-hat {rhat:.3f}, {ess:.0f} draws in {took:.1f} s",
    )
    took = cpu_s(lambda: report(table, rng=np.random.default_rng(SEED)), 1)
    yield Figure(name="a whole report, 4 lists", value=took, unit="CPU s", note=name)


def _growth() -> Iterator[Figure]:
    for n_lists in (3, 4, 5, 6, 7):
        table = invent(n_lists)
        took = cpu_s(lambda table=table: decomposable(table, strict=False), 3)
        note = f"{len(family(n_lists).codes):,} graphs"
        yield Figure(
            name=f"exact averaging grows: {n_lists} lists", value=took * 1e3, unit="CPU ms", note=note
        )
    table = invent(4)
    for times in (1, 10, 100):
        more = table.with_counts(count * times for _, count in table.cells)
        took = cpu_s(lambda more=more: decomposable(more, strict=False), 3)
        yield Figure(name=f"exact averaging grows: n {more.n:,}", value=took * 1e3, unit="CPU ms")
        took = cpu_s(lambda more=more: _steps(more), 1)
        yield Figure(name=f"stepwise grows: n {more.n:,}", value=took * 1e3, unit="CPU ms")


def _peer() -> Iterator[Figure]:
    for n_lists in (3, 4, 5):
        table, name = take(n_lists)
        for what, took in _run_r(table):
            if what == "dga":
                ours = cpu_s(lambda table=table: decomposable(table, strict=False), 10)
                yield Figure(
                    name=f"R dga over exact averaging, {n_lists} lists",
                    value=took / ours,
                    unit="times",
                    note=name,
                )
            else:
                ours = cpu_s(lambda table=table: _steps(table), 2)
                times = took * 50 / ours
                yield Figure(
                    name=f"R SparseMSE (scaled from 20) over stepwise, {n_lists} lists",
                    value=times,
                    unit="times",
                    note=name,
                )


def _run_r(table: CaptureTable) -> list[tuple[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            ",".join([*(str(int(one)) for one in on), str(int(n))])
            for on, n in zip(table.histories(), table.counts(), strict=True)
        ]
        names = ",".join([*(f"l{at}" for at in range(table.n_lists)), "count"])
        (Path(folder) / "table.csv").write_text("\n".join([names, *rows]) + "\n", encoding="utf-8")
        (Path(folder) / "peer.R").write_text(R_SCRIPT.replace("LIBRARY", str(PEER)), encoding="utf-8")
        told = subprocess.run(  # noqa: S603 - R, found on this machine, on a script of ours
            [RSCRIPT, "peer.R"], cwd=folder, capture_output=True, text=True, check=True, env=os.environ
        )
    return [
        (line.split()[0], float(line.split()[1]))
        for line in told.stdout.split("\n")
        if len(line.split()) == 2
    ]


def _option(name: str) -> Path | None:
    """Take an option with a folder out of the command line."""
    if name not in sys.argv:
        return None
    at = sys.argv.index(name)
    folder = Path(sys.argv[at + 1]).resolve()
    del sys.argv[at : at + 2]
    return folder


RSCRIPT = shutil.which("Rscript") or ""
PEER, TABLES = _option("--peer"), _option("--tables")
if PEER and not RSCRIPT:
    sys.exit("R is not here: install r-base-core and the packages, or leave --peer out.")

if __name__ == "__main__":
    main("Count: estimators", measure, left_out="how cost grows, and chains long enough for their bar")
