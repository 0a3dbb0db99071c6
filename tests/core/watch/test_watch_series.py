"""Laws of the weekly series: what a crowd of repeats, a missing panel or a shuffled inbox cannot do."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.watch import Claim, Panel, Stance, roots_of, weekly_counts
from tocsin.core.watch.origins import by_item, known_by
from tocsin.terms import Day, Period, Place, Source, Week, first_day_of

AZ = Place("az")
START = first_day_of(Week(2480))
SOURCES = ("Outlet One", "Outlet Two")


def claim(
    code: str,
    day: int,
    *,
    origin: str = "callers",
    source: str = SOURCES[0],
    derives_from: tuple[str, ...] = (),
    predicate: str = "detained",
    stance: Stance = Stance.ASSERTS,
) -> Claim:
    return Claim(
        claim=f"{code}.1",
        item=code,
        published=Day(START + day),
        known_on=Day(START + day),
        place=AZ,
        source=Source(source, "media", source),
        language="az",
        origin=origin,
        derives_from=derives_from,
        predicate=predicate,
        stance=stance,
    )


PANEL = Panel(place=AZ, sources=SOURCES, watched=Period(START, Day(START + 139)), basis="invented")
claims = st.lists(
    st.builds(
        claim,
        st.sampled_from([f"i{n}" for n in range(12)]),
        st.integers(0, 60),
        origin=st.sampled_from(["a", "b", "c"]),
        source=st.sampled_from([*SOURCES, "Newcomer"]),
        derives_from=st.sampled_from([(), ("i0",), ("i1", "i2")]),
        predicate=st.sampled_from(["detained", "beaten", "hostile_speech"]),
        stance=st.sampled_from(Stance),
    ),
    max_size=15,
    unique_by=lambda made: made.item,
)


def counted(claims: list[Claim], panels: tuple[Panel, ...] = (PANEL,), upto: int = 69) -> np.ndarray:
    return weekly_counts(claims, panels, [AZ], upto=Day(START + upto)).counts[:, 0]


@given(claims, st.randoms())
def test_the_order_of_claims_changes_nothing(made: list[Claim], chance: object) -> None:
    shuffled = list(made)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' own Random

    np.testing.assert_array_equal(counted(shuffled), counted(made))


@given(claims)
def test_duplicates_never_raise_a_count(made: list[Claim]) -> None:
    np.testing.assert_array_equal(counted(made + made), counted(made))


@given(claims, st.integers(0, 60))
def test_a_repeat_never_raises_a_count(made: list[Claim], day: int) -> None:
    repeats = [
        claim(f"r{made_one.item}", day, origin="whoever", derives_from=(made_one.item,)) for made_one in made
    ]

    np.testing.assert_array_equal(counted(made + repeats), counted(made))


@given(claims)
def test_a_denial_never_subtracts(made: list[Claim]) -> None:
    denials = [claim(f"d{one.item}", 5, stance=Stance.DENIES, origin="ministry") for one in made]

    np.testing.assert_array_equal(counted(made + denials), counted(made))


@given(claims)
def test_without_a_panel_every_week_is_unknown(made: list[Claim]) -> None:
    assert np.isnan(counted(made, panels=())).all()


@given(claims, st.integers(0, 69))
def test_later_knowledge_never_changes_an_earlier_answer(made: list[Claim], upto: int) -> None:
    known = [one for one in made if one.known_on <= START + upto]

    np.testing.assert_array_equal(counted(known, upto=upto), counted(made, upto=upto))


def test_a_source_outside_the_panel_is_shown_but_not_counted() -> None:
    series = weekly_counts([claim("i1", 3, source="Newcomer")], [PANEL], [AZ], upto=Day(START + 6))

    assert (series.counts[0, 0], series.outside[0, 0]) == (0, 1)


def test_a_week_watched_in_part_is_unknown() -> None:
    panel = Panel(
        place=AZ, sources=SOURCES, watched=Period(Day(START + 1), Day(START + 139)), basis="invented"
    )

    assert np.isnan(counted([], panels=(panel,), upto=13)).tolist() == [True, False]


def test_items_that_cite_one_another_in_a_circle_still_have_an_origin() -> None:
    made = [
        claim("i1", 0, origin="a", derives_from=("i2",)),
        claim("i2", 1, origin="b", derives_from=("i1",)),
    ]

    assert roots_of(made[0], by_item(known_by(made, Day(START + 9)))) == {"a"}
