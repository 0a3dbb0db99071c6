"""Do the estimators of tocsin.core.count.mse answer as the R packages do?

    python benchmarks/agree_count.py DIR

DIR holds capture tables as CSV and `reference.json` (its README says how they look). For each method and table it prints
how many figures were compared and the largest difference; exact methods must meet the reference to many digits. Bootstrap
ends are chance's, and most of the reference's are of 20 to 200 resampled tables: all tables together are asked, at one per
cent, whether both programs' ends could be of one bootstrap (`_judge`; decision 0039). Where the reference's chains had not
come together ours must refuse. Ends with 1 if something is under its bar.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from tocsin.core.count.mse import (
    CaptureTable,
    LogLinear,
    PosteriorN,
    chapman,
    decomposable,
    latent_class,
    lincoln_petersen,
    loglinear,
)

SEED = 20170921
MOST_STEPS = 8000
Floats = NDArray[np.float64]
LEVEL, SIMULATED = 0.01, 5000
"""Of the whole family of tables; bootstraps simulated for one."""
PUBLISHED = {
    "kosovo_1999": 1.0,
    "new_orleans_8list_n185": 0.5,
    "new_orleans_5list_n185": 0.5,
    "western_us": 0.5,
}
"""How far the published point estimate may be: rounding. Kosovo's is the BIC model's, the others were got stepwise."""


@dataclass(frozen=True, kw_only=True)
class _Ends:
    """How the reference's bootstrap ends lie among those that chance gives from our totals, all ends of a table together."""

    p: float
    """Chance that some end lies as far out as the reference's farthest."""
    shift: float
    """Whether its ends lie higher than ours, in standard errors; normal over tables if both draw from one bootstrap."""
    width: float
    """Whether its upper ends lie higher and its lower ones lower."""


@dataclass(kw_only=True)
class Agreement:
    """What was compared of one method on one table."""

    method: str
    table: str
    bar: float
    n: int = 0
    largest: float = 0.0
    trouble: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    ends: _Ends | None = None

    def near(
        self, what: str, ours: float, theirs: float, *, bar: float | None = None, absolute: bool = False
    ) -> None:
        """Compare one figure, relative if not said otherwise."""
        self.n += 1
        apart = abs(ours - theirs) if absolute else abs(ours - theirs) / max(abs(theirs), 1e-12)
        self.largest = max(self.largest, apart)
        if not apart <= (self.bar if bar is None else bar):
            self.trouble.append(f"{what}: {ours:.10g} here, {theirs:.10g} there")

    def same(self, what: str, ours: object, theirs: object) -> None:
        """Compare something that has no nearly."""
        self.n += 1
        if ours != theirs:
            self.trouble.append(f"{what}: {ours} here, {theirs} there")


