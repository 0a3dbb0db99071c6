"""How well it stands that something happened: by independent origins, never by how often it was repeated.

- reported: somebody said so.
- corroborated: two origins, carried by sources that different controllers stand behind.
- confirmed: the same, and one of the two saw, did or suffered it.
- disputed: a specific, checkable contradiction took away what would have carried it. A blanket denial
  changes nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tocsin.core.watch import Claim, Stance, group_of, is_repeat
from tocsin.core.watch.origins import Items
from tocsin.terms import Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """One statement that denies another on a point that can be checked."""

    denied: str
    """Code of the claim that is denied."""
    denial: str
    """Code of the claim that denies it."""


def find_contradictions(claims: Collection[Claim], items: Items) -> tuple[Contradiction, ...]:
    """Find denials that are specific: first-hand, of a named item, of the same thing in the same days."""
    found = [
        Contradiction(denied=claim.claim, denial=denial.claim)
        for denial in claims
        if denial.stance is Stance.DENIES and denial.about is not None and denial.first_hand
        for claim in items.get(denial.about, ())
        if _is_checkable(claim, denial)
    ]
    return tuple(sorted(found, key=lambda pair: (pair.denied, pair.denial)))


def _is_checkable(claim: Claim, denial: Claim) -> bool:
    same_thing = claim.predicate == denial.predicate and claim.place == denial.place
    both = claim.window, denial.window
    same_days = both[0] is not None and both[1] is not None and both[0].overlaps(both[1])
    return same_thing and same_days and claim.stance is not Stance.DENIES and claim.origin != denial.origin


def grade(claims: Iterable[Claim], items: Items, contradictions: Iterable[Contradiction]) -> Grade:
    """Grade one thing in one place from the claims that speak for it.

    Parameters
    ----------
    claims : claims of one group of acts in one place, denials left out
    items : mapping of item code to its claims
        What is known, to tell repeats from observations.
    contradictions : iterable of Contradiction
        What takes single claims away; only if too little is left is the thing disputed.
    """
    own = [claim for claim in claims if not is_repeat(claim, items)]
    denied = {pair.denied for pair in contradictions}
    left = [claim for claim in own if claim.claim not in denied]
    standing = _by_independence(left)
    if len(left) < len(own) and standing is Grade.REPORTED:
        return Grade.DISPUTED
    return standing


def _by_independence(claims: Iterable[Claim]) -> Grade:
    controllers: dict[str, set[str]] = defaultdict(set)
    first_hand: set[str] = set()
    for claim in claims:
        controllers[claim.origin].add(claim.source.controller)
        if claim.first_hand:
            first_hand.add(claim.origin)
    # Two origins stand together if more than one controller stands behind them. An origin of one controller finds no such
    # other only where all carry that controller alone; so no pairs need to be tried.
    alike = Counter(frozenset(behind) for behind in controllers.values() if len(behind) == 1)
    n_alone = {origin: alike[frozenset(behind)] or 1 for origin, behind in controllers.items()}
    standing = {origin for origin, n in n_alone.items() if n < len(controllers)}
    if standing & first_hand:
        return Grade.CONFIRMED
    return Grade.CORROBORATED if standing else Grade.REPORTED


def group_claims(claims: Iterable[Claim]) -> dict[tuple[str, str], list[Claim]]:
    """Put the claims that speak for the same group of acts in the same place together."""
    groups: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.stance is not Stance.DENIES:
            groups[claim.place, group_of(claim.predicate)].append(claim)
    return dict(groups)
