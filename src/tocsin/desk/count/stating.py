"""Estimates in the ledger: a counter states one, an assessor of another organisation calculates it again and signs.

Its table goes to counters and assessors alone, in a compartment of its own that ends when the counter says so; everybody
who holds `count` reads the figures.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from tocsin import __version__
from tocsin.core.count import (
    Estimate,
    EstimateAssessed,
    LongTable,
    NotItsTable,
    Table,
    TableCode,
    assess_estimate,
    check_estimate_assessed,
    check_table,
    state_estimate,
)
from tocsin.core.count.mse import MethodRow, Report, say_total
from tocsin.core.ledger import Duty, NotEntitled
from tocsin.desk.count.actions import COUNT
from tocsin.desk.count.drawing import Intervals, draw_intervals
from tocsin.desk.count.estimating import (
    NOTES,
    SEED,
    Question,
    calculate,
    question_about,
    question_of,
    report_of,
)
from tocsin.desk.count.signing import Signed, signed_by
from tocsin.desk.desk import Desk, Version
from tocsin.desk.errors import NotHere
from tocsin.desk.jobs import Progress, Work
from tocsin.terms import Period, Place

MOST_BYTES = 31_000
"""Of a table: the largest body is 32 KiB, and what is said of it takes some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateRow:
    """An estimate and its signatures."""

    number: int
    id: str
    estimate: Estimate
    sentence: str
    drawing: Intervals | None
    signed: Signed
    may_assess: bool
    may_close: bool
    """Whether this desk stated it and still holds its table."""


def room_of(table: TableCode) -> str:
    """Name the compartment of a table."""
    return f"tables/{table}"


def state(desk: Desk, place: Place, period: Period) -> Estimate:
    """State what was estimated last, and show its table to counters and assessors.

    Raises
    ------
    NotEntitled
        This desk does not count.
    NotHere
        Nothing was estimated, or of a table that is none.
    LongTable
        It has more histories than a record holds.
    """
    if not desk.world.history.now.may_write(desk.device, Table.WRITERS):
        raise NotEntitled(device=desk.device, kind=Estimate.KIND)
    kept = NOTES.read(desk)
    if kept.found is None or kept.of is None:
        raise NotHere
    asked, question = kept.of, question_of(kept.of)
    if question.faults:
        raise NotHere
    table = Table(
        code=TableCode(secrets.token_hex(4)),
        salt=secrets.token_bytes(16),
        n_lists=question.n_lists,
        cells=question.cells,
        strata=question.strata,
        derived=question.derived,
        percent_missed=question.percent_missed,
    )
    if len(msgspec.msgpack.encode(table)) > MOST_BYTES:
        raise LongTable
    stated = state_estimate(
        kept.found,
        table,
        place=place,
        period=period,
        as_of=kept.as_of or desk.today,
        program=__version__,
        seed=SEED,
        is_quick=asked.is_quick,
    )
    readers = _readers(desk)
    desk.do(lambda member, moment: member.open_compartments([room_of(table.code)], readers, moment))
    desk.append(table, to=room_of(table.code))
    desk.append(stated, to=COUNT)
    NOTES.change(desk, is_stated=True)
    return stated


def _readers(desk: Desk) -> list[int]:
    now = desk.world.history.now
    duties = (Duty.COUNTER, Duty.ASSESSOR)
    return desk.sealed_to({device for duty in duties for device in now.devices_with(duty)})


def close(desk: Desk, estimate: bytes) -> None:
    """End the compartment of a table: every desk erases its key.

    Raises
    ------
    NotHere
    """
    code = find_estimate(desk, estimate).content.table
    desk.do(lambda member, moment: member.shut([room_of(code)], moment, parked=False))


def find_estimate(desk: Desk, estimate: bytes) -> Version[Estimate]:
    """Find an estimate by its record id; raises NotHere."""
    for version in desk.versions(Estimate):
        if version.entry.draft == estimate:
            return version
    raise NotHere


def table_of(desk: Desk, version: Version[Estimate]) -> Table:
    """Find the table that an estimate's own device put beside it.

    Raises
    ------
    NotItsTable
    """
    code = version.content.table
    for found in desk.versions(Table, compartment=room_of(code)):
        if found.content.code == code and found.entry.device == version.entry.device:
            check_table(found.content)
            return found.content
    raise NotItsTable


def assess_here(desk: Desk, estimate: bytes) -> None:
    """Calculate an estimate again in this process, and sign it if it is the same."""
    version = find_estimate(desk, estimate)
    table = table_of(desk, version)
    _sign(desk, version, table, report_of(_question(version.content, table)))


def assess(desk: Desk, progress: Progress, asked: Mapping[str, str]) -> str:
    """Do that as a job.

    Raises
    ------
    NotHere, NotItsTable, EstimateDiffers
    """
    with desk.lock:
        version = find_estimate(desk, bytes.fromhex(asked["estimate"]))
        table = table_of(desk, version)
    found = calculate(_question(version.content, table), progress)
    with desk.lock:
        _sign(desk, version, table, found)
    return "The same figures came out, and they are signed. The signature leaves with the next sync."


def _question(estimate: Estimate, table: Table) -> Question:
    return question_about(table, is_quick=estimate.is_quick, seed=estimate.seed)


def _sign(desk: Desk, version: Version[Estimate], table: Table, found: Report) -> None:
    desk.append(assess_estimate(version.content, table, found, record=version.entry.draft), to=COUNT)


def estimate_rows(desk: Desk) -> list[EstimateRow]:
    """List every estimate with the signatures under it, oldest first."""
    assessments = desk.versions(EstimateAssessed)
    return [_row(desk, version, assessments) for version in desk.versions(Estimate)]


def _row(desk: Desk, version: Version[Estimate], assessments: list[Version[EstimateAssessed]]) -> EstimateRow:
    mine = [each for each in assessments if each.content.estimate == version.entry.draft]
    signed = signed_by(desk, version, mine, check_estimate_assessed)
    holds_table = room_of(version.content.table) in desk.keyring.compartments
    return EstimateRow(
        number=version.entry.number,
        id=version.entry.draft.hex(),
        estimate=version.content,
        sentence=sentence_of(version.content),
        drawing=_draw(version.content),
        signed=signed,
        may_assess=signed.may_assess and holds_table,
        may_close=holds_table and version.entry.device == desk.device,
    )


def _draw(estimate: Estimate) -> Intervals | None:
    if estimate.refusals:
        return None
    rows = [
        MethodRow(method=one.method, median=one.median, low=one.low, high=one.high, note="")
        for one in estimate.figures
    ]
    return draw_intervals(estimate.documented, rows, None)


def sentence_of(estimate: Estimate, *, is_exact: bool = False) -> str:
    """Say an estimate in one sentence."""
    ends = [
        (float(one.low), float(one.high))
        for one in estimate.figures
        if one.low is not None and one.high is not None
    ]
    methods = [one.method for one in estimate.figures if one.low is not None]
    return say_total(estimate.documented, [] if estimate.refusals else ends, methods, is_exact=is_exact)


CHECK = Work(
    name="check-estimate",
    title="Calculate an estimate again and sign it",
    run=assess,
    page="count",
    is_offered=False,
)
