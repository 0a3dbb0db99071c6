"""Check-ins: set in a case or an activation, met, moved or cancelled by whoever set them; missed, everybody is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from coalition import Coalition, make_coalition
from deskkit import find_in_files
from sentrykit import make_sentry, write_pings
from sitekit import OFFSET_DAYS, call_for_help, give_work

from tocsin.core.activate import Raised
from tocsin.core.ledger import Duty, case_compartments
from tocsin.core.protect import Outcome
from tocsin.desk.activate.deadlines import (
    CheckIn,
    check_ins,
    end_check_in,
    move_check_in,
    set_check_in,
)
from tocsin.desk.activate.reading import compartment_of
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere
from tocsin.desk.intake.actions import take_calls
from tocsin.desk.intake.queries import intake_page
from tocsin.desk.protect import actions as protecting
from tocsin.desk.protect.queries import case_page
from tocsin.desk.site.home import home
from tocsin.desk.site.session import Session

CANARY = "They call at six, canary-checkin-wicket."
EVERYTHING = tuple(duty for duty in Duty if duty is not Duty.CUSTODIAN)


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Give a coalition with an activation and two cases of device 1, a sentry beside; time goes on from test to test."""
    folder = tmp_path_factory.mktemp("evening")
    with make_coalition(folder, 4, offset_days=OFFSET_DAYS, duties={4: (Duty.SENTRY,)}) as made:
        give_work(made)
        for _ in range(2):
            call_for_help(made)
        made.sync_all()
        one = made.desks[0]
        take_calls(one)
        made.sync_all()
        for call in intake_page(one).calls:
            protecting.open_case(one, bytes.fromhex(call.submission), 2)
        made.sync_all(2)
        yield made


def case_of(coalition: Coalition, at: int = 0) -> str:
    """Name the file of a case."""
    return case_compartments(sorted(coalition.desks[0].keyring.open_cases())[at])[1]


def set_one(coalition: Coalition, *, hours: int, what: str = CANARY, at: int = 0) -> CheckIn:
    """Set a check-in in a case; give what its setter sees of it."""
    one, before = coalition.desks[0], {each.code for each in check_ins(coalition.desks[0])}
    set_check_in(one, to=case_of(coalition, at), what=what, hours=hours)
    coalition.sync_all()
    (new,) = (each for each in check_ins(one) if each.code not in before)
    return new


def seen(desk: Desk, check_in: CheckIn) -> CheckIn:
    """Give what a desk sees of a check-in."""
    (found,) = (each for each in check_ins(desk) if each.code == check_in.code)
    return found


def test_what_is_waited_for_is_read_by_who_holds_the_case_and_its_time_by_all(evening: Coalition) -> None:
    made = set_one(evening, hours=5)

    views = [seen(desk, made) for desk in evening.desks]

    assert [view.what for view in views] == [CANARY, CANARY, "", ""]
    assert {(view.due_at, view.set_by, view.state) for view in views} == {(made.due_at, 1, "running")}
    assert made.hours_left in (4, 5)
    assert find_in_files(evening.relay_home.parent, ["canary-checkin-wicket", made.code]) == set()


def test_a_case_page_shows_its_own_check_ins_and_no_others(evening: Coalition) -> None:
    one, code = evening.desks[0], case_of(evening, 1).split("/")[1]
    made = set_one(evening, hours=5, at=1)

    assert made.code in {each.code for each in case_page(one, code).check_ins}
    assert made.code not in {each.code for each in case_page(one, case_of(evening).split("/")[1]).check_ins}


def test_a_missed_check_in_stands_on_every_home_page_until_it_is_met(evening: Coalition) -> None:
    one, two, three, watcher = evening.desks
    sentry = make_sentry(watcher, write_pings(watcher.folder))
    made = set_one(evening, hours=1)
    evening.pass_days(1)

    sentry.round()
    evening.sync_all()
    missed = [[task.sentence for task in home(desk, Session()).tasks] for desk in (one, two, three)]
    state = seen(three, made).state
    end_check_in(one, made.code)
    evening.sync_all()

    assert state == "passed"
    assert (
        f"A check-in of yours (case {case_of(evening).split('/')[1]}) was missed: say if it has happened."
        in missed[0]
    )
    assert all("A check-in that device 1 set was missed: call its holder." in tasks for tasks in missed[1:])
    assert {seen(desk, made).state for desk in evening.desks} == {"met"}


def test_a_check_in_is_moved_and_cancelled_by_who_set_it_only(evening: Coalition) -> None:
    one, two = evening.desks[:2]
    made = set_one(evening, hours=2)

    move_check_in(one, made.code, hours=30)
    at_once = seen(one, made)
    evening.sync_all()
    for act in (lambda: move_check_in(two, made.code, hours=1), lambda: end_check_in(two, made.code)):
        with pytest.raises(NotHere):
            act()
    end_check_in(one, made.code)
    with pytest.raises(NotHere):
        move_check_in(one, made.code, hours=1)

    assert at_once.due_at > made.due_at + 27 * 3600
    assert seen(two, made).due_at == at_once.due_at


def test_seats_set_one_for_their_activation(evening: Coalition) -> None:
    one, two, _, watcher = evening.desks
    room = compartment_of(one.contents(Raised)[0].activation)

    set_check_in(two, to=room, what="The minister answers.", hours=4)
    evening.sync_all(2)

    assert [each.what for each in check_ins(one, compartment=room)] == ["The minister answers."]
    assert "The minister answers." not in [each.what for each in check_ins(watcher)]


def test_nothing_is_set_where_this_desk_holds_no_key(evening: Coalition) -> None:
    for to in ("watch", "clock", "case/unknown/file", case_of(evening).replace("file", "identity")):
        with pytest.raises(NotHere):
            set_check_in(evening.desks[0], to=to, what="x", hours=1)


def test_a_case_that_is_closed_takes_its_check_ins_along(evening: Coalition) -> None:
    one = evening.desks[0]
    call_for_help(evening)
    evening.sync_all()
    take_calls(one)
    evening.sync_all()
    code = protecting.open_case(one, bytes.fromhex(intake_page(one).calls[0].submission), 2)
    evening.sync_all(2)
    set_check_in(one, to=case_compartments(code)[1], what=CANARY, hours=9)
    evening.sync_all()
    (made,) = check_ins(one, compartment=case_compartments(code)[1])

    protecting.close_case(one, code, Outcome.WITHDRAWN)
    evening.sync_all(2)

    assert {seen(desk, made).state for desk in evening.desks} == {"met"}
    assert seen(one, made).what == ""
