"""Do the detectors of tocsin.core.watch answer as R's `surveillance` does?

    python benchmarks/agree_watch.py DIR

DIR holds `series_<data set>.csv` and `ref_<method>.json` (its README says how they look). For each method it prints how many
results were compared, whether all alarms are identical, and the largest relative difference of thresholds; statistics that
explode are compared on the log scale. Ends with 1 if something is under its bar. What R gets wrong, and where it returns
nothing, stands in docs/how-to/choose-watch-settings.md.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import xlogy

from tocsin.core import watch
from tocsin.core.watch import Surge
from tocsin.terms import Day, day_from_date

FIRST_DAYS = {
    "momo": date(1994, 1, 3),
    "rotaBB": date(2002, 1, 1),
    "salmAllOnset": date(2001, 1, 1),
    "salmNewport": date(2004, 1, 5),
    "salmHospitalized": date(2004, 1, 5),
    "stsNewport": date(2001, 1, 1),
}
"""R keeps these series by date, so that Farrington's methods look the same week up in a calendar; the CSV has no dates.
Facts of the data sets themselves (`epoch(x)` in R), not of any result. A `first_day` column in the CSV comes before them."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """One unit of a data set."""

    counts: np.ndarray
    population: np.ndarray
    freq: int
    first_day: Day | None
    first_period: int


@dataclass(kw_only=True)
class Agreement:
    """What was compared of one method."""

    name: str
    bar: float
    n: int = 0
    cells: int = 0
    alarms_differ: int = 0
    largest: float = 0.0
    worst: str = ""
    trouble: list[str] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def note(self, n: int, what: str) -> None:
        """Count what R gets wrong, by its reason."""
        if n:
            self.notes[what] = self.notes.get(what, 0) + n

    def agrees(self, ours: np.ndarray, theirs: np.ndarray, alarms: np.ndarray, rung: np.ndarray) -> bool:
        """Say whether one result meets the bar."""
        return not _trial(self, ours, theirs, alarms, rung).trouble

    def add(
        self, where: str, ours: np.ndarray, theirs: np.ndarray, alarms: np.ndarray, rung: np.ndarray
    ) -> None:
        """Compare one result."""
        self.n += 1
        self.cells += len(theirs)
        differ = int((alarms != rung).sum())
        self.alarms_differ += differ
        unknown = int((np.isnan(ours) != np.isnan(theirs)).sum())
        both = ~(np.isnan(ours) | np.isnan(theirs)) & ~(ours == theirs)
        apart = np.abs(ours[both] - theirs[both]) / np.maximum(np.abs(theirs[both]), 1e-3)
        most = float(apart.max(initial=0.0))
        if most > self.largest:
            self.largest, self.worst = most, where
        if differ or unknown or not most <= self.bar:
            self.trouble.append(
                f"{where}: {differ} alarms and {unknown} gaps differ, thresholds by {most:.2g}"
            )

    @property
    def is_met(self) -> bool:
        return self.n > 0 and not self.trouble


def _trial(row: Agreement, *arrays: np.ndarray) -> Agreement:
    trial = Agreement(name=row.name, bar=row.bar)
    trial.add("", *arrays)
    return trial


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
    parser.add_argument("--method", help="compare this one only")
    parser.add_argument(
        "--all", action="store_true", help="name every result that differs, not the first five"
    )
    given = parser.parse_args()
    if given.folder is None:
        print("No folder of reference results given: nothing compared.")
        sys.exit(0 if given.quick else 2)
    print(
        f"{'method':<26}{'results':>8}{'cells':>9}{'other alarms':>14}{'largest diff':>14}{'bar':>9}{'CPU s':>8}"
    )
    rows = [*_detectors(given.folder, given.method), *_models(given.folder, given.method)]
    for row in rows:
        print(
            f"{row.name:<26}{row.n:>8}{row.cells:>9}{row.alarms_differ:>14}{row.largest:>14.2g}{row.bar:>9.0e}{row.seconds:>8.2f}"
            f"{'' if row.is_met else '   UNDER THE BAR'}"
        )
        for what, n in row.notes.items():
            print(f"    R is wrong: {n} {what}")
        for line in row.trouble if given.all else row.trouble[:5]:
            print(f"    {line}")
    print(f"{sum(row.n for row in rows)} results compared.")
    if given.json:
        given.json.write_text(
            json.dumps(
                [
                    {k: v for k, v in vars(row).items() if k != "trouble"} | {"met": row.is_met}
                    for row in rows
                ],
                indent=1,
            )
            + "\n"
        )
    if not rows or not all(row.is_met for row in rows):
        sys.exit(1)


# detectors ---


def _detectors(folder: Path, only: str | None) -> list[Agreement]:
    rows = []
    for path in sorted(folder.glob("ref_*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(told, dict) or "results" not in told:
            continue
        names = {result["method"] for result in told["results"] if only in (None, result["method"])}
        unknown = names - set(METHODS)
        rows += [
            _compare(folder, name, [one for one in told["results"] if one["method"] == name])
            for name in sorted(names & set(METHODS))
        ]
        rows += [Agreement(name=name, bar=0.0, trouble=["no such method here"]) for name in sorted(unknown)]
    return rows


def _compare(folder: Path, name: str, results: list[dict[str, Any]]) -> Agreement:
    method = METHODS[name]
    row = Agreement(name=name, bar=method.bar)
    began = time.process_time()
    for result in results:
        where = f"{result['dataset']}, {result['unit']}, {result['setting']}"
        series = _read(folder, result["dataset"])[str(result["unit"])]
        first, last = result["range"]
        control = result.get("control_used") or result["control"]
        surge = method.run(series, control, first - 1, last)
        ours, alarms = method.read(surge, control, slice(first - 1, last))
        theirs = np.array([np.nan if bar is None else _number(bar) for bar in _listed(result["upperbound"])])
        rung = np.array([bool(one) if one is not None else False for one in _listed(result["alarm"])])
        if method.by_log:
            # A ratio below 1 cannot be: R's running product has left the range of doubles (0, Inf, NaN or what is left).
            lost = ~((theirs >= 1 - 1e-9) & (theirs < 1e300)) | _leaves_doubles(
                series, ours, theirs, first - 1
            )
            row.note(
                int(lost.sum()), "cells in which R's product left the range of doubles, no threshold compared"
            )
            rung = np.where(lost, alarms, rung)
            theirs = np.where(lost, np.nan, np.log(np.where(lost, 1.0, theirs)))
            ours = np.where(lost, np.nan, ours)
        if method.as_r is not None and not row.agrees(ours, theirs, alarms, rung):
            values, rang = method.as_r(series, control, first - 1, last, surge)
            if row.agrees(values, theirs, rang, rung):
                row.n += 1
                row.cells += len(theirs)
                row.note(
                    int((alarms != rung).sum()),
                    f"alarms, R's Newton steps run away (the same steps give the same): {where}",
                )
                continue
        row.add(where, ours, theirs, alarms, rung)
    row.seconds = time.process_time() - began
    return row


def _number(told: float | str) -> float:
    return float(str(told).replace("Inf", "inf").replace("NaN", "nan"))


def _listed(told: object) -> list[Any]:
    return told if isinstance(told, list) else [told]


@dataclass(frozen=True, kw_only=True)
class Method:
    """How a method of R is run and read here."""

    run: Callable[[Series, Mapping[str, Any], int, int], Surge]
    bar: float
    read: Callable[[Surge, Mapping[str, Any], slice], tuple[np.ndarray, np.ndarray]]
    by_log: bool = False
    as_r: Callable[[Series, Mapping[str, Any], int, int, Surge], tuple[np.ndarray, np.ndarray]] | None = None
    """Where R's own iteration fails: the same iteration, to show that this is why it differs."""


