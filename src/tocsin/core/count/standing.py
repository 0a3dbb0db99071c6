"""Who claims what: each number with its origin, its window and who repeats it. Nothing is ever added up.

A number is what its origin could see: exact for the origin, a floor for the whole. So two numbers that
count different things, over different windows, or from different places to stand, do not contradict each
other, and this module says in which of these they differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import combinations

from tocsin.core.count.grades import Contradiction, find_contradictions, grade, group_claims
from tocsin.core.watch import Claim, Qualifier, Stance, by_item, group_of, is_repeat, known_by, roots_of
from tocsin.core.watch.origins import Items
from tocsin.terms import Day, Grade, Place, Source

Window = tuple[Day | None, Day | None]
Key = tuple[Place, str, tuple[str, ...], bool, Qualifier | None, int | None, int | None, Window]


class Difference(StrEnum):
    """What tells two numbers apart."""

    THING = "thing"
    WINDOW = "window"
    ORIGIN = "origin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One statement of one origin, with all who carry it."""

    place: Place
    predicate: str
    group: str
    origins: tuple[str, ...]
    """Acts of observation behind it, sorted; more than one where an item sums up others."""
    stance: Stance
    """Stance of the claim that made it known first."""
    qualifier: Qualifier | None
    number: int | None
    number_to: int | None
    window: Window
    claims: tuple[str, ...]
    """Codes of the claims that say it, the first to be known first; the rest repeat it."""
    items: tuple[str, ...]
    """Their items, in the same order, once each."""
    sources: tuple[Source, ...]
    """Who published it, in the same order, once each."""
    first_hand: bool
    revised_by: tuple[str, ...]
    """Items in which the same origin later corrected it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """How well it stands that acts of one group happened in one place."""

    place: Place
    group: str
    grade: Grade
    n_origins: int
    """Distinct origins of their own; repeats are not among them."""
    contradictions: tuple[Contradiction, ...]
    """Checkable contradictions about it; shown whether or not they changed the grade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two numbers side by side, and why both can be true."""

    rows: tuple[int, int]
    """Their places in `Standing.rows`."""
    differ_in: tuple[Difference, ...]
    """Empty only if one origin gave two numbers for the same thing and days: then ask it."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is claimed, as known on a day."""

    as_of: Day
    rows: tuple[Row, ...]
    facts: tuple[Fact, ...]

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """All pairs of numbers about one group of acts in one place, but for one that revises the other."""
        return tuple(
            sorted((pair for group in self.grouped for pair in self.compared(*group)), key=_by_place)
        )

    @cached_property
    def grouped(self) -> Mapping[tuple[Place, str], Sequence[tuple[int, Row]]]:
        """The rows by place and group of acts, with their places in `rows`."""
        groups: dict[tuple[Place, str], list[tuple[int, Row]]] = {}
        for at, row in enumerate(self.rows):
            groups.setdefault((row.place, row.group), []).append((at, row))
        return groups

    def compared(self, place: Place, group: str) -> Iterator[Comparison]:
        """Give the pairs of one place and group, one by one: there are as many as rows squared."""
        numbered = [(at, row) for at, row in self.grouped.get((place, group), ()) if row.number is not None]
        for (i, a), (j, b) in combinations(numbered, 2):
            if not _revises(a, b):
                yield Comparison(rows=(i, j), differ_in=differ_in(a, b))

    def fact(self, place: Place, group: str) -> Fact | None:
        """Find the fact of a place and group, `None` if nobody claims it."""
        return self._facts.get((place, group))

    @cached_property
    def _facts(self) -> Mapping[tuple[Place, str], Fact]:
        return {(fact.place, fact.group): fact for fact in self.facts}


