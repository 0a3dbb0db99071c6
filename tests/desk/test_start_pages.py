"""The pages before there is a desk: what goes wrong stands where it was tried, a restart goes on, nothing is left behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from coalition import PASSPHRASE, environment_with
from sitekit import Site, Visitor, start_site

from tocsin.desk.start.passphrase import six_words
from tocsin.desk.start.state import Stage, stage_of


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A program started in an empty folder."""
    site = open_site(tmp_path)
    yield site
    site.stop()


def open_site(folder: Path) -> Site:
    (folder / "clock").write_text("0", encoding="ascii")
    return start_site(folder / "desk", environment_with(folder / "clock"), passphrase=None)


def visit(site: Site) -> Visitor:
    """Come in by the link."""
    visitor = Visitor(site)
    answer = visitor.come_in()
    visitor.home = re.sub(r"(start|unlock)/$", "", str(answer.url))
    return visitor


def make_card(
    visitor: Visitor, *, again: str = PASSPHRASE, passphrase: str = PASSPHRASE, number: str = "1"
) -> str:
    """Fill in the form of a founder."""
    fields = {"passphrase": passphrase, "again": again, "number": number, "organisation": "1"}
    return visitor.post("start/found/", seen="start/", **fields).text


def test_an_empty_folder_says_what_can_be_begun_and_every_other_page_leads_there(site: Site) -> None:
    visitor = visit(site)

    for path in ("", "unlock/", "ledger/", "protect/", "start/"):
        text = visitor.get(path).text
        assert "There is no desk on this machine yet" in text
        assert all(name in text for name in ("Found a coalition", "I was invited", "Restore from a backup"))
    visitor.close()


def test_a_passphrase_that_does_not_hold_is_refused_and_nothing_is_made(site: Site, tmp_path: Path) -> None:
    visitor = visit(site)

    assert "not the same" in make_card(visitor, again="kestrel ladder mess")
    assert "fewer than 14" in make_card(visitor, passphrase="short", again="short")
    assert stage_of(tmp_path / "desk") is Stage.EMPTY
    assert len(six_words().split()) == 6
    visitor.close()


def test_a_restart_goes_on_where_it_stopped_and_asks_for_the_passphrase(site: Site, tmp_path: Path) -> None:
    visitor = visit(site)
    words = re.search(r'class="words" translate="no">([a-z ]+)<', make_card(visitor))
    assert words is not None
    wrong = visitor.post("start/take/", seen="start/", pasted="nothing of ours").text
    assert "BEGIN TOCSIN" in wrong
    assert words[1] in wrong
    visitor.close()
    site.process.kill()
    site.process.communicate(timeout=20)

    again = open_site(tmp_path)
    visitor = visit(again)
    assert "Unlock this desk" in visitor.get("").text
    assert "does not open" in visitor.post("unlock/", seen="unlock/", passphrase="canary wrong one").text
    page = visitor.post("unlock/", seen="unlock/", passphrase=PASSPHRASE).text
    assert words[1] in page
    assert "Lock" not in page
    visitor.close()
    assert again.stop() == again.link + "\n"


def test_a_wrong_field_is_said_on_the_page_and_the_keys_stay(site: Site, tmp_path: Path) -> None:
    visitor = visit(site)
    make_card(visitor, number="none")
    assert stage_of(tmp_path / "desk") is Stage.SETUP
    key = (tmp_path / "desk" / "keyring.age").read_bytes()

    page = visitor.post(
        "start/join/", seen="start/", words="canary of three", pasted="-----BEGIN TOCSIN OFFER-----"
    )

    assert page.status_code >= 400
    assert "twelve words" in page.text
    assert "canary of three" in page.text, "what was typed is not lost"
    assert (tmp_path / "desk" / "keyring.age").read_bytes() == key
    assert "Begin again" not in page.text
    visitor.close()


def test_beginning_again_leaves_no_key_behind(site: Site, tmp_path: Path) -> None:
    visitor = visit(site)
    first = make_card(visitor)
    visitor.post("start/again/", seen="start/")
    assert stage_of(tmp_path / "desk") is Stage.EMPTY
    assert not (tmp_path / "desk" / "setup.sealed").exists()

    second = make_card(visitor)

    words = {found for page in (first, second) for found in re.findall(r'translate="no">([a-z ]+)</p>', page)}
    assert len(words) == 2
    visitor.close()
    assert site.stop() == site.link + "\n"
