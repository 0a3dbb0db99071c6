"""The page says how it stands with those who read, before anybody writes: calmly, in their language, and seals."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from coalition import Coalition
from pagekit import LANGUAGES, Witness, witness
from playwright.sync_api import Browser, Route, expect

from tocsin.core.ledger.witness import COSIGNATURES, DAY, read_sections, write_sections

pytestmark = pytest.mark.browser

Change = Callable[[list[tuple[int, bytes]]], list[tuple[int, bytes]]]


@pytest.fixture
def sat(browser: Browser, coalition: Coalition) -> Iterator[Witness]:
    made = witness(browser, coalition)
    yield made
    assert made.complaints == []
    made.page.context.close()


def given(sat: Witness, change: Change) -> None:
    """Let a relay give something else than it has: what it changes here, nobody signs."""

    def pass_on(route: Route) -> None:
        answer = route.fetch()
        sections = change([*read_sections(answer.body())])
        route.fulfill(response=answer, body=write_sections(sections))

    sat.page.route("**/witness", pass_on)


def sentence(sat: Witness, language: str, key: str) -> str:
    """Read a sentence, or its plural form for many, out of the page's own words."""
    words = sat.page.evaluate("async () => (await fetch('words.json')).json()")[language][key]
    return str(words if isinstance(words, str) else words["other"])


def test_a_ledger_that_nobody_vouches_for_is_said_in_every_language_and_sealed_by(sat: Witness) -> None:
    given(sat, lambda sections: [each for each in sections if each[0] != COSIGNATURES])
    sat.come("en").write()

    for language in LANGUAGES:
        sat.page.locator("header select").select_option(language)
        expect(sat.page.get_by_text(sentence(sat, language, "unfirm"))).to_be_visible()
    sat.answer("what", "canary-unfirm")
    assert len(sat.send()) == 12


def test_a_ledger_that_two_organisations_vouch_for_is_not_spoken_of(sat: Witness) -> None:
    sat.come().write()

    expect(sat.page.get_by_text(sentence(sat, "en", "unfirm"))).to_have_count(0)


def test_for_how_many_days_nobody_was_on_duty_is_said_and_the_newest_keys_are_used(
    sat: Witness, coalition: Coalition
) -> None:
    days = 5
    late = (coalition.desks[0].today + days).to_bytes(4, "big")
    given(sat, lambda sections: [(kind, late if kind == DAY else each) for kind, each in sections])
    sat.come("en").write()

    said = sat.page.locator("main p.warn")
    # The keys of tomorrow are published already.
    expect(said).to_have_text(sentence(sat, "en", "stale").replace("{n}", str(days - 1)))
    sat.answer("what", "canary-stale")
    assert len(sat.send()) == 12
