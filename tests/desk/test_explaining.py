"""Trouble in plain words: each from the condition itself, with a page that says what to do, locked or not."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from deskkit import HostileRelay, hostile_relay, note
from sitekit import Visitor, start_site

from tocsin.core.ledger import head_words
from tocsin.desk.clock import Clock
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere
from tocsin.desk.ledger.explaining import EXPLANATIONS, TOPICS, explain
from tocsin.desk.ledger.heads import Compared, compare, old_head
from tocsin.desk.site.home import Concern, home
from tocsin.desk.site.session import Session
from tocsin.desk.sync import sync
from tocsin.errors import TocsinError


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Coalition, HostileRelay]]:
    """Give two desks of two organisations behind a relay that may misbehave."""
    with make_coalition(tmp_path_factory.mktemp("plain"), n=2) as made, hostile_relay(made) as hostile:
        made.sync_all(2)
        yield made, hostile


def warnings_of(desk: Desk) -> list[Concern]:
    """Read what home warns of."""
    return list(home(desk, Session()).warnings)


def say_today(made: Coalition) -> None:
    """Let everybody say something today and see it all: whatever day it is by now, the head is firm and fresh."""
    for desk in made.desks:
        desk.append(note("said today"), to="watch")
    made.sync_all(3)


def topic_shown(desk: Desk) -> str:
    """Sync, which must fail, and say which page home leads to."""
    session = Session()
    try:
        sync(desk)
    except TocsinError as trouble:
        session.trouble = trouble
    return home(desk, session).sync.topic


def test_every_explanation_says_what_to_do_and_is_led_to() -> None:
    assert set(TOPICS.values()) <= EXPLANATIONS.keys()
    for about in EXPLANATIONS.values():
        assert len(about.steps) >= 3
        assert all(sentence.endswith(".") for sentence in (about.happened, about.lost, *about.steps))
    with pytest.raises(NotHere):
        explain("nothing")


def test_a_relay_that_is_gone_or_in_other_hands_is_explained(relay: tuple[Coalition, HostileRelay]) -> None:
    made, hostile = relay
    desk = made.desks[0]

    with hostile.rules(after=lambda asked: setattr(asked, "answer", secrets.token_bytes(len(asked.answer)))):
        other_hands = topic_shown(desk)
    with hostile.toward(1):
        gone = topic_shown(desk)

    assert other_hands == "misled"
    assert gone == "away"


def test_a_date_years_off_is_explained(relay: tuple[Coalition, HostileRelay], tmp_path: Path) -> None:
    made, _ = relay
    desk = made.desks[0]
    wrong = tmp_path / "wrong"
    wrong.write_text("-1200", encoding="ascii")
    desk.clock, right = Clock(wrong), desk.clock
    try:
        shown = topic_shown(desk)
    finally:
        desk.clock = right

    assert shown == "clock"


def test_what_one_organisation_alone_has_seen_is_a_notice_then_an_alarm(
    relay: tuple[Coalition, HostileRelay],
) -> None:
    made, _ = relay
    one, two = made.desks
    say_today(made)
    fresh = old_head(one)
    made.pass_days(1)
    one.append(note("only here"), to="watch")
    sync(one)
    notice = old_head(one)
    made.pass_days(2)
    alarm = old_head(one)
    said = [concern for concern in warnings_of(one) if concern.about == "old-head"]
    sync(two)
    sync(one)
    after = old_head(one)

    assert fresh is None
    assert notice is not None
    assert notice.n_not_firm >= 1
    assert not notice.is_alarm
    assert alarm is not None
    assert alarm.is_alarm
    assert said[0].sentence.startswith("Alarm: ")
    assert after is None or not after.n_not_firm


def test_a_quiet_night_is_no_notice_and_three_quiet_days_are(relay: tuple[Coalition, HostileRelay]) -> None:
    made, _ = relay
    one = made.desks[0]
    say_today(made)
    today = old_head(one)
    made.pass_days(2)
    two_days = old_head(one)
    made.pass_days(2)
    said = [concern for concern in warnings_of(one) if concern.about == "old-head"]

    assert today is None
    assert two_days is None
    assert said[0].sentence == "Nothing new has come for 4 days."


def test_a_colleagues_words_are_the_same_older_more_or_different(
    relay: tuple[Coalition, HostileRelay],
) -> None:
    made, _ = relay
    world = made.desks[0].world
    size, words = world.size, head_words(world.tree.root())
    earlier = head_words(world.tree.root(size - 1))

    def compared(size: int, words: str) -> Compared:
        return compare(made.desks[0], size=size, words=words)

    assert compared(size, words.upper().replace(" ", ", ")) is Compared.SAME
    assert compared(size - 1, earlier) is Compared.OLDER
    assert compared(size + 1, words) is Compared.NEWER
    assert compared(size, earlier) is Compared.DIFFERENT
    assert compared(0, words) is Compared.DIFFERENT


def test_a_damaged_file_is_explained_at_the_door_and_home_leads_on(tmp_path: Path) -> None:
    with make_coalition(tmp_path, n=2) as made:
        one = made.desks.pop(0)
        size, words = one.world.size, head_words(one.world.tree.root())
        one.close()
        replica = made.folders[0] / "replica.sqlite3"
        kept = tmp_path / "kept"
        shutil.copy(replica, kept)
        replica.write_bytes(b"x" * 40_000)
        site = start_site(made.folders[0], made.environment(), passphrase=None)
        person = Visitor(site)
        try:
            person.come_in()
            door = person.post("unlock/", seen="unlock/", passphrase=PASSPHRASE).text
            explained = person.get("ledger/help/files/").text
            unknown = person.get("ledger/help/nothing/").status_code
            shutil.copy(kept, replica)
            opened = person.post("unlock/", seen="unlock/", passphrase=PASSPHRASE).text
            fields = {"size": str(size), "words": words}
            same = person.post("ledger/compare/", seen="ledger/compare/", **fields).text
            other = person.post("ledger/compare/", seen="ledger/compare/", **{**fields, "size": "2"}).text
        finally:
            person.close()
            site.stop()

    assert "ledger/help/files/" in door
    assert "What to do now" in explained
    assert unknown == 404
    assert "Compare with a colleague" in opened
    assert "<strong>The same.</strong>" in same
    assert "ledger/help/fork/" in other


def test_a_clone_is_explained(tmp_path: Path) -> None:
    with make_coalition(tmp_path, n=2) as made:
        made.desks[0].close()
        copy = tmp_path / "copy"
        shutil.copytree(made.folders[0], copy)
        with closing(Desk.open(made.folders[0], PASSPHRASE, clock=made.clock)) as first:
            first.append(note("by the first"), to="watch")
            sync(first)
        made.desks[0] = second = Desk.open(copy, PASSPHRASE, clock=made.clock)

        second.append(note("by the copy"), to="watch")
        shown = topic_shown(second)

    assert shown == "cloned"