def main() -> None:
    """Compare all of a folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument(
        "--quick", action="store_true", help="says only that a folder is needed, if none is given"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    parser.add_argument("--method", choices=sorted(COMPARED), help="compare this one only")
    given = parser.parse_args()
    if given.folder is None:
        print("No folder of reference results given: nothing compared.")
        sys.exit(0 if given.quick else 2)
    told = json.loads((given.folder / "reference.json").read_text(encoding="utf-8"))["tables"]
    print(f"{'method':<18}{'table':<38}{'figures':>8}{'largest diff':>14}{'bar':>9}{'CPU s':>8}")
    rows = []
    for row in _compare(given.folder, told, [given.method] if given.method else list(COMPARED)):
        rows.append(row)
        state = "   UNDER THE BAR" if row.trouble else ""
        figures = f"{row.n:>8}{row.largest:>14.2g}{row.bar:>9.0e}{row.seconds:>8.2f}"
        print(f"{row.method:<18}{row.table:<38}{figures}{state}", flush=True)
        for line in (*row.trouble, *row.notes):
            print(f"    {line}")
    is_one_bootstrap = _judge([row.ends for row in rows if row.ends is not None])
    print(f"{sum(row.n for row in rows)} figures of {len({row.table for row in rows})} tables compared.")
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    if not rows or any(row.trouble for row in rows) or not is_one_bootstrap:
        sys.exit(1)


def _judge(ends: list[_Ends]) -> bool:
    """Ask of all tables whether both programs' ends are of one bootstrap: three questions, a third of the level each.

    The reference began each with one seed, so that its tables are not quite independent: the last two are the stricter.
    """
    if not ends:
        return True
    least = min(1.0, min(one.p for one in ends) * len(ends))
    shift, width = (
        float(2 * ndtr(-abs(sum(getattr(one, what) for one in ends)) / np.sqrt(len(ends))))
        for what in ("shift", "width")
    )
    print(
        f"Bootstrap ends of {len(ends)} tables: farthest p {least:.3f} after Bonferroni, all shifted p {shift:.3f}, "
        f"all wider or narrower p {width:.3f}; under the bar below {LEVEL / 3:.4f}."
    )
    return min(least, shift, width) >= LEVEL / 3


def _compare(folder: Path, told: dict[str, Any], methods: list[str]) -> Iterator[Agreement]:
    tables = {path.stem: path for path in sorted(folder.glob("*.csv"))}
    for method in methods:
        part, bar, compare = COMPARED[method]
        for name in sorted(tables.keys() | told.keys()):
            if part not in told.get(name, {}):
                continue
            row = Agreement(method=method, table=name, bar=bar)
            if name not in tables:
                row.trouble.append("there are results of it, but no table")
            else:
                with tables[name].open(encoding="utf-8") as lines:
                    table = CaptureTable.read_csv(lines)
                began = time.process_time()
                compare(row, table, told[name][part])
                row.seconds = time.process_time() - began
            if row.n or row.trouble:
                yield row
    if methods == list(COMPARED):
        yield from _without_reference(tables, told)


def _without_reference(tables: dict[str, Path], told: dict[str, Any]) -> Iterator[Agreement]:
    """Read every other table, too, and hold its parts against its whole."""
    for name in sorted(tables.keys() - {each for each, parts in told.items() if parts}):
        with tables[name].open(encoding="utf-8") as lines:
            table = CaptureTable.read_csv(lines)
        row = Agreement(method="read only", table=name, bar=0.0, notes=["no reference result is given"])
        row.same("people in the strata", sum(one.n for one in table.strata.values()), table.n)
        yield row


# two lists ---


def _pairs(row: Agreement, table: CaptureTable, told: dict[str, Any]) -> None:
    for pair in told["pairs"]:
        two = table
        for name in set(table.lists) - set(pair["lists"]):
            two = two.drop(name)
        if not two.overlaps()[0, 1]:
            row.notes.append(f"{'/'.join(pair['lists'])} share nobody: no Lincoln-Petersen")
        else:
            row.near("Lincoln-Petersen", lincoln_petersen(two).estimate, pair["lincoln_petersen"])
        found = chapman(two, interval="wald")
        row.near("Chapman", found.estimate, pair["chapman"])
        row.near("Seber's variance", found.sd**2, pair["seber_var"])
        for ours, theirs in zip(found.interval, pair["ci95_wald"], strict=True):
            row.near("Wald's interval", ours, theirs)


# exact averaging ---


def _dga(row: Agreement, table: CaptureTable, told: dict[str, Any]) -> None:
    for run in told["runs"]:
        low, high = run["Nmissing"]
        found = decomposable(
            table,
            delta=run["delta"],
            complete_graph="include",
            n_missing=np.arange(low, high + 1),
            strict=False,
        )
        at = f"delta {run['delta']}"
        row.near(f"{at}, mean", found.mean, run["mean"])
        row.near(f"{at}, sd", found.sd, run["sd"])
        mode = int(found.n + found.low[found.mass.argmax()])
        row.same(f"{at}, mode", mode, run["mode"])
        for q, value in run["quantiles"].items():
            row.same(f"{at}, quantile {q}", found.quantile(float(q)), float(value))
        ours = {_cliques(one.model): one for one in found.ranked}
        for model in run["top_models"]:
            one = ours.get(_cliques(model["cliques"]))
            weight = one.weight if one else 0.0
            row.near(f"{at}, {model['cliques']}", weight, model["weight"], bar=1e-8, absolute=True)
            if one and model["weight"] > 1e-6:
                row.near(f"{at}, mean of {model['cliques']}", one.mean, model["mean_N"])
        complete = found.complete_weight or 0.0
        row.near(f"{at}, complete graph", complete, run["weight_complete_graph"], bar=1e-8, absolute=True)


def _dga_adaptive(row: Agreement, table: CaptureTable, told: dict[str, Any]) -> None:
    """Cells against one by one, as far as the reference looked."""
    for run in told["runs"]:
        if run["tail_mass_last_tenth"] > 1e-8:
            cut = f"the reference cut the tail off, {run['tail_mass_last_tenth']:.1e} in its last tenth"
            row.notes.append(f"delta {run['delta']}: {cut}")
            continue
        found = decomposable(table, delta=run["delta"], complete_graph="include", strict=False)
        row.near(f"delta {run['delta']}, mean", found.mean, run["mean"])
        for q, value in run["quantiles"].items():
            # A whole person is the least that quantiles can differ by.
            theirs = float(value)
            row.near(
                f"delta {run['delta']}, quantile {q}",
                found.quantile(float(q)),
                theirs,
                bar=max(1e-3, 1.0 / theirs),
            )


def _cliques(name: str) -> frozenset[str]:
    return frozenset("".join(sorted(part)) for part in name.strip("[]").split(","))


# log-linear ---


def _rcapture(row: Agreement, table: CaptureTable, told: dict[str, Any]) -> None:
    results = told["results"]
    found = loglinear(table, model="independence", bootstrap=0, strict=False)
    theirs = results["independence"]
    row.near("independence, N", found.estimate, theirs["N_poisson"])
    row.near("independence, deviance", found.deviance, theirs["deviance"])
    row.near("independence, AIC", found.aic, theirs["aic"])
    row.near("independence, BIC", found.bic, theirs["bic"])
    _standard_error(row, table, found, theirs["se_poisson"])
    listed = results.get("closedpMS_maxorder2")
    if not listed:
        return
    chosen = loglinear(table, select="bic", max_order=2, bootstrap=0, strict=False)
    row.same("models tried", chosen.n_tried, listed["n_models"])
    for model in listed["top_by_BIC"]:
        one = next((each for each in chosen.ranked if each.model == model["model"]), None)
        if one is None:
            row.notes.append(f"{model['model']} has no estimate (R gives {model['abundance']:.3g})")
            continue
        row.near(f"{one.model}, N", one.estimate, model["abundance"], bar=1e-5)
        row.near(f"{one.model}, BIC", one.criterion, model["BIC"])


def _standard_error(row: Agreement, table: CaptureTable, found: LogLinear, theirs: float) -> None:
    """R's glm takes the standard error from the weights of the step before its last; ours is at the top itself."""
    if abs(found.sd / theirs - 1) <= row.bar:
        row.near("independence, SE", found.sd, theirs)
        return
    row.near("independence, SE as R takes it", _glm_se(table), theirs)
    off = abs(found.sd / theirs - 1)
    row.notes.append(
        f"R's SE is of the step before its last, {off:.1e} off the top's; compared with that step's"
    )


