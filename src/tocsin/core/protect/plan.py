"""Who goes where: households in a fair order, each to the place that suits it best, or a reason why not.

Order: tier, deadline, waiting time, then a lottery whose seed the planner was bound to before. A household is
never split. Greedy is right at this size; a solver may later only improve on it, and must pass `check_plan`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

import msgspec

from tocsin.core.protect.cases import country_of
from tocsin.core.protect.errors import WrongSeed
from tocsin.core.protect.records import (
    Case,
    CaseCode,
    Guide,
    LotteryCommitted,
    Offer,
    OfferCode,
    Placement,
    Plan,
    Tier,
    Unplaced,
    Why,
)
from tocsin.terms import Day

SERVED = (Tier.EMERGENCY, Tier.URGENT, Tier.NORMAL)


def commit_seed(seed: bytes) -> LotteryCommitted:
    """Bind the planner to a seed of 32 random bytes.

    Raises
    ------
    WrongSeed
        It is not 32 bytes.
    """
    if len(seed) != 32:
        raise WrongSeed
    return LotteryCommitted(commitment=sha256(seed).digest())


def serve_in_order(cases: Iterable[Case], *, seed: bytes) -> list[Case]:
    """Put households in the order they are served: tier, deadline, waiting time, lottery."""
    return sorted(
        cases,
        key=lambda case: (
            SERVED.index(case.tier),
            case.deadline,
            case.waiting_since,
            _draw(case.case, seed),
        ),
    )


def _draw(case: CaseCode, seed: bytes) -> bytes:
    return sha256(seed + case.encode()).digest()


def make_plan(
    cases: Iterable[Case],
    offers: Iterable[Offer],
    guides: Iterable[Guide],
    *,
    day: Day,
    seed: bytes,
    committed: LotteryCommitted,
) -> Plan:
    """Place households in offers.

    Parameters
    ----------
    cases, offers, guides : in any order, each code once
        Guides only decide between places: nobody is refused a bed because a guide is still missing.
    day : Day
        Nobody arrives before it.
    seed : bytes, 32
    committed : LotteryCommitted
        What the planner was bound to.

    Returns
    -------
    Plan
        Passes `check_plan`.

    Raises
    ------
    WrongSeed
        The seed is not the one committed to.
    """
    if commit_seed(seed) != committed:
        raise WrongSeed
    cases = sorted(cases, key=lambda case: case.case)
    offers = sorted(offers, key=lambda offer: offer.offer)
    routes = {(guide.leaves, guide.reaches) for guide in guides}
    left = {offer.offer: offer.beds for offer in offers}
    placements, unplaced = [], []
    for case in serve_in_order(cases, seed=seed):
        fitting, why = _fitting(case, offers, left, day)
        if not fitting:
            unplaced.append(Unplaced(case=case.case, why=why))
            continue
        best = min(fitting, key=lambda offer: _preference(case, offer, (case.place, offer.country) in routes))
        left[best.offer] -= case.people
        placements.append(_place(case, best, day))
    return Plan(
        planned_on=day,
        placements=tuple(placements),
        unplaced=tuple(unplaced),
        seed=seed,
        inputs_hash=hash_inputs(cases, offers),
    )


def hash_inputs(cases: Iterable[Case], offers: Iterable[Offer]) -> bytes:
    """Hash what a plan was made from."""
    both = [sorted(cases, key=lambda case: case.case), sorted(offers, key=lambda offer: offer.offer)]
    return sha256(msgspec.msgpack.encode(both)).digest()


def is_in_time(case: Case, offer: Offer, day: Day) -> bool:
    """Say whether the offer can be reached before the household's deadline has passed."""
    return max(day, offer.open.first) <= min(case.deadline, offer.open.last)


def needs_of(case: Case, day: Day) -> Sequence[tuple[Why, Callable[[Offer], bool]]]:
    """List what an offer must meet, with the name of what is lacking if none does.

    What is not known is taken as needed: children may be there, stairs may be impossible.
    """
    return (
        (Why.NOT_OPEN_THEN, lambda offer: offer.open.last >= day),
        (Why.NO_CHILDREN, lambda offer: offer.takes_children or case.n_children == 0),
        (Why.STAIRS, lambda offer: offer.step_free or case.needs_step_free is False),
        (Why.TOO_SMALL, lambda offer: offer.beds >= case.people),
    )


def _fitting(
    case: Case, offers: Sequence[Offer], left: dict[OfferCode, int], day: Day
) -> tuple[Sequence[Offer], Why]:
    remaining, why = offers, Why.NO_OFFER
    for lack, is_met in (*needs_of(case, day), (Why.FULL, lambda offer: left[offer.offer] >= case.people)):
        if not remaining:
            return remaining, why
        remaining, why = [offer for offer in remaining if is_met(offer)], lack
    return remaining, why


def _preference(case: Case, offer: Offer, has_guide: bool) -> tuple[object, ...]:
    # Nothing here depends on what is already taken: one place more never leaves more single people without.
    in_time = case.deadline >= offer.open.first
    shared = bool(set(case.languages) & set(offer.languages))
    at_home = country_of(case.place) == offer.country
    return not in_time, not has_guide, at_home, not shared, offer.beds, offer.open.first, offer.offer


def _place(case: Case, offer: Offer, day: Day) -> Placement:
    in_time = is_in_time(case, offer, day)
    return Placement(
        case=case.case,
        offer=offer.offer,
        people=case.people,
        arrive_by=min(case.deadline, offer.open.last) if in_time else offer.open.last,
        in_time=in_time,
    )
