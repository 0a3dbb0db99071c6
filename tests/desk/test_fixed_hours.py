"""Sending at fixed hours, with a real relay: what can wait waits, what is urgent leaves, and nothing is lost or doubled."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from deskkit import aside, note, said, said_aside
from sitekit import Visitor, serve_first

from tocsin.core.ledger import BarLifted, Roll
from tocsin.desk.clock import DAY_SECONDS, Clock
from tocsin.desk.desk import Desk
from tocsin.desk.site.home import home
from tocsin.desk.site.session import Session
from tocsin.desk.sync import sync

HOUR = 3_600


@dataclass(frozen=True, slots=True)
class SetClock(Clock):
    """Stands still, so many hours after midnight of the real day."""

    hours: float = 13

    def now(self, roll: Roll) -> int:  # noqa: ARG002 - the clock's form
        """Say that moment."""
        return int(time.time()) // DAY_SECONDS * DAY_SECONDS + int(self.hours * HOUR)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Three desks that send at fixed hours."""
    with make_coalition(tmp_path_factory.mktemp("hours"), at_once=False) as coalition:
        yield coalition


@pytest.fixture
def afternoon(made: Coalition) -> Coalition:
    """The same at one o'clock, with nothing waiting."""
    for desk in made.desks:
        desk.clock = SetClock()
        sync(desk, everything=True)
    made.sync_all()
    return made


def test_what_can_wait_leaves_when_the_hour_has_struck(afternoon: Coalition) -> None:
    one, two = afternoon.desks[:2]
    one.append(note("waits"), to="watch")
    afternoon.sync_all(2)
    before, waiting = said(two), one.n_waiting

    one.clock = SetClock(hours=17.99)
    afternoon.sync_all(2)
    still = said(two)
    one.clock = SetClock(hours=18)
    afternoon.sync_all(2)

    assert waiting == 1
    assert "waits" not in before + still
    assert said(two)[-1:] == ["waits"]
    assert one.n_waiting == 0


def test_what_is_urgent_leaves_now_with_what_was_said_there_before_it(afternoon: Coalition) -> None:
    one, two = afternoon.desks[:2]
    one.do(lambda member, moment: member.open_compartments(["response/hours"], [2], moment))
    one.append(aside("waits elsewhere"), to="response/hours")
    one.append(note("said before"), to="watch")
    one.append(BarLifted(device=3), to="watch")
    one.append(note("said after"), to="watch")
    afternoon.sync_all(2)

    assert said(two)[-1:] == ["said before"]
    assert "waits elsewhere" not in said_aside(two)
    assert (one.n_waiting, one.n_leaving) == (2, 0)
    sync(one, everything=True)
    sync(two)
    assert said(two)[-1:] == ["said after"]
    assert said_aside(two)[-1:] == ["waits elsewhere"]


def test_what_was_said_in_a_compartment_goes_before_it_ends_and_the_rest_waits(afternoon: Coalition) -> None:
    one, two = afternoon.desks[:2]
    one.do(lambda member, moment: member.open_compartments(["response/ends"], [2], moment))
    sync(one)
    one.append(aside("before it goes to others"), to="response/ends")
    one.append(note("waits on"), to="watch")
    one.append(aside("the last word"), to="response/ends")
    one.do(lambda member, moment: member.hand_over(["response/ends"], [2], moment))
    afternoon.sync_all(2)

    assert said_aside(two)[-2:] == ["before it goes to others", "the last word"]
    assert "response/ends" not in one.keyring.compartments
    assert "waits on" not in said(two)
    # What that leads to, "my keys of it are erased", waits as well.
    assert one.n_leaving == 0
    sync(one, everything=True)
    sync(two)
    assert said(two)[-1:] == ["waits on"]


def test_a_draft_of_a_case_that_ends_elsewhere_dies_with_it(afternoon: Coalition) -> None:
    one, two = afternoon.desks[:2]
    one.do(lambda member, moment: member.open_compartments(["response/dies"], [2], moment))
    afternoon.sync_all()
    two.append(aside("too late"), to="response/dies")
    one.do(lambda member, moment: member.shut(["response/dies"], moment, parked=False))
    sync(one)
    sync(two)

    assert "too late" not in said_aside(one)
    # Only what two says of itself is left, and it waits.
    assert two.n_leaving == 0
    two.clock = SetClock(hours=18)
    sync(two)
    assert two.n_waiting == 0


def test_a_power_cut_between_loses_and_doubles_nothing(afternoon: Coalition) -> None:
    one, two = afternoon.desks[:2]
    one.append(note("before the cut"), to="watch")
    one.append(BarLifted(device=3), to="watch")
    one.append(note("waits over the cut"), to="watch")
    assert one.finish_drafts()
    # The power fails: finished, saved, not sent.
    one.close()
    one = afternoon.desks[0] = Desk.open(afternoon.folders[0], PASSPHRASE, clock=SetClock())
    sync(one)
    afternoon.desks[1].clock = SetClock(hours=13.5)
    sync(two)
    at_first = said(two)
    one.clock = SetClock(hours=18.5)
    sync(one)
    sync(two)

    assert at_first[-1:] == ["before the cut"]
    assert said(two)[-1:] == ["waits over the cut"]
    assert Counter(said(two)).most_common(1)[0][1] == 1
    assert one.n_waiting == 0


def test_a_clock_set_back_by_years_holds_nothing_up(afternoon: Coalition) -> None:
    one = afternoon.desks[0]
    one.clock = SetClock(hours=13 + 24 * 365 * 4)
    one.append(note("from the future"), to="watch")
    one.clock = SetClock(hours=13.1)
    sync(one)

    assert said(one)[-1:] == ["from the future"]


def test_the_days_of_an_exercise_are_hours_that_strike(made: Coalition) -> None:
    one, two = made.desks[:2]
    for desk in made.desks:
        desk.clock = made.clock
    one.append(note("said in the exercise"), to="watch")
    made.pass_days(1)
    sync(one)
    sync(two)
    made.pass_days(-1)

    assert "said in the exercise" in said(two)


def test_a_desk_that_was_told_to_sends_everything_at_once(afternoon: Coalition) -> None:
    one, two = afternoon.desks[:2]
    one.choose(sends_at_once=True)
    one.append(note("at once"), to="watch")
    sync(one)
    sync(two)
    page = home(one, Session())
    one.choose(sends_at_once=False)

    assert said(two)[-1:] == ["at once"]
    assert page.sends_at_once


def test_home_says_what_waits_until_when_and_sends_it_when_asked(tmp_path: Path) -> None:
    with make_coalition(tmp_path, n=2, at_once=False) as apart:
        one, two = apart.desks
        one.append(note("waits for the hour"), to="watch")
        page = home(one, Session())
        site = serve_first(apart)
        person = Visitor(site)
        try:
            before = person.come_in().text
            synced = person.post("sync/").text
            sent = person.post("send/").text
        finally:
            person.close()
            site.stop()
        sync(two)
        read = said(two)
        now = two.now

    assert page.n_leaving == 0
    assert page.n_later == page.n_waiting >= 1
    assert page.next_hour - now <= 6 * HOUR
    assert re.search(r"\d leaves? at the next fixed hour", before)
    assert "the relay sees that device 1 wrote something at this time" in synced
    assert "Send everything now" not in sent
    assert read == ["waits for the hour"]