def _bounds(surge: Surge, control: Mapping[str, Any], rows: slice) -> tuple[np.ndarray, np.ndarray]:
    return surge.threshold[rows, 0], surge.alarm[rows, 0]


def _bounds_or_zero(surge: Surge, control: Mapping[str, Any], rows: slice) -> tuple[np.ndarray, np.ndarray]:
    """R's classic method, and its CUSUM, say 0 where there is no answer."""
    return np.nan_to_num(surge.threshold[rows, 0]), surge.alarm[rows, 0]


def _ratios(surge: Surge, control: Mapping[str, Any], rows: slice) -> tuple[np.ndarray, np.ndarray]:
    """R says 0 where the statistic is below 0 or none."""
    limit = control.get("c.ARL", 5)
    return np.maximum(0.0, np.nan_to_num(surge.score[rows, 0] * limit)), surge.alarm[rows, 0]


def _log_ratios(surge: Surge, control: Mapping[str, Any], rows: slice) -> tuple[np.ndarray, np.ndarray]:
    return surge.score[rows, 0] * np.log(control.get("k", 100)), surge.alarm[rows, 0]


def _leaves_doubles(series: Series, ours: np.ndarray, theirs: np.ndarray, first: int) -> np.ndarray:
    """Where the product that R multiplies up week by week is, at some week, beyond what a double holds in full."""
    lost = np.zeros(len(theirs), bool)
    with np.errstate(divide="ignore"):
        apart = np.abs(np.exp(np.minimum(ours, 700)) / theirs - 1)
    for at in np.flatnonzero(apart > 1e-6):
        x = series.counts[: first + at + 1, 0]
        rising = isotonic_regression(x).x
        running = np.cumsum(xlogy(x, rising) - xlogy(x, x.mean()))
        lost[at] = running.min() < -708 or running.max() > 709
    return lost


