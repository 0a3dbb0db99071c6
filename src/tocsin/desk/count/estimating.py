"""How many were never listed: a table of lists, estimated as a job, and the report that came out.

The table holds counts by list and nobody's name. It and the report lie sealed beside the keyring and go nowhere; the child
that calculates is given numbers alone, and the lists' names stay here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import msgspec
import numpy as np

from tocsin import __version__
from tocsin.core.count.mse import CaptureTable, Report, report
from tocsin.desk.children import Step, answer, run_in_child
from tocsin.desk.count.drawing import Intervals, draw_intervals
from tocsin.desk.desk import Desk
from tocsin.desk.jobs import Progress, Work
from tocsin.desk.sealed_file import SealedFile
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
    """Whether latent classes are left out, which take half a minute."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The file."""

    asked: Asked = Asked()
    as_of: Day | None = None
    found: Report | None = None


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
    as_of: Day | None
    report: Report | None
    drawing: Intervals | None
    sizes: tuple[tuple[str, int], ...]
    without: tuple[Without, ...]
    dial: tuple[tuple[float, int, int, int], ...]
    """Ratio, then middle, low and high of the total."""
    ratio: float | None
    """How many times the unlisted of the estimate the claimed total would mean."""

    @property
    def has_numbers(self) -> bool:
        """Say whether anything may be shown but refusals."""
        return self.report is not None and not self.report.refusals


def estimate_page(desk: Desk) -> EstimatePage:
    """Gather what came out last."""
    kept = _kept(desk)
    found, claimed = kept.found, kept.asked.claimed
    moved = found.sensitivity if found is not None and not found.refusals else None
    return EstimatePage(
        asked=kept.asked,
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
        dial=tuple(
            (ratio, round(median), round(low), round(high))
            for ratio, median, low, high in (moved.odds if moved is not None else ())
        ),
        ratio=moved.ratio_for(claimed, found.n)
        if moved is not None and found is not None and claimed
        else None,
    )


def ask(desk: Desk, asked: Asked) -> None:
    """Keep what the next estimate is of.

    Raises
    ------
    BadTable
    """
    read_lists(asked.table.encode())
    kept = _kept(desk)
    _file(desk).write(msgspec.msgpack.encode(Kept(asked=asked, as_of=kept.as_of, found=kept.found)))


def estimate(desk: Desk, progress: Progress, _asked: Mapping[str, str]) -> str:
    """Estimate what was asked last.

    Raises
    ------
    BadTable
    """
    with desk.lock:
        asked, today = _kept(desk).asked, desk.today
    table = read_lists(asked.table.encode())
    question = msgspec.msgpack.encode([_nameless(table), asked.is_quick])
    told = run_in_child(__name__, [question], progress, total=WARM + MOST_STEPS)
    found = _named(msgspec.convert(told, Report), table)
    with desk.lock:
        _file(desk).write(msgspec.msgpack.encode(Kept(asked=asked, as_of=today, found=found)))
    if found.refusals:
        return f"{found.n:,} are documented. No estimate is possible; the page says why."
    return f"{found.sentence} {len(found.warnings)} warnings; the page says which."


def estimate_here(desk: Desk, asked: Asked) -> Report:
    """Estimate at once, without latent classes and in this process: what a replay shows takes no job.

    Raises
    ------
    BadTable
    """
    table = read_lists(asked.table.encode())
    found = _report(table, is_quick=True, step=lambda _done: None)
    with desk.lock:
        _file(desk).write(msgspec.msgpack.encode(Kept(asked=asked, as_of=desk.today, found=found)))
    return found


def note_of(page: EstimatePage) -> dict[str, Any]:  # what json takes
    """Give what may leave this desk: two figures, no small cells."""
    return page.report.to_json() if page.report is not None else {}


def _nameless(table: CaptureTable) -> bytes:
    """Encode a table with numbers for the names of lists and strata."""
    strata = {(str(at),): part for at, part in enumerate(table.strata.values())}
    bare = replace(
        table,
        lists=_numbers(table),
        strata={key: replace(one, lists=_numbers(one)) for key, one in strata.items()},
    )
    return msgspec.msgpack.encode(
        [
            bare.lists,
            bare.cells,
            [one.cells for one in strata.values()],
            [asdict(one) for one in table.faults],
        ]
    )


def _numbers(table: CaptureTable) -> tuple[str, ...]:
    return tuple(f"list {at + 1}" for at in range(table.n_lists))


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


def report_on(pieces: Iterator[bytes], step: Step) -> Any:  # what msgpack carries
    """Be the child: report on a table of numbers."""
    encoded, is_quick = msgspec.msgpack.decode(b"".join(pieces))
    lists, cells, strata, faults = msgspec.msgpack.decode(encoded)
    bare = {"lists": lists, "cells": cells, "faults": faults}
    parts = [msgspec.convert({"lists": lists, "cells": part}, CaptureTable) for part in strata]
    table = replace(
        msgspec.convert(bare, CaptureTable), strata={(str(at),): part for at, part in enumerate(parts)}
    )
    return msgspec.to_builtins(_report(table, is_quick=is_quick, step=step))


def _report(table: CaptureTable, *, is_quick: bool, step: Step) -> Report:
    return report(
        table,
        rng=np.random.default_rng(SEED),
        chains=CHAINS,
        max_steps=MOST_STEPS,
        with_latent=not is_quick,
        provenance={"tocsin": __version__, "seed": SEED},
        told=lambda done, _total: step(done),
    )


def _file(desk: Desk) -> SealedFile:
    return SealedFile(desk.folder, NAME, desk.keyring)


def _kept(desk: Desk) -> Kept:
    return _file(desk).read_as(Kept) or Kept()


ESTIMATE = Work(
    name="estimate",
    title="Estimate how many were never listed",
    run=estimate,
    page="count_estimate",
    is_offered=False,
)

if __name__ == "__main__":
    answer(report_on)
