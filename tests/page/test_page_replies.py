"""Replies and the pocket: read by receipt, answered under it, and all kinds look alike to the relay."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from coalition import Coalition
from pagekit import Witness, arrived, reply, with_slip, witness
from playwright.sync_api import Browser, expect

from tocsin.core.intake import Submission
from tocsin.core.intake.replies import Asking

pytestmark = pytest.mark.browser


@pytest.fixture
def somebody(browser: Browser, coalition: Coalition) -> Iterator[Witness]:
    sat = witness(browser, coalition)
    yield sat
    assert sat.complaints == []
    sat.page.context.close()


def speak_up(
    sat: Witness, coalition: Coalition, text: str, language: str = "ar"
) -> tuple[list[str], Submission]:
    """Write something; give the receipt and what the desks opened."""
    sat.come(language).write()
    sat.answer("what", text)
    words = sat.send()
    return words, found(coalition, text)


def found(coalition: Coalition, text: str) -> Submission:
    """Find what was sent, as the first desk opens it."""
    coalition.sync_all()
    return next(each for each in arrived(coalition.desks[0]) if text in each.narrative.text)


def read_mail(sat: Witness, words: list[str], language: str = "ar") -> None:
    """Come back another day and type the receipt, with a slip of the pen."""
    sat.come(language).ask_for_mail(with_slip(words))


def check_small_screen(sat: Witness) -> None:
    report = Axe().run(sat.page)
    assert report.violations_count == 0, report.generate_report()
    assert sat.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_wrong_receipt_and_an_early_one_see_the_same(somebody: Witness, coalition: Coalition) -> None:
    words, _ = speak_up(somebody, coalition, "canary-too-early", "en")

    read_mail(somebody, words, "en")

    expect(somebody.page.get_by_text("There is nothing here.")).to_be_visible()
    assert somebody.asked[-1][1].endswith("/mailboxes")


def test_erasure_is_asked_for_in_two_taps(somebody: Witness, coalition: Coalition) -> None:
    words, sent = speak_up(somebody, coalition, "canary-erase-me", "en")
    read_mail(somebody, words, "en")

    somebody.page.locator("#erase summary").click()
    somebody.page.locator("#erase button").click()

    expect(somebody.page.get_by_text("It goes with the next person on duty")).to_be_visible()
    coalition.sync_all()
    kinds = [str(each.kind) for each in arrived(coalition.desks[0]) if each.thread == sent.thread]
    assert sorted(kinds) == ["call", "erase"]


def test_every_kind_of_message_can_be_answered(somebody: Witness, coalition: Coalition) -> None:
    leg = {"opens_at": 1506060000, "closes_at": 1506070000, "spoken": "seven four"}
    kinds = [Asking.OFFER, Asking.LEG, Asking.REFERRAL, Asking.BRIEF, Asking.PLACE_OFFER]
    words, sent = speak_up(somebody, coalition, "canary-every-kind", "en")
    for place, kind in enumerate(kinds):
        content = leg if kind is Asking.LEG else {}
        reply(coalition, sent, place=place, kind=kind, text="what it is about", content=content)

    read_mail(somebody, words, "en")
    check_small_screen(somebody)
    for done in range(1, len(kinds) + 1):
        somebody.page.locator("section .row button").first.click()
        expect(somebody.page.locator("#main").get_by_text("It was sent.")).to_have_count(done)

    coalition.sync_all()
    came = [each for each in arrived(coalition.desks[0]) if each.thread == sent.thread]
    choices = {each.answer.choice for each in came if each.answer}
    assert choices == {"accept", "checked-in", "take", "vote", "offer"}
    # The first sending's mailbox has messages in it, so the answers wait at the next.
    assert all(each.locator != sent.locator for each in came if each.answer)
