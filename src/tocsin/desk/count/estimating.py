"""How many were never listed: a table of lists, estimated as a job, and the report that came out.

The table holds counts by list and nobody's name. It and the report lie sealed beside the keyring until a counter states
them (`stating`); the child that calculates is given numbers alone, and the lists' names stay here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

import msgspec
import numpy as np

from tocsin import __version__
from tocsin.core.count import Table
from tocsin.core.count.mse import BadChoice, CaptureTable, Reason, Report, report
from tocsin.core.count.mse.table import Stratum
from tocsin.desk.children import Step, answer, run_in_child
from tocsin.desk.count.drawing import Intervals, Odds, draw_dial, draw_intervals
from tocsin.desk.desk import Desk
from tocsin.desk.jobs import Progress, Work
from tocsin.desk.sealed_file import Notes
from tocsin.feeds.lists import read_lists
from tocsin.terms import Day

NAME = "lists.sealed"
CHAINS, MOST_STEPS, WARM = 32, 2000, 300
SEED = 20170921
"""Chance is the same every time, so that another desk that has the same table gets the same report."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be estimated."""

    table: str = ""
    """CSV: a column of 0 and 1 for each list, then count."""
    claimed: int | None = None
    """A total that somebody claims."""
    is_quick: bool = False
    """Whether latent classes are left out, which take longest."""
    derived: tuple[tuple[str, str], ...] = ()
    """Lists, the first of which was made from the second."""
    percent_missed: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    """Shared people that linking is thought to miss, of a hundred."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The file."""

    asked: Asked = Asked()
    as_of: Day | None = None
    found: Report | None = None
    of: Asked | None = None
    """What was found is of; not always what was asked last."""
    is_stated: bool = False
    """Whether it stands in the ledger."""


NOTES = Notes(NAME, Kept)


class Question(msgspec.Struct, frozen=True, array_like=True):
    """What the child is given: numbers."""

    n_lists: int
    cells: tuple[tuple[int, int], ...]
    strata: tuple[tuple[tuple[int, int], ...], ...]
    faults: tuple[Reason, ...]
    derived: tuple[tuple[int, int], ...]
    percent_missed: int
    is_quick: bool
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """The estimate when a list is left out."""

    name: str
    median: int
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatePage:
    """The page of the estimate, and the short form on the page of count."""

    asked: Asked
    claimed: int | None
    """Of the estimate that is shown."""
    as_of: Day | None
    report: Report | None
    drawing: Intervals | None
    sizes: tuple[tuple[str, int], ...]
    without: tuple[Without, ...]
    dial: tuple[Odds, ...]
    dial_drawing: Intervals | None
    ratio: float | None
    """How many times the unlisted of the estimate the claimed total would mean."""
    may_state: bool
    """Whether this desk may state what is shown, and has not."""
    is_stated: bool

    @property
    def has_numbers(self) -> bool:
        """Say whether anything may be shown but refusals."""
        return self.report is not None and not self.report.refusals


def estimate_page(desk: Desk) -> EstimatePage:
    """Gather what came out last."""
    kept = NOTES.read(desk)
    found, claimed = kept.found, (kept.of or kept.asked).claimed
    moved = found.sensitivity if found is not None and not found.refusals else None
    return EstimatePage(
        asked=kept.asked,
        claimed=claimed,
        as_of=kept.as_of,
        report=found,
        drawing=draw_intervals(found.n, found.methods, claimed)
        if found is not None and not found.refusals
        else None,
        sizes=tuple(zip(found.lists, found.sizes, strict=False)) if found is not None else (),
        without=tuple(
            Without(name=one.what, median=round(one.median), low=round(one.low), high=round(one.high))
            for one in (moved.left_out if moved is not None else ())
        ),
        dial=moved.odds if moved is not None else (),
        dial_drawing=draw_dial(found.n, moved.odds, claimed)
        if found is not None and moved is not None
        else None,
        ratio=moved.ratio_for(claimed, found.n)
        if moved is not None and found is not None and claimed
        else None,
        may_state=_may_state(desk, kept),
        is_stated=kept.is_stated,
    )


def _may_state(desk: Desk, kept: Kept) -> bool:
    if kept.found is None or kept.of is None or kept.is_stated:
        return False
    is_table = not any(reason.code.startswith("table.") for reason in kept.found.refusals)
    return is_table and desk.world.history.now.may_write(desk.device, Table.WRITERS)


def ask(desk: Desk, asked: Asked) -> None:
    """Keep what the next estimate is of.

    Raises
    ------
    BadTable, BadChoice
    """
    question_of(asked)
    NOTES.change(desk, asked=asked)


