"""How fast are the detectors, and beside R's `surveillance`, how much faster?

200 places x 300 weeks of seasonal negative binomial counts with mean 0.5 to 20. Seconds are CPU seconds (user and system) on
one thread. `--peer` runs R side by side in the same run (Debian's r-cran-surveillance); the ratios and their bars need it.
R does Farrington flexible on ten of the places and is scaled up: all 200 take it minutes.
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

from tocsin.core.watch import acute, ears, farrington_flexible

PLACES, WEEKS, THRESHOLDS = 200, 300, 140
R_PLACES = 10
EARS_BAR, FLEXIBLE_BAR, MEMORY_BAR = 200, 250, 200

R_SCRIPT = """
suppressMessages(library(surveillance))
counts <- as.matrix(read.csv("counts.csv", header = FALSE))
series <- sts(observed = counts, frequency = 52)
few <- series[, 1:FEW]
control <- list(range = FROM:nrow(counts), b = 3, w = 3, noPeriods = 10, pastWeeksNotIncluded = 26, pThresholdTrend = 1,
                thresholdMethod = "nbPlugin", alpha = 0.005, glmWarnings = FALSE)
cpu <- function(what) { took <- system.time(what); cat(sum(took[1:2]), "\\n") }
for (turn in 1:TURNS) cpu(earsC(series, control = list(method = "C1")))
cpu(suppressWarnings(farringtonFlexible(few, control = control)))
"""


def simulate(places: int, weeks: int) -> np.ndarray:
    """Make seasonal counts, variance one and a half times the mean."""
    rng = np.random.default_rng(20170921)
    mean = np.exp(np.linspace(np.log(0.5), np.log(20), places))
    wave = np.exp(0.4 * np.sin(2 * np.pi * np.arange(weeks) / 52))
    mean = mean[None, :] * wave[:, None]
    return rng.negative_binomial(2 * mean, 2 / 3).astype(float)


def flexible(counts: np.ndarray) -> object:
    """Noufaily's settings, 140 thresholds a place."""
    return farrington_flexible(
        counts,
        b=3,
        w=3,
        periods=10,
        weeks_left_out=26,
        p_threshold_trend=1,
        threshold_method="nbPlugin",
        alpha=0.005,
    )


def cpu_s(what: Callable[[], object], turns: int) -> float:
    """The least CPU seconds of some turns: what the work takes when nothing else disturbs it."""
    took = []
    for _ in range(turns):
        began = time.process_time()
        what()
        took.append(time.process_time() - began)
    return min(took)


def peak_mb() -> float:
    """Most memory this process has held, where the system says so."""
    if sys.platform == "win32":
        return float("nan")
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)


def run_r(counts: np.ndarray, turns: int) -> tuple[float, float]:
    """CPU seconds that R takes for ears on all places, and for Farrington flexible scaled up to all."""
    with tempfile.TemporaryDirectory() as folder:
        np.savetxt(Path(folder) / "counts.csv", counts, fmt="%d", delimiter=",")
        script = (
            R_SCRIPT.replace("FEW", str(R_PLACES))
            .replace("FROM", str(WEEKS - THRESHOLDS + 1))
            .replace("TURNS", str(turns))
        )
        (Path(folder) / "peer.R").write_text(script, encoding="utf-8")
        told = subprocess.run(  # noqa: S603 - R, found on this machine, on a script of ours
            [RSCRIPT, "peer.R"], cwd=folder, capture_output=True, text=True, check=True, env=os.environ
        )
    took = [float(line) for line in told.stdout.split("\n") if line.strip()]
    return min(took[:-1]), took[-1] * counts.shape[1] / R_PLACES


def measure(quick: bool) -> Iterator[Figure]:
    """Time ours, then R, then how cost grows."""
    counts = simulate(PLACES, WEEKS)
    before = peak_mb()
    flexible(counts[:, :4])
    ours_ears = cpu_s(lambda: ears(counts), 20)
    ours_c3 = cpu_s(lambda: ears(counts, method="C3"), 20)
    ours_flexible = cpu_s(lambda: flexible(counts), 1 if quick else 5)
    yield Figure(name="ears C1, 200 places x 300 weeks", value=ours_ears * 1e3, unit="CPU ms")
    yield Figure(name="ears C3, 200 places x 300 weeks", value=ours_c3 * 1e3, unit="CPU ms")
    yield Figure(name="farrington flexible, 200 places x 140 thresholds", value=ours_flexible, unit="CPU s")
    yield Figure(name="acute, 200 places x 300 weeks", value=cpu_s(lambda: acute(counts), 2), unit="CPU s")
    peak = peak_mb()
    yield Figure(
        name="most memory of all that",
        value=peak,
        unit="MB",
        bar=MEMORY_BAR,
        at_most=True,
        note=f"{before:.0f} before",
    )
    if PEER:
        r_ears, r_flexible = run_r(counts, 1 if quick else 5)
        yield Figure(name="R earsC C1", value=r_ears, unit="CPU s")
        yield Figure(name="R farringtonFlexible, ten places scaled to 200", value=r_flexible, unit="CPU s")
        yield Figure(name="ears C1 over R", value=r_ears / ours_ears, unit="times", bar=EARS_BAR)
        yield Figure(
            name="farrington flexible over R",
            value=r_flexible / ours_flexible,
            unit="times",
            bar=FLEXIBLE_BAR,
        )
    for places in () if quick else (50, 200, 800):
        some = simulate(places, WEEKS)
        yield Figure(
            name=f"farrington flexible, {places} places, 300 weeks",
            value=cpu_s(lambda some=some: flexible(some), 2),
            unit="CPU s",
        )
    for weeks in () if quick else (300, 600, 1200):
        long = simulate(PLACES, weeks)
        yield Figure(
            name=f"farrington flexible, 200 places, {weeks} weeks",
            value=cpu_s(lambda long=long: flexible(long), 1),
            unit="CPU s",
        )


RSCRIPT = shutil.which("Rscript") or ""
PEER = "--peer" in sys.argv
if PEER:
    sys.argv.remove("--peer")
    if not RSCRIPT:
        sys.exit("R is not here: install r-base-core and r-cran-surveillance, or leave --peer out.")

if __name__ == "__main__":
    main("Watch: detectors", measure, left_out="R's five turns, and how cost grows with places and weeks")
