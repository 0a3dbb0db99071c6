"""What the count page shows: who claims what over which window, how well it stands, and the tallies that were signed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from tocsin.core.count import (
    Comparison,
    Difference,
    Row,
    Standing,
    Tally,
    TallyAssessed,
    check_assessed,
    who_claims_what,
)
from tocsin.core.watch import PERSECUTION, Claim
from tocsin.desk.count.signing import Signed, signed_by
from tocsin.desk.count.stating import EstimateRow, estimate_rows
from tocsin.desk.desk import Desk, Version
from tocsin.desk.site.tags import say_number
from tocsin.terms import Day, Grade, Place

MOST_PAIRS, MOST_ROWS = 8, 25
"""Of a group: a page of all of them is for no reader."""
GROUPS = {
    "liberty": "people lost their liberty",
    "body": "people were harmed",
    "life": "people died or disappeared",
    "disclosure": "people were made to give up others",
    "speech": "what was said about it",
    "finding": "findings",
    "aftermath": "what followed",
    "help": "help",
}
WHY_BOTH = {
    Difference.THING: "they count different things",
    Difference.WINDOW: "they speak of different days",
    Difference.ORIGIN: "they were seen from different places",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidRow:
    """One origin's statement, with who repeats it."""

    predicate: str
    said: str
    window: tuple[Day | None, Day | None]
    origins: tuple[str, ...]
    first_source: str
    n_repeats: int
    stance: str
    first_hand: bool
    revised: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """Two numbers side by side, and why both can be true."""

    one: str
    other: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """What is claimed about one group of acts in one place."""

    place: Place
    group: str
    """In words."""
    is_act: bool
    grade: Grade
    n_origins: int
    n_contradictions: int
    rows: tuple[SaidRow, ...]
    n_more_rows: int
    """Older ones that are not listed."""
    pairs: tuple[PairRow, ...]
    has_more_pairs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyRow:
    """A tally and its signatures."""

    number: int
    id: str
    tally: Tally
    signed: Signed


@dataclass(frozen=True, slots=True, kw_only=True)
class CountPage:
    """The whole page."""

    as_of: Day
    groups: tuple[GroupRow, ...]
    tallies: tuple[TallyRow, ...]
    estimates: tuple[EstimateRow, ...]
    places: tuple[Place, ...]
    may_count: bool


def count_page(desk: Desk) -> CountPage:
    """Gather what is claimed as of today, and every tally."""
    today = desk.today
    groups, places = desk.worked_out(("said", today), (Claim,), lambda: _said_by(desk, today))
    return CountPage(
        as_of=today,
        groups=groups,
        tallies=tuple(reversed(tally_rows(desk))),
        estimates=tuple(reversed(estimate_rows(desk))),
        places=places,
        may_count=desk.world.history.now.may_write(desk.device, Tally.WRITERS),
    )


def _said_by(desk: Desk, upto: Day) -> tuple[tuple[GroupRow, ...], tuple[Place, ...]]:
    """Lay out what is claimed, acts first, and name the places of acts."""
    standing = who_claims_what(desk.contents(Claim), upto=upto)
    groups = [_group(standing, place, group) for place, group in standing.grouped]
    acts_first = sorted(groups, key=lambda group: (not group.is_act, group.place, group.group))
    places = sorted({row.place for row in standing.rows if row.group in PERSECUTION})
    return tuple(acts_first), tuple(places)


def _group(standing: Standing, place: Place, group: str) -> GroupRow:
    fact = standing.fact(place, group)
    rows = [row for _, row in standing.grouped[place, group]]
    pairs = list(islice(standing.compared(place, group), MOST_PAIRS + 1))
    return GroupRow(
        place=place,
        group=GROUPS.get(group, group),
        is_act=group in PERSECUTION,
        grade=fact.grade if fact else Grade.REPORTED,
        n_origins=fact.n_origins if fact else 0,
        n_contradictions=len(fact.contradictions) if fact else 0,
        rows=tuple(_said(row) for row in rows[-MOST_ROWS:]),
        n_more_rows=max(0, len(rows) - MOST_ROWS),
        pairs=tuple(_pairs(standing, pairs[:MOST_PAIRS])),
        has_more_pairs=len(pairs) > MOST_PAIRS,
    )


def _said(row: Row) -> SaidRow:
    return SaidRow(
        predicate=row.predicate,
        said=say_number(row.qualifier, row.number, row.number_to),
        window=row.window,
        origins=row.origins,
        first_source=row.sources[0].name,
        n_repeats=len(row.claims) - 1,
        stance=row.stance.value,
        first_hand=row.first_hand,
        revised=bool(row.revised_by),
    )


def _pairs(standing: Standing, comparisons: list[Comparison]) -> list[PairRow]:
    found = []
    for comparison in comparisons:
        one, other = (standing.rows[at] for at in comparison.rows)
        reasons = " and ".join(WHY_BOTH[each] for each in comparison.differ_in)
        why = f"both can be true: {reasons}" if reasons else "one origin gave both: ask it which stands"
        found.append(PairRow(one=_number(one), other=_number(other), why=why))
    return found


def _number(row: Row) -> str:
    return f"{say_number(row.qualifier, row.number, row.number_to)} {row.predicate.replace('_', ' ')}"


def tally_rows(desk: Desk) -> list[TallyRow]:
    """List every tally with the signatures under it, oldest first."""
    assessments = desk.versions(TallyAssessed)
    return [_tally(desk, version, assessments) for version in desk.versions(Tally)]


def _tally(desk: Desk, version: Version[Tally], assessments: list[Version[TallyAssessed]]) -> TallyRow:
    mine = [each for each in assessments if each.content.tally == version.entry.draft]
    return TallyRow(
        number=version.entry.number,
        id=version.entry.draft.hex(),
        tally=version.content,
        signed=signed_by(desk, version, mine, check_assessed),
    )