def estimate(desk: Desk, progress: Progress, _asked: Mapping[str, str]) -> str:
    """Estimate what was asked last.

    Raises
    ------
    BadTable, BadChoice
    """
    with desk.lock:
        asked, today = NOTES.read(desk).asked, desk.today
    found = _named(calculate(question_of(asked), progress), read_lists(asked.table.encode()))
    with desk.lock:
        NOTES.change(desk, as_of=today, found=found, of=asked, is_stated=False)
    if found.refusals:
        return f"{found.sentence} The page says why."
    return f"{found.sentence} {len(found.warnings)} warnings; the page says which."


def estimate_here(desk: Desk, asked: Asked) -> Report:
    """Estimate at once, without latent classes and in this process: what a replay shows takes no job.

    Raises
    ------
    BadTable, BadChoice
    """
    asked = msgspec.structs.replace(asked, is_quick=True)
    found = _named(report_of(question_of(asked)), read_lists(asked.table.encode()))
    with desk.lock:
        NOTES.change(desk, asked=asked, as_of=desk.today, found=found, of=asked, is_stated=False)
    return found


def calculate(question: Question, progress: Progress) -> Report:
    """Have a child calculate; lists have numbers in its answer."""
    told = run_in_child(__name__, [msgspec.msgpack.encode(question)], progress, total=WARM + MOST_STEPS)
    return msgspec.convert(told, Report)


def question_of(asked: Asked) -> Question:
    """Read what was typed, and leave the names out.

    Raises
    ------
    BadTable
    BadChoice
        A list is not there that is said to be made from another.
    """
    table = read_lists(asked.table.encode())
    places = [(table.place_of(one), table.place_of(other)) for one, other in asked.derived]
    return Question(
        n_lists=table.n_lists,
        cells=table.cells,
        strata=tuple(table.strata[key].cells for key in sorted(table.strata)),
        faults=table.faults,
        derived=tuple(places),
        percent_missed=asked.percent_missed,
        is_quick=asked.is_quick,
        seed=SEED,
    )


def question_about(table: Table, *, is_quick: bool, seed: int) -> Question:
    """Ask of a table that a counter put into the ledger what its estimate answers."""
    return Question(
        n_lists=table.n_lists,
        cells=table.cells,
        strata=table.strata,
        faults=(),
        derived=table.derived,
        percent_missed=table.percent_missed,
        is_quick=is_quick,
        seed=seed,
    )


def report_of(question: Question, step: Step = lambda _done: None) -> Report:
    """Report on a table of numbers."""
    lists = tuple(f"list {at + 1}" for at in range(question.n_lists))
    strata: dict[Stratum, CaptureTable] = {}
    for at, part in enumerate(question.strata):
        strata[(f"{at:06}",)] = CaptureTable(lists=lists, cells=part)
    table = CaptureTable(lists=lists, cells=question.cells, strata=strata, faults=question.faults)
    return report(
        table,
        rng=np.random.default_rng(question.seed),
        derived=[(lists[one], lists[other]) for one, other in question.derived],
        missed_matches=question.percent_missed / 100,
        chains=CHAINS,
        max_steps=MOST_STEPS,
        with_latent=not question.is_quick,
        provenance={"tocsin": __version__, "seed": question.seed},
        told=lambda done, _total: step(done),
    )


def report_on(pieces: Iterator[bytes], step: Step) -> Any:  # what msgpack carries
    """Be the child."""
    question = msgspec.msgpack.decode(b"".join(pieces), type=Question)
    return msgspec.to_builtins(report_of(question, step))


def read_derived(text: str) -> tuple[tuple[str, str], ...]:
    """Read pairs of lists, a line each: the one that was made, a comma, the one it was made from.

    Raises
    ------
    BadChoice
    """
    pairs = [[name.strip() for name in line.split(",")] for line in text.splitlines() if line.strip()]
    if any(len(pair) != 2 for pair in pairs):
        raise BadChoice(
            "name two lists a line, with a comma: the one that was made, then the one it was made from"
        )
    return tuple((one, other) for one, other in pairs)


def _named(found: Report, table: CaptureTable) -> Report:
    """Put the names back where the child had numbers."""
    name_of = dict(zip(found.lists, table.lists, strict=True))
    moved = found.sensitivity
    if moved is not None:
        moved = replace(
            moved,
            left_out=tuple(replace(one, what=name_of.get(one.what, one.what)) for one in moved.left_out),
        )
    provenance = {**found.provenance, "table": table.hash}
    return replace(found, lists=table.lists, sensitivity=moved, provenance=provenance)


ESTIMATE = Work(
    name="estimate",
    title="Estimate how many were never listed",
    run=estimate,
    page="count_estimate",
    is_offered=False,
)

if __name__ == "__main__":
    answer(report_on)
