"""What the count room writes: in `count` coded facts, grades and estimates, no identities; and in `tables/<random>`, for
counters and assessors, the capture table behind an estimate.

A table's small numbers may point at somebody, and seats read `count`. So an estimate there names its table by a hash that
nobody can guess a table by: a random number, which stands with the table alone, is hashed with it.
"""

from __future__ import annotations

from typing import Annotated, NewType

import msgspec

from tocsin.core.ledger.content import Content, Duty
from tocsin.core.watch import Qualifier
from tocsin.terms import Day, Grade, Period, Place

TableCode = NewType("TableCode", str)
"""Random code of one table; part of its compartment's name, says nothing."""

Cells = tuple[tuple[int, int], ...]
"""(history, people): bit j of a history is set for whoever stands on list j."""

Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]


class TallyRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One origin's number for one thing over one window. Rows are never added up."""

    predicate: str
    """What is counted, a word of `tocsin.core.watch.acts`; counters, assessors, readers of a release."""
    group: str
    """The group of acts it belongs to; the same."""
    origins: tuple[str, ...]
    """The acts of observation behind it, without names, sorted; the same."""
    qualifier: Qualifier | None
    """How the number is put; the same."""
    number: int | None
    """The number, or the lower end of a range; the same."""
    number_to: int | None
    """The upper end of a range; the same."""
    window_first: Day | None
    """First day it speaks of; the same."""
    window_last: Day | None
    """Last day it speaks of; the same."""
    grade: Grade
    """How well it stands that acts of this group happened here; the same."""
    items: tuple[str, ...]
    """Items that carry it, the first to do so first; the same."""


class Tally(Content, frozen=True, kw_only=True):
    """State what is claimed, by whom, over which window and how well it stands; signed by a counter."""

    KIND = "count.tally"
    WRITERS = frozenset({Duty.COUNTER})
    WHERE = "count"
    # Seats can be asked only once it is assessed, and their clock runs.
    URGENT = True

    place: Place
    """Where; holders of `count`."""
    period: Period
    """The days the rows speak of, from the earliest to the latest; holders of `count`."""
    as_of: Day
    """Only claims known by this day were used; holders of `count`."""
    rows: tuple[TallyRow, ...]
    """One per thing, origin and window; holders of `count`."""
    grade: Grade
    """The best grade any group of acts reaches; holders of `count`."""
    inputs_hash: bytes
    """SHA-256 over the claims used; holders of `count`."""


class TallyAssessed(Content, frozen=True, kw_only=True):
    """Put the second signature under a tally: an assessor of another organisation recomputed it."""

    KIND = "count.assessed"
    WRITERS = frozenset({Duty.ASSESSOR})
    WHERE = "count"
    # Seats can be asked only once it is there.
    URGENT = True

    tally: bytes
    """Record id (16 bytes) of the tally; holders of `count`."""
    tally_hash: bytes
    """SHA-256 of the tally's content as recomputed by the assessor; holders of `count`."""


class Table(Content, frozen=True, kw_only=True):
    """Show the table behind an estimate to those who check it. Lists have numbers; whose they are is said elsewhere."""

    KIND = "count.table"
    WRITERS = frozenset({Duty.COUNTER})
    WHERE = "tables/*"
    # It belongs to an estimate that waits to be checked.
    URGENT = True

    code: TableCode
    """Random code; counters and assessors."""
    salt: bytes
    """16 random bytes, hashed with the rest, and nowhere else; counters and assessors."""
    n_lists: Annotated[int, msgspec.Meta(ge=1, le=24)]
    """How many lists; counters and assessors."""
    cells: Cells
    """Histories rising, nobody counted twice; counters and assessors."""
    strata: tuple[Cells, ...]
    """The same people in parts, empty if there are none; counters and assessors."""
    derived: tuple[tuple[int, int], ...]
    """Lists, counted from 0, of which one was made from the other; counters and assessors."""
    percent_missed: Percent
    """Shared people that linking is thought to miss, of a hundred; counters and assessors."""


class Figure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one method says, to whole people, or why it says nothing."""

    method: str
    """Code of the method; holders of `count`, readers of a release."""
    median: int | None
    """The middle; the same."""
    low: int | None
    """Lower end of its 95 %; the same."""
    high: int | None
    """Upper end; the same."""
    reasons: tuple[str, ...]
    """Codes of why there is no number, sorted; the same."""


class Estimate(Content, frozen=True, kw_only=True):
    """State how many there are in all by each method, or that nobody can say; signed by a counter."""

    KIND = "count.estimate"
    WRITERS = frozenset({Duty.COUNTER})
    WHERE = "count"
    # Seats can release it only once it is assessed.
    URGENT = True

    place: Place
    """Where; holders of `count`, readers of a release."""
    period: Period
    """The days that all lists speak of; the same."""
    as_of: Day
    """When it was calculated; the same."""
    table: TableCode
    """Code of the table; holders of `count`."""
    table_hash: bytes
    """SHA-256 of the table with its random number; holders of `count`, readers of a release."""
    program: str
    """The version that calculated; the same."""
    seed: int
    """What chance began with; the same."""
    is_quick: bool
    """Whether latent classes were left out; the same."""
    n_lists: int
    """How many lists; the same."""
    documented: int
    """People on some list, each once; the same."""
    figures: tuple[Figure, ...]
    """Method by method, never averaged; the same."""
    refusals: tuple[str, ...]
    """Codes of why there is no number, sorted; the same."""
    warnings: tuple[str, ...]
    """Codes of what to read it with, sorted; the same."""


class EstimateAssessed(Content, frozen=True, kw_only=True):
    """Put the second signature under an estimate: an assessor of another organisation calculated it again."""

    KIND = "count.estimate-assessed"
    WRITERS = frozenset({Duty.ASSESSOR})
    WHERE = "count"
    URGENT = True

    estimate: bytes
    """Record id (16 bytes) of the estimate; holders of `count`."""
    estimate_hash: bytes
    """SHA-256 of the estimate's content; holders of `count`."""