def _glm_se(table: CaptureTable) -> float:
    """Iterate as R's glm does: from counts + 0.1, until the deviance moves by less than 1e-8 of itself."""
    counts = table.dense()[1:]
    lists = [np.arange(1, len(counts) + 1) >> at & 1 for at in range(table.n_lists)]
    design = np.column_stack([np.ones(len(counts)), *lists])
    eta, deviance = np.log(counts + 0.1), np.inf
    while True:
        mean = np.exp(eta)
        information = design.T @ (mean[:, None] * design)
        beta = np.linalg.solve(information, design.T @ (mean * eta + counts - mean))
        eta = design @ beta
        inner = np.where(counts > 0, counts * (np.log(np.maximum(counts, 1e-300)) - eta), 0.0)
        new = 2 * float((inner - counts + np.exp(eta)).sum())
        if abs(new - deviance) / (abs(new) + 0.1) < 1e-8:
            unlisted = np.exp(beta[0])
            return float(np.sqrt(unlisted + unlisted**2 * np.linalg.inv(information)[0, 0]))
        deviance = new


def _stepwise(row: Agreement, table: CaptureTable, told: dict[str, Any]) -> None:
    settings = told["settings"]
    found = loglinear(
        table,
        select="stepwise",
        p_threshold=settings["pthresh"],
        bootstrap=_tables_for(settings["nboot"]),
        rng=np.random.default_rng(SEED),
        strict=False,
    )
    names = [":".join(name for at, name in enumerate(table.lists) if term >> at & 1) for term in found.terms]
    row.same("terms", ["(Intercept)", *names], told["model_terms"])
    row.near("N", found.estimate, told["popest"])
    row.near("acceleration", found.acceleration, told["ahat"], bar=1e-3)
    _ends(row, found, told["BCa"], settings["nboot"])


