"""The replay, stage by stage: changing what goes in changes what follows. Real relay, real desks, invented people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tocsin.cli.replay.exercise import found_exercise
from tocsin.cli.replay.outcome import Outcome
from tocsin.cli.replay.page import open_page
from tocsin.cli.replay.scenario import FIRST_CALL, Scenario
from tocsin.cli.replay.seizure import encodings, words_found
from tocsin.cli.replay.show import replay
from tocsin.desk.outside import PageAddress, check_page
from tocsin.terms import Day

LAST = Day(FIRST_CALL + 24)
SMALL = Scenario(n_calls=4, n_beds=30, n_guides=8, last_day=LAST)
UP_TO_THE_CALLS = replace(
    SMALL, claims=tuple(claim for claim in SMALL.claims if claim.known_on <= FIRST_CALL)
)

Run = Callable[[Scenario], Outcome]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Found a coalition for a scenario, replay it, end everything that was started."""

    def lived(scenario: Scenario) -> Outcome:
        exercise = found_exercise(tmp_path_factory.mktemp("exercise"), last_day=scenario.last_day)
        try:
            return replay(scenario, exercise)
        finally:
            exercise.close()

    return lived


@pytest.fixture(scope="module")
def whole(run: Run) -> Outcome:
    """Autumn 2017 with four callers, beds and guides enough."""
    return run(UP_TO_THE_CALLS)


def test_a_report_goes_all_the_way_to_an_arrival(whole: Outcome) -> None:
    stages = whole.stages

    assert stages["claim"].went_out == len(UP_TO_THE_CALLS.claims)
    assert stages["alarm"].went_out == 1
    assert stages["tally"].went_out > 0
    assert stages["activation"].went_out == 1
    assert stages["call"].went_out == stages["case"].went_out == 4
    assert stages["plan"].went_out == stages["leg"].came_in == 4
    assert stages["leg"].went_out >= 4
    assert stages["arrival"].went_out == sum(
        person.submission.facts.people for person in UP_TO_THE_CALLS.people()
    )
    assert whole.n_left == 0


def test_whoever_looks_around_afterwards_finds_a_witnesss_page_that_founders_signed(tmp_path: Path) -> None:
    exercise = found_exercise(tmp_path, last_day=LAST)
    try:
        exercise.set_day(LAST)
        exercise.settle()
        found = check_page(PageAddress.parse(open_page(exercise)))
    finally:
        exercise.close()

    assert found.other == ()
    assert len(found.witness.recipients) == 3
    assert found.witness.days_without_duty == 0


def test_the_seized_relay_holds_no_word_of_anybody(whole: Outcome) -> None:
    assert whole.stages["seized relay"].came_in == 12
    assert whole.stages["seized relay"].went_out == 0
    assert int(whole.relay_shows["records"]) > 50


def test_a_word_left_on_the_relay_in_any_encoding_would_be_found(tmp_path: Path) -> None:
    word = "canary-name-00ff00ff00ff00ff"

    for number, code in enumerate(encodings(word)):
        home = tmp_path / str(number)
        home.mkdir()
        (home / "leak").write_bytes(b"before" + code + b"after")

        assert words_found(home, [word]) == [word]


def test_without_claims_nothing_rings_and_nobody_is_activated(run: Run) -> None:
    outcome = run(replace(SMALL, claims=()))

    assert outcome.stages["alarm"].went_out == 0
    assert outcome.stages["activation"].went_out == 0
    assert outcome.stages["call"].went_out == 0


def test_without_a_declared_panel_the_alarm_stays_silent(run: Run) -> None:
    outcome = run(replace(UP_TO_THE_CALLS, panels=()))

    assert outcome.stages["claim"].went_out == len(UP_TO_THE_CALLS.claims)
    assert outcome.stages["alarm"].went_out == 0
    assert outcome.stages["activation"].went_out == 0


def test_one_seat_activates_nothing(run: Run) -> None:
    outcome = run(replace(UP_TO_THE_CALLS, n_seats_signing=1))

    assert outcome.stages["alarm"].went_out == 1
    assert outcome.stages["activation"].came_in >= 1
    assert outcome.stages["activation"].went_out == 0
    assert outcome.stages["case"].went_out == 0


def test_fewer_places_place_fewer_and_without_a_guide_nobody_is_sent_on_the_way(
    run: Run, whole: Outcome
) -> None:
    """One run for both: a place does not hang on a guide, and without a guide a place brings nobody anywhere."""
    outcome = run(replace(UP_TO_THE_CALLS, n_beds=2, n_guides=0))

    assert outcome.stages["case"].went_out == whole.stages["case"].went_out
    assert 0 < outcome.stages["plan"].went_out < whole.stages["plan"].went_out
    assert outcome.n_left > 0
    assert outcome.stages["leg"].went_out == 0
    assert outcome.stages["arrival"].went_out == 0


def test_more_calls_than_hands_wait_with_the_custodians_and_come_back(run: Run) -> None:
    outcome = run(replace(UP_TO_THE_CALLS, n_calls=14, call_days=1, n_beds=60))

    assert outcome.stages["case"].went_out == 14
    assert outcome.n_open <= 12
    assert outcome.n_parked > 0
    assert outcome.n_released > 0
