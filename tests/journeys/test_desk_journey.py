"""A worker's day at the desk in a real browser: from the alarm to a household's arrival, in few pages."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from coalition import make_coalition
from playwright.sync_api import Browser, expect
from sitekit import CANARIES, start_site
from walkkit import Walk, check_page

from tocsin.core.activate import ActivationCode, Raised
from tocsin.desk.activate import actions as activating
from tocsin.desk.protect import actions as protecting
from tocsin.desk.sync import sync

pytestmark = pytest.mark.browser

ROOMS = ("watch", "intake", "count", "activate", "protect", "ledger")


def test_a_day_at_the_desk(walk: Walk) -> None:
    """One test: each step needs the one before, and the pages are loaded once."""
    page, home = walk.page, walk.page.url
    expect(page.get_by_text("Exercise.")).to_be_visible()

    # Every room, in the light; the liveliest also in the dark, on a phone, turned around.
    for scheme, width, turned, rooms in (
        ("light", 1100, "ltr", ("", *ROOMS)),
        ("dark", 390, "rtl", ("", "watch", "protect", "ledger")),
    ):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        page.context.add_cookies([{"name": "dir", "value": turned, "url": home}])
        for room in rooms:
            page.goto(f"{home}{room}/" if room else home)
            assert page.locator("html").get_attribute("dir") == turned
            check_page(walk)
    page.context.clear_cookies(name="dir")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1100, "height": 800})

    # Alarm to signed: three loads, home included.
    walk.loads.clear()
    page.goto(home)
    walk.follow("Read and sign")
    expect(page.get_by_text("more than 100")).to_have_count(1)
    check_page(walk)
    walk.press("Sign this brief for your seat")
    assert len(walk.loads) <= 3
    expect(page.get_by_text("signed here; leaves with the next sync")).to_be_visible()
    walk.press("Sync now")

    # The vote counts once a second organisation has seen it; one seat is not enough even then.
    walk.follow("Activate")
    expect(page.get_by_text("0 of 2")).to_be_visible()
    second = walk.coalition.desks[0]
    sync(second)
    walk.press("Sync now")
    walk.follow("Activate")
    expect(page.get_by_text("1 of 2")).to_be_visible()
    activating.sign(second, ActivationCode(second.contents(Raised)[-1].activation))
    sync(second)
    walk.press("Sync now")
    walk.follow("Activate")
    expect(page.get_by_text("2 of 2")).to_be_visible()
    walk.follow("Activation ")
    walk.press("Announce that the quorum stands")
    walk.press("Sync now")

    # Call to case to a place asked for: four loads from home.
    walk.loads.clear()
    walk.follow("Take in 1 call")
    walk.press("Take in")
    walk.press("Open")
    case = page.url.rstrip("/").rpartition("/")[2]
    assert re.fullmatch(r"[0-9a-f]{8}", case)
    expect(page.get_by_role("heading", name=re.compile(f"Case {case}"))).to_be_visible()
    check_page(walk)
    walk.press("Ask the planner for a place")
    assert len(walk.loads) <= 4
    expect(page.get_by_role("heading", name="Next: wait for a place")).to_be_visible()

    # Who it is stands on no page but the one that is asked for it, and in no address.
    for path in ("", "intake/", "protect/", f"protect/case/{case}/"):
        page.goto(home + path)
        assert not any(canary in page.content() for canary in CANARIES)
    walk.press("Show who this is")
    assert all(canary in page.content() for canary in CANARIES)
    check_page(walk)
    walk.follow("Hide this and go back")

    # The planner plans on another desk; the handler enters place and arrival.
    planner = walk.coalition.desks[1]
    sync(planner)
    plan = protecting.make_plan(planner)
    sync(planner)
    protecting.lay_legs(planner, plan)
    sync(planner)
    sync(planner)
    walk.press("Sync now")
    walk.press("Sync now")
    walk.follow(f"Case {case}")
    walk.press("Enter the place the plan found")
    expect(page.get_by_text("AZ to GE")).to_be_visible()
    walk.coalition.pass_days(5)
    page.reload()
    walk.press("Enter that they arrived")
    expect(page.get_by_role("heading", name="Next: close it, so that its keys go")).to_be_visible()
    walk.press("Close and destroy its keys")
    expect(page.get_by_role("heading", name="0 of 8")).to_be_visible()
    page.goto(f"{home}protect/case/{case}/")
    expect(page.get_by_text("does not have that, or not any more")).to_be_visible()
    walk.complaints.clear()  # The browser notes the 404 we asked for.

    # Locked is locked, also for the way back.
    walk.press("Lock")
    page.go_back()
    expect(page.get_by_label("Passphrase")).to_be_visible()
    check_page(walk)

    assert walk.complaints == []
    assert not any(canary in url for url in walk.loads for canary in CANARIES)
    assert walk.site.stop() == walk.site.link + "\n"


def test_the_link_opens_from_a_file_only_its_owner_can_read(browser: Browser, tmp_path: Path) -> None:
    """What `tocsin desk` hands to the browser: a command line with the link on it would be seen by the whole machine."""
    with make_coalition(tmp_path, n=3) as coalition:
        coalition.desks.pop(0).close()
        opener = tmp_path / "opener"
        opener.write_text('#!/bin/sh\necho "$1" >> "$0.said"\n', encoding="ascii")
        opener.chmod(0o700)
        environment = {**coalition.environment(), "BROWSER": f"{opener} %s"}
        site = start_site(coalition.folders[0], environment, browser=True)
        said = opener.with_suffix(".said")
        give_up = time.monotonic() + 30
        while not said.exists() and time.monotonic() < give_up:
            time.sleep(0.05)
        address = said.read_text(encoding="ascii").strip()
        file = coalition.folders[0] / "open.html"
        mode = file.stat().st_mode & 0o777
        page = browser.new_page()
        page.goto(address)
        expect(page.get_by_role("heading", name="Home")).to_be_visible()
        page.close()
        site.stop()

    assert site.link not in address
    assert mode == 0o600
    assert not file.exists()