def _given(control: Mapping[str, Any], **names: str) -> dict[str, Any]:
    """Translate R's names; what is not given keeps our default, which is R's."""
    return {ours: control[theirs] for ours, theirs in names.items() if control.get(theirs) is not None}


def _ears(series: Series, control: Mapping[str, Any], first: int, last: int) -> Surge:
    return watch.ears(
        series.counts,
        **_given(control, method="method", baseline="baseline", alpha="alpha", min_sigma="minSigma"),
    )


def _farrington(series: Series, control: Mapping[str, Any], first: int, last: int) -> Surge:
    names = _given(
        control, b="b", w="w", reweight="reweight", trend="trend", alpha="alpha", limit54="limit54", powertrans="powertrans"
    )  # fmt: skip
    return watch.farrington(series.counts[:last], freq=series.freq, first_day=series.first_day, **names)


def _flexible(series: Series, control: Mapping[str, Any], first: int, last: int) -> Surge:
    names = _given(
        control, b="b", w="w", reweight="reweight", trend="trend", alpha="alpha", limit54="limit54", powertrans="powertrans",
        periods="noPeriods", weeks_left_out="pastWeeksNotIncluded", weights_threshold="weightsThreshold",
        p_threshold_trend="pThresholdTrend", threshold_method="thresholdMethod",
    )  # fmt: skip
    if control.get("populationOffset"):
        names["population"] = series.population
    return watch.farrington_flexible(series.counts, freq=series.freq, first_day=series.first_day, **names)


def _cusum(series: Series, control: Mapping[str, Any], first: int, last: int) -> Surge:
    names = _given(control, k="k", h="h", transformation="trans", dispersion="alpha", mean="m")
    if names.get("mean") == "glm":
        names["mean"] = "seasonal"
    return watch.cusum(series.counts[:last], start=first, freq=series.freq, **names)


def _glr(
    series: Series, control: Mapping[str, Any], first: int, last: int, *, poisson: bool = False
) -> Surge:
    names = _given(
        control, limit="c.ARL", rise="theta", change="change", direction="dir", least_weeks="Mtilde"
    )  # fmt: skip
    if (control.get("M") or -1) > 0:
        names["window"] = control["M"]
    mu0 = control.get("mu0")
    if isinstance(mu0, Mapping):
        names |= _given(mu0, waves="S", trend="trend", refit="refit")
    elif mu0 is not None:
        names["mean"] = np.array(_listed(mu0), dtype=float)[:, None]
    # The default of R's `glrnb` is 0, Poisson; none at all means that it is estimated.
    dispersion = 0.0 if poisson else control.get("alpha", 0.0)
    return watch.glr_negative_binomial(
        series.counts[:last], start=first, freq=series.freq, dispersion=dispersion, **names
    )


def _glrpois(series: Series, control: Mapping[str, Any], first: int, last: int) -> Surge:
    return _glr(series, control, first, last, poisson=True)


def _runaway_glr(
    series: Series, control: Mapping[str, Any], first: int, last: int, surge: Surge
) -> tuple[np.ndarray, np.ndarray]:
    """What plain Newton steps give, from the last change's answer on: they overshoot where counts are far above their mean.

    For negative binomial statistics of an unknown rise only; anything else is not explained by it.
    """
    x, mu = series.counts[first:last, 0], surge.expected[first:last, 0]
    values, rang = np.zeros(len(x)), np.zeros(len(x), bool)
    mu0 = control.get("mu0")
    alpha = control.get("alpha", 0.0)
    if alpha is None and isinstance(mu0, Mapping):
        alpha = watch.fit_seasonal(
            series.counts,
            start=first,
            waves=mu0.get("S", 1),
            trend=mu0.get("trend", False),
            freq=series.freq,
            dispersion=None,
        ).dispersion[0]
    refits = isinstance(mu0, Mapping) and mu0.get("refit")
    if (
        not alpha
        or control.get("theta") is not None
        or control.get("change") == "epi"
        or refits
        or np.isnan(mu).any()
    ):
        return values, rang
    sign = -1 if control.get("dir") == "dec" else 1
    since, least, window = 0, control.get("Mtilde", 1), control.get("M", -1)
    for now in range(len(x)):
        best, rise = -1e99, 0.5
        if now - since < least - 1:
            continue
        for begin in range(since if window == -1 else max(since, now - window), now - least + 2):
            y, m = x[begin : now + 1], mu[begin : now + 1]
            with np.errstate(all="ignore"):
                rise = sign * max(0.0, sign * _newton(rise, y, m, alpha))
            gain = rise * y + (y + 1 / alpha) * np.log((1 + alpha * m) / (1 + alpha * m * np.exp(rise)))
            best = max(best, float(gain.sum()))
        values[now], rang[now] = max(0.0, best), best >= control.get("c.ARL", 5)
        since = now + 1 if rang[now] else since
    return values, rang


