"""Laws of plans and legs, and the checker that catches what a plan must not do."""

from __future__ import annotations

from itertools import count, pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.protect import (
    Case,
    CaseCode,
    Guide,
    GuideCode,
    LegCode,
    LegEnded,
    LegState,
    NoLeg,
    Offer,
    OfferCode,
    Plan,
    PlanBroken,
    Tier,
    Why,
    WrongSeed,
    check_plan,
    commit_seed,
    lay_legs,
    legs_for,
    make_plan,
    serve_in_order,
    stop_leg,
)
from tocsin.terms import Day, DeviceNumber, Period, Place

TODAY = Day(17430)
SEED = b"s" * 32
COMMITTED = commit_seed(SEED)
LONG = Period(TODAY, Day(TODAY + 300))


def case(code: str, **changes: object) -> Case:
    plain = Case(
        case=CaseCode(code),
        tier=Tier.URGENT,
        deadline=Day(TODAY + 42),
        waiting_since=Day(TODAY - 3),
        people=1,
        n_children=0,
        needs_step_free=False,
        languages=("az",),
        place=Place("az"),
        handler=DeviceNumber(1),
        alternate=DeviceNumber(2),
    )
    return msgspec.structs.replace(plain, **changes)


def offer(code: str, **changes: object) -> Offer:
    plain = Offer(
        offer=OfferCode(code),
        beds=2,
        country=Place("ca"),
        languages=("en",),
        step_free=True,
        takes_children=True,
        open=LONG,
    )
    return msgspec.structs.replace(plain, **changes)


def guide(code: str, leaves: str, reaches: str, **changes: object) -> Guide:
    plain = Guide(
        guide=GuideCode(code),
        device=DeviceNumber(9),
        leaves=Place(leaves),
        reaches=Place(reaches),
        free=LONG,
        trip_days=2,
        people=6,
    )
    return msgspec.structs.replace(plain, **changes)


def plan(cases: list[Case], offers: list[Offer], guides: tuple[Guide, ...] = ()) -> Plan:
    return make_plan(cases, offers, guides, day=TODAY, seed=SEED, committed=COMMITTED)


days = st.integers(0, 60).map(lambda n: Day(TODAY + n))
windows = st.tuples(days, days).map(lambda both: Period(min(both), max(both)))
cases = st.lists(
    st.builds(
        case,
        st.integers(0, 999).map(lambda n: f"c{n}"),
        tier=st.sampled_from(Tier),
        deadline=days,
        waiting_since=st.integers(1, 30).map(lambda n: Day(TODAY - n)),
        people=st.integers(1, 4),
        n_children=st.sampled_from([None, 0, 1]),
        needs_step_free=st.sampled_from([None, True, False]),
    ),
    max_size=12,
    unique_by=lambda made: made.case,
)
offers = st.lists(
    st.builds(
        offer,
        st.integers(0, 999).map(lambda n: f"o{n}"),
        beds=st.integers(1, 5),
        country=st.sampled_from([Place("ca"), Place("az"), Place("nl")]),
        step_free=st.booleans(),
        takes_children=st.booleans(),
        open=windows,
    ),
    max_size=6,
    unique_by=lambda made: made.offer,
)


@given(cases, offers)
def test_every_plan_passes_the_checker(cases: list[Case], offers: list[Offer]) -> None:
    check_plan(plan(cases, offers), cases, offers, committed=COMMITTED)


@given(cases, offers, st.randoms())
def test_the_order_of_cases_and_offers_changes_nothing(
    cases: list[Case], offers: list[Offer], chance: object
) -> None:
    before = plan(cases, offers)
    chance.shuffle(cases)  # type: ignore[attr-defined]  # hypothesis' own Random
    chance.shuffle(offers)  # type: ignore[attr-defined]

    assert plan(cases, offers) == before


@given(cases, offers, st.integers(0, 5))
def test_a_place_fewer_never_places_more_single_people(
    cases: list[Case], offers: list[Offer], out: int
) -> None:
    single = [msgspec.structs.replace(one, people=1) for one in cases]
    fewer = offers[:out] + offers[out + 1 :]

    assert len(plan(single, fewer).placements) <= len(plan(single, offers).placements)


