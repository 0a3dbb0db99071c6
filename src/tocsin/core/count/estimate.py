"""An estimate is stated by a counter and calculated again, from the same table, by an assessor of another organisation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from tocsin.core.count.errors import EstimateDiffers, NotItsTable
from tocsin.core.count.records import Estimate, EstimateAssessed, Figure, Table
from tocsin.core.count.tally import check_two
from tocsin.terms import Day, OrganisationNumber, Period, Place

if TYPE_CHECKING:
    from tocsin.core.count.mse import MethodRow, Report

BY_CHANCE = frozenset({"latent-class", "loglinear"})
"""Methods that draw. On another processor the same seed may end in another last digit, so the last of two figures may
differ by one; the others are the same to the person."""


def check_table(table: Table) -> None:
    """Check that a table from the ledger is one: histories of its lists, rising, and parts that add up to it.

    Raises
    ------
    NotItsTable
    """
    last = 1 << table.n_lists
    parts: Counter[int] = Counter()
    for cells in (table.cells, *table.strata):
        codes = [code for code, _ in cells]
        if codes != sorted(set(codes)) or not all(0 < code < last and people > 0 for code, people in cells):
            raise NotItsTable
    for cells in table.strata:
        parts.update(dict(cells))
    is_whole = not table.strata or tuple(sorted(parts.items())) == table.cells
    if not is_whole or not all(0 <= at < table.n_lists for pair in table.derived for at in pair):
        raise NotItsTable


def hash_table(table: Table) -> bytes:
    """Hash a table with its random number, without which it could be guessed: a few small counts have few values."""
    return sha256(msgspec.msgpack.encode(table)).digest()


def hash_estimate(estimate: Estimate) -> bytes:
    """Hash what an assessor and the seats sign."""
    return sha256(msgspec.msgpack.encode(estimate)).digest()


def state_estimate(
    said: Report,
    table: Table,
    *,
    place: Place,
    period: Period,
    as_of: Day,
    program: str,
    seed: int,
    is_quick: bool,
) -> Estimate:
    """State what a report on a table says: the refusal too, if that is what it says.

    Parameters
    ----------
    said : Report
    table : Table
        What it is a report on.
    place, period
        What all lists speak of.
    as_of : Day
        When it was calculated.
    program, seed, is_quick
        With what it was calculated: it has to come out again.
    """
    return Estimate(
        place=place,
        period=period,
        as_of=as_of,
        table=table.code,
        table_hash=hash_table(table),
        program=program,
        seed=seed,
        is_quick=is_quick,
        n_lists=table.n_lists,
        documented=said.n,
        figures=tuple(_figure(row) for row in said.methods),
        refusals=_codes(reason.code for reason in said.refusals),
        warnings=_codes(reason.code for reason in said.warnings),
    )


def assess_estimate(estimate: Estimate, table: Table, said: Report, *, record: bytes) -> EstimateAssessed:
    """Sign an estimate if what was calculated again is the same.

    Parameters
    ----------
    estimate : Estimate
    table : Table
        As the assessor reads it.
    said : Report
        On that table, by the assessor's own program with the estimate's seed and methods.
    record : bytes, 16
        Id of the estimate's record.

    Raises
    ------
    NotItsTable
        The table is not the one its hash stands for.
    EstimateDiffers
    """
    if hash_table(table) != estimate.table_hash:
        raise NotItsTable
    again = state_estimate(
        said,
        table,
        place=estimate.place,
        period=estimate.period,
        as_of=estimate.as_of,
        program=estimate.program,
        seed=estimate.seed,
        is_quick=estimate.is_quick,
    )
    bare, bare_again = (msgspec.structs.replace(one, figures=()) for one in (estimate, again))
    if bare != bare_again or not _are_same(estimate.figures, again.figures):
        raise EstimateDiffers
    return EstimateAssessed(estimate=record, estimate_hash=hash_estimate(estimate))


def check_estimate_assessed(
    estimate: Estimate,
    assessed: EstimateAssessed,
    *,
    counter: OrganisationNumber,
    assessor: OrganisationNumber,
) -> None:
    """Check that two organisations stand behind the same estimate.

    Raises
    ------
    SameOrganisation, EstimateDiffers
    """
    check_two(counter, assessor)
    if assessed.estimate_hash != hash_estimate(estimate):
        raise EstimateDiffers


def _figure(row: MethodRow) -> Figure:
    median, low, high = (None if one is None else round(one) for one in (row.median, row.low, row.high))
    return Figure(
        method=row.method,
        median=median,
        low=low,
        high=high,
        reasons=_codes(reason.code for reason in row.reasons),
    )


def _are_same(stated: tuple[Figure, ...], again: tuple[Figure, ...]) -> bool:
    if [(one.method, one.reasons) for one in stated] != [(one.method, one.reasons) for one in again]:
        return False
    pairs = (
        (one.method, mine, yours)
        for one, other in zip(stated, again, strict=True)
        for mine, yours in ((one.median, other.median), (one.low, other.low), (one.high, other.high))
    )
    return all(_is_same(method, mine, yours) for method, mine, yours in pairs)


def _is_same(method: str, mine: int | None, yours: int | None) -> bool:
    if mine is None or yours is None or method not in BY_CHANCE:
        return mine == yours
    step: int = 10 ** max(len(str(mine)) - 2, 0)
    return abs(mine - yours) <= step


def _codes(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(codes)))
