"""Check a plan without trusting whoever made it.

Only the list of needs and the hash of what went in are shared with `make_plan`. Whether households were served in the fair
order is not checked here: whoever doubts it makes the plan again from the same inputs and seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

from tocsin.core.protect.errors import PlanBroken
from tocsin.core.protect.plan import hash_inputs, needs_of
from tocsin.core.protect.records import Case, LotteryCommitted, Offer, OfferCode, Placement, Plan


def check_plan(
    plan: Plan, cases: Iterable[Case], offers: Iterable[Offer], *, committed: LotteryCommitted
) -> None:
    """Check that a plan may be used.

    Parameters
    ----------
    plan : Plan
    cases, offers : those the plan was made from, in any order
    committed : LotteryCommitted
        What the planner was bound to.

    Raises
    ------
    PlanBroken
        It was made from other cases or offers, or with another seed; leaves a household out, names one twice
        or splits it; fills an offer beyond its beds, or ignores what a household needs.
    """
    by_case = {case.case: case for case in cases}
    by_offer = {offer.offer: offer for offer in offers}
    if plan.inputs_hash != hash_inputs(by_case.values(), by_offer.values()):
        raise PlanBroken("it was made from other cases or offers")
    if sha256(plan.seed).digest() != committed.commitment:
        raise PlanBroken("its lottery's seed is not the one committed to")
    named = Counter([one.case for one in plan.placements] + [one.case for one in plan.unplaced])
    if named != Counter(by_case.keys()):
        raise PlanBroken("a household is missing, unknown, or named twice")
    taken: Counter[OfferCode] = Counter()
    for placement in plan.placements:
        _check_placement(placement, by_case[placement.case], by_offer.get(placement.offer), plan)
        taken[placement.offer] += placement.people
    if any(people > by_offer[offer].beds for offer, people in taken.items()):
        raise PlanBroken("an offer takes more people than it has beds")


def _check_placement(placement: Placement, case: Case, offer: Offer | None, plan: Plan) -> None:
    if offer is None:
        raise PlanBroken("it places a household in an offer nobody made")
    if placement.people != case.people:
        raise PlanBroken("it splits a household")
    for lack, is_met in needs_of(case, plan.planned_on):
        if not is_met(offer):
            raise PlanBroken(f"a household's place lacks what it needs ({lack})")
    if not max(plan.planned_on, offer.open.first) <= placement.arrive_by <= offer.open.last:
        raise PlanBroken("a household would arrive when its place is not open")
    if placement.in_time != (placement.arrive_by <= case.deadline):
        raise PlanBroken("it says of a household wrongly whether it is in time")
