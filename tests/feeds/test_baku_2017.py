"""Baku, September 2017, through watch and count: what rings, when and why."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from tocsin.core.activate import Clocks, Protocol, Quorum, write_brief
from tocsin.core.count import Difference, make_tally, who_claims_what
from tocsin.core.ledger.content import Envelope, Kinds
from tocsin.core.watch import (
    AcuteSettings,
    Alarm,
    Claim,
    EarsSettings,
    Panel,
    Settings,
    recompute,
    ring_alarm,
)
from tocsin.core.watch.records import AlarmByEars
from tocsin.feeds import autumn_2017, panels_of_2017
from tocsin.terms import Grade, Place, date_of, day_from_date, first_day_of

AZ = Place("az")
CLAIMS = autumn_2017()
PANELS = panels_of_2017()


def ring(
    when: str,
    *,
    claims: list[Claim] = CLAIMS,
    panels: list[Panel] = PANELS,
    place: Place = AZ,
    settings: Settings | None = None,
) -> Alarm | None:
    as_of = day_from_date(date.fromisoformat(when))
    settings = settings or AcuteSettings()
    return ring_alarm(claims, panels, place, as_of=as_of, settings=settings, code_version="test")


def test_the_alarm_rings_when_a_second_origin_is_heard() -> None:
    alarm = ring("2017-09-21")

    assert alarm is not None
    assert date_of(first_day_of(alarm.week)) == date(2017, 9, 18)
    assert (alarm.observed, alarm.threshold, alarm.claims) == (2, 1.0, ("az01.1", "az03.1"))
    assert alarm.onset is not None
    assert (alarm.begins, alarm.onset.best == alarm.week) == (True, True)


def test_ears_rings_on_the_same_day() -> None:
    alarm = ring("2017-09-21", settings=EarsSettings())

    assert alarm is not None
    assert (alarm.method, alarm.observed, alarm.expected) == ("ears_c1", 2, 0.0)
    assert alarm.threshold == pytest.approx(0.5 * 3.090232306)
    assert ring("2017-09-20", settings=EarsSettings()) is None


@pytest.mark.parametrize("when", ["2017-09-17", "2017-09-18", "2017-09-20"])
def test_one_origin_does_not_ring(when: str) -> None:
    assert ring(when) is None


def test_without_claims_nothing_rings() -> None:
    assert ring("2017-09-24", claims=[]) is None


def test_without_a_panel_the_alarm_stays_silent() -> None:
    assert ring("2017-09-24", panels=[]) is None


def test_a_panel_of_another_place_does_not_help() -> None:
    assert ring("2017-09-24", panels=[panel for panel in PANELS if panel.place != AZ]) is None


def test_chechnya_had_one_origin_and_does_not_ring() -> None:
    assert ring("2017-04-02", place=Place("ru-ce")) is None


def test_an_alarm_computed_again_is_the_same_to_the_last_bit() -> None:
    first = ring("2017-09-30")

    assert first is not None
    assert recompute(first, CLAIMS[::-1], PANELS[::-1]) == first


def test_an_alarm_of_the_first_schema_is_read_and_computed_again() -> None:
    now = ring("2017-09-30", settings=EarsSettings())
    assert now is not None
    newer = ("p_acute", "begins", "onset")
    facts = {name: value for name, value in msgspec.structs.asdict(now).items() if name not in newer}
    written = AlarmByEars(**facts | {"settings": EarsSettings()})
    envelope = Envelope(
        "watch.alarm", 1, 0, "watch", b"", b"", None, msgspec.Raw(msgspec.msgpack.encode(written))
    )

    read = Kinds([Alarm]).read(envelope)

    assert isinstance(read, Alarm)
    assert recompute(read, CLAIMS, PANELS) == read == now


def test_an_alarm_over_other_claims_has_another_hash() -> None:
    fewer = [claim for claim in CLAIMS if claim.claim != "az02.1"]

    one, other = ring("2017-09-24"), ring("2017-09-24", claims=fewer)

    assert one is not None
    assert other is not None
    assert (one.observed, one.data_hash != other.data_hash) == (other.observed, True)


STANDING = who_claims_what(CLAIMS, upto=CLAIMS[-1].known_on)


@pytest.mark.parametrize(
    ("items", "origin"),
    [
        (("az05", "az19"), "activists and lawyers in Baku (anonymous)"),
        (("az02", "az12"), "Justice Party leader"),
        (("az21", "az24"), "Ministry of Internal Affairs"),
    ],
)
def test_a_repeat_is_folded_into_its_origin(items: tuple[str, ...], origin: str) -> None:
    assert [row.origins for row in STANDING.rows if row.items == items] == [(origin,)]


def test_forty_six_forty_eight_sixty_eighty_three_and_more_than_a_hundred_can_all_be_true() -> None:
    numbers = {46, 48, 60, 83, 100}
    pairs = [(pair, {STANDING.rows[place].number for place in pair.rows}) for pair in STANDING.comparisons]

    both = [pair for pair, told in pairs if told <= numbers]

    assert len(both) > 10
    assert all(pair.differ_in for pair in both)
    assert {reason for pair in both for reason in pair.differ_in} == set(Difference)


def test_a_lower_number_of_the_same_origin_revises_the_first() -> None:
    [first] = [row for row in STANDING.rows if row.items == ("az03",)]

    assert (first.number, first.revised_by) == (100, ("az04",))


def test_two_offices_of_one_state_dispute_what_can_be_checked() -> None:
    fact = STANDING.fact(AZ, "finding")

    assert fact is not None
    assert (fact.grade, [(one.denied, one.denial) for one in fact.contradictions]) == (
        Grade.DISPUTED,
        [("az10.3", "az11.1")],
    )


def test_a_blanket_denial_disputes_nothing() -> None:
    fact = STANDING.fact(Place("ru-ce"), "liberty")

    assert fact is not None
    assert (fact.grade, fact.contradictions) == (Grade.REPORTED, ())


def test_the_tally_grows_with_what_is_known() -> None:
    days = [day_from_date(date(2017, 9, day)) for day in (18, 22, 30)]

    grades = [make_tally(CLAIMS, AZ, as_of=day).grade for day in days]

    assert grades == [Grade.REPORTED, Grade.CORROBORATED, Grade.CONFIRMED]


def test_the_brief_says_what_rang_and_who_claims_what() -> None:
    protocol = Protocol(
        name="exercise",
        version=1,
        seats=(),
        quorum=Quorum(seats=2, organisations=2),
        clocks=Clocks(),
        needs_alarm=("acute",),
    )
    alarm, tally = ring("2017-09-22"), make_tally(CLAIMS, AZ, as_of=day_from_date(date(2017, 9, 22)))

    text = write_brief(alarm, tally, protocol).text

    assert "3 origins spoke of acts, where 0.00 are usual and 1.00 is the threshold" in text
    assert "- arrested: more than 50; 2017-09-15 to 2017-09-22; corroborated; from Nefes callers" in text
    assert write_brief(None, tally, protocol).hash != write_brief(alarm, tally, protocol).hash
