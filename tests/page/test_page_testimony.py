"""Somebody writes: nothing required, nothing remembered, sealed to who is on duty; a lost connection costs no words."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from coalition import Coalition
from pagekit import LANGUAGES, Witness, arrived, witness
from playwright.sync_api import Browser, expect

from tocsin.core.seal import Receipt

pytestmark = pytest.mark.browser

CANARY = "canary-words-orrery"


@pytest.fixture
def somebody(browser: Browser, coalition: Coalition) -> Iterator[Witness]:
    sat = witness(browser, coalition)
    yield sat
    assert sat.complaints == []
    sat.page.context.close()


def test_words_in_arabic_reach_every_desk_on_duty_and_the_receipt_is_theirs(
    somebody: Witness, coalition: Coalition
) -> None:
    somebody.come("ar").write()
    assert somebody.page.evaluate("document.documentElement.dir") == "rtl"
    somebody.answer("what", "جاؤوا إلى البيت canary-in-arabic")
    somebody.choose("danger", "yes")
    somebody.choose("named", "yes")
    somebody.answer("warn", "canary-warn-tamsin")
    somebody.page.locator("#f-country").select_option("az")
    somebody.answer("name", "canary-name-quillon")

    words = somebody.send()

    coalition.sync_all()
    found = [
        next(each for each in arrived(desk) if "canary-in-arabic" in each.narrative.text)
        for desk in coalition.desks
    ]
    assert [each.facts.danger_now for each in found] == [True] * 3
    assert {each.narrative.language for each in found} == {"ar"}
    assert {each.identity.to_warn for each in found} == {"canary-warn-tamsin"}
    assert {each.identity.name for each in found} == {"canary-name-quillon"}
    assert (found[0].facts.place, found[0].facts.held) == ("az", None)
    assert found[0].locator == Receipt.parse(" ".join(words)).locator(0)


def test_a_lost_connection_is_waited_for_and_nothing_is_asked_twice(
    somebody: Witness, coalition: Coalition
) -> None:
    somebody.come().write()
    somebody.answer("what", "canary-lost-connection")
    somebody.page.context.set_offline(True)
    somebody.page.locator("form button.wide").click()
    expect(somebody.page.locator("#status")).to_contain_text("goes on its way by itself")

    somebody.page.context.set_offline(False)
    expect(somebody.page.locator("ol.receipt")).to_be_visible(timeout=60_000)

    somebody.complaints = [words for words in somebody.complaints if "ERR_INTERNET_DISCONNECTED" not in words]
    coalition.sync_all()
    texts = [each.narrative.text for each in arrived(coalition.desks[0])]
    assert texts.count("canary-lost-connection") == 1


def test_two_tabs_are_two_sendings_and_neither_knows_of_the_other(
    somebody: Witness, coalition: Coalition
) -> None:
    other = Witness(somebody.page.context.new_page(), somebody.address)
    for tab, words in ((somebody, "canary-first-tab"), (other, "canary-second-tab")):
        tab.come().write()
        tab.answer("what", words)

    receipts = [tab.send() for tab in (somebody, other)]

    coalition.sync_all()
    texts = [each.narrative.text for each in arrived(coalition.desks[0])]
    assert (texts.count("canary-first-tab"), texts.count("canary-second-tab")) == (1, 1)
    assert receipts[0] != receipts[1]
    assert other.complaints == []


def test_words_stay_on_screen_when_they_are_too_many(somebody: Witness) -> None:
    somebody.come().write()
    long = "ы" * 8900
    somebody.answer("what", long)
    somebody.page.locator("form button.wide").click()

    expect(somebody.page.locator("#status")).to_contain_text("too long")
    assert somebody.page.locator("#f-what").input_value() == long


def test_another_language_keeps_what_was_typed(somebody: Witness) -> None:
    somebody.come().write()
    somebody.answer("what", "one")
    somebody.choose("danger", "no")

    somebody.page.locator("header select").select_option("fa")

    assert somebody.page.locator("#f-what").input_value() == "one"
    assert somebody.page.locator("input[name=danger][value=no]").is_checked()
    assert somebody.page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == [
        "fa",
        "rtl",
    ]


def test_requests_are_the_same_whatever_the_language_and_the_answers(
    browser: Browser, coalition: Coalition
) -> None:
    asked = []
    for language, text in (("en", "x"), ("ka", "y" * 4000)):
        sat = witness(browser, coalition)
        sat.come(language).write()
        sat.answer("what", text)
        if language == "ka":
            sat.choose("danger", "yes")
        sat.send()
        asked.append(sat.asked)
        sat.page.context.close()

    assert asked[0] == asked[1]


def test_nothing_is_asked_of_anybody_else_and_nothing_is_kept(
    somebody: Witness, coalition: Coalition
) -> None:
    somebody.come().write()
    somebody.answer("what", CANARY)
    somebody.send()

    kept = somebody.page.evaluate(
        "async () => [localStorage.length, sessionStorage.length, document.cookie, (await indexedDB.databases()).length,"
        " (await caches.keys()).length, history.length]"
    )
    assert kept == [0, 0, "", 0, 0, 2]
    assert all(url.startswith(f"{coalition.address}/") or url == "data:," for _, url in somebody.asked)


@pytest.mark.parametrize("how", ["tap", "escape"])
def test_one_tap_or_escape_twice_leaves_at_once(browser: Browser, coalition: Coalition, how: str) -> None:
    sat = witness(browser, coalition)
    sat.come().write()
    sat.answer("what", CANARY)

    if how == "tap":
        sat.page.locator(".leave").click()
    else:
        sat.page.keyboard.press("Escape")
        assert sat.page.locator("#f-what").input_value() == CANARY
        sat.page.keyboard.press("Escape")

    expect(sat.page).to_have_url("about:blank")
    sat.page.go_back()
    assert CANARY not in sat.page.content()
    sat.page.context.close()


def test_the_keyboard_alone_is_enough(somebody: Witness, coalition: Coalition) -> None:
    page = somebody.come().page
    press_until(somebody, "main > button.wide")
    page.keyboard.press("Enter")
    press_until(somebody, "#f-what")
    page.keyboard.type("canary-keyboard")
    press_until(somebody, "input[name=danger]")
    page.keyboard.press("Space")
    press_until(somebody, "form button.wide")
    page.keyboard.press("Enter")

    expect(page.locator("ol.receipt")).to_be_visible(timeout=60_000)
    assert page.evaluate("document.activeElement.tagName") == "H1"
    coalition.sync_all()
    assert any(
        each.narrative.text == "canary-keyboard" and each.facts.danger_now
        for each in arrived(coalition.desks[0])
    )


def press_until(somebody: Witness, selector: str) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(60):
        somebody.page.keyboard.press("Tab")
        if somebody.page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"{selector} is not reached by Tab")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_screen_fits_and_is_clean_for_screen_readers(
    browser: Browser, coalition: Coalition, scheme: str
) -> None:
    sat = witness(browser, coalition, color_scheme=scheme)
    for language in ("en", "ar") if scheme == "light" else ("ka",):
        sat.come(language)
        check_screen(sat)
        sat.write()
        sat.page.locator("form summary").click()
        sat.choose("named", "yes")
        check_screen(sat)
        sat.answer("what", "x")
        sat.send()
        sat.page.locator("section summary").click()
        sat.page.locator(".row button").nth(1).click()
        check_screen(sat)
    sat.page.context.close()


def check_screen(sat: Witness) -> None:
    """No violation of accessibility, and nothing beyond the edge of a small phone."""
    found = Axe().run(sat.page)
    assert found.violations_count == 0, found.generate_report()
    assert sat.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_all_languages_say_everything_with_their_own_plurals(browser: Browser, coalition: Coalition) -> None:
    page = browser.new_page()
    page.goto(coalition.address)

    lacking = page.evaluate(
        """async () => {
          const words = await (await fetch("words.json")).json();
          const lacking = [];
          for (const [code, book] of Object.entries(words)) {
            const forms = new Intl.PluralRules(code).resolvedOptions().pluralCategories;
            for (const [key, sentence] of Object.entries(words.en)) {
              const said = book[key] ?? {};
              const lacks = typeof sentence === "object" ? forms.some((form) => !(form in said)) : typeof said !== "string";
              if (lacks) lacking.push([code, key]);
            }
          }
          return [Object.keys(words).sort(), lacking];
        }"""
    )

    assert lacking == [sorted(LANGUAGES), []]
    page.close()


def test_the_page_is_served_shut(browser: Browser, coalition: Coalition) -> None:
    page = browser.new_page()
    answer = page.goto(coalition.address)

    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "require-trusted-types-for 'script'" in policy
    assert not re.search("unsafe|http|\\*", policy)
    assert answer.headers["cache-control"] == "no-store"
    assert page.title() == "Notes"
    assert page.evaluate(
        "() => { try { document.body.innerHTML = 'x'; return false; } catch { return true; } }"
    )
    page.close()
