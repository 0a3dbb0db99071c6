"""What the pages say follows from what the ledger holds: queries asked of real desks, without a browser."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from sitekit import ALARM_DAY, CANARIES, OFFSET_DAYS, call_for_help, give_work

from tocsin.cli import exposure
from tocsin.core.watch import Claim
from tocsin.desk.activate.queries import list_page
from tocsin.desk.count.queries import count_page
from tocsin.desk.desk import Desk
from tocsin.desk.intake.actions import take_calls
from tocsin.desk.intake.queries import intake_page
from tocsin.desk.ledger.exposure import exposure_page
from tocsin.desk.ledger.queries import ledger_page
from tocsin.desk.protect import actions as protecting
from tocsin.desk.protect.queries import case_page, protect_page
from tocsin.desk.site.home import HomePage, home
from tocsin.desk.site.session import Session
from tocsin.desk.sync import sync
from tocsin.desk.watch.drawing import draw
from tocsin.desk.watch.queries import watch_page
from tocsin.terms import Day, Place


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Give the morning on which the seats are asked; tests here only read, or add what no other test looks at."""
    with make_coalition(tmp_path_factory.mktemp("pages"), offset_days=OFFSET_DAYS) as made:
        give_work(made)
        yield made


def home_of(coalition: Coalition, device: int) -> HomePage:
    """Ask for a desk's home page."""
    return home(coalition.desks[device - 1], Session())


def test_a_vote_stands_before_a_call_and_a_call_before_an_alarm(morning: Coalition) -> None:
    pages = [task.page for task in home_of(morning, 1).tasks]

    assert pages.index("activate_one") < pages.index("intake") < pages.index("watch")


def test_a_tally_is_offered_to_another_organisation_only(morning: Coalition) -> None:
    counter, assessor = (count_page(desk).tallies[0].signed for desk in morning.desks[1:])

    assert not counter.may_assess
    assert assessor.counter_organisation == 2
    assert [organisation for _, organisation in assessor.assessors] == [3]


def test_numbers_over_different_days_are_shown_as_compatible(morning: Coalition) -> None:
    groups = count_page(morning.desks[0]).groups
    liberty = next(group for group in groups if group.place == "az" and group.is_act and group.pairs)

    assert all("both can be true" in pair.why for pair in liberty.pairs)
    assert any("different days" in pair.why for pair in liberty.pairs)


def test_what_became_known_later_is_left_out(morning: Coalition) -> None:
    desk = morning.desks[0]
    before = watch_page(desk, Day(ALARM_DAY - 2))

    assert before.n_claims < watch_page(desk).n_claims == len(desk.contents(Claim))
    assert before.alarms == ()
    assert not any(row.rings for row in before.series)
    assert max(day.day for day in before.days) <= ALARM_DAY - 2


def test_a_week_that_nobody_watched_has_no_count(morning: Coalition) -> None:
    first_panel_week = watch_page(morning.desks[0]).series[0].weeks[-1]
    unwatched = watch_page(morning.desks[0], Day(ALARM_DAY - 400)).series[0].weeks

    assert first_panel_week.count == 0
    assert all(week.count is None and week.threshold is None for week in unwatched)
    assert {bar.kind for bar in draw(unwatched).bars} == {"unwatched"}


def test_the_alarm_shows_the_claims_behind_it(morning: Coalition) -> None:
    rung = watch_page(morning.desks[2]).alarms[0]

    assert rung.alarm.place == Place("az")
    assert len(rung.claims) == len(rung.alarm.claims) >= rung.alarm.observed
    assert all(claim.is_act for claim in rung.claims)


def test_nothing_is_offered_twice_to_the_seats(morning: Coalition) -> None:
    page = list_page(morning.desks[0])

    assert [row.n_signed for row in page.activations] == [0]
    assert page.to_raise == ()


def test_the_page_and_the_terminal_say_the_same_of_what_can_be_lost(
    morning: Coalition, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = morning.desks[2]
    sync(desk)
    page = exposure_page(desk)
    desk.close()
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSPHRASE + "\n"))
    monkeypatch.setenv("TOCSIN_EXERCISE_CLOCK", str(morning.clock_file))

    exposure.run(desk.folder, passphrase_stdin=True)

    said = capsys.readouterr().out.splitlines()
    morning.desks[2] = Desk.open(desk.folder, PASSPHRASE, clock=morning.clock)
    assert page.sentences[-1] == "Whoever takes the relay can name nobody."
    assert said[: len(page.sentences)] == [*page.sentences]
    assert len(said) == len(page.sentences) + 2 + len(page.hands)


def test_a_call_waits_as_a_number_until_it_is_taken_and_as_facts_until_it_is_a_case(
    morning: Coalition,
) -> None:
    call_for_help(morning)
    desk = morning.desks[1]
    sync(desk)
    waiting = intake_page(desk)
    take_calls(desk)
    sync(desk)
    taken = intake_page(desk)
    for call in taken.calls:
        protecting.open_case(desk, bytes.fromhex(call.submission), 3)
    sync(desk)
    opened = protect_page(desk)
    case = case_page(desk, opened.cases[0].code)

    assert waiting.n_waiting == len(taken.calls) == len(opened.cases)
    assert taken.n_waiting == len(intake_page(desk).calls) == 0
    assert opened.cases[0].tier == "emergency"
    assert case.fired[0] == "in danger today"
    assert len(case.to_ask) == 4
    assert case.has_identity
    shown = repr((waiting, taken, opened, case, home_of(morning, 2), ledger_page(desk)))
    assert not any(canary in shown for canary in CANARIES)


def test_every_record_has_its_line_whether_or_not_this_desk_may_read_it(morning: Coalition) -> None:
    desk = morning.desks[0]
    page = ledger_page(desk)
    seen = {row.number for row in page.records}
    while page.older is not None:
        page = ledger_page(desk, page.older)
        seen |= {row.number for row in page.records}

    assert seen == set(range(desk.world.size))


def test_a_barred_device_is_named_with_the_next_step(coalition: Coalition) -> None:
    first, second = coalition.desks[:2]
    second.append(second.member.bar(3, reason="lost", day=second.today), to="watch")
    sync(second)
    sync(first)

    said = [(concern.sentence, concern.next_step) for concern in home_of(coalition, 1).warnings]

    assert said == [
        (
            "Device 3 is barred: nothing is sealed to it.",
            "Founders remove it or lift the bar within 72 hours.",
        )
    ]
    assert [row.word for row in ledger_page(first).devices][2].startswith("barred")
