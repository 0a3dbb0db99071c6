"""The report: every method that the number of lists allows, and what stands against them. The only thing pages show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from tocsin.core.count.mse.averaging import decomposable
from tocsin.core.count.mse.checks import check
from tocsin.core.count.mse.combining import linkage_average, stratified
from tocsin.core.count.mse.errors import NotEstimable, Reason
from tocsin.core.count.mse.graphs import MOST
from tocsin.core.count.mse.latent import Told, latent_class
from tocsin.core.count.mse.loglinear import loglinear
from tocsin.core.count.mse.models import MOST_ALL
from tocsin.core.count.mse.posterior import PosteriorN
from tocsin.core.count.mse.reasons import because
from tocsin.core.count.mse.sensing import Sensitivity, sensitivity
from tocsin.core.count.mse.table import CaptureTable
from tocsin.core.count.mse.telling import ASSUMPTIONS, VARIANTS, MethodRow, Report

MOST_UNLISTED, WIDEST, MOST_MOVED = 5.0, 4.0, 0.25
"""Unlisted per documented; upper end of an interval over its lower; change of a median as a share."""
CLASSES, MOST_STEPWISE = 10, 10


def report(
    table: CaptureTable,
    *,
    rng: np.random.Generator,
    derived: Iterable[tuple[str, str]] = (),
    missed_matches: float = 0.0,
    linkages: Sequence[CaptureTable] = (),
    bootstrap: int = 1000,
    chains: int = 32,
    max_steps: int = 2000,
    with_latent: bool = True,
    provenance: Mapping[str, float | int | str] | None = None,
    told: Told | None = None,
) -> Report:
    """Estimate by every method that the number of lists allows, and say what stands against it.

    Parameters
    ----------
    table : CaptureTable
    rng : chance, for bootstrap and chains
    derived, missed_matches : as of `check`
    linkages : the same records linked in other ways that are as good
        Exact averaging is then averaged over them, too.
    bootstrap, chains, max_steps : as of `loglinear` and `latent_class`
    with_latent : leave the slow method out if not
    provenance : what to keep with it: version, seed
    told : called with what is done and what there is to do; may raise to stop

    Raises
    ------
    BadChoice
    """
    found = check(table, derived=derived, missed_matches=missed_matches)
    kept: dict[str, float | int | str] = {"table": table.hash, "lists": table.n_lists, "bootstrap": bootstrap}
    empty = Report(
        n=table.n,
        lists=table.lists,
        sizes=tuple(int(one) for one in table.overlaps().diagonal()) if table.cells else (),
        methods=(),
        refusals=found.refusals,
        warnings=(),
        assumptions=ASSUMPTIONS,
        sensitivity=None,
        provenance=kept | dict(provenance or {}),
    )
    if found.refusals:
        return empty
    rows, warnings, moved = _exactly(table)
    warnings = [*found.warnings, *warnings]
    rows += _exactly_again(table, linkages, rng)
    if table.n_lists <= MOST_STEPWISE:
        rows.append(_run_loglinear(table, bootstrap, rng))
    if with_latent:
        row, wary = _by_classes(table, chains=chains, max_steps=max_steps, rng=rng, told=told)
        rows.append(row)
        warnings += wary
    if refusals := _together(rows):
        silent = tuple(replace(one, median=None, low=None, high=None, note="") for one in rows)
        return replace(empty, methods=silent, refusals=refusals, warnings=tuple(warnings))
    # Why one method is silent is a doubt about the others, too.
    warnings += [reason for row in rows for reason in row.reasons]
    warnings += _disagreement(rows) + _plausible(table.n, rows)
    once = tuple({one.code: one for one in warnings}.values())
    return replace(empty, methods=tuple(rows), warnings=once, sensitivity=moved)


def _exactly(table: CaptureTable) -> tuple[list[MethodRow], list[Reason], Sensitivity | None]:
    if table.n_lists > MOST:
        return [], [], None
    row, posterior = _run_posterior("decomposable", lambda: decomposable(table))
    if posterior is None:
        return [row], [], None
    moved = sensitivity(table, base=posterior)
    return [row], _shape(posterior, row.title) + _moves(moved), moved


def _exactly_again(
    table: CaptureTable, linkages: Sequence[CaptureTable], rng: np.random.Generator
) -> Iterator[MethodRow]:
    """Average over ways of linking, and add up parts, where there are any."""
    if table.n_lists > MOST:
        return
    if linkages:
        yield _run_posterior("linked", lambda: linkage_average([table, *linkages], None, decomposable))[0]
    if len(table.strata) > 1:
        yield _part_by_part(table, rng)


def _part_by_part(table: CaptureTable, rng: np.random.Generator) -> MethodRow:
    def estimate() -> PosteriorN:
        found = stratified(table, decomposable, rng=rng)
        if found.sum.is_floor:
            raise NotEstimable((because("strata.refused", {"people": found.sum.n_without}),))
        return found.sum.total

    row, _ = _run_posterior("parts", estimate)
    return replace(row, note=f"{len(table.strata)} parts") if row.has_number else row


def _by_classes(
    table: CaptureTable, *, chains: int, max_steps: int, rng: np.random.Generator, told: Told | None
) -> tuple[MethodRow, list[Reason]]:
    def estimate(max_classes: int, steps: int, *, strict: bool) -> PosteriorN:
        return latent_class(
            table, max_classes=max_classes, chains=chains, max_steps=steps, rng=rng, told=told, strict=strict
        )

    row, posterior = _run_posterior("latent-class", lambda: estimate(CLASSES, max_steps, strict=True))
    if posterior is None:
        return row, []
    warnings = _shape(posterior, row.title)
    fewer = estimate(CLASSES // 2, max(max_steps // 4, 8), strict=False)
    moved = abs(fewer.median / posterior.median - 1)
    if moved > MOST_MOVED:
        warnings.append(because("moves.with-the-classes", {"moved": moved, "most": MOST_MOVED}))
    return row, warnings


def _run_posterior(method: str, estimate: Callable[[], PosteriorN]) -> tuple[MethodRow, PosteriorN | None]:
    try:
        found = estimate()
    except NotEstimable as refusal:
        return _silent(method, refusal), None
    low, high = found.interval()
    if found.ranked:
        best = found.ranked[0]
        note = f"{best.model} weighs {best.weight:.0%}"
    elif found.rhat and found.ess:
        note = f"R-hat {found.rhat:.3f}, {found.ess:.0f} effective draws"
    else:
        note = found.method
    return MethodRow(method=method, median=found.median, low=low, high=high, note=note), found


def _silent(method: str, refusal: NotEstimable) -> MethodRow:
    return MethodRow(method=method, median=None, low=None, high=None, note="", reasons=refusal.reasons)


def _run_loglinear(table: CaptureTable, bootstrap: int, rng: np.random.Generator) -> MethodRow:
    by_all = table.n_lists <= MOST_ALL
    try:
        found = loglinear(table, select="bic" if by_all else "stepwise", bootstrap=bootstrap, rng=rng)
    except NotEstimable as refusal:
        return _silent("loglinear", refusal)
    low, high = found.interval()
    return MethodRow(
        method="loglinear",
        median=found.estimate,
        low=max(low, float(table.n)),
        high=high,
        note=f"{found.model}, best of {found.n_models}" if by_all else f"{found.model}, stepwise",
    )


def _together(rows: list[MethodRow]) -> tuple[Reason, ...]:
    """Refuse unless two methods have a number: one alone is never published."""
    with_number = [one for one in rows if one.has_number and one.method not in VARIANTS]
    if len(with_number) >= 2:
        return ()
    reasons = {reason.code: reason for one in rows for reason in one.reasons}
    alone = because("method.alone", {"methods": len(with_number), "tried": len(rows)})
    return (*reasons.values(), alone)


def _shape(posterior: PosteriorN, title: str) -> list[Reason]:
    found = []
    if not posterior.is_converged:
        found.append(because("mcmc.slow", {"rhat": posterior.rhat or 0.0, "ess": posterior.ess or 0.0}))
    if (humps := posterior.n_humps()) > 1:
        found.append(because("posterior.humps", {"humps": humps, "method": title}))
    return found


def _moves(moved: Sensitivity) -> list[Reason]:
    found = []
    if moved.most_moved > MOST_MOVED:
        found.append(because("moves.without-a-list", {"moved": moved.most_moved, "most": MOST_MOVED}))
    if moved.moved_by_delta > MOST_MOVED:
        found.append(because("moves.with-the-prior", {"moved": moved.moved_by_delta, "most": MOST_MOVED}))
    return found


def _disagreement(rows: list[MethodRow]) -> list[Reason]:
    """Warn where the middle of one method lies outside what another allows."""
    for one, other in combinations([row for row in rows if row.has_number], 2):
        for a, b in ((one, other), (other, one)):
            if (
                a.median is not None
                and b.low is not None
                and b.high is not None
                and not b.low <= a.median <= b.high
            ):
                return [because("methods.disagree", {"median": a.median, "low": b.low, "high": b.high})]
    return []


def _plausible(n: int, rows: list[MethodRow]) -> list[Reason]:
    found = []
    most = max((one.median or 0.0) - n for one in rows) / n
    if most > MOST_UNLISTED:
        found.append(because("unlisted.many", {"per_documented": most, "most": MOST_UNLISTED}))
    widest = max((one.high or 0.0) / one.low for one in rows if one.low)
    if widest > WIDEST:
        found.append(because("interval.wide", {"ratio": widest, "most": WIDEST}))
    return found
