"""A case from call to closing: what the planner may know, who holds it, where it stands."""

from __future__ import annotations

import msgspec
import pytest

from tocsin.core.intake import Call, Facts
from tocsin.core.protect import (
    Arrived,
    CaseClosed,
    CaseCode,
    CaseParked,
    CaseReleased,
    CaseStage,
    OfferCode,
    Outcome,
    Placed,
    SameWorker,
    Tier,
    code_need,
    open_case,
    set_tier,
    stage_of,
    triage,
)
from tocsin.terms import Day, DeviceNumber, Place

TODAY = Day(17430)
CODE = CaseCode("c1")
FACTS = Facts(place=Place("az-ba"), people=3, n_children=1, danger_now=True, tortured=True)
CALL = Call(submission=b"h" * 32, day=Day(TODAY - 1), facts=FACTS)
OPENED = open_case(CODE, CALL, today=TODAY, handler=DeviceNumber(1), alternate=DeviceNumber(2))
TRIAGED = set_tier(CODE, FACTS, triage(FACTS, today=TODAY), tier=Tier.EMERGENCY, reason="", today=TODAY)
PARKED = CaseParked(case=CODE, parked_on=TODAY)
RELEASED = CaseReleased(case=CODE, released_on=TODAY, handler=DeviceNumber(3), alternate=DeviceNumber(1))
PLACED = Placed(case=CODE, offer=OfferCode("o1"), placed_on=TODAY)
ARRIVED = Arrived(case=CODE, offer=OfferCode("o1"), arrived_on=TODAY, people=3)
CLOSED = CaseClosed(case=CODE, closed_on=TODAY, outcome=Outcome.ARRIVED)


def test_handler_and_alternate_are_two() -> None:
    with pytest.raises(SameWorker):
        open_case(CODE, CALL, today=TODAY, handler=DeviceNumber(1), alternate=DeviceNumber(1))


def test_the_planner_learns_the_country_and_no_danger() -> None:
    need = code_need(OPENED, TRIAGED)

    said = msgspec.msgpack.encode(need)
    assert (need.place, need.people, need.deadline) == ("az", 3, TODAY + 7)
    assert b"tortured" not in said
    assert b"az-ba" not in said
    assert CALL.submission not in said


@pytest.mark.parametrize(
    ("contents", "stage"),
    [
        ([OPENED], CaseStage.OPENED),
        ([OPENED, TRIAGED], CaseStage.TRIAGED),
        ([OPENED, TRIAGED, PARKED], CaseStage.PARKED),
        ([OPENED, TRIAGED, PARKED, RELEASED], CaseStage.TRIAGED),
        ([OPENED, TRIAGED, PLACED], CaseStage.PLACED),
        ([OPENED, TRIAGED, PLACED, ARRIVED], CaseStage.ARRIVED),
        ([OPENED, TRIAGED, PLACED, ARRIVED, CLOSED], CaseStage.CLOSED),
        ([OPENED, CLOSED, TRIAGED], CaseStage.CLOSED),
    ],
)
def test_a_case_stands_where_its_records_say(contents: list[msgspec.Struct], stage: CaseStage) -> None:
    assert stage_of(contents) is stage  # type: ignore[arg-type]  # all are contents
