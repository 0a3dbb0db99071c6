"""Keys that go and come back, by real desks over a real relay: parked cases, intake weeks, a desk that slept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from coalition import make_coalition

from tocsin.core.intake import Account, Call, Facts, Submission, Who, write_submission
from tocsin.core.ledger import WATCH, Load, NoKey, Purpose
from tocsin.core.protect import CaseOpened, CaseParked, CaseReleased, CaseStage, Identity, Triaged, stage_of
from tocsin.core.seal import Recipient, seal
from tocsin.desk.desk import Desk
from tocsin.desk.errors import RequestChanged
from tocsin.desk.intake import actions as taking
from tocsin.desk.ledger import custody as keeping
from tocsin.desk.ledger.actions import give_anew
from tocsin.desk.protect import actions as protecting
from tocsin.desk.protect.queries import case_rows
from tocsin.desk.sync import sync
from tocsin.terms import Place, week_of

FILE_KINDS = (CaseOpened, Triaged, CaseParked, CaseReleased)


def _call(desk: Desk, number: int) -> None:
    """Hand in an invented call as the witness's page would."""
    said = Submission(
        drill=False,
        answer_key=bytes([number]) * 32,
        locator=bytes([number + 50]) * 32,
        write_token=bytes([number + 90]) * 32,
        identity=Who(name=f"Invented Caller canary-{number}"),
        narrative=Account(text="Nobody said this.", language="az"),
        facts=Facts(place=Place("az"), people=1),
    )
    keys = [key for key in desk.published() if (key.purpose, key.period) == (Purpose.INTAKE, desk.today)]
    with desk.wire() as wire:
        wire.post_submission(seal(write_submission(said), [Recipient(key.public) for key in keys[:4]]))


def answer(custodian: Desk, how: Callable[..., None]) -> None:
    """Give one answer to all that is asked of a custodian."""
    for row in keeping.custody_page(custodian).to_answer:
        how(custodian, row.case, number=row.number)


def test_cases_taken_up_together_are_all_released_and_go_on_where_they_stood(tmp_path: Path) -> None:
    with make_coalition(tmp_path, custodians=5) as coalition:
        handler, alternate = coalition.desks[0], coalition.desks[1]
        coalition.sync_all(2)
        for number in (1, 2):
            _call(handler, number)
        sync(handler)
        taking.take_calls(handler)
        sync(handler)
        cases = [
            protecting.open_case(handler, call.submission, alternate.device)
            for call in taking.calls_without_case(handler)
        ]
        sync(handler)
        for case in cases:
            protecting.deal(handler, case)
        coalition.sync_all(2)
        for case in cases:
            protecting.park(handler, case)
        coalition.sync_all(2)
        parked = [desk.n_cases for desk in (handler, alternate)]
        for case in cases:
            protecting.ask_back(handler, case)
        coalition.sync_all(2)
        with pytest.raises(NoKey):
            answer(coalition.desks[3], keeping.release)
        coalition.pass_days(1)
        coalition.sync_all(2)
        by_itself = [protecting.is_released(handler, case) for case in cases]
        for custodian in coalition.desks[3:6]:
            answer(custodian, keeping.release)
        answer(coalition.desks[6], keeping.refuse)
        with pytest.raises(RequestChanged):
            keeping.refuse(coalition.desks[7], cases[0], number=1)
        coalition.sync_all(2)
        seen = keeping.custody_page(coalition.desks[7]).to_answer
        for case in cases:
            protecting.take_up(handler, case, alternate.device)
        coalition.sync_all(3)

        assert parked == [0, 0]
        assert by_itself == [False, False]
        assert [(row.n_released, row.n_refused, row.may_release) for row in seen] == [(3, 1, True)] * 2
        assert handler.n_cases == alternate.n_cases == 2
        for case in cases:
            file = f"case/{case}/file"
            said = sorted(
                (version for kind in FILE_KINDS for version in handler.versions(kind, compartment=file)),
                key=lambda version: version.entry.number,
            )
            assert stage_of(version.content for version in said) is CaseStage.TRIAGED
            assert len(alternate.versions(CaseReleased, compartment=file)) == 1
        # What stood before is the new holders', too: either can go on alone.
        ours, theirs = case_rows(handler), case_rows(alternate)
        assert [(row.code, row.stage, row.tier) for row in ours] == [
            (row.code, row.stage, row.tier) for row in theirs
        ]
        assert ([row.is_handler for row in ours], [row.is_handler for row in theirs]) == (
            [True] * 2,
            [False] * 2,
        )
        assert len(ours) == len(alternate.contents(Identity)) == len(handler.contents(Identity)) == 2


def test_what_an_intake_week_brought_is_closed_to_everybody_three_weeks_later(tmp_path: Path) -> None:
    with make_coalition(tmp_path) as coalition:
        first, second = coalition.desks[0], coalition.desks[1]
        coalition.sync_all(2)
        _call(first, 1)
        sync(first)
        taking.take_calls(first)
        coalition.sync_all(2)
        week = taking.compartment_of(week_of(first.today))
        before = [len(desk.contents(Call)) for desk in (first, second)]
        for _ in range(3):
            coalition.pass_days(7)
            coalition.sync_all(2)

        assert before == [1, 1]
        for desk in (first, second):
            assert week not in desk.keyring.compartments
            assert desk.contents(Call) == []
            assert {first.device, second.device} <= set().union(*desk.world.erased.values())


def test_a_desk_that_slept_through_a_new_key_is_let_back_in_when_it_wakes(tmp_path: Path) -> None:
    with make_coalition(tmp_path) as coalition:
        first, second, sleeper = coalition.desks
        coalition.sync_all(2)
        for _ in range(6):
            coalition.pass_days(7)
            for desk in (first, second):
                sync(desk)
        first.append(first.member.bar(second.device, reason="suspect", day=first.today), to=WATCH)
        sync(first)
        first.append(Load(held=0), to=WATCH)
        sync(first)
        left_out = first.member.left_out(WATCH)
        sync(sleeper)
        for _ in range(2):
            sync(first)
            sync(sleeper)

        assert sleeper.device in left_out
        assert first.member.left_out(WATCH) == {second.device}
        assert sleeper.world.compartments[WATCH].current() == first.world.compartments[WATCH].current()


def test_a_desk_that_slept_past_the_folder_its_key_lay_in_is_given_it_once_more(tmp_path: Path) -> None:
    with make_coalition(tmp_path) as coalition:
        first, second, sleeper = coalition.desks
        coalition.sync_all(2)
        # The new key is sealed to the sleeper, who has published one for this week.
        first.append(first.member.bar(second.device, reason="suspect", day=first.today), to=WATCH)
        sync(first)
        first.append(Load(held=0), to=WATCH)
        sync(first)
        for _ in range(3):
            coalition.pass_days(7)
            sync(first)
        for _ in range(2):
            sync(sleeper)
            sync(first)
        assert sleeper.device not in first.member.left_out(WATCH)
        assert sleeper.world.compartments[WATCH].current() != first.world.compartments[WATCH].current()

        give_anew(first, sleeper.device)
        for desk in (first, sleeper):
            sync(desk)

        assert sleeper.world.compartments[WATCH].current() == first.world.compartments[WATCH].current()


def test_a_call_taken_in_again_before_the_relay_answered_is_one_call(tmp_path: Path) -> None:
    with make_coalition(tmp_path) as coalition:
        first = coalition.desks[0]
        coalition.sync_all(2)
        _call(first, 1)
        sync(first)

        taken = [taking.take_calls(first) for _ in range(2)]
        sync(first)

        assert taken == [1, 0]
        assert len(taking.calls_without_case(first)) == 1