def test_half_the_places_place_half_the_people() -> None:
    ten = [case(f"c{n}") for n in range(10)]

    placed = [len(plan(ten, [offer(f"o{n}") for n in range(size)]).placements) for size in (5, 2, 0)]

    assert placed == [10, 4, 0]


def test_tier_then_deadline_then_waiting_time_decide() -> None:
    waiting = [
        case("d", waiting_since=Day(TODAY - 9)),
        case("e"),
        case("c", deadline=Day(TODAY + 9)),
        case("a", tier=Tier.EMERGENCY),
        case("z", tier=Tier.NORMAL, deadline=TODAY),
    ]

    assert [one.case for one in serve_in_order(waiting, seed=SEED)] == ["a", "c", "d", "e", "z"]


def test_equals_are_drawn_by_the_seed() -> None:
    equals = [case(f"c{n}") for n in range(8)]

    orders = {tuple(one.case for one in serve_in_order(equals, seed=bytes([n]) * 32)) for n in range(4)}

    assert len(orders) == 4


def test_a_seed_that_was_not_committed_to_is_refused() -> None:
    with pytest.raises(WrongSeed):
        make_plan([], [], [], day=TODAY, seed=b"t" * 32, committed=COMMITTED)
    with pytest.raises(WrongSeed):
        commit_seed(b"short")


@pytest.mark.parametrize(
    ("offers", "why"),
    [
        ([], Why.NO_OFFER),
        ([offer("o1", open=Period(Day(TODAY - 9), Day(TODAY - 1)))], Why.NOT_OPEN_THEN),
        ([offer("o1", takes_children=False)], Why.NO_CHILDREN),
        ([offer("o1", step_free=False)], Why.STAIRS),
        ([offer("o1")], Why.TOO_SMALL),
        ([offer("o1", beds=5)], Why.FULL),
    ],
)
def test_who_is_not_placed_is_told_what_binds(offers: list[Offer], why: Why) -> None:
    first = case("c0", tier=Tier.EMERGENCY, people=3, n_children=1, needs_step_free=True)
    second = msgspec.structs.replace(first, case=CaseCode("c1"), tier=Tier.URGENT)

    assert plan([first, second], offers).unplaced[-1].why is why


def test_what_is_not_known_is_taken_as_needed() -> None:
    unknown = case("c1", n_children=None, needs_step_free=None)

    assert plan([unknown], [offer("o1", takes_children=False)]).unplaced[0].why is Why.NO_CHILDREN
    assert plan([unknown], [offer("o1", step_free=False)]).unplaced[0].why is Why.STAIRS


def test_a_place_that_opens_too_late_is_better_than_none_and_says_so() -> None:
    [placement] = plan([case("c1")], [offer("o1", open=Period(Day(TODAY + 90), Day(TODAY + 99)))]).placements

    assert (placement.in_time, placement.arrive_by) == (False, TODAY + 99)


CASES = [case("c1", people=2), case("c2", people=2)]
OFFERS = [offer("o1", beds=2), offer("o2", beds=3, country=Place("nl"), takes_children=False)]
GOOD = plan(CASES, OFFERS)
FIRST, SECOND = GOOD.placements


@pytest.mark.parametrize(
    "broken",
    [
        {"placements": (FIRST,)},
        {"placements": (FIRST, SECOND, SECOND)},
        {"placements": (msgspec.structs.replace(FIRST, people=1), SECOND)},
        {"placements": (FIRST, msgspec.structs.replace(SECOND, offer=FIRST.offer))},
        {"placements": (FIRST, msgspec.structs.replace(SECOND, offer=OfferCode("o9")))},
        {"placements": (FIRST, msgspec.structs.replace(SECOND, arrive_by=Day(TODAY + 900)))},
        {"placements": (FIRST, msgspec.structs.replace(SECOND, in_time=not SECOND.in_time))},
        {"seed": b"t" * 32},
        {"inputs_hash": bytes(32)},
    ],
)
def test_the_checker_catches_a_broken_plan(broken: dict[str, object]) -> None:
    check_plan(GOOD, CASES, OFFERS, committed=COMMITTED)

    with pytest.raises(PlanBroken):
        check_plan(msgspec.structs.replace(GOOD, **broken), CASES, OFFERS, committed=COMMITTED)


def codes() -> object:
    return (LegCode(f"l{n}") for n in count())


