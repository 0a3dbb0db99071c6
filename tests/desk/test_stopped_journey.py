"""A journey that was stopped is not the end of a case: another place is asked for, planned, travelled to and arrived at."""

from __future__ import annotations

from pathlib import Path

import pytest
from coalition import make_coalition
from msgspec.structs import replace
from sitekit import OFFSET_DAYS, call_for_help, guide, offer

from tocsin.core.protect import CaseCode, GuideCode, LegEnded
from tocsin.desk.desk import Desk
from tocsin.desk.intake import actions as taking
from tocsin.desk.protect import actions as protecting
from tocsin.desk.protect.queries import case_page
from tocsin.desk.sync import sync


def plan_and_lay(planner: Desk, handler: Desk) -> None:
    """Let the planner place whoever asks and lay their legs, and the handler read it."""
    plan = protecting.make_plan(planner)
    sync(planner)
    protecting.lay_legs(planner, plan)
    protecting.commit_lottery(planner)
    for desk in (planner, handler, planner, handler):
        sync(desk)


def step(desk: Desk, case: CaseCode) -> tuple[str, bool, bool, bool]:
    """What the case page offers next."""
    page = case_page(desk, case)
    return page.row.next_step, page.may_ask_for_place, page.may_place, page.may_arrive


def test_after_a_stopped_journey_a_household_is_placed_anew_and_arrives(tmp_path: Path) -> None:
    with make_coalition(tmp_path, offset_days=OFFSET_DAYS) as coalition:
        handler, _, planner = coalition.desks
        coalition.sync_all(2)
        call_for_help(coalition)
        sync(handler)
        taking.take_calls(handler)
        sync(handler)
        case = protecting.open_case(handler, taking.calls_without_case(handler)[0].submission, 2)
        sync(handler)
        protecting.ask_for_place(handler, case)
        protecting.add_offer(planner, offer())
        for code in ("guide-01", "guide-02"):
            protecting.add_guide(planner, replace(guide(), guide=GuideCode(code)))
        protecting.commit_lottery(planner)
        coalition.sync_all(2)
        plan_and_lay(planner, handler)
        protecting.place(handler, case)
        sync(handler)
        (leg,) = protecting.legs_of(handler, case)

        protecting.stop_leg(handler, leg.content.leg)
        sync(handler)
        with pytest.raises(LegEnded):
            protecting.stop_leg(handler, leg.content.leg)
        stopped = step(handler, case)
        coalition.pass_days(5)
        later = step(handler, case)
        protecting.ask_for_place(handler, case)
        coalition.sync_all(2)
        asked = step(handler, case)
        beds_back = sum(each.beds for each in protecting.offers_left(planner))
        plan_and_lay(planner, handler)
        planned = step(handler, case)
        protecting.place(handler, case)
        sync(handler)
        placed = step(handler, case)
        coalition.pass_days(5)
        there = step(handler, case)
        protecting.arrive(handler, case)
        sync(handler)

        assert stopped[0].endswith("their journey was stopped")
        assert stopped[1:] == later[1:] == (True, False, False)
        assert asked == ("wait for a place", False, False, False)
        assert beds_back == offer().beds
        assert planned == ("enter the place the plan found", False, True, False)
        assert placed == ("wait for the journey", False, False, False)
        assert there == ("enter the arrival", False, False, True)
        assert step(handler, case)[0] == "close it, so that its keys go"
        assert not [name for name in handler.keyring.compartments if name.startswith("leg/")]
