"""An estimate of two organisations: the same figures from the same table, and a hash that gives no table away."""

from __future__ import annotations

from hashlib import sha256
from itertools import product

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tocsin.core.count import (
    Estimate,
    EstimateDiffers,
    NotItsTable,
    SameOrganisation,
    Table,
    TableCode,
    assess_estimate,
    check_estimate_assessed,
    check_table,
    hash_estimate,
    hash_table,
    state_estimate,
)
from tocsin.core.count.mse import CaptureTable, Report, report
from tocsin.terms import Day, OrganisationNumber, Period, Place

RECORD = b"r" * 16
CELLS = ((1, 18), (2, 12), (3, 5), (4, 6), (5, 3), (6, 1), (7, 1))
TABLE = Table(
    code=TableCode("k7"), salt=b"s" * 16, n_lists=3, cells=CELLS, strata=(), derived=(), percent_missed=0
)


@pytest.fixture(scope="module")
def said() -> Report:
    table = CaptureTable(lists=("list 1", "list 2", "list 3"), cells=CELLS)
    return report(table, rng=np.random.default_rng(1), bootstrap=50, with_latent=False)


def stated(said: Report) -> Estimate:
    return state_estimate(
        said,
        TABLE,
        place=Place("az"),
        period=Period(Day(17_424), Day(17_437)),
        as_of=Day(17_437),
        program="0",
        seed=1,
        is_quick=True,
    )


def test_the_same_figures_from_the_same_table_are_signed_by_another_organisation(said: Report) -> None:
    estimate = stated(said)

    signed = assess_estimate(estimate, TABLE, said, record=RECORD)

    assert (signed.estimate, signed.estimate_hash) == (RECORD, hash_estimate(estimate))
    assert [one.method for one in estimate.figures] == ["decomposable", "loglinear"]
    check_estimate_assessed(estimate, signed, counter=OrganisationNumber(1), assessor=OrganisationNumber(2))
    with pytest.raises(SameOrganisation):
        check_estimate_assessed(
            estimate, signed, counter=OrganisationNumber(1), assessor=OrganisationNumber(1)
        )
    other = replace(estimate, documented=47)
    with pytest.raises(EstimateDiffers):
        check_estimate_assessed(other, signed, counter=OrganisationNumber(1), assessor=OrganisationNumber(2))


def test_one_person_more_or_another_random_number_is_another_table(said: Report) -> None:
    estimate = stated(said)

    for other in (replace(TABLE, cells=((1, 19), *CELLS[1:])), replace(TABLE, salt=b"t" * 16)):
        with pytest.raises(NotItsTable):
            assess_estimate(estimate, other, said, record=RECORD)


@pytest.mark.parametrize(
    "change",
    [
        {"documented": 47},
        {"refusals": ("few.people",)},
        {"warnings": ("interval.wide",)},
        {"figures": ()},
        {"n_lists": 4},
    ],
    ids=lambda change: next(iter(change)),
)
def test_nothing_that_was_stated_otherwise_is_signed(said: Report, change: dict[str, object]) -> None:
    with pytest.raises(EstimateDiffers):
        assess_estimate(replace(stated(said), **change), TABLE, said, record=RECORD)


@given(st.sampled_from(["median", "low", "high"]), st.integers(-30, 30).filter(bool))
def test_what_chance_draws_may_differ_in_the_last_of_two_figures_and_nothing_else_at_all(
    said: Report, end: str, by: int
) -> None:
    estimate = stated(said)
    for at, figure in enumerate(estimate.figures):
        was: int = getattr(figure, end)
        moved = replace(figure, **{end: was + by})
        changed = replace(estimate, figures=(*estimate.figures[:at], moved, *estimate.figures[at + 1 :]))

        step = 10 ** (len(str(was + by)) - 2) if figure.method == "loglinear" else 0
        if abs(by) <= step:
            assess_estimate(changed, TABLE, said, record=RECORD)
        else:
            with pytest.raises(EstimateDiffers):
                assess_estimate(changed, TABLE, said, record=RECORD)


def test_whoever_reads_the_estimate_cannot_try_all_tables(said: Report) -> None:
    """Four people on three lists: 210 tables. Without the random number one of them would have the hash."""
    small = replace(TABLE, cells=((1, 2), (3, 1), (7, 1)))
    estimate = replace(stated(said), table_hash=hash_table(small))
    tables = [
        tuple((code, n) for code, n in enumerate(counts, start=1) if n)
        for counts in product(range(5), repeat=7)
        if sum(counts) == 4
    ]

    def tried(salt: bytes) -> set[bytes]:
        guesses = (replace(TABLE, cells=cells, salt=salt) for cells in tables)
        return {sha256(msgspec.msgpack.encode(guess)).digest() for guess in guesses}

    assert len(tables) == 210
    assert estimate.table_hash in tried(small.salt)
    assert estimate.table_hash not in tried(b"")
    assert small.salt not in msgspec.msgpack.encode(estimate)


@pytest.mark.parametrize(
    "change",
    [
        {"cells": ((8, 3), *CELLS)},
        {"cells": ((0, 3), *CELLS)},
        {"cells": (*CELLS, (8, 1))},
        {"cells": ((1, 0), *CELLS[1:])},
        {"cells": ((1, -4), *CELLS[1:])},
        {"cells": (CELLS[0], *CELLS)},
        {"strata": (CELLS[:3],)},
        {"derived": ((0, 3),)},
        {"derived": ((-1, 0),)},
    ],
    ids=str,
)
def test_what_is_no_table_of_its_lists_is_not_calculated(change: dict[str, object]) -> None:
    check_table(replace(TABLE, strata=(CELLS[:3], CELLS[3:]), derived=((1, 0),)))

    with pytest.raises(NotItsTable):
        check_table(replace(TABLE, **change))


def test_a_refusal_is_stated_too() -> None:
    table = CaptureTable(lists=("list 1", "list 2", "list 3"), cells=((1, 20), (2, 20), (4, 20), (3, 5)))
    said = report(table, rng=np.random.default_rng(1), bootstrap=50, with_latent=False)

    estimate = stated(said)

    assert estimate.refusals == ("list.alone",)
    assert estimate.figures == ()
