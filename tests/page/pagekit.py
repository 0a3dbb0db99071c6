"""A witness in front of the page, and the desks that open what was sealed there."""

from __future__ import annotations

from dataclasses import dataclass, field

from coalition import Coalition
from playwright.sync_api import Browser, Page

from tocsin.core.intake import Submission, read_submission
from tocsin.desk.desk import Desk
from tocsin.desk.intake.actions import waiting

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
        self.page.goto(self.address)
        self.page.locator(f".languages button[lang={language}]").click()
        # The cards below come with the words and the list of who is on duty.
        self.page.locator("details.card").nth(2).wait_for()
        return self

    def write(self) -> Witness:
        """Go on to the questions."""
        self.page.locator("main > button.wide").first.click()
        return self

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
        words.first.wait_for(timeout=20_000)
        return [text.split()[-1] for text in words.all_inner_texts()]


def witness(browser: Browser, coalition: Coalition, **options: object) -> Witness:
    """Sit somebody down in front of the page of a coalition."""
    context = browser.new_context(**{"viewport": {"width": 360, "height": 740}, **options})  # type: ignore[arg-type]
    name = coalition.desks[0].keyring.coalition.hex()
    return Witness(context.new_page(), f"{coalition.address}/#{name}")


def arrived(desk: Desk) -> list[Submission]:
    """Open all that lies sealed for a desk and was not taken in."""
    return [read_submission(each.open_at(desk)) for each in waiting(desk)]
