"""The page as one file: seals without a network, gives text to paste, and after its last day keeps the words on screen."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from coalition import Coalition
from pagekit import arrived, post, witness
from playwright.sync_api import Browser, Page, expect
from wirekit import b64

from tocsin.bundle import bundle_path
from tocsin.core.seal import Identity, Receipt, dearmor, open_sealed

pytestmark = pytest.mark.browser

EMPTY = '<script type="application/json" id="sheet">null</script>'
MADE_ON = datetime(2017, 9, 22, 12, tzinfo=UTC)
MONTH = (2017 - 1970) * 12 + 8
KEYS = {(device, month): Identity.fresh() for device in (1, 2) for month in (MONTH, MONTH + 1)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write the file as the page does, with keys for September and October 2017."""
    keys = [
        {"device": device, "period": month, "key": b64(key.recipient.public)}
        for (device, month), key in KEYS.items()
    ]
    book = {"en": {"lead": "</script> in signed words stays words"}}
    carried = {"exercise": True, "day": 17_431, "keys": keys, "checked": ["en"], "book": book, "common": {}}
    page = (bundle_path() / "one.html").read_text("utf-8")
    assert page.count(EMPTY) == 1
    target = tmp_path / "notes.html"
    target.write_text(
        page.replace(EMPTY, EMPTY.replace("null", json.dumps(carried).replace("<", "\\u003c"))), "utf-8"
    )
    return target


def write_in(browser: Browser, file: Path, at: datetime, text: str) -> Page:
    """Open the file without a network at some time, and write."""
    page = browser.new_context(offline=True, viewport={"width": 360, "height": 740}).new_page()
    page.clock.set_fixed_time(at)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(file.as_uri())
    page.locator(".languages button[lang=en]").click()
    expect(page.get_by_text("</script> in signed words stays words")).to_be_visible()
    page.locator("main > button.wide").click()
    page.locator("#f-what").fill(text)
    page.locator("form button.wide").click()
    assert complaints == []
    return page


def opened(text: str, month: int) -> dict[str, Any]:
    """Open the pasted text with each device's key of a month."""
    plains = {open_sealed(dearmor(text), [KEYS[device, month]]) for device in (1, 2)}
    assert len(plains) == 1
    plain = plains.pop()
    said: dict[str, Any] = json.loads(plain[4 : 4 + int.from_bytes(plain[:4], "big")])
    return said


@pytest.mark.parametrize(("after_days", "month"), [(0, MONTH), (30, MONTH + 1), (-4000, MONTH)])
def test_words_become_text_that_this_months_keys_open(
    browser: Browser, file: Path, after_days: int, month: int
) -> None:
    page = write_in(browser, file, MADE_ON + timedelta(days=after_days), "canary-no-network")

    said = opened(page.locator("textarea.block").input_value(), month)

    words = [text.split()[-1] for text in page.locator("ol.receipt li").all_inner_texts()]
    assert said["narrative"]["text"] == "canary-no-network"
    assert said["locator"] == b64(Receipt.parse(" ".join(words)).locator(0))
    page.context.close()


def test_after_its_last_day_it_seals_no_longer_and_keeps_the_words(browser: Browser, file: Path) -> None:
    page = write_in(browser, file, datetime(2017, 11, 1, 1, tzinfo=UTC), "canary-too-late")

    expect(page.locator("#status")).to_contain_text("October 31, 2017")
    assert page.locator("#f-what").input_value() == "canary-too-late"
    assert page.locator("textarea.block").count() == 0
    page.context.close()


def test_the_file_that_the_page_gives_seals_to_this_months_keys(
    browser: Browser, coalition: Coalition, tmp_path: Path
) -> None:
    sat = witness(browser, coalition).come()
    sat.page.locator("#one summary").click()
    with sat.page.expect_download() as download:
        sat.page.locator("#one button").click()
    file = tmp_path / "notes.html"
    download.value.save_as(file)
    assert download.value.suggested_filename == "notes.html"

    page = browser.new_context(offline=True).new_page()
    page.goto(file.as_uri())
    page.locator(".languages button[lang=ka]").click()
    page.locator("main > button.wide").click()
    page.locator("#f-what").fill("canary-from-a-saved-file")
    page.locator("form button.wide").click()
    text = page.locator("textarea.block").input_value()

    post(coalition, "submissions", dearmor(text))
    coalition.sync_all()
    assert "canary-from-a-saved-file" in [each.narrative.text for each in arrived(coalition.desks[0])]
    page.context.close()
    sat.page.context.close()
