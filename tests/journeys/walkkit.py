"""One person walking through pages: counts loads, keeps what the browser complained of."""

from __future__ import annotations

from dataclasses import dataclass, field

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