def _bic(row: Agreement, table: CaptureTable, told: dict[str, Any]) -> None:
    settings = told["settings"]
    found = loglinear(
        table,
        select="bic",
        max_order=settings["maxorder"],
        bootstrap=_tables_for(settings["nboot"]),
        rng=np.random.default_rng(SEED),
        strict=False,
    )
    row.same("best model", found.model, told["model"])
    row.same("models with an estimate", found.n_models, told["n_models"])
    row.near("N", found.estimate, told["popest"])
    row.near("BIC", found.bic, told["BIC"], bar=1e-4, absolute=True)
    for theirs, ours in zip(told["top_models"], found.ranked, strict=False):
        row.same("next model", ours.model, theirs["model"])
        row.near(f"{ours.model}, N", ours.estimate, theirs["abundance"])
    _ends(row, found, told["BCa"], settings["nboot"])


def _tables_for(n_boot: int) -> int:
    """So many resampled tables that ours are as good as the whole bootstrap beside the reference's."""
    return min(max(10 * n_boot, 1000), 10_000)


def _ends(row: Agreement, found: LogLinear, theirs: dict[str, float], n_boot: int) -> None:
    levels = [float(q) for q in theirs]
    values = np.array(list(theirs.values()))
    row.n += len(levels)
    row.ends = _among_chance(found, levels, values, n_boot)
    row.notes.append(
        f"BCa ends of {n_boot} tables there: p {row.ends.p:.3f}, shift {row.ends.shift:+.1f}, width {row.ends.width:+.1f}"
    )
    if n_boot < 1000:
        return
    for level, value in zip(levels, values.tolist(), strict=True):
        allowed = 0.05 if 0.1 <= level <= 0.9 else 0.15
        off = found.quantile(level) / value - 1
        if abs(off) > allowed:
            row.notes.append(
                f"BCa {level} is {off:+.1%} off, more than {allowed:.0%}; the test above decides"
            )


def _among_chance(found: LogLinear, levels: list[float], values: Floats, n_boot: int) -> _Ends:
    """Draw the reference's number of totals from ours again and again, and find the place of its ends among those."""
    rng = np.random.default_rng(SEED)
    drawn = (np.sort(rng.choice(found.boot, size=n_boot)) for _ in range(SIMULATED))
    ends = np.array([[replace(found, boot=boot).quantile(level) for level in levels] for boot in drawn])
    order = np.sort(ends, axis=0)
    places = np.array([_places(order[:, at], ends[:, at]) for at in range(len(levels))]).T
    place = np.array([_places(order[:, at], values[at : at + 1])[0] for at in range(len(levels))])
    far = (2 * np.minimum(places, 1 - places)).min(axis=1)
    farthest = (2 * np.minimum(place, 1 - place)).min()
    above = np.array(levels) > 0.5
    shifts, widths = places.mean(axis=1), places[:, above].mean(axis=1) - places[:, ~above].mean(axis=1)
    return _Ends(
        p=float((1 + (far <= farthest + 1e-12).sum()) / (1 + SIMULATED)),
        shift=float((place.mean() - shifts.mean()) / shifts.std()),
        width=float((place[above].mean() - place[~above].mean() - widths.mean()) / widths.std()),
    )


def _places(order: Floats, values: Floats) -> Floats:
    """Share of rising numbers below each value, equal ones by half; a billionth is equal."""
    slack = np.where(np.isfinite(values), 1e-9 * np.abs(values), 0.0)
    below = np.searchsorted(order, values - slack, "left") + np.searchsorted(order, values + slack, "right")
    return np.asarray(below / (2 * len(order)))


