"""Several estimates made one: parts of a country, replicates of an imputation, ways of linking, days of a crisis.

Methods are never combined: those that disagree are shown side by side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtrit

from tocsin.core.count.mse.errors import BadChoice, NotEstimable, Reason
from tocsin.core.count.mse.posterior import PosteriorN, mixture
from tocsin.core.count.mse.reasons import because
from tocsin.core.count.mse.table import CaptureTable, Floats, Stratum
from tocsin.core.count.mse.telling import Report

Estimator = Callable[[CaptureTable], PosteriorN]

MOST_REFUSED = 0.1
"""Share of the documented, or of the weight, that may be left without an estimate before the whole is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StrataTotal:
    """Parts added up."""

    total: PosteriorN
    n_without: int
    """Documented people of parts that have no estimate; they are in the total, their unlisted are not."""
    is_floor: bool
    """So many are without an estimate that the total is only "at least"."""


def combine_strata(
    parts: Sequence[PosteriorN],
    *,
    n_without: int = 0,
    most_without: float = MOST_REFUSED,
    draws: int = 20_000,
    rng: np.random.Generator,
) -> StrataTotal:
    """Add parts of a country or a time by their draws; adding the ends of intervals would be wrong.

    Parameters
    ----------
    parts : one posterior a part, nobody in two parts
    n_without : documented people of the parts that were refused
    most_without : share of the documented above which the total is called a floor
    """
    if not parts or draws < 100 or n_without < 0:
        raise BadChoice("there are no parts to add, or fewer than a hundred draws")
    unlisted = np.sum([part.draws(draws, rng) - part.n for part in parts], axis=0)
    n = sum(part.n for part in parts) + n_without
    total = PosteriorN.from_draws(n, unlisted, method=f"sum of {len(parts)} parts")
    return StrataTotal(total=total, n_without=n_without, is_floor=n_without > most_without * n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratified:
    """Each part's answer, and the parts added up."""

    parts: Mapping[Stratum, PosteriorN]
    refused: Mapping[Stratum, tuple[Reason, ...]]
    sum: StrataTotal


def stratified(
    table: CaptureTable, estimator: Estimator, *, most_without: float = MOST_REFUSED, rng: np.random.Generator
) -> Stratified:
    """Estimate each part of a table by itself and add them up.

    Raises
    ------
    NotEstimable
        No part has an estimate.
    BadChoice
        The table has no parts.
    """
    if not table.strata:
        raise BadChoice("the table has no parts")
    parts: dict[Stratum, PosteriorN] = {}
    refused: dict[Stratum, tuple[Reason, ...]] = {}
    for stratum, part in table.strata.items():
        try:
            parts[stratum] = estimator(part)
        except NotEstimable as refusal:
            refused[stratum] = refusal.reasons
    if not parts:
        raise NotEstimable(
            tuple({reason.code: reason for all_ in refused.values() for reason in all_}.values())
        )
    n_without = sum(table.strata[stratum].n for stratum in refused)
    total = combine_strata(list(parts.values()), n_without=n_without, most_without=most_without, rng=rng)
    return Stratified(parts=parts, refused=refused, sum=total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """Replicates made one."""

    mean: float
    sd: float
    interval: tuple[float, float]
    degrees: float
    """Of freedom, infinite for a mixture."""
    rule: str


def combine_replicates(
    replicates: Sequence[PosteriorN], *, rule: Literal["rubin", "verdata", "mixture"] = "rubin"
) -> Combined:
    """Combine estimates over replicates of an imputation, which share a truth and differ in what was filled in.

    "verdata" takes that package's degrees of freedom, which leave out a factor m and give wider intervals at few replicates;
    "mixture" pools the posteriors.

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys, 3.1.
    """
    m = len(replicates)
    if m < 2 or rule not in ("rubin", "verdata", "mixture"):
        raise BadChoice("two replicates are needed, and one of the rules rubin, verdata and mixture")
    if rule == "mixture":
        pooled = mixture(replicates, np.full(m, 1 / m), method="mixture")
        return Combined(
            mean=pooled.mean, sd=pooled.sd, interval=pooled.interval(), degrees=float("inf"), rule=rule
        )
    means, within = (
        np.array([one.mean for one in replicates]),
        float(np.mean([one.sd**2 for one in replicates])),
    )
    between = float(means.var(ddof=1))
    sd = float(np.sqrt(within + (1 + 1 / m) * between))
    share = within / ((m + 1) * between) if between > 0 else float("inf")
    degrees = (m - 1) * (1 + (m if rule == "rubin" else 1) * share) ** 2
    half = float(stdtrit(min(degrees, 1e9), 0.975)) * sd
    mean, floor = float(means.mean()), float(min(one.n for one in replicates))
    return Combined(
        mean=mean, sd=sd, interval=(max(mean - half, floor), mean + half), degrees=degrees, rule=rule
    )


def linkage_average(
    tables: Sequence[CaptureTable],
    weights: Sequence[float] | None,
    estimator: Estimator,
    *,
    most_refused: float = MOST_REFUSED,
) -> PosteriorN:
    """Average over ways of linking records: each gives a table, and the posteriors are mixed by the weights.

    Raises
    ------
    NotEstimable
        Tables with more than `most_refused` of the weight have no estimate.

    References
    ----------
    Sadinle (2018), arXiv 1812.09590.
    """
    given = np.ones(len(tables)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not len(tables) or given.shape != (len(tables),) or not (given >= 0).all() or not given.sum() > 0:
        raise BadChoice("each table needs a weight of 0 or more")
    found: list[PosteriorN] = []
    kept: list[float] = []
    refused, why = 0.0, ""
    for table, weight in zip(tables, given / given.sum(), strict=True):
        try:
            found.append(estimator(table))
        except NotEstimable as refusal:
            refused, why = refused + float(weight), refusal.reasons[0].code
        else:
            kept.append(float(weight))
    if refused > most_refused or not found:
        reason = because("linkage.refused", {"share": refused, "most": most_refused, "first": why})
        raise NotEstimable((reason,))
    shares: Floats = np.array(kept) / sum(kept)
    return mixture(found, shares, method=f"{found[0].method}, {len(found)} linkages")


def known_by(table: CaptureTable) -> dict[str, CaptureTable]:
    """Add up a table's parts, which are days or months, to what was known by the end of each.

    Raises
    ------
    BadChoice
        The table has no parts.
    """
    if not table.strata:
        raise BadChoice("the table has no parts")
    found, so_far = {}, Counter[int]()
    for stratum in sorted(table.strata):
        so_far.update(dict(table.strata[stratum].cells))
        cells = tuple(sorted(so_far.items()))
        found[" ".join(stratum)] = CaptureTable(lists=table.lists, cells=cells, faults=table.faults)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was known on one day of a schedule."""

    day: str
    n: int
    median: float | None
    """None of a report: methods have no common middle."""
    low: float | None
    high: float | None
    """Of a report, from the lowest to the highest that any method allows."""
    reasons: tuple[Reason, ...]


def sequence(
    tables: Mapping[str, CaptureTable],
    estimator: Callable[[CaptureTable], PosteriorN | Report],
    *,
    schedule: Sequence[str],
) -> tuple[Look, ...]:
    """Estimate on each day of a schedule that was fixed before; every day's answer is kept, refusals too.

    Parameters
    ----------
    tables : by day, each with all that was known then
    estimator : one method, or a report on all of them
    schedule : days, in order
        A day that has no table is told as missing: none can be left out for what it would have shown.

    Raises
    ------
    BadChoice
        The schedule has a day twice or out of order, or leaves out a day there is a table of.
    """
    if list(schedule) != sorted(set(schedule)) or not set(tables) <= set(schedule):
        raise BadChoice("the schedule must name every day once, in order, and all days that have a table")
    return tuple(_look(day, tables.get(day), estimator) for day in schedule)


def _look(
    day: str, table: CaptureTable | None, estimator: Callable[[CaptureTable], PosteriorN | Report]
) -> Look:
    if table is None:
        reason = because("sequence.missing")
        return Look(day=day, n=0, median=None, low=None, high=None, reasons=(reason,))
    try:
        found = estimator(table)
    except NotEstimable as refusal:
        return Look(day=day, n=table.n, median=None, low=None, high=None, reasons=refusal.reasons)
    if isinstance(found, Report):
        low, high = found.span or (None, None)
        return Look(day=day, n=table.n, median=None, low=low, high=high, reasons=found.refusals)
    low, high = found.interval()
    return Look(day=day, n=table.n, median=found.median, low=low, high=high, reasons=())
