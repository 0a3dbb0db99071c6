"""Laws of grading: independence raises a grade, repetition and blanket denial change nothing; two sign a tally."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.count import (
    NothingToCount,
    SameOrganisation,
    TallyDiffers,
    assess_tally,
    check_assessed,
    make_tally,
    who_claims_what,
)
from tocsin.core.watch import Claim, Qualifier, Stance
from tocsin.terms import Day, Grade, OrganisationNumber, Place, Source

AZ = Place("az")
TODAY = Day(17500)


def claim(
    item: str,
    *,
    origin: str = "callers",
    controller: str = "One",
    predicate: str = "detained",
    first_hand: bool = False,
    stance: Stance = Stance.ASSERTS,
    about: str | None = None,
    derives_from: tuple[str, ...] = (),
    window: tuple[int, int] | None = (17400, 17410),
    number: int | None = None,
) -> Claim:
    return Claim(
        claim=f"{item}.1",
        item=item,
        published=Day(17420),
        known_on=Day(17420),
        place=AZ,
        source=Source(f"Outlet of {controller}", "media", controller),
        language="az",
        origin=origin,
        derives_from=derives_from,
        predicate=predicate,
        qualifier=None if number is None else Qualifier.EXACT,
        number=number,
        window_first=None if window is None else Day(window[0]),
        window_last=None if window is None else Day(window[1]),
        stance=stance,
        about=about,
        first_hand=first_hand,
    )


def grade_of(*claims: Claim) -> Grade:
    fact = who_claims_what(claims, upto=TODAY).fact(AZ, "liberty")
    assert fact is not None
    return fact.grade


@pytest.mark.parametrize(
    ("second", "grade"),
    [
        ({"origin": "callers", "controller": "Two"}, Grade.REPORTED),
        ({"origin": "lawyers", "controller": "One"}, Grade.REPORTED),
        ({"origin": "lawyers", "controller": "Two"}, Grade.CORROBORATED),
        ({"origin": "lawyers", "controller": "Two", "first_hand": True}, Grade.CONFIRMED),
        ({"origin": "lawyers", "controller": "Two", "derives_from": ("i1",)}, Grade.REPORTED),
    ],
)
def test_a_grade_rises_with_independent_origins_only(second: dict[str, object], grade: Grade) -> None:
    assert grade_of(claim("i1"), claim("i2", **second)) is grade  # type: ignore[arg-type]  # by name


CHECKABLE = {"stance": Stance.DENIES, "origin": "centre", "about": "i1", "first_hand": True}


def test_a_denial_that_can_be_checked_disputes_what_stood_on_the_denied_alone() -> None:
    assert grade_of(claim("i1"), claim("i2", **CHECKABLE)) is Grade.DISPUTED  # type: ignore[arg-type]


def test_a_denial_of_one_statement_leaves_what_others_carry() -> None:
    others = [
        claim("i3", origin="lawyers", controller="Two"),
        claim("i4", origin="doctors", controller="Three"),
    ]

    assert grade_of(claim("i1"), *others, claim("i2", **CHECKABLE)) is Grade.CORROBORATED  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "vague",
    [
        {"about": None},
        {"first_hand": False},
        {"window": None},
        {"predicate": "existence"},
        {"window": (1, 2)},
    ],
)
def test_a_blanket_denial_never_lowers_a_grade(vague: dict[str, object]) -> None:
    denial = claim("i2", **CHECKABLE | vague)  # type: ignore[arg-type]

    assert grade_of(claim("i1"), denial) is Grade.REPORTED


made = st.lists(
    st.builds(
        claim,
        st.sampled_from([f"i{n}" for n in range(8)]),
        origin=st.sampled_from(["a", "b", "c"]),
        controller=st.sampled_from(["One", "Two"]),
        predicate=st.sampled_from(["detained", "arrested", "beaten"]),
        first_hand=st.booleans(),
        number=st.sampled_from([None, 5, 60]),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda one: one.item,
)


@given(made)
def test_a_grade_is_what_some_pair_of_origins_carries(claims: list[Claim]) -> None:
    said = [each for each in claims if each.predicate != "beaten"]
    behind = {
        each.origin: {other.source.controller for other in said if other.origin == each.origin}
        for each in said
    }
    seen = {each.origin for each in said if each.first_hand}
    pairs = [pair for pair in combinations(behind, 2) if len(behind[pair[0]] | behind[pair[1]]) > 1]
    is_seen = any(seen & {*pair} for pair in pairs)
    expected = Grade.CONFIRMED if is_seen else Grade.CORROBORATED if pairs else Grade.REPORTED

    assert not said or grade_of(*claims) is expected


@given(made, st.randoms())
def test_the_order_of_claims_changes_no_row(claims: list[Claim], chance: object) -> None:
    shuffled = list(claims)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' own Random

    assert who_claims_what(shuffled, upto=TODAY) == who_claims_what(claims, upto=TODAY)


@given(made)
def test_repeats_never_change_a_grade_nor_add_a_row(claims: list[Claim]) -> None:
    repeats = [
        claim(
            f"r{one.item}",
            origin="whoever",
            controller=f"Echo {one.item}",
            predicate=one.predicate,
            derives_from=(one.item,),
            window=(17400, 17419),
            number=one.number,
        )
        for one in claims
    ]

    plain, echoed = who_claims_what(claims, upto=TODAY), who_claims_what(claims + repeats, upto=TODAY)

    assert [fact.grade for fact in echoed.facts] == [fact.grade for fact in plain.facts]
    assert len(echoed.rows) == len(plain.rows)


@given(made)
def test_no_number_is_ever_added_to_another(claims: list[Claim]) -> None:
    tally = make_tally(claims, AZ, as_of=TODAY)

    assert {row.number for row in tally.rows} <= {one.number for one in claims}


def test_one_origin_with_two_numbers_for_one_thing_is_asked() -> None:
    standing = who_claims_what([claim("i1", number=5), claim("i2", number=9)], upto=TODAY)

    assert [pair.differ_in for pair in standing.comparisons] == [()]


def test_without_acts_there_is_nothing_to_count() -> None:
    with pytest.raises(NothingToCount):
        make_tally([claim("i1", predicate="hostile_speech")], AZ, as_of=TODAY)


def test_a_tally_needs_an_assessor_of_another_organisation() -> None:
    claims = [claim("i1", number=5)]
    tally = make_tally(claims, AZ, as_of=TODAY)
    assessed = assess_tally(tally, claims[::-1], record=bytes(16))
    one, two = OrganisationNumber(1), OrganisationNumber(2)

    check_assessed(tally, assessed, counter=one, assessor=two)

    with pytest.raises(SameOrganisation):
        check_assessed(tally, assessed, counter=one, assessor=one)


def test_an_assessor_with_other_claims_does_not_sign() -> None:
    tally = make_tally([claim("i1", number=5)], AZ, as_of=TODAY)

    with pytest.raises(TallyDiffers):
        assess_tally(tally, [claim("i1", number=6)], record=bytes(16))
