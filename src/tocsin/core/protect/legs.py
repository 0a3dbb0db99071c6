"""Legs: stretches of a journey, each with one guide in one window. No guide, no leg; a stopped one is never taken up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from tocsin.core.protect.errors import LegEnded, NoLeg
from tocsin.core.protect.records import (
    Case,
    CaseCode,
    Guide,
    GuideCode,
    Leg,
    LegCode,
    LegState,
    Offer,
    OfferCode,
    Placement,
    Unplaced,
    Why,
)
from tocsin.terms import Day, Period, Place

MOST_LEGS = 4
"""Every leg is one more person who knows a part of the way."""

Busy = Mapping[GuideCode, Sequence[Period]]
Trip = tuple[Guide, Period]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The legs of all households of a plan, and what is missing."""

    legs: tuple[Leg, ...]
    missing: tuple[Unplaced, ...]
    """Households with a place that nobody can accompany there in time."""


def legs_for(
    placement: Placement,
    case: Case,
    offer: Offer,
    guides: Iterable[Guide],
    *,
    day: Day,
    busy: Busy,
    codes: Iterator[LegCode],
) -> tuple[Leg, ...]:
    """Lay the legs of one household, with the earliest arrival.

    Parameters
    ----------
    placement, case, offer : of one household
    guides : in any order
    day : Day
        Nobody leaves before it.
    busy : mapping of guide to the windows already taken
        A guide takes one household at a time.
    codes : iterator of fresh, random leg codes

    Returns
    -------
    tuple of Leg
        In the order of the journey; fewer legs win when the arrival is the same.

    Raises
    ------
    NoLeg
        No chain of guides reaches the country in time.
    """
    able = sorted((g for g in guides if g.people >= case.people), key=lambda guide: guide.guide)
    arrival = Period(offer.open.first, placement.arrive_by)
    chains = list(_chains(case.place, offer.country, able, day, arrival, busy, ()))
    if not chains:
        raise NoLeg(Why.NO_GUIDE)
    best = min(chains, key=lambda chain: (chain[-1][1].last, len(chain)))
    return tuple(_leg(next(codes), case, guide, window) for guide, window in best)


def lay_legs(
    placements: Iterable[Placement],
    cases: Iterable[Case],
    offers: Iterable[Offer],
    guides: Sequence[Guide],
    *,
    day: Day,
    codes: Iterator[LegCode],
) -> Route:
    """Lay the legs of all placed households in the order they were served.

    Parameters
    ----------
    placements : those of a plan that passed `check_plan`
    cases, offers, guides, day, codes : as in `make_plan` and `legs_for`
    """
    by_case: dict[CaseCode, Case] = {case.case: case for case in cases}
    by_offer: dict[OfferCode, Offer] = {offer.offer: offer for offer in offers}
    busy: dict[GuideCode, list[Period]] = {}
    legs: list[Leg] = []
    missing: list[Unplaced] = []
    for placement in placements:
        case, offer = by_case[placement.case], by_offer[placement.offer]
        try:
            laid = legs_for(placement, case, offer, guides, day=day, busy=busy, codes=codes)
        except NoLeg as none:
            missing.append(Unplaced(case=case.case, why=none.why))
            continue
        for leg in laid:
            busy.setdefault(leg.guide, []).append(leg.window)
        legs.extend(laid)
    return Route(legs=tuple(legs), missing=tuple(missing))


def _chains(
    here: Place,
    there: Place,
    guides: Sequence[Guide],
    day: Day,
    arrival: Period,
    busy: Busy,
    so_far: tuple[Trip, ...],
) -> Iterator[tuple[Trip, ...]]:
    if len(so_far) == MOST_LEGS:
        return
    seen = {here} | {guide.leaves for guide, _ in so_far}
    for reached, trip in _trips(here, there, guides, day, arrival, busy).items():
        chain = (*so_far, trip)
        if reached == there and (not so_far or there not in seen):
            # A place in the country they are in takes a guide within it, never a way out and back.
            yield chain
        elif reached not in seen:
            yield from _chains(reached, there, guides, Day(trip[1].last + 1), arrival, busy, chain)


def _trips(
    here: Place, there: Place, guides: Sequence[Guide], day: Day, arrival: Period, busy: Busy
) -> dict[Place, Trip]:
    # Per country the guide who gets there first: later ones cannot lead to an earlier arrival.
    trips: dict[Place, Trip] = {}
    for guide in guides:
        not_before = max(day, arrival.first - guide.trip_days + 1) if guide.reaches == there else day
        window = _first_window(guide, Day(not_before), busy.get(guide.guide, ()))
        if guide.leaves != here or window is None or window.last > arrival.last:
            continue
        if guide.reaches not in trips or window.last < trips[guide.reaches][1].last:
            trips[guide.reaches] = guide, window
    return trips


def _first_window(guide: Guide, not_before: Day, taken: Sequence[Period]) -> Period | None:
    start = max(not_before, guide.free.first)
    while start + guide.trip_days - 1 <= guide.free.last:
        window = Period(Day(start), Day(start + guide.trip_days - 1))
        blocking = [period for period in taken if period.overlaps(window)]
        if not blocking:
            return window
        start = Day(max(period.last for period in blocking) + 1)
    return None


def stop_leg(leg: Leg) -> Leg:
    """Stop a leg: nobody goes, and whoever waits is told not to.

    Raises
    ------
    LegEnded
        It is done or stopped already.
    """
    if leg.state is not LegState.PLANNED:
        raise LegEnded
    return replace(leg, state=LegState.STOPPED)


def _leg(code: LegCode, case: Case, guide: Guide, window: Period) -> Leg:
    return Leg(
        leg=code,
        case=case.case,
        guide=guide.guide,
        device=guide.device,
        leaves=guide.leaves,
        reaches=guide.reaches,
        window=window,
        people=case.people,
        state=LegState.PLANNED,
    )
