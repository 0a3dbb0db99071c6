"""The relay is destroyed: three people replace it by their pages, as docs/how-to/when-the-relay-is-lost.md says."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from coalition import Coalition, make_coalition, start_relay
from deskkit import doubled, note, said
from playwright.sync_api import Browser, expect
from sitekit import start_site
from test_desk_journey import check_page
from walkkit import Walk

from tocsin.desk.desk import Desk
from tocsin.desk.sync import sync

pytestmark = pytest.mark.browser


@contextmanager
def at_desks(browser: Browser, coalition: Coalition) -> Iterator[list[Walk]]:
    """Sit down at all three desks' pages."""
    with ExitStack() as end:
        walks = []
        while coalition.desks:
            coalition.desks.pop(0).close()
        for folder in coalition.folders:
            site = start_site(folder, coalition.environment())
            end.callback(site.stop)
            context = browser.new_context(viewport={"width": 390, "height": 800})
            end.callback(context.close)
            walk = Walk(coalition, site, context.new_page())
            walk.page.goto(site.link)
            walks.append(walk)
        yield walks
        for walk in walks:
            assert walk.complaints == []
            assert walk.page.title() == "Desk"


def destroy_relay(made: Coalition) -> None:
    """Kill it at once, and delete all it had."""
    os.killpg(made.relay.pid, signal.SIGKILL)
    made.relay.wait(20)
    if made.relay.stdout is not None:
        made.relay.stdout.close()
    shutil.rmtree(made.relay_home)


def open_relay_page(walk: Walk) -> None:
    walk.follow("Ledger")
    walk.follow("The relay, and if it is lost")


def take_text(walk: Walk, text: str) -> None:
    walk.page.get_by_label("The text", exact=True).fill(text)
    walk.press("Take it")


def text_of(walk: Walk) -> str:
    return walk.page.get_by_label("The text, by any channel: it is no secret").input_value()


def test_a_lost_relay_is_replaced_by_three_desks_at_their_pages(browser: Browser, tmp_path: Path) -> None:
    with make_coalition(tmp_path) as made:
        for number, desk in enumerate(made.desks, start=1):
            desk.keyring.founder_number, desk.keyring.founder_seed = number, made.founders[number - 1].seed
            desk.keyfile.save()
        one, two, three = made.desks
        one.append(note("known to all"), to="watch")
        made.sync_all(2)
        two.append(note("two was ahead"), to="watch")
        sync(two)
        three.append(note("not left yet"), to="watch")
        destroy_relay(made)
        made.relay, address, code = start_relay(tmp_path / "successor", made.clock_file)
        made.relay_home = tmp_path / "successor"

        with at_desks(browser, made) as (first, second, third):
            first.press("Sync now")
            expect(first.page.get_by_text("does not answer")).to_be_visible()
            open_relay_page(first)
            check_page(first)
            first.page.get_by_text("Fill a fresh one from this desk").click()
            first.page.get_by_label("Address").fill(address)
            first.page.get_by_label("Lodging code").fill(code)
            first.press("Begin and sign")
            expect(first.page.get_by_text("records are on the new relay")).to_be_visible(timeout=60_000)
            open_relay_page(first)
            expect(first.page.get_by_text("1 more must sign.")).to_be_visible()
            check_page(first)

            open_relay_page(second)
            take_text(second, text_of(first))
            second.press("Sign it as a founder")
            expect(second.page.get_by_text("That is enough.")).to_be_visible()
            signed = text_of(second)
            # Two was ahead: what it has goes to the new relay before that is opened.
            second.press("Sync now")
            expect(second.page.get_by_text("is being filled again")).to_be_visible()

            take_text(first, signed)
            first.press("Open the new relay")
            expect(first.page.get_by_role("heading", name="The ledger has moved")).to_be_visible()
            check_page(first)

            open_relay_page(third)
            take_text(third, signed)
            expect(third.page.get_by_text(address).first).to_be_visible()
            for walk in (second, first, third):
                walk.press("Sync now")
            words = {walk.page.locator(".words").first.inner_text() for walk in (second, third)}
            loads = [len(walk.loads) for walk in (first, second, third)]

        made.desks = [Desk.open(folder, made.passphrase, clock=made.clock) for folder in made.folders]
        made.sync_all(2)
        assert [said(desk) for desk in made.desks] == [["known to all", "two was ahead", "not left yet"]] * 3
        assert [doubled(desk) for desk in made.desks] == [[], [], []]
        assert len({desk.world.tree.root() for desk in made.desks}) == 1
        assert {desk.relay.address for desk in made.desks} == {address}
        assert len(words) == 1
        # What the person who leads it loads, who signs, and everybody else.
        assert loads[0] <= 14
        assert loads[1] <= 9
        assert loads[2] <= 6
