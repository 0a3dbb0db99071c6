"""From nothing to three desks and a relay; a newcomer and a second device join: by pages alone, as the how-to says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from coalition import PASSPHRASE, environment_with
from playwright.sync_api import Browser, Page, expect
from sitekit import Site, start_site

pytestmark = pytest.mark.browser

SECONDS = 1
"""Between two looks or syncs of a desk; sixty and five in earnest."""
WAIT = 40_000

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "found-a-coalition.md"

CARD, ORGANISATION = (
    "Make my founder\N{RIGHT SINGLE QUOTATION MARK}s card",
    re.compile("My organisation.s number"),
)

BUILD = """[...document.querySelectorAll("*")].map((each) => [...each.attributes].map(({ name, value }) =>
  ["class", "role", "type", "for", "id", "lang", "dir"].includes(name) ? name + value : name).concat(each.tagName).join(" "))
  .join(";")"""
"""The elements of a page with their attributes, without its words."""

Look = Callable[["Person", str], None]


@dataclass
class Person:
    """Somebody at a machine of their own, with a browser."""

    name: str
    site: Site
    page: Page
    steps: list[str]
    look: Look
    looked_at: set[str]
    """Builds of pages that were tried, whoever saw them."""
    loads: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("load", lambda page: self.loads.append(page.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def come_in(self) -> None:
        """Follow the link that the program printed."""
        self.page.goto(self.site.link)
        self.look(self, "start")

    def open(self, name: str) -> None:
        """Unfold a part of the page."""
        self.steps.append(name)
        self.page.get_by_text(name, exact=True).click()

    def press(self, name: str, *, see: str = "") -> None:
        """Press a button, wait for the page it leads to, and look at it."""
        self.steps.append(name)
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True).click()
        self.look(self, see or name)

    def follow(self, name: str) -> None:
        """Follow a link, wait for the page it leads to, and look at it."""
        self.steps.append(name)
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=name, exact=True).click()
        self.look(self, name)

    @contextmanager
    def unseen(self) -> Iterator[None]:
        """Do something that a person would not: waiting by loading again is not counted."""
        n_loads = len(self.loads)
        yield
        self.page.wait_for_load_state("load")
        del self.loads[n_loads:]

    def choose_passphrase(self, at: str) -> None:
        """Type a passphrase twice."""
        self.page.locator(f"#{at}-passphrase").fill(PASSPHRASE)
        self.page.locator(f"#{at}-again").fill(PASSPHRASE)

    def text(self, name: str) -> str:
        """Read a text that is to be passed on."""
        return self.page.locator(f"#{name}").input_value()

    def paste(self, name: str, text: str) -> None:
        """Paste a text."""
        self.page.locator(f"#{name}").fill(text)

    def tick_all_the_same(self) -> None:
        """Find everybody's words the same."""
        for box in self.page.get_by_text("they match").all():
            box.click()


