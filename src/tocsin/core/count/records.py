"""What the count room writes, all of it in the compartment `count`: coded facts and grades, no identities."""

from __future__ import annotations

import msgspec

from tocsin.core.ledger.content import Content, Duty
from tocsin.core.watch import Qualifier
from tocsin.terms import Day, Grade, Period, Place


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
