"""Who is on duty, who is awake, and what is left for the next: over a real relay, three desks and a sentry."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from coalition import Coalition, make_coalition
from deskkit import find_in_files

from tocsin.core.ledger import Duty, Purpose
from tocsin.desk.errors import NoDutyHere, NotHere
from tocsin.desk.ledger import duty, notes
from tocsin.desk.settings_file import Settings
from tocsin.desk.site.home import home
from tocsin.desk.site.session import Session
from tocsin.terms import Day

WORKER = (Duty.INTAKE, Duty.HANDLER, Duty.FOUNDER)
DUTIES = {1: WORKER, 2: WORKER, 3: (Duty.COUNTER,), 4: (Duty.SENTRY,)}
CANARY = "canary-note-larkspur"


@pytest.fixture(scope="module")
def shift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Give two desks on intake duty, a counter and a sentry; time goes on from test to test."""
    with make_coalition(tmp_path_factory.mktemp("shift"), 4, duties=DUTIES) as made:
        yield made


def keys_of(coalition: Coalition, device: int) -> list[int]:
    """Say how far ahead of today a device's intake keys reach, as a colleague has them."""
    desk = coalition.desks[2]
    mine = [key.period for key in desk.published() if (key.purpose, key.device) == (Purpose.INTAKE, device)]
    return sorted(period - desk.today for period in mine if period >= desk.today)


def test_who_may_take_duty_is_on_duty_until_told_otherwise(shift: Coalition) -> None:
    for desk in shift.desks:
        # As if nobody had chosen anything yet.
        desk.choose(on_duty=Settings().on_duty, on_duty_until=Settings().on_duty_until)
    shift.sync_all(2)

    board = duty.duty_board(shift.desks[2])

    assert [each.devices for each in board.days] == [(1, 2)] * 8
    assert (board.gaps, board.mine.may_take) == ((), False)
    assert [row.device for row in board.sentries] == [4]


def test_a_duty_that_ends_on_a_day_brings_no_key_after_it_and_one_that_ended_none(shift: Coalition) -> None:
    one, two = shift.desks[:2]
    shift.pass_days(8)
    duty.take_duty(one, until=Day(one.today + 2))
    duty.end_duty(two)

    shift.sync_all(2)

    assert keys_of(shift, 1) == [0, 1, 2]
    assert keys_of(shift, 2) == []
    assert [each.devices for each in duty.duty_board(shift.desks[2]).days] == [(1,)] * 3 + [()] * 5


def test_every_home_page_says_that_nobody_is_on_duty_tomorrow_until_somebody_is(shift: Coalition) -> None:
    one, two, counter, _ = shift.desks
    shift.pass_days(8)
    duty.end_duty(one)
    duty.take_duty(two, until=two.today)
    shift.sync_all(2)

    def warnings() -> list[str]:
        return [concern.sentence for concern in home(counter, Session()).warnings]

    before = warnings()
    duty.take_duty(two)
    shift.sync_all(2)

    assert before == ["Nobody is on duty tomorrow: calls for help can be sealed to nobody."]
    assert warnings() == []
    assert keys_of(shift, 2) == list(range(8))


def test_who_may_not_take_duty_is_told_so(shift: Coalition) -> None:
    with pytest.raises(NoDutyHere):
        duty.take_duty(shift.desks[2])


def test_a_sleeping_desk_is_seen_on_the_day_it_last_vouched(shift: Coalition) -> None:
    sleeper, others = shift.desks[0], [*shift.desks[1:]]
    shift.sync_all(2)
    last = sleeper.today
    shift.pass_days(4)
    shift.desks[:] = others
    notes.write_note(others[0], to=notes.INTAKE, text="All quiet.")
    shift.sync_all(2)
    shift.desks.insert(0, sleeper)

    rows = {row.device: row for row in duty.duty_board(shift.desks[1]).devices}

    assert (rows[1].seen, rows[1].days_ago, rows[1].is_up_to_date) == (last, 4, False)
    assert rows[3].is_up_to_date
    assert rows[2].seen == others[0].today


def test_a_note_waits_for_the_next_on_the_same_duty_until_somebody_takes_it_over(shift: Coalition) -> None:
    one, two, counter, sentry = shift.desks
    shift.sync_all(2)
    notes.write_note(one, to=notes.INTAKE, text=f"The doctor calls back at six. {CANARY}")
    shift.sync_all(2)

    waiting = [row for row in notes.open_notes(two) if CANARY in row.text]
    tasks = [task.sentence for task in home(two, Session()).tasks]
    notes.take_note(two, bytes.fromhex(waiting[0].id))
    at_once = notes.open_notes(two)
    shift.sync_all(2)

    assert "Read what device 1 left for you: intake." in tasks
    assert (waiting[0].device, waiting[0].about, waiting[0].taken_by) == (1, "intake", ())
    assert not [row for row in at_once if CANARY in row.text]
    assert [row.taken_by for row in notes.notes(one) if CANARY in row.text] == [(2,)]
    assert (notes.notes(counter), notes.notes(sentry)) == ((), ())


def test_a_note_lies_nowhere_in_clear(shift: Coalition) -> None:
    assert [folder for folder in (*shift.folders, shift.relay_home) if find_in_files(folder, [CANARY])] == []


def test_nothing_is_handed_over_that_is_not_this_desk_s(shift: Coalition) -> None:
    counter = shift.desks[2]

    assert notes.shifts(counter) == ()
    with pytest.raises(NotHere):
        notes.write_note(counter, to=notes.INTAKE, text="x")
    with pytest.raises(NotHere):
        notes.take_note(counter, bytes(16))
