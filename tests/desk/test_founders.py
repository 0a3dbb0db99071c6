"""A founder's machine is lost: a new key on another desk, compared by voice, signed in by the others, by pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from sitekit import Visitor, start_site

from tocsin.core.ledger import BadRoll, Block, Sort, WordsDiffer, founder_words, make_card, write_blocks
from tocsin.core.seal import SigningKey
from tocsin.desk.desk import Desk
from tocsin.desk.ledger import changes, founders
from tocsin.desk.start.errors import NotThisStep
from tocsin.desk.sync import sync


@pytest.fixture
def coalition(tmp_path: Path) -> Iterator[Coalition]:
    """Four desks, of which the first three are founders'."""
    with make_coalition(tmp_path, n=4) as made:
        made.sync_all(2)
        yield made


@contextmanager
def sitting_at(coalition: Coalition, number: int) -> Iterator[Visitor]:
    """Sit down at a desk's page, and leave its desk open again afterwards."""
    coalition.desks[number - 1].close()
    site = start_site(coalition.folders[number - 1], coalition.environment())
    person = Visitor(site)
    try:
        person.come_in()
        person.post("sync/")
        yield person
    finally:
        person.close()
        site.stop()
        folder = coalition.folders[number - 1]
        coalition.desks[number - 1] = Desk.open(folder, PASSPHRASE, clock=coalition.clock)


def test_a_founder_whose_machine_is_lost_signs_again_from_another_and_the_old_key_no_more(
    coalition: Coalition,
) -> None:
    page = "ledger/founders/"
    with sitting_at(coalition, 4) as fourth:
        made = fourth.post("ledger/founders/key/", seen=page, number="3").text
    text = re.search(r"-----BEGIN TOCSIN CARD-----\n.*?-----END TOCSIN CARD-----", made, re.S)
    words = re.search(r'<p class="words"[^>]*>([a-z ]+)</p>', made)
    assert text is not None
    assert words is not None
    typed = {"pasted": text[0], "threshold": "2"}
    with sitting_at(coalition, 1) as first:
        wrong = first.post("ledger/founders/propose/", seen=page, heard=words[1][::-1], **typed)
        stays: dict[str, Any] = {"stays": ["1", "2", "3"]}
        asked = first.post("ledger/founders/propose/", seen=page, heard=words[1], **typed, **stays)
    coalition.sync_all()
    second, third, fourth_desk = coalition.desks[1:]
    (change,) = changes.all_changes(second).standing
    changes.sign(second, change.proposed.id)
    coalition.sync_all(2)

    assert wrong.status_code == 409
    assert f"Founder 3 has a new key; their desk shows: {words[1]}." in asked.text
    assert changes.founder_key(third) is None
    assert changes.founder_key(fourth_desk) is not None
    removal = changes.propose_removal(fourth_desk, 3)
    coalition.sync_all(2)
    (standing,) = changes.all_changes(fourth_desk).standing
    assert standing.progress.signed == (3,)
    changes.sign(coalition.desks[0], removal)
    for desk in (coalition.desks[0], fourth_desk, second):
        sync(desk)
    assert [entry.number for entry in second.world.history.now.roll.active] == [1, 2, 4]


def test_nobody_becomes_a_founder_by_words_that_differ_or_from_outside(coalition: Coalition) -> None:
    first, _, _, fourth = coalition.desks
    founders.make_key(fourth, 4)
    text, stay = founders.founders_page(fourth).text, {1, 2, 3}
    outside = make_card(number=5, organisation=1, founder=SigningKey.fresh(), device=SigningKey.fresh())
    from_outside = write_blocks([Block(Sort.CARD, outside.to_bytes())])

    with pytest.raises(WordsDiffer):
        founders.propose(first, stay=stay, text=text, heard="", threshold=2)
    with pytest.raises(BadRoll, match="no device on it"):
        founders.propose(
            first, stay=stay, text=from_outside, heard=founder_words(outside.founder), threshold=2
        )
    with pytest.raises(BadRoll):
        founders.propose(first, stay={1, 2}, text="", heard="", threshold=2)
    with pytest.raises(NotThisStep):
        founders.make_key(first, 4)
    assert changes.all_changes(first).standing == ()


def test_a_founder_leaves_and_a_new_one_comes_with_one_change(coalition: Coalition) -> None:
    first, second, third, fourth = coalition.desks
    founders.make_key(fourth, 4)
    page = founders.founders_page(fourth)
    change = founders.propose(first, stay={1, 2}, text=page.text, heard=page.words, threshold=2)
    coalition.sync_all()
    changes.sign(second, change)
    coalition.sync_all(2)

    assert [each.number for each in first.world.history.now.roll.founders] == [1, 2, 4]
    assert changes.founder_key(third) is None
    assert founders.founders_page(fourth).is_founder
    assert founders.founders_page(fourth).text == ""