def find_nothing_wrong(person: Person, _name: str) -> None:
    """Check that nothing keeps somebody out, nothing scrolls sideways, and the title says nothing."""
    person.page.set_viewport_size({"width": 360, "height": 800})
    assert person.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    person.page.set_viewport_size({"width": 1100, "height": 800})
    assert person.page.title() == "Desk"
    # The same elements with the same attributes are the same to a screen reader: each build of a page is tried once.
    build = person.page.evaluate(BUILD)
    if build in person.looked_at:
        return
    person.looked_at.add(build)
    found = Axe().run(person.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]})
    assert [
        (rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in found.response["violations"]
    ] == []


@contextmanager
def five_machines(browser: Browser, folder: Path, look: Look) -> Iterator[list[Person]]:
    """Seat four people at empty machines, one of them at two; end their programs afterwards."""
    clock_file = folder / "clock"
    clock_file.write_text("0", encoding="ascii")
    steps: list[str] = []
    looked_at: set[str] = set()
    with ExitStack() as stack:
        people = []
        for name in ("lead", "second", "third", "newcomer", "other"):
            environment = environment_with(clock_file)
            site = start_site(folder / name, environment, passphrase=None, sync_every=SECONDS)
            stack.callback(site.stop)
            context = browser.new_context(viewport={"width": 1100, "height": 800})
            stack.callback(context.close)
            people.append(Person(name, site, context.new_page(), steps, look, looked_at))
        yield people


def found(lead: Person, second: Person, third: Person) -> None:
    """Come from three empty machines to three desks that read the same."""
    founders = (lead, second, third)
    for number, person in enumerate(founders, 1):
        person.come_in()
        person.open(CARD)
        person.page.get_by_label("My number").fill(str(number))
        person.page.get_by_label(ORGANISATION).fill(str(number))
        person.choose_passphrase("found")
        person.press("Make my card")

    lead.paste("pasted", second.text("card") + "\n" + third.text("card"))
    lead.press("Read it")
    for other in (second, third):
        words = other.page.locator(".words").first.inner_text()
        expect(lead.page.locator(".words", has_text=words)).to_have_count(1)
    lead.tick_all_the_same()
    lead.page.get_by_text("Start one on this machine").click()
    lead.press("Propose it and sign")

    for person in (second, third):
        person.paste("pasted", lead.text("proposal"))
        person.press("Read it", see="What you would sign")
        expect(person.page.get_by_text("It is an exercise, and stays one")).to_be_visible()
        person.tick_all_the_same()
        person.press("Sign it")

    lead.paste("back", second.text("proposal"))
    lead.press("Add the signatures")
    lead.press("Found the coalition")

    for person in founders:
        expect(person.page.get_by_role("heading", name="Home")).to_be_visible(timeout=WAIT)
    for person in founders:
        wait_for_home_to_say(person, "founder, handler")


def wait_for_home_to_say(person: Person, words: str) -> None:
    """Load the home page until it says something: keys come by themselves, at somebody's next sync."""
    home = "/".join(person.page.url.split("/")[:4]) + "/"
    for _ in range(40):
        if person.page.url == home and person.page.get_by_text(words).count():
            return
        person.page.wait_for_timeout(500)
        with person.unseen():
            person.page.goto(home)
    raise AssertionError(f"home of {person.name} never said it: " + person.page.inner_text("main"))


def join(lead: Person, second: Person, newcomer: Person) -> None:
    """Invite a fourth and let them in."""
    lead.follow("Ledger")
    lead.follow("Are we ready?")
    expect(lead.page.get_by_text("This is an exercise, and it stays one")).to_be_visible()
    lead.follow("Ledger")
    lead.follow("Invite somebody")
    lead.press("Make an invitation")

    newcomer.come_in()
    newcomer.open("Answer my invitation")
    newcomer.paste("words", lead.page.locator(".words").first.inner_text())
    newcomer.paste("offer", lead.page.locator("textarea[id^=offer]").first.input_value())
    newcomer.choose_passphrase("join")
    newcomer.press("Answer")

    lead.paste("pasted", newcomer.text("text"))
    lead.press("Take the answer")
    words = newcomer.page.locator(".words").first.inner_text()
    expect(lead.page.locator(".words", has_text=words)).to_have_count(1)
    lead.tick_all_the_same()
    lead.page.get_by_role("checkbox", name=re.compile("^analyst")).check()
    lead.press("Ask the founders to sign, and sign")

    wait_for_home_to_say(second, "sign a change of the roll")
    with second.unseen():
        second.page.get_by_role("link", name=re.compile("sign a change")).click()
    second.press("Sign as founder 2")
    expect(newcomer.page.get_by_role("heading", name="Home")).to_be_visible(timeout=WAIT)
    wait_for_home_to_say(newcomer, "analyst")


def bring_a_second_device(lead: Person, second: Person, other: Person) -> None:
    """Let a founder's other machine in; the words are compared on both screens."""
    lead.follow("Ledger")
    lead.follow("Invite somebody")
    lead.open("A second device of mine")
    lead.press("Invite my second device")

    other.come_in()
    other.open("Answer my invitation")
    other.paste("words", lead.page.locator(".words").first.inner_text())
    other.paste("offer", lead.page.locator("textarea[id^=offer]").first.input_value())
    other.page.get_by_text("This is a second device of mine").click()
    other.choose_passphrase("join")
    other.press("Answer", see="a second device answers")

    lead.paste("pasted", other.text("text"))
    lead.press("Take the answer", see="a second device has answered")
    expect(lead.page.get_by_text("Your second device has answered")).to_be_visible()
    words = other.page.locator(".words").first.inner_text()
    expect(lead.page.locator(".words", has_text=words)).to_have_count(1)
    lead.tick_all_the_same()
    lead.press("Ask the founders to sign, and sign")

    wait_for_home_to_say(second, "sign a change of the roll")
    with second.unseen():
        second.page.get_by_role("link", name=re.compile("sign a change")).click()
    second.press("Sign as founder 2")
    expect(other.page.get_by_role("heading", name="Home")).to_be_visible(timeout=WAIT)
    wait_for_home_to_say(other, "number 5: analyst, counter, handler, intake, seat")
    # It works: calls are sealed to it as well, and it stands in the organisation of the first.
    wait_for_home_to_say(lead, "calls: devices 1, 2, 3, 5")
    with lead.unseen():
        lead.page.get_by_role("link", name="Ledger").first.click()
    lead.look(lead, "a ledger with two devices of one organisation")


def test_a_coalition_comes_about_by_pages_alone_as_the_how_to_says(browser: Browser, tmp_path: Path) -> None:
    with five_machines(browser, tmp_path, find_nothing_wrong) as (lead, second, third, newcomer, other):
        found(lead, second, third)
        loads = {person.name: len(person.loads) for person in (lead, second, third)}
        join(lead, second, newcomer)
        loads[newcomer.name] = len(newcomer.loads)
        bring_a_second_device(lead, second, other)
        loads[other.name] = len(other.loads)
        print("Page loads:", loads)
        people = (lead, second, third, newcomer, other)
        complaints = [person.complaints for person in people]
        said = [person.site.stop() for person in people]

    assert loads["lead"] <= 12
    assert loads["second"] <= 5
    assert loads["third"] <= 5
    assert loads["newcomer"] <= 4
    assert loads["other"] <= 4
    assert complaints == [[]] * 5
    assert said == [person.site.link + "\n" for person in people]
    assert list(dict.fromkeys(lead.steps)) == list(
        dict.fromkeys(bold_words(HOW_TO.read_text(encoding="utf-8")))
    )


def bold_words(text: str) -> list[str]:
    """Pages and buttons that the how-to names, in its order."""
    return [" ".join(words.split()) for words in re.findall(r"\*\*(.+?)\*\*", text, re.S)]
