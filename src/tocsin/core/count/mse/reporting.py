"""The report: what is documented, what each method says, what was refused, what to be wary of. The only thing pages show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from tocsin.core.count.mse.averaging import decomposable
from tocsin.core.count.mse.checks import check
from tocsin.core.count.mse.errors import NotEstimable, Reason
from tocsin.core.count.mse.graphs import MOST
from tocsin.core.count.mse.latent import Told, latent_class
from tocsin.core.count.mse.loglinear import loglinear
from tocsin.core.count.mse.models import MOST_ALL
from tocsin.core.count.mse.posterior import PosteriorN
from tocsin.core.count.mse.sensing import Sensitivity, sensitivity
from tocsin.core.count.mse.table import CaptureTable

MOST_UNLISTED, WIDEST, MOST_MOVED = 5.0, 4.0, 0.25
"""Unlisted per documented; upper end of an interval over its lower; change of a median as a share."""
CLASSES, MOST_STEPWISE = 10, 10
SMALL_CELL = 5
"""Counts under it do not leave the desk."""

ASSUMPTIONS = (
    "Nobody entered or left the group while the lists were made, and all lists speak of the same days and places.",
    "All lists mean the same thing by what they list.",
    "Everybody had some chance of being on some list; who had none is in no figure here.",
    "The same person was recognised on every list, and no two were taken for one.",
    "Who is on no list stands to the lists as who is on some of them does; no list can show whether that is so.",
    "Exact averaging: not all lists depend on one another at once. Log-linear: the terms left out are nothing.",
    "Latent classes: people fall into a few kinds, within which lists are independent.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRow:
    """What one method says, or why it says nothing."""

    method: str
    title: str
    median: float | None
    """For the log-linear model its point estimate."""
    low: float | None
    high: float | None
    """95 %."""
    note: str
    """Best model, or what was run, in a few words."""
    reasons: tuple[Reason, ...] = ()

    @property
    def has_number(self) -> bool:
        """Say whether there is one."""
        return self.median is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that may be shown of a table."""

    n: int
    """Documented: on some list, each person once."""
    lists: tuple[str, ...]
    sizes: tuple[int, ...]
    """People on each list; empty where the table was faulty."""
    methods: tuple[MethodRow, ...]
    refusals: tuple[Reason, ...]
    """While there is one, there is no number."""
    warnings: tuple[Reason, ...]
    assumptions: tuple[str, ...]
    sensitivity: Sensitivity | None
    provenance: Mapping[str, float | int | str]

    @property
    def is_publishable(self) -> bool:
        """Say whether two methods or more have a number and nothing stands against them."""
        return not self.refusals

    @property
    def span(self) -> tuple[float, float] | None:
        """Give the lowest lower and the highest upper end: no average of methods, all that any of them allows."""
        ends = [(one.low, one.high) for one in self.methods if one.low is not None and one.high is not None]
        return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else None

    @property
    def sentence(self) -> str:
        """Say it in one sentence, rounded as it may leave: documented first, never "confirmed"."""
        if self.n < SMALL_CELL:
            return f"Fewer than {SMALL_CELL} documented; no estimate of the total is possible."
        if self.refusals or self.span is None:
            return f"{self.n:,} documented; no estimate of the total is possible."
        low, high = (two_figures(end) for end in self.span)
        return f"{self.n:,} documented; about {max(low, self.n):,} to {high:,} in all, by {self._n_numbers} methods."

    @property
    def _n_numbers(self) -> int:
        return sum(one.has_number for one in self.methods)

    def to_json(self, *, rounded: bool = True) -> dict[str, Any]:  # what json takes
        """Give what a file should keep: rounded to two figures and without small cells if it leaves."""
        methods = [asdict(one) for one in self.methods]
        if rounded:
            for row in methods:
                row.update(
                    {key: two_figures(row[key]) for key in ("median", "low", "high") if row[key] is not None}
                )
        sizes = [None if rounded and 0 < size < SMALL_CELL else size for size in self.sizes]
        found: dict[str, Any] = {
            "documented": None if rounded and self.n < SMALL_CELL else self.n,
            "sentence": self.sentence,
            "publishable": self.is_publishable,
            "lists": dict(zip(self.lists, sizes, strict=False)),
            "methods": methods,
            "refusals": [asdict(one) for one in self.refusals],
            "warnings": [asdict(one) for one in self.warnings],
            "assumptions": list(self.assumptions),
            "provenance": dict(self.provenance),
        }
        if not rounded and self.sensitivity is not None:
            found["sensitivity"] = asdict(self.sensitivity)
        return found


def two_figures(value: float) -> int:
    """Round to two figures, as numbers leave a desk."""
    if value < 10:
        return round(value)
    size = int("1" + "0" * (len(str(int(value))) - 2))
    return round(value / size) * size