def route(cases: list[Case], offers: list[Offer], guides: list[Guide]) -> object:
    made = plan(cases, offers, tuple(guides))
    return lay_legs(made.placements, cases, offers, guides, day=TODAY, codes=codes())  # type: ignore[arg-type]


def test_no_guide_no_leg() -> None:
    laid = route([case("c1")], [offer("o1")], [])

    assert laid.legs == ()  # type: ignore[attr-defined]
    assert [one.why for one in laid.missing] == [Why.NO_GUIDE]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "change",
    [
        {"people": 1},
        {"free": Period(Day(TODAY + 60), Day(TODAY + 90))},
        {"trip_days": 60},
        {"reaches": Place("nl")},
        {"leaves": Place("ge")},
    ],
)
def test_a_guide_who_cannot_lays_no_leg(change: dict[str, object]) -> None:
    household, place = case("c1", people=2), offer("o1")
    [placement] = plan([household], [place]).placements

    with pytest.raises(NoLeg):
        legs_for(
            placement,
            household,
            place,
            [msgspec.structs.replace(guide("g1", "az", "ca"), **change)],
            day=TODAY,
            busy={},
            codes=codes(),  # type: ignore[arg-type]
        )


def test_two_guides_make_a_chain_in_the_order_of_the_way() -> None:
    laid = route([case("c1")], [offer("o1")], [guide("g2", "ge", "ca"), guide("g1", "az", "ge")])

    ways = [(leg.guide, leg.leaves, leg.reaches, leg.window.first - TODAY) for leg in laid.legs]  # type: ignore[attr-defined]
    assert ways == [("g1", "az", "ge", 0), ("g2", "ge", "ca", 2)]


def test_a_stopped_leg_stays_stopped() -> None:
    laid = route([case("c1")], [offer("o1")], [guide("g1", "az", "ca")])
    [leg] = laid.legs  # type: ignore[attr-defined]

    stopped = stop_leg(leg)

    assert stopped == msgspec.structs.replace(leg, state=LegState.STOPPED)
    for over in (stopped, msgspec.structs.replace(leg, state=LegState.DONE)):
        with pytest.raises(LegEnded):
            stop_leg(over)


def test_guides_that_lead_in_a_circle_lead_nowhere() -> None:
    laid = route([case("c1")], [offer("o1")], [guide("g1", "az", "ge"), guide("g2", "ge", "az")])

    assert laid.legs == ()  # type: ignore[attr-defined]


def test_a_place_in_the_country_they_are_in_is_never_reached_across_a_border() -> None:
    at_home = offer("o1", country=Place("az"))
    out_and_back = [guide("g1", "az", "ge"), guide("g2", "ge", "az")]

    across = route([case("c1")], [at_home], out_and_back)
    within = route([case("c1")], [at_home], [*out_and_back, guide("g3", "az", "az", trip_days=30)])

    assert across.legs == ()  # type: ignore[attr-defined]
    assert [leg.guide for leg in within.legs] == ["g3"]  # type: ignore[attr-defined]


@given(cases, offers, st.integers(1, 9))
def test_a_guide_is_never_in_two_places_and_nobody_arrives_outside_the_window(
    cases: list[Case], offers: list[Offer], trip_days: int
) -> None:
    guides = [
        guide("g1", "az", "ca", trip_days=trip_days),
        guide("g2", "az", "ge"),
        guide("g3", "ge", "nl"),
        guide("g4", "az", "az"),
    ]
    made = plan(cases, offers, tuple(guides))
    laid = lay_legs(made.placements, cases, offers, guides, day=TODAY, codes=codes())  # type: ignore[arg-type]

    for one in guides:
        taken = sorted((leg.window for leg in laid.legs if leg.guide == one.guide), key=lambda w: w.first)
        assert all(a.last < b.first for a, b in pairwise(taken))
    open_days = {one.offer: one.open.first for one in offers}
    for placement in made.placements:
        legs = [leg for leg in laid.legs if leg.case == placement.case]
        missing = placement.case in {one.case for one in laid.missing}
        assert missing != bool(legs)
        assert all(a.reaches == b.leaves for a, b in pairwise(legs))
        if legs:
            assert open_days[placement.offer] <= legs[-1].window.last <= placement.arrive_by