def who_claims_what(claims: Iterable[Claim], *, upto: Day) -> Standing:
    """Lay out all statements known by a day, repeats folded into their origin.

    Parameters
    ----------
    claims : claims in any order, duplicates allowed
    upto : Day
        The as-of day.

    Returns
    -------
    Standing
        Rows in the order they became known; facts by place and group; pairs of numbers with what tells them
        apart.
    """
    known = known_by(claims, upto)
    items = by_item(known)
    rows = _rows(known, items)
    contradictions = find_contradictions(known, items)
    facts = [
        _fact(place, group, spoken, items, contradictions)
        for (place, group), spoken in sorted(group_claims(known).items())
    ]
    return Standing(as_of=upto, rows=rows, facts=tuple(facts))


def _rows(known: list[Claim], items: Items) -> tuple[Row, ...]:
    folded: dict[Key, list[Claim]] = {}
    for claim in known:
        folded.setdefault(_key(claim, items), []).append(claim)
    revisions: dict[str, list[Claim]] = defaultdict(list)
    for claim in known:
        if claim.stance is Stance.REVISES and claim.about is not None:
            revisions[claim.about].append(claim)
    return tuple(_row(key, said, revisions) for key, said in folded.items())


def _key(claim: Claim, items: Items) -> Key:
    return (
        claim.place,
        claim.predicate,
        tuple(sorted(roots_of(claim, items))),
        claim.stance is Stance.DENIES,
        claim.qualifier,
        claim.number,
        claim.number_to,
        _window(claim, items),
    )


def _window(claim: Claim, items: Items) -> Window:
    # Who repeats a statement later often stretches its window to the day of writing; the statement is the
    # first one's.
    told = [
        parent
        for item in claim.derives_from
        for parent in items.get(item, ())
        if _says(parent) == _says(claim) and parent.item != claim.item
    ]
    first = min(told, key=lambda parent: (parent.known_on, parent.claim), default=claim)
    return first.window_first, first.window_last


def _says(claim: Claim) -> tuple[object, ...]:
    return claim.place, claim.predicate, claim.qualifier, claim.number, claim.number_to


def _row(key: Key, said: list[Claim], revisions: Mapping[str, list[Claim]]) -> Row:
    place, predicate, origins, _, qualifier, number, number_to, window = key
    items = tuple(dict.fromkeys(claim.item for claim in said))
    return Row(
        place=place,
        predicate=predicate,
        group=group_of(predicate),
        origins=origins,
        stance=said[0].stance,
        qualifier=qualifier,
        number=number,
        number_to=number_to,
        window=window,
        claims=tuple(claim.claim for claim in said),
        items=items,
        sources=tuple(dict.fromkeys(claim.source for claim in said)),
        first_hand=any(claim.first_hand for claim in said),
        revised_by=_revisions(group_of(predicate), items, said, revisions),
    )


def _revisions(
    group: str, items: tuple[str, ...], said: list[Claim], revisions: Mapping[str, list[Claim]]
) -> tuple[str, ...]:
    origins = {claim.origin for claim in said}
    found = {
        claim.item
        for item in items
        for claim in revisions.get(item, ())
        if claim.origin in origins and group_of(claim.predicate) == group
    }
    return tuple(sorted(found))


def _fact(
    place: str, group: str, spoken: list[Claim], items: Items, contradictions: tuple[Contradiction, ...]
) -> Fact:
    codes = {claim.claim for claim in spoken}
    about = tuple(pair for pair in contradictions if pair.denied in codes)
    return Fact(
        place=Place(place),
        group=group,
        grade=grade(spoken, items, about),
        n_origins=len({claim.origin for claim in spoken if not is_repeat(claim, items)}),
        contradictions=about,
    )


def _by_place(pair: Comparison) -> tuple[int, int]:
    return pair.rows


def differ_in(a: Row, b: Row) -> tuple[Difference, ...]:
    """Say what tells two numbers apart."""
    apart = {
        Difference.THING: a.predicate != b.predicate,
        Difference.WINDOW: a.window != b.window,
        Difference.ORIGIN: a.origins != b.origins,
    }
    return tuple(difference for difference, is_so in apart.items() if is_so)


def _revises(a: Row, b: Row) -> bool:
    return bool(set(a.revised_by) & set(b.items) or set(b.revised_by) & set(a.items))
