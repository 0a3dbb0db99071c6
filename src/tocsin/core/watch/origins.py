"""Who really said it: every claim is led back to the acts of observation it rests on.

Ten outlets that carry one activist's words are one origin. A claim that derives from items we know adds no
origin; one that derives from items we do not know stands for itself until they turn up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tocsin.core.watch.records import Claim
from tocsin.terms import Day

Items = Mapping[str, Sequence[Claim]]


def known_by(claims: Iterable[Claim], upto: Day) -> list[Claim]:
    """Keep what was known by a day, once each, in the one order everything is computed in."""
    kept = {claim.claim: claim for claim in claims if claim.known_on <= upto}
    return sorted(kept.values(), key=lambda claim: (claim.known_on, claim.claim))


def by_item(claims: Iterable[Claim]) -> dict[str, list[Claim]]:
    """Put the claims of one item together."""
    items: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        items[claim.item].append(claim)
    return dict(items)


def is_repeat(claim: Claim, items: Items) -> bool:
    """Say whether a claim rests on other items that are known."""
    return any(item in items for item in claim.derives_from if item != claim.item)


def roots_of(claim: Claim, items: Items) -> frozenset[str]:
    """Name the origins a claim goes back to.

    Parameters
    ----------
    claim : Claim
    items : mapping of item code to its claims
        What is known; claims of the same predicate in an item are preferred, else all of that item's.

    Returns
    -------
    frozenset of str
        At least one origin. A circle of items that cite one another goes back to each one's own origin.
    """
    found: set[str] = set()
    seen: set[str] = set()
    todo = [claim]
    while todo:
        now = todo.pop()
        seen.add(now.claim)
        parents = [parent for item in now.derives_from for parent in _same_thing(now, items.get(item, ()))]
        todo += [parent for parent in parents if parent.claim not in seen]
        if not parents:
            found.add(now.origin)
    return frozenset(found) or frozenset({claim.origin})


def _same_thing(claim: Claim, others: Sequence[Claim]) -> Sequence[Claim]:
    same = [other for other in others if other.predicate == claim.predicate]
    return same or others