def _newton(rise: float, y: np.ndarray, m: np.ndarray, alpha: float) -> float:
    before, steps = 0.4, 0
    while rise > -18 and abs(rise - before) > 1e-6 and steps < 1000:
        before, steps, grown = rise, steps + 1, np.exp(rise) * m
        slope = ((y - grown) / (1 + alpha * grown)).sum()
        rise += slope / (grown * (alpha * y + 1) / (1 + alpha * grown) ** 2).sum()
    return rise


def _bayes(series: Series, control: Mapping[str, Any], first: int, last: int) -> Surge:
    return watch.bayes(
        series.counts, freq=series.freq, **_given(control, b="b", w="w", this_year="actY", alpha="alpha")
    )


def _rki(series: Series, control: Mapping[str, Any], first: int, last: int) -> Surge:
    return watch.rki(series.counts, freq=series.freq, **_given(control, b="b", w="w", this_year="actY"))


def _outbreak_p(series: Series, control: Mapping[str, Any], first: int, last: int) -> Surge:
    return watch.outbreak_p(series.counts, **_given(control, k="k"))


METHODS: Mapping[str, Method] = {
    "earsC": Method(run=_ears, read=_bounds, bar=1e-6),
    "farrington": Method(run=_farrington, read=_bounds_or_zero, bar=1e-4),
    "flex": Method(run=_flexible, read=_bounds, bar=1e-4),
    "farringtonFlexible": Method(run=_flexible, read=_bounds, bar=1e-4),
    "cusum": Method(run=_cusum, read=_bounds_or_zero, bar=1e-6),
    "glrpois": Method(run=_glrpois, read=_ratios, bar=1e-4),
    "glrnb": Method(run=_glr, read=_ratios, bar=1e-4, as_r=_runaway_glr),
    "bayes": Method(run=_bayes, read=_bounds, bar=1e-6),
    "rki": Method(run=_rki, read=_bounds, bar=1e-6),
    "outbreakP": Method(run=_outbreak_p, read=_log_ratios, bar=1e-4, by_log=True),
}


