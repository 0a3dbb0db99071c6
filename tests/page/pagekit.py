"""A witness in front of the page, and the desks that open what was sealed there."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

import httpx
from coalition import Coalition
from playwright.sync_api import Browser, Page, expect

from tocsin.core.intake import Submission, read_submission
from tocsin.core.intake.replies import Asking, Mailbox, Message, message_id, write_reply
from tocsin.core.ledger.charter import draw_up
from tocsin.core.ledger.parts import Part
from tocsin.core.ledger.signed_text import SignedText, sign_text
from tocsin.core.seal import BadReceipt, Receipt
from tocsin.desk.desk import Desk
from tocsin.desk.intake.actions import waiting

LANGUAGES = ["en", "az", "ru", "tr", "ka", "ar", "fa", "uk"]

EXPECTED = "Cleared data types"
"""What Chromium says of `Clear-Site-Data`; it is no complaint."""


@dataclass
class Witness:
    """One browser, one page, and what it complained of."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.complain(message.text))
        self.page.on("pageerror", lambda error: self.complain(str(error)))
        self.page.on("request", lambda request: self.asked.append((request.method, request.url)))

    def complain(self, words: str) -> None:
        if EXPECTED not in words:
            self.complaints.append(words)

    def come(self, language: str = "en") -> Witness:
        """Open the page and choose a language."""
        # A page that differs in its fragment only would not be loaded again.
        self.page.goto("about:blank")
        with self.page.expect_response(lambda answer: answer.url.endswith("/witness")):
            self.page.goto(self.address)
        self.page.locator(f".languages button[lang={language}]").click()
        self.page.locator("details#know").wait_for()
        return self

    def write(self) -> Witness:
        """Go on to the questions."""
        self.page.locator("main > button.wide").first.click()
        return self

    def ask_for_mail(self, receipt: str) -> None:
        """Go on to the replies instead, and type a receipt."""
        self.page.locator("main > button.wide").nth(1).click()
        self.answer("receipt", receipt)
        self.page.locator("form button.wide").click()
        expect(self.page.locator("h1")).to_be_focused()
        expect(self.page.locator("#f-receipt")).to_have_count(0)

    def answer(self, name: str, text: str) -> None:
        """Fill in one field."""
        self.page.locator(f"#f-{name}").fill(text)

    def choose(self, name: str, value: str) -> None:
        """Choose one answer."""
        self.page.locator(f"input[name={name}][value={value}]").check()

    def send(self) -> list[str]:
        """Seal, send and read the receipt off the screen."""
        self.page.locator("form button.wide").click()
        words = self.page.locator("ol.receipt li")
        words.first.wait_for(timeout=60_000)
        return [text.split()[-1] for text in words.all_inner_texts()]


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


def path_of(coalition: Coalition) -> str:
    """Say where a coalition's paths begin."""
    return f"{coalition.address}/c/{coalition.desks[0].keyring.coalition.hex()}"


def post(coalition: Coalition, path: str, body: bytes) -> None:
    """Hand something to the relay that nobody has to sign for."""
    answer = httpx.post(
        f"{path_of(coalition)}/{path}",
        content=body,
        headers={"Content-Type": "application/octet-stream"},
        trust_env=False,
    )
    assert answer.status_code == 200, answer.headers.get("Tocsin-Code")


def publish_charter(coalition: Coalition) -> None:
    """Have two founders sign who may read."""
    desk = coalition.desks[0]
    name = desk.keyring.coalition
    speakers = [entry.number for entry in desk.world.history.now.roll.active]
    charter = draw_up(desk.world.history.now.roll, name, serial=1, day=desk.today, page={}, speakers=speakers)
    text = SignedText(charter.to_bytes())
    for number in (1, 2):
        text = text.with_signature(
            number, sign_text(text.payload, "page", coalition.founders[number - 1], name)
        )
    post(coalition, "charter", text.to_bytes())


def publish_words(coalition: Coalition, part: str, words: dict[str, str]) -> None:
    """Have speakers of two organisations sign words of the page."""
    desks = coalition.desks[:2]
    name = desks[0].keyring.coalition
    made = Part(coalition=name.hex(), part=part, serial=1, day=desks[0].today, words=words)
    text = SignedText(made.to_bytes())
    for desk in desks:
        text = text.with_signature(
            desk.device, sign_text(text.payload, "words", desk.keyring.signing_key, name)
        )
    post(coalition, "words", text.to_bytes())


def reply(coalition: Coalition, to: Submission, *, place: int = 0, **said: Any) -> None:
    """Answer a sending as a duty desk does."""
    message = Message(
        id=message_id(secrets.token_bytes(16)), day=coalition.desks[0].today, **{"kind": Asking.REPLY, **said}
    )
    mailbox = Mailbox(to.locator, to.write_token, to.answer_key, to.reply)
    post(coalition, "mailbox", write_reply(message, mailbox, place=place).to_bytes())


def address_of(coalition: Coalition) -> str:
    """Give the page's address, with what its founders hash to."""
    desk = coalition.desks[0]
    charter = draw_up(desk.world.history.now.roll, desk.keyring.coalition, serial=1, day=desk.today, page={})
    return f"{coalition.address}/#{charter.pin}"


def witness(browser: Browser, coalition: Coalition, **options: object) -> Witness:
    """Sit somebody down in front of the page of a coalition that has a charter."""
    context = browser.new_context(**{"viewport": {"width": 360, "height": 740}, **options})  # type: ignore[arg-type]
    return Witness(context.new_page(), address_of(coalition))


def arrived(desk: Desk) -> list[Submission]:
    """Open all that lies sealed for a desk and was not taken in."""
    return [read_submission(each.open_at(desk)) for each in waiting(desk)]
