"""One person walking through pages: counts loads, keeps what the browser complained of."""

from __future__ import annotations

from dataclasses import dataclass, field

from axe_playwright_python.sync_playwright import Axe
from coalition import Coalition
from playwright.sync_api import Page
from sitekit import Site


@dataclass
class Walk:
    """A person, the page in front of them, and the coalition behind it."""

    coalition: Coalition
    site: Site
    page: Page
    loads: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("load", lambda page: self.loads.append(page.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def press(self, name: str) -> None:
        """Press a button and wait for the page it leads to."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name).first.click()

    def follow(self, name: str) -> None:
        """Follow a link and wait for the page it leads to."""
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=name).first.click()


def check_page(walk: Walk) -> None:
    """Find nothing that keeps somebody out, nothing that scrolls sideways, and the one title."""
    found = Axe().run(walk.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]})
    rules = [
        (rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in found.response["violations"]
    ]
    assert rules == []
    assert walk.page.title() == "Desk"
    assert walk.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