def report(
    table: CaptureTable,
    *,
    rng: np.random.Generator,
    derived: Iterable[tuple[str, str]] = (),
    missed_matches: float = 0.0,
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
    bootstrap, chains, max_steps : as of `loglinear` and `latent_class`
    with_latent : leave the slow method out if not
    provenance : what to keep with it: version, seed
    told : called with what is done and what there is to do; may raise to stop
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
    row, posterior = _run_posterior("decomposable", "Exact averaging", lambda: decomposable(table))
    if posterior is None:
        return [row], [], None
    moved = sensitivity(table, base=posterior)
    return [row], _shape(posterior, row.title) + _moves(moved), moved


def _by_classes(
    table: CaptureTable, *, chains: int, max_steps: int, rng: np.random.Generator, told: Told | None
) -> tuple[MethodRow, list[Reason]]:
    def estimate(max_classes: int, steps: int, *, strict: bool) -> PosteriorN:
        return latent_class(
            table, max_classes=max_classes, chains=chains, max_steps=steps, rng=rng, told=told, strict=strict
        )

    row, posterior = _run_posterior(
        "latent-class", "Latent classes", lambda: estimate(CLASSES, max_steps, strict=True)
    )
    if posterior is None:
        return row, []
    warnings = _shape(posterior, row.title)
    fewer = estimate(CLASSES // 2, max(max_steps // 4, 8), strict=False)
    moved = abs(fewer.median / posterior.median - 1)
    if moved > MOST_MOVED:
        warnings.append(
            Reason(
                code="moves.with-the-classes",
                text="Allowing half as many kinds of people moves the estimate by more than a quarter.",
                evidence={"moved": moved, "most": MOST_MOVED},
            )
        )
    return row, warnings


def _run_posterior(
    method: str, title: str, estimate: Callable[[], PosteriorN]
) -> tuple[MethodRow, PosteriorN | None]:
    try:
        found = estimate()
    except NotEstimable as refusal:
        row = MethodRow(
            method=method, title=title, median=None, low=None, high=None, note="", reasons=refusal.reasons
        )
        return row, None
    low, high = found.interval()
    if found.ranked:
        best = found.ranked[0]
        note = f"{best.model} weighs {best.weight:.0%}"
    else:
        note = f"R-hat {found.rhat:.3f}, {found.ess:.0f} effective draws" if found.rhat and found.ess else ""
    return MethodRow(method=method, title=title, median=found.median, low=low, high=high, note=note), found


def _run_loglinear(table: CaptureTable, bootstrap: int, rng: np.random.Generator) -> MethodRow:
    by_all = table.n_lists <= MOST_ALL
    title = "Log-linear, best of all" if by_all else "Log-linear, stepwise"
    try:
        found = loglinear(table, select="bic" if by_all else "stepwise", bootstrap=bootstrap, rng=rng)
    except NotEstimable as refusal:
        return MethodRow(
            method="loglinear",
            title=title,
            median=None,
            low=None,
            high=None,
            note="",
            reasons=refusal.reasons,
        )
    low, high = found.interval()
    return MethodRow(
        method="loglinear",
        title=title,
        median=found.estimate,
        low=max(low, float(table.n)),
        high=high,
        note=f"{found.model} of {found.n_models}" if by_all else found.model,
    )


def _together(rows: list[MethodRow]) -> tuple[Reason, ...]:
    """Refuse unless two methods have a number: one alone is never published."""
    with_number = [one for one in rows if one.has_number]
    if len(with_number) >= 2:
        return ()
    reasons = {reason.code: reason for one in rows for reason in one.reasons}
    alone = Reason(
        code="method.alone",
        text="Fewer than two methods have an answer, and one is never shown alone.",
        evidence={"methods": len(with_number), "tried": len(rows)},
    )
    return (*reasons.values(), alone)


def _shape(posterior: PosteriorN, title: str) -> list[Reason]:
    found = []
    if not posterior.is_converged:
        found.append(
            Reason(
                code="mcmc.slow",
                text="Chains have come near one another and not quite together; another run may differ a little.",
                evidence={"rhat": posterior.rhat or 0.0, "ess": posterior.ess or 0.0},
            )
        )
    if (humps := posterior.n_humps()) > 1:
        found.append(
            Reason(
                code="posterior.humps",
                text="The totals that are probable fall into separate ranges: different models, different answers.",
                evidence={"humps": humps, "method": title},
            )
        )
    return found


def _moves(moved: Sensitivity) -> list[Reason]:
    found = []
    if moved.most_moved > MOST_MOVED:
        found.append(
            Reason(
                code="moves.without-a-list",
                text="Leaving out one list moves the estimate by more than a quarter.",
                evidence={"moved": moved.most_moved, "most": MOST_MOVED},
            )
        )
    if moved.moved_by_delta > MOST_MOVED:
        found.append(
            Reason(
                code="moves.with-the-prior",
                text="Halving or doubling the weight of the prior moves the estimate by more than a quarter.",
                evidence={"moved": moved.moved_by_delta, "most": MOST_MOVED},
            )
        )
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
                return [
                    Reason(
                        code="methods.disagree",
                        text="Methods disagree by more than their intervals allow; show all of them, and no average.",
                        evidence={"median": a.median, "low": b.low, "high": b.high},
                    )
                ]
    return []


def _plausible(n: int, rows: list[MethodRow]) -> list[Reason]:
    found = []
    most = max((one.median or 0.0) - n for one in rows) / n
    if most > MOST_UNLISTED:
        found.append(
            Reason(
                code="unlisted.many",
                text="More than five would be unlisted for each one documented; so few are known that little is sure.",
                evidence={"per_documented": most, "most": MOST_UNLISTED},
            )
        )
    widest = max((one.high or 0.0) / one.low for one in rows if one.low)
    if widest > WIDEST:
        found.append(
            Reason(
                code="interval.wide",
                text="An interval's upper end is more than four times its lower one.",
                evidence={"ratio": widest, "most": WIDEST},
            )
        )
    return found
