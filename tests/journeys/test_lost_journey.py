"""A laptop is lost: barred in three pages by a colleague, its leg stopped, its case given by custodians to somebody new."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from coalition import Coalition, make_coalition
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect
from sitekit import CANARIES, OFFSET_DAYS, call_for_help, guide, offer, start_site
from test_desk_journey import check_page
from walkkit import Walk

from tocsin.core.protect import CaseCode
from tocsin.desk.intake import actions as taking
from tocsin.desk.protect import actions as protecting
from tocsin.desk.sync import sync
from tocsin.terms import DeviceNumber

pytestmark = pytest.mark.browser

CUSTODIANS = (4, 5, 6)
"""Three of the five release."""


def give_a_case(coalition: Coalition) -> CaseCode:
    """Let device 1 have a case with device 2, a leg whose guide is device 2, and its keys dealt to the custodians."""
    handler, _, planner = coalition.desks[:3]
    coalition.sync_all(2)
    call_for_help(coalition)
    sync(handler)
    taking.take_calls(handler)
    sync(handler)
    (call,) = taking.calls_without_case(handler)
    case = protecting.open_case(handler, call.submission, 2)
    sync(handler)
    protecting.ask_for_place(handler, case)
    coalition.sync_all(2)
    protecting.add_offer(planner, offer())
    protecting.add_guide(planner, replace(guide(), device=DeviceNumber(2)))
    protecting.commit_lottery(planner)
    sync(planner)
    plan = protecting.make_plan(planner)
    sync(planner)
    protecting.lay_legs(planner, plan)
    coalition.sync_all(2)
    protecting.place(handler, case)
    protecting.deal(handler, case)
    coalition.sync_all(3)
    return case


@contextmanager
def at_desk(browser: Browser, coalition: Coalition, number: int, width: int = 390) -> Iterator[Walk]:
    """Sit down at a desk's page for a while."""
    for desk in [desk for desk in coalition.desks if desk.device == number]:
        coalition.desks.remove(desk)
        desk.close()
    site = start_site(coalition.folders[number - 1], coalition.environment())
    context = browser.new_context(viewport={"width": width, "height": 800})
    walk = Walk(coalition, site, context.new_page())
    walk.page.goto(site.link)
    try:
        yield walk
        assert walk.complaints == []
        assert walk.page.title() == "Desk"
    finally:
        context.close()
        site.stop()


def no_canary(page: Page) -> bool:
    """Say that nobody is named on a page."""
    return not any(canary in page.content() for canary in CANARIES)


def test_a_laptop_is_lost_and_its_case_goes_on(browser: Browser, tmp_path: Path) -> None:
    with make_coalition(tmp_path, offset_days=OFFSET_DAYS, custodians=5) as coalition:
        case = give_a_case(coalition)
        coalition.desks.pop(0).close()

        # A colleague: home, which device, bar. Three loads after home.
        with at_desk(browser, coalition, 2) as walk:
            page = walk.page
            walk.loads.clear()
            walk.follow("A laptop is lost")
            check_page(walk)
            walk.follow("Device 1 of organisation 1")
            expect(page.get_by_text(f"The household of case {case}")).to_be_visible()
            check_page(walk)
            walk.press("Bar device 1")
            assert len(walk.loads) <= 3
            expect(page.get_by_role("heading", name="Barred")).to_be_visible()
            expect(page.get_by_text("is under new keys already")).to_be_visible()
            walk.press("Stop this leg")
            expect(page.get_by_text(": stopped")).to_be_visible()
            assert no_canary(page)
            walk.press("Propose its removal for good")
            expect(page.get_by_text("1 of 2 founders have signed")).to_be_visible()
            check_page(walk)

        # Another: told at home, signs the removal, asks the custodians.
        with at_desk(browser, coalition, 3, width=1100) as walk:
            page = walk.page
            walk.press("Sync now")
            expect(page.get_by_role("alert").filter(has_text="Device 1 is barred")).to_be_visible()
            walk.follow("See what to do")
            walk.follow("Sign it")
            walk.press("Sign as founder 3")
            walk.follow("Protect")
            page.get_by_text("Ask for a parked case back").click()
            page.get_by_label("Its code").fill(case)
            page.get_by_label("Why").select_option("holder-lost")
            walk.press("Ask")
            expect(page.get_by_text("0 of 3 shares released to this desk")).to_be_visible()

        # Custodians: too soon today; a day later each gives its share, knowing who asks.
        coalition.pass_days(1)
        for desk in coalition.desks:
            sync(desk)
        for number in CUSTODIANS:
            with at_desk(browser, coalition, number) as walk:
                page = walk.page
                walk.press("Sync now")
                walk.follow(f"Device 3 asks for case {case}")
                expect(page.get_by_text("whoever held it is lost, or in danger")).to_be_visible()
                check_page(walk)
                walk.press("Release my share to device 3")
                expect(page.get_by_text("you released your share")).to_be_visible()

        with at_desk(browser, coalition, 3, width=1100) as walk:
            page = walk.page
            walk.press("Sync now")
            walk.follow("Protect")
            page.get_by_label("Alternate").select_option("2")
            walk.press("Take it up")
            expect(page.get_by_role("heading", name=re.compile(f"Case {case}"))).to_be_visible()
            walk.follow("Ledger")
            expect(page.get_by_role("row", name=re.compile("^1 .*removed"))).to_be_visible()
