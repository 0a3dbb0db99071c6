"""Laws of triage: a risk never lowers the tier, unknown is not no, and who somebody is plays no part."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.intake import Facts
from tocsin.core.protect import CaseCode, ReasonNeeded, Tier, UnknownRules, set_tier, triage
from tocsin.core.protect.triage import RISKS
from tocsin.terms import Day, Place

TODAY = Day(17430)
ORDER = [Tier.NORMAL, Tier.URGENT, Tier.EMERGENCY]
maybe = st.sampled_from([None, True, False])
facts = st.builds(
    Facts,
    place=st.just(Place("az")),
    people=st.integers(1, 9),
    n_children=st.none() | st.integers(0, 9),
    danger_now=maybe,
    held=maybe,
    tortured=maybe,
    named_others=maybe,
    n_to_warn=st.none() | st.integers(0, 9),
    needs_care=maybe,
    must_leave_by=st.none() | st.integers(TODAY - 5, TODAY + 400).map(Day),
)
SAFE = Facts(
    place=Place("az"), danger_now=False, held=False, tortured=False, named_others=False, needs_care=False
)


def soon(answered: Facts) -> tuple[int, int]:
    advised = triage(answered, today=TODAY)
    return ORDER.index(advised.tier), -advised.deadline


@given(facts, st.sampled_from(RISKS))
def test_a_risk_never_lowers_the_tier_nor_moves_the_deadline_away(answered: Facts, question: str) -> None:
    with_risk = msgspec.structs.replace(answered, **{question: True})

    tier, deadline = soon(with_risk)

    assert (tier >= soon(answered)[0], deadline >= soon(answered)[1]) == (True, True)


@given(facts, st.sampled_from(RISKS))
def test_a_question_not_answered_is_never_less_than_no(answered: Facts, question: str) -> None:
    unknown, no = (msgspec.structs.replace(answered, **{question: value}) for value in (None, False))

    assert soon(unknown)[0] >= soon(no)[0]


@given(facts, st.integers(TODAY, TODAY + 400))
def test_an_earlier_day_to_leave_never_lowers_the_tier(answered: Facts, day: int) -> None:
    sooner = min(day, answered.must_leave_by or day)

    assert soon(msgspec.structs.replace(answered, must_leave_by=Day(sooner)))[0] >= soon(answered)[0]


@given(facts)
def test_every_question_not_answered_is_listed(answered: Facts) -> None:
    unknown = [question for question in RISKS if getattr(answered, question) is None]

    assert list(triage(answered, today=TODAY).unknown) == unknown


@given(facts, st.sampled_from(["az", "ge", "ru-ce"]), st.integers(1, 9))
def test_where_somebody_is_from_and_how_many_they_are_changes_nothing(
    answered: Facts, place: str, people: int
) -> None:
    swapped = msgspec.structs.replace(answered, place=Place(place), people=people, languages=("xx",))

    assert triage(swapped, today=TODAY) == triage(answered, today=TODAY)


@pytest.mark.parametrize(
    ("change", "tier", "rule", "days"),
    [
        ({}, Tier.NORMAL, "asked_for_help", 365),
        ({"danger_now": None}, Tier.URGENT, "danger_not_known", 42),
        ({"tortured": True}, Tier.URGENT, "tortured", 42),
        ({"danger_now": True}, Tier.EMERGENCY, "danger_now", 7),
        ({"held": True}, Tier.EMERGENCY, "held", 7),
        ({"must_leave_by": Day(TODAY + 3)}, Tier.EMERGENCY, "leaves_in_7_days", 3),
        ({"must_leave_by": Day(TODAY + 30)}, Tier.URGENT, "leaves_in_42_days", 30),
        ({"must_leave_by": Day(TODAY - 2)}, Tier.EMERGENCY, "leaves_in_7_days", 0),
    ],
)
def test_the_strongest_rule_that_speaks_gives_tier_and_deadline(
    change: dict[str, object], tier: Tier, rule: str, days: int
) -> None:
    advised = triage(msgspec.structs.replace(SAFE, **change), today=TODAY)

    assert (advised.tier, advised.fired[0], advised.deadline) == (tier, rule, TODAY + days)


def test_a_person_who_differs_from_the_rules_says_why() -> None:
    advised = triage(SAFE, today=TODAY)

    with pytest.raises(ReasonNeeded):
        set_tier(CaseCode("c1"), SAFE, advised, tier=Tier.URGENT, reason=" ", today=TODAY)
    made = set_tier(CaseCode("c1"), SAFE, advised, tier=Tier.URGENT, reason="seen today", today=TODAY)

    assert (made.tier, made.advised, made.deadline) == (Tier.URGENT, Tier.NORMAL, TODAY + 42)


def test_rules_of_a_newer_version_are_not_guessed() -> None:
    with pytest.raises(UnknownRules):
        triage(SAFE, today=TODAY, version=2)
