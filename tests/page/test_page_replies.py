"""Replies and the pocket: read by receipt, answered under it, and all kinds look alike to the relay."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from coalition import Coalition
from pagekit import Witness, arrived, reply, witness
from picturekit import CANARY as NOTE
from picturekit import exif, segment
from playwright.sync_api import Browser, expect

from tocsin.core.intake import Submission
from tocsin.core.intake.replies import Asking
from tocsin.core.seal import BadReceipt, Identity, Receipt, open_stream
from tocsin.core.seal.padding import unpad_file

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
    sat.come(language)
    sat.page.locator("main > button.wide").nth(1).click()
    sat.answer("receipt", with_slip(words))
    sat.page.locator("form button.wide").click()
    expect(sat.page.locator("h1")).to_be_focused()
    expect(sat.page.locator("#f-receipt")).to_have_count(0)


def with_slip(words: list[str]) -> str:
    """Write a receipt with one wrong letter, of those that the desk can mend too: one in some dozens fits two receipts."""
    meant = Receipt.parse(" ".join(words)).secret
    for letter in "bdfghjklmnprstvz":
        text = " ".join([words[0][:-1] + letter, *words[1:]])
        try:
            if letter != words[0][-1] and Receipt.parse(text).secret == meant:
                return text
        except BadReceipt:
            continue
    return " ".join(words)


def check_small_screen(sat: Witness) -> None:
    report = Axe().run(sat.page)
    assert report.violations_count == 0, report.generate_report()
    assert sat.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_reply_is_read_and_answered_under_the_receipt(somebody: Witness, coalition: Coalition) -> None:
    words, sent = speak_up(somebody, coalition, "canary-replied-to")
    reply(coalition, sent, text="سمعناك canary-reply-words", language="ar")

    read_mail(somebody, words)
    expect(somebody.page.get_by_text("canary-reply-words")).to_have_attribute("dir", "rtl")
    check_small_screen(somebody)
    somebody.page.locator("main textarea").fill("canary-answer-words")
    somebody.page.locator("section .row button").click()
    expect(somebody.page.locator("main textarea")).to_have_count(0)

    answer = found(coalition, "canary-answer-words")
    assert (str(answer.kind), answer.thread) == ("message", sent.thread)
    # The first sending's mailbox has a reply in it, so this one waits at the next.
    assert answer.locator != sent.locator


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


def test_a_photograph_follows_the_words_without_its_notes(
    somebody: Witness, coalition: Coalition, tmp_path: Path
) -> None:
    words, sent = speak_up(somebody, coalition, "canary-with-photograph", "en")
    plain = base64.b64decode(
        somebody.page.evaluate(
            """async () => {
              const canvas = Object.assign(document.createElement("canvas"), { width: 300, height: 200 });
              canvas.getContext("2d").fillRect(20, 20, 200, 100);
              const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg"));
              return btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
            }"""
        )
    )
    photograph = plain[:2] + exif(1) + segment(0xFE, NOTE) + plain[2:]
    files = [{"name": "canary-file-name.jpg", "mimeType": "image/jpeg", "buffer": photograph}]

    somebody.page.locator("#f-files").set_input_files(files)  # type: ignore[arg-type]  # a list of such maps is what it takes
    expect(somebody.page.locator(".files li")).to_contain_text("Sent.", timeout=60_000)

    coalition.sync_all()
    (message,) = [
        each for each in arrived(coalition.desks[0]) if each.thread == sent.thread and each.attachments
    ]
    (attachment,) = message.attachments
    sealed = somebody.page.request.get(
        f"{coalition.address}/c/{coalition.desks[0].keyring.coalition.hex()}/attachment/{attachment.address.hex()}"
    ).body()
    (tmp_path / "sealed").write_bytes(sealed)
    with (
        (tmp_path / "sealed").open("rb") as source,
        (tmp_path / "open").open("wb") as target,
        unpad_file(target) as sink,
    ):
        open_stream(source, sink, [Identity.from_seed(attachment.seed)])
    opened = (tmp_path / "open").read_bytes()
    assert opened.startswith(b"\xff\xd8\xff")
    assert len(opened) == attachment.bytes
    assert NOTE not in opened
    assert words


def test_an_interpreter_works_on_a_small_phone(somebody: Witness, coalition: Coalition) -> None:
    words, sent = speak_up(somebody, coalition, "canary-interpreters-pocket", "ru")
    content = {"from": "az", "to": "en"}
    reply(coalition, sent, kind=Asking.INTERPRET, text="Evə gəldilər", language="az", content=content)

    read_mail(somebody, words, "ru")
    assert somebody.page.get_by_text("Evə gəldilər").get_attribute("lang") == "az"
    check_small_screen(somebody)
    somebody.page.locator("main textarea").fill("They came to the house")
    somebody.page.locator("section .row button").first.click()
    expect(somebody.page.locator("main textarea")).to_have_count(0)

    answer = found(coalition, "They came to the house")
    assert answer.answer is not None
    assert (str(answer.kind), answer.answer.choice, answer.narrative.language) == (
        "answer",
        "interpreted",
        "en",
    )


def test_a_workers_night_page_checks_in_stops_a_chain_and_gives_up_a_laptop(
    somebody: Witness, coalition: Coalition
) -> None:
    words, sent = speak_up(somebody, coalition, "canary-workers-pocket", "tr")
    due = int(time.time()) + 3600
    check_ins = [{"code": "leg-07", "due_at": due, "waits_for": "leg-07"}]
    reply(coalition, sent, kind=Asking.NIGHT, content={"check_ins": check_ins, "chains": ["chain-3"]})

    read_mail(somebody, words, "tr")
    check_small_screen(somebody)
    somebody.page.locator("details#laptop summary").click()
    somebody.page.locator("details#laptop button").click()
    expect(somebody.page.locator("details#laptop")).to_have_count(0)

    coalition.sync_all()
    choices = [
        each.answer.choice
        for each in arrived(coalition.desks[0])
        if each.thread == sent.thread and each.answer
    ]
    assert choices == ["laptop-gone"]


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
    answers = [each.answer for each in arrived(coalition.desks[0]) if each.thread == sent.thread]
    choices = {answer.choice for answer in answers if answer}
    assert choices == {"accept", "checked-in", "take", "vote", "offer"}