@cache
def _read(folder: Path, dataset: str) -> dict[str, Series]:
    rows: dict[str, list[dict[str, str]]] = {}
    with (folder / f"series_{dataset.replace('.', '_')}.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            rows.setdefault(row["unit"], []).append(row)
    return {
        unit: _series(dataset, sorted(told, key=lambda row: int(row["t"]))) for unit, told in rows.items()
    }


def _series(dataset: str, rows: list[dict[str, str]]) -> Series:
    told = rows[0].get("first_day")
    day = date.fromisoformat(told) if told else FIRST_DAYS.get(dataset)

    def column(name: str) -> np.ndarray:
        return np.array([float(row[name]) if row[name] not in ("", "NA") else np.nan for row in rows])[
            :, None
        ]

    return Series(
        counts=column("count"),
        population=column("population"),
        freq=int(rows[0]["freq"]),
        first_day=None if day is None else day_from_date(day),
        first_period=int(rows[0]["period"]),
    )


# models ---


def _models(folder: Path, only: str | None) -> list[Agreement]:
    files = {
        "hhh4": ("ref_hhh4.json", _contagion),
        "nowcast": ("ref_nowcast.json", _nowcast),
        "arlCusum": ("ref_cusum_arl.csv", _arl),
    }
    return [
        run(folder)
        for name, (file, run) in files.items()
        if only in (None, name) and (folder / file).exists()
    ]


def _contagion(folder: Path) -> Agreement:
    """Coefficients and standard errors within 1e-3, log-likelihoods within 1e-4, relative."""
    row = Agreement(name="hhh4", bar=1e-3)
    began = time.process_time()
    told = json.loads((folder / "ref_hhh4.json").read_text(encoding="utf-8"))
    dataset = told["data"].split()[0]
    units = _read(folder, dataset)
    with (folder / f"neighbourhood_{dataset}.csv").open(encoding="utf-8", newline="") as table:
        orders = {line["unit"]: line for line in csv.DictReader(table)}
    names = list(orders)
    counts = np.hstack([units[name].counts for name in names])
    people = np.hstack([units[name].population for name in names])
    borders = np.array([[float(orders[one][other]) == 1 for other in names] for one in names], dtype=float)
    for name, model in told["models"].items():
        terms = model["coef"]
        found = watch.fit_contagion(
            counts,
            network=borders if "ne.1" in terms else None,
            own_past="ar.1" in terms,
            offset=people if "offset" in name else None,
            waves=sum("sin(" in term for term in terms),
            trend="end.t" in terms,
            dispersed="overdisp" in terms,
            freq=units[names[0]].freq,
        )
        ours = {
            term: (value, error)
            for term, value, error in zip(found.names, found.coefficients, found.errors, strict=True)
        }
        if set(ours) != set(terms):
            row.trouble.append(f"{name}: other terms than ours")
            continue
        pairs = [(ours[term][0], value) for term, value in terms.items()] + [
            (ours[term][1], value) for term, value in model["se"].items()
        ]
        mine, theirs = np.array(pairs).T
        row.add(name, mine, theirs, np.zeros(len(mine), bool), np.zeros(len(mine), bool))
        if abs(found.log_likelihood / model["loglik"] - 1) > 1e-4:
            row.trouble.append(f"{name}: log-likelihood {found.log_likelihood:.6g}, R {model['loglik']:.6g}")
    row.seconds = time.process_time() - began
    return row


def _nowcast(folder: Path) -> Agreement:
    """Points within 1 %, and intervals; where R draws by chance (1000 draws), an end may differ by one report."""
    row = Agreement(name="nowcast", bar=1e-2)
    began = time.process_time()
    [path] = folder.glob("linelist_*.csv")
    with path.open(encoding="utf-8", newline="") as table:
        lines = [(line["dHosp"], line["dReport"]) for line in csv.DictReader(table)]
    first = min(_day(event) for event, _ in lines if event not in ("", "NA"))
    known = [(_day(event), _day(report)) for event, report in lines if not {event, report} & {"", "NA"}]
    events, reports = np.array(known).T
    for told in json.loads((folder / "ref_nowcast.json").read_text(encoding="utf-8")):
        where = f"{told['method']} at {told['now']}"
        if told["method"] not in ("lawless", "bayes.notrunc"):
            row.trouble.append(f"{where}: no such method here")
            continue
        triangle = watch.reporting_triangle(
            events, reports, now=_day(told["now"]), longest_delay=told["D"], first=first
        )
        is_lawless = told["method"] == "lawless"
        found = watch.nowcast(triangle, method="lawless" if is_lawless else "bayes")
        days = [_day(day) - first for day in told["date"]]
        ends = np.column_stack([found.low[days], found.high[days]]).ravel()
        drawn = np.array(told["ci"], dtype=float).ravel()
        none = np.zeros(len(days), bool)
        row.add(where, found.expected[days], np.array(told["nowcast"], dtype=float), none, none)
        apart = np.abs(ends - drawn)
        if not is_lawless:
            row.note(
                int((apart == 1).sum()),
                "interval ends by one report: R draws a thousand times, ours looks evenly",
            )
            apart = np.where(apart == 1, 0, apart)
        if (apart > 0.01 * drawn).any():
            row.trouble.append(f"{where}: interval ends differ by up to {apart.max():.0f}")
    row.seconds = time.process_time() - began
    return row


def _arl(folder: Path) -> Agreement:
    row = Agreement(name="arlCusum", bar=1e-6)
    with (folder / "ref_cusum_arl.csv").open(encoding="utf-8", newline="") as table:
        lines = [line for line in csv.DictReader(table) if line["distr"] in ("pois", "poisson")]
    ours = [
        watch.average_run_length(k=float(one["k"]), h=float(one["h"]), mean=float(one["theta"]))
        for one in lines
    ]
    none = np.zeros(len(lines), bool)
    row.add("run lengths", np.array(ours), np.array([float(one["ARL"]) for one in lines]), none, none)
    return row


def _day(told: str) -> int:
    return date.fromisoformat(told).toordinal()


if __name__ == "__main__":
    main()