# latent classes ---


def _lcmcr(row: Agreement, table: CaptureTable, told: dict[str, Any]) -> None:
    """Hold posteriors to chance's own error; where the reference's chains disagree, ours must not be called converged."""
    settings = told["settings"]
    found = latent_class(
        table,
        max_classes=settings["K"],
        a_alpha=settings["a_alpha"],
        b_alpha=settings["b_alpha"],
        target_ess=2000,
        max_steps=MOST_STEPS,
        rng=np.random.default_rng(SEED),
        strict=False,
    )
    rhat, ess = found.rhat or np.inf, found.ess or 0.0
    row.notes.append(
        f"R-hat {rhat:.3f}, {ess:.0f} effective; R's {told['rhat_log_n0']:.3f}, {8 * told['ess_per_2000']:.0f}"
    )
    if told["rhat_log_n0"] > 1.02:
        _where_theirs_disagree(row, table, settings["K"], found)
        return
    row.same("R-hat under 1.01 and 400 effective draws", rhat < 1.01 and ess >= 400, True)
    row.near(
        "mean, in joint errors",
        abs(found.mean - told["pooled"]["mean"]) / _joint(found, told),
        0.0,
        bar=4.0,
        absolute=True,
    )
    for q, theirs in told["pooled"]["quantiles"].items():
        error = np.hypot(told["mc_se"]["quantiles"][q], _quantile_error(found, float(q)))
        # Totals are whole: half a person is no difference.
        apart = max(abs(found.quantile(float(q)) - theirs) - 1.0, 0.0) / max(error, 1e-9)
        row.near(f"quantile {q}, in joint errors", apart, 0.0, bar=4.0, absolute=True)


# what was published ---


def _published(row: Agreement, table: CaptureTable, told: dict[str, Any]) -> None:
    if row.table not in PUBLISHED:
        return
    select = "bic" if row.table == "kosovo_1999" else "stepwise"
    found = loglinear(table, select=select, bootstrap=0, strict=False)
    row.near(
        f"{told['source'][:40]}", found.estimate, told["estimate"], bar=PUBLISHED[row.table], absolute=True
    )


def _where_theirs_disagree(row: Agreement, table: CaptureTable, k: int, found: PosteriorN) -> None:
    """Refuse, or do not call it converged; if it is called so, chains from other starts must give the same."""
    if found.refusals or not found.is_converged:
        row.same("not called converged", True, True)
        return
    again = latent_class(
        table, max_classes=k, max_steps=MOST_STEPS, rng=np.random.default_rng(SEED + 1), strict=False
    )
    error = float(np.hypot(*(one.sd / np.sqrt(one.ess or 1.0) for one in (found, again))))
    row.near(
        "another start, in joint errors", abs(found.mean - again.mean) / error, 0.0, bar=4.0, absolute=True
    )
    row.notes.append("R's chains disagree here; ours come together, and did so from other starts, too")


def _joint(found: PosteriorN, told: dict[str, Any]) -> float:
    return float(np.hypot(told["mc_se"]["mean"], found.sd / np.sqrt(found.ess or 1.0)))


def _quantile_error(found: PosteriorN, q: float) -> float:
    """Half the distance between the quantiles one standard error of the share apart."""
    error = np.sqrt(q * (1 - q) / (found.ess or 1.0))
    return (found.quantile(min(q + error, 1 - 1e-9)) - found.quantile(max(q - error, 1e-9))) / 2


Compare = Callable[[Agreement, CaptureTable, dict[str, Any]], None]
COMPARED: dict[str, tuple[str, float, Compare]] = {
    "pairs": ("pairs", 1e-9, _pairs),
    "decomposable": ("dga", 1e-6, _dga),
    "adaptive grid": ("dga", 1e-3, _dga_adaptive),
    "log-linear": ("rcapture", 1e-6, _rcapture),
    "stepwise": ("sparse", 1e-5, _stepwise),
    "bic": ("msebic", 1e-5, _bic),
    "latent class": ("lcmcr", 4.0, _lcmcr),
    "published": ("published", 1.0, _published),
}

if __name__ == "__main__":
    main()
