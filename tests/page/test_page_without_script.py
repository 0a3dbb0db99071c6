"""Without JavaScript nothing is sent in clear: the page says so, and takes only what is sealed already."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from coalition import Coalition
from pagekit import LANGUAGES, arrived, path_of
from playwright.sync_api import Browser, Page

from tocsin.core.intake import Account, Facts, Submission, Who, write_submission
from tocsin.core.ledger import PUBLISHED_KEY_SIZE, PublishedKey, Purpose
from tocsin.core.seal import Recipient, armor, seal
from tocsin.terms import Place

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, coalition: Coalition) -> Iterator[Page]:
    """Open the upload page in a browser that runs no script."""
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(f"{coalition.address}/c/{coalition.desks[0].keyring.coalition.hex()}/sealed.html")
    yield opened
    context.close()


def day_keys(coalition: Coalition) -> list[Recipient]:
    """Find today's keys of who is on duty, as they lie beside the roll."""
    today = coalition.desks[0].today
    joined = httpx.get(f"{path_of(coalition)}/keys?since={today}", trust_env=False).content
    parts = [joined[at : at + PUBLISHED_KEY_SIZE] for at in range(0, len(joined), PUBLISHED_KEY_SIZE)]
    keys = map(PublishedKey.from_bytes, parts)
    return [Recipient(key.public) for key in keys if key.purpose == Purpose.INTAKE and key.period == today]


def hand_in(page: Page, content: bytes) -> str:
    page.locator("#file").set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": content})
    page.locator("button").click()
    page.wait_for_load_state()
    return page.inner_text("body")


def sealed(coalition: Coalition, text: str) -> bytes:
    """Seal words as a program on a trusted device does."""
    submission = Submission(
        drill=False,
        answer_key=bytes(32),
        locator=bytes(32),
        write_token=bytes(32),
        identity=Who(),
        narrative=Account(text=text),
        facts=Facts(place=Place("zz")),
    )
    return seal(write_submission(submission), day_keys(coalition)[:4])


@pytest.mark.parametrize("as_text", [False, True])
def test_a_file_that_is_sealed_already_is_taken(page: Page, coalition: Coalition, as_text: bool) -> None:
    text = f"canary-no-script-{as_text}"
    file = sealed(coalition, text)

    said = hand_in(page, armor(file).encode() if as_text else file)

    assert "It was taken" in said
    coalition.sync_all()
    assert text in [each.narrative.text for each in arrived(coalition.desks[0])]


def test_words_in_clear_are_refused(page: Page, coalition: Coalition) -> None:
    said = hand_in(page, b"canary-in-clear " * 2000)

    assert "It was taken" not in said
    assert "canary-in-clear" not in said


def test_the_first_page_says_so_in_every_language(browser: Browser, coalition: Coalition) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(coalition.address)

    spoken = [each.get_attribute("lang") for each in page.locator(".quiet-page p").all()]
    assert spoken == LANGUAGES
    assert page.locator(".quiet-page p").first.is_visible()
    assert page.locator("form, input, textarea").count() == 0
    context.close()
