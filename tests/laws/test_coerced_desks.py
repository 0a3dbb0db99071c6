"""The promise by real desks over a real relay: whoever is coerced gives away what the table says, and nothing else.

The adversary ran the relay from the first day, has every desk's folder, and of each device taken the passphrase. It reads
bytes alone (`adversary.py`, `folders.py`); the coalition's life is in `life.py`.
"""

from __future__ import annotations

import stat
import sys
import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

DESK = Path(__file__).parents[1] / "desk"
sys.path[:0] = [str(DESK)]

from coalition import make_coalition  # noqa: E402
from deskkit import find_in_files  # noqa: E402
from life import (  # noqa: E402
    CUSTODIANS,
    DUTIES,
    HOUSEHOLDS,
    PINGED_AT,
    ROOMS,
    Life,
    Taken,
    account_of,
    all_of,
    case_of,
    is_planted,
    people_of,
    who_of,
)

from tocsin.core.ledger import EVERYBODYS, Duty, case_compartments  # noqa: E402
from tocsin.desk.ledger.exposure import exposure_page  # noqa: E402

MONDAYS = tuple(name for name in HOUSEHOLDS if name not in ("thursday", "fortnight", "today"))
MORE = tuple(f"more-{n}" for n in range(1, 7))
NOBODY: frozenset[str] = frozenset()
EVERYONES = frozenset(EVERYBODYS)


def together(*words: frozenset[str]) -> frozenset[str]:
    return NOBODY.union(*words)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    folder = tmp_path_factory.mktemp("coerced")
    until_monday = -(int(time.time()) // 86_400 - 4) % 7
    with make_coalition(
        folder / "coalition",
        len(DUTIES),
        duties=DUTIES,
        custodians=len(CUSTODIANS),
        offset_days=until_monday,
    ) as coalition:
        made = Life(coalition, folder / "scratch")
        made.live()
        yield made


@pytest.fixture(scope="module")
def monday(life: Life) -> Taken:
    return life.moments["monday"]


@pytest.fixture(scope="module")
def thursday(life: Life) -> Taken:
    return life.moments["thursday"]


@pytest.fixture(scope="module")
def later(life: Life) -> Taken:
    """Three weeks after one case was closed, one parked and one handed over."""
    return life.moments["three weeks later"]


def test_the_seized_relay_and_every_folder_without_a_passphrase_open_nobody(life: Life) -> None:
    for taken in life.moments.values():
        assert taken.words() == NOBODY


def test_no_folder_of_a_desk_holds_a_word_or_a_code_in_clear_and_only_its_owner_enters(life: Life) -> None:
    codes = [*life.codes.values(), *life.legs.values()]

    assert find_in_files(life.coalition.folders[0], codes) == set()
    for folder in life.coalition.folders:
        assert find_in_files(folder, ["canary-", "azcan0", "azcan1"]) == set()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_an_alternate_opens_the_eight_cases_it_holds_and_nothing_of_another(life: Life, later: Taken) -> None:
    held = ("other", "handed", *MORE)

    assert Duty.INTAKE not in DUTIES[3]
    assert life.desk(3).n_cases == len(held) == 8
    assert later.planted(3) == together(*map(case_of, held))
    assert later.rooms(3) == EVERYONES | {"planning", "offers", f"leg/{life.legs['open']}"} | {
        room for name in held for room in case_compartments(life.codes[name])
    }


def test_a_handler_opens_the_eight_cases_it_holds_and_what_waits_for_it(life: Life, later: Taken) -> None:
    held = ("open", "thursday", *MORE)

    assert life.desk(1).n_cases == len(held) == 8
    assert later.planted(1) == together(*map(case_of, held), all_of("fortnight"), all_of("today"))
    assert later.planted(2) == together(
        *map(case_of, ("open", "thursday", "other", "handed")), all_of("fortnight"), all_of("today")
    )


def test_an_intake_worker_opens_the_folders_it_has_not_drained(life: Life, monday: Taken) -> None:
    assert monday.planted(1) == together(*map(all_of, MONDAYS))


def test_a_sync_three_days_on_leaves_intake_workers_whose_calls_became_cases_no_folder_of_that_day(
    thursday: Taken,
) -> None:
    week = together(*map(account_of, MONDAYS)) | all_of("thursday")
    granted = ("open", "parked", "closed", "handed", "other")

    assert thursday.planted(1) == week | together(*map(who_of, ("open", *MORE)))
    # Grants of this week still open what they brought: device 2 was alternate of the first four.
    assert thursday.planted(2) == week | together(*map(who_of, granted))


def test_a_submission_is_open_for_fourteen_days_and_no_longer(life: Life, later: Taken) -> None:
    the_day_after = life.moments["a day after that"]

    for device in (1, 2):
        assert all_of("fortnight") <= later.planted(device)
        assert later.planted(device) - the_day_after.planted(device) == all_of("fortnight")


def test_a_leg_opens_to_its_handler_and_its_guide_and_to_no_planner(
    life: Life, monday: Taken, later: Taken
) -> None:
    everyone = (*DUTIES, *CUSTODIANS)

    assert [n for n in everyone if life.legs["open"] in monday.words(n)] == [1, 3]
    assert [n for n in everyone if life.legs["open"] in later.words(n)] == [1, 3]
    # By its grant: the desk gave the key up on Monday, its weekly key goes two weeks later.
    assert [n for n in everyone if life.legs["closed"] in monday.words(n)] == [1]
    assert [n for n in everyone if life.legs["closed"] in later.words(n)] == []


def test_the_planner_and_assessor_opens_needs_by_code_and_nobody(life: Life) -> None:
    for taken in life.moments.values():
        words = taken.words(4)

        assert taken.planted(4) == NOBODY
        assert taken.rooms(4) == EVERYONES | {"planning", "offers", "count", life.table_room}
        assert {life.codes["open"], life.codes["closed"], "protect.case", "protect.plan"} <= words


def test_the_counter_opens_tallies_and_nobody(life: Life) -> None:
    for taken in life.moments.values():
        assert taken.planted(5) == NOBODY
        assert taken.rooms(5) == EVERYONES | {"count", life.table_room}
        assert {"count.tally", "count.estimate"} <= taken.words(5)


def test_a_capture_table_opens_to_counter_and_assessor_alone(life: Life) -> None:
    for taken in life.moments.values():
        assert [n for n in (*DUTIES, *CUSTODIANS) if "count.table" in taken.words(n)] == [4, 5]


def test_the_sentry_opens_what_everybody_reads_and_nothing_else(life: Life) -> None:
    for taken in life.moments.values():
        assert taken.planted(6) == NOBODY
        assert taken.rooms(6) == EVERYONES | {life.ping_room}
        assert "watch.panel" in taken.words(6)


def test_where_somebody_is_pinged_opens_to_that_desk_and_the_sentries_alone(life: Life) -> None:
    for taken in life.moments.values():
        assert [n for n in (*DUTIES, *CUSTODIANS) if PINGED_AT in taken.words(n)] == [1, 6]


def test_one_or_two_custodians_open_nobody_and_any_three_exactly_the_parked_case(
    life: Life, later: Taken
) -> None:
    for taken in life.moments.values():
        for two in combinations(CUSTODIANS, 2):
            assert taken.planted(*two) == NOBODY
            assert taken.rooms(*two) == EVERYONES
    for three in combinations(CUSTODIANS, 3):
        assert later.planted(*three) == case_of("parked")
        assert later.rooms(*three) == EVERYONES | set(case_compartments(life.codes["parked"]))


def test_two_devices_together_open_what_each_opens(later: Taken) -> None:
    for one, other in combinations((*DUTIES, *CUSTODIANS), 2):
        assert later.planted(one, other) == later.planted(one) | later.planted(other)


def test_a_closed_case_opens_to_no_device_and_all_workers_together_three_weeks_later(
    life: Life, later: Taken
) -> None:
    words = later.words(*DUTIES)

    assert not words & all_of("closed")
    assert not words & all_of("parked")
    assert not words & set(case_compartments(life.codes["closed"]))
    # What stays is the coded need in `planning`, by a code that stands in nothing else that opens.
    assert [n for n in (*DUTIES, *CUSTODIANS) if life.codes["closed"] in later.words(n)] == [1, 2, 3, 4]


def test_a_kept_copy_of_a_keyring_shows_the_closed_case_so_the_adversary_would_have_found_it(
    life: Life, later: Taken
) -> None:
    assert case_of("closed") <= later.planted(2, extra=(life.kept,))
    assert case_of("parked") <= later.planted(2, extra=(life.kept,))
    assert set(case_compartments(life.codes["closed"])) <= later.words(2, extra=(life.kept,))


def test_snapshots_that_a_disk_kept_open_to_no_keyring_that_has_lost_a_key_since(
    life: Life, later: Taken
) -> None:
    parked = set(case_compartments(life.codes["parked"]))
    everyone = (*DUTIES, *CUSTODIANS)
    now = [later.words_in_snapshots(later.disks[number]) for number in everyone]

    # A keyring of then opens what was sealed then, so an old snapshot would have been found.
    assert parked <= later.words_in_snapshots(life.before_parking)
    assert set(case_compartments(life.codes["closed"])) <= later.words_in_snapshots(life.kept)
    # Those of now say which rooms the device is in, and of what was parked or closed nothing.
    assert all(now)
    for ended in ("parked", "closed"):
        assert not together(*now) & set(case_compartments(life.codes[ended]))


def test_what_a_desk_says_it_would_give_away_is_what_an_adversary_opens(life: Life) -> None:
    for moment, taken in life.moments.items():
        for device, said in life.measured[moment].items():
            words = taken.words(device)
            named = {name for name in HOUSEHOLDS if who_of(name) <= words}
            told = {name for name in HOUSEHOLDS if account_of(name) & words} - named
            legs = {room for room in taken.rooms(device) if room.startswith("leg/")}

            assert said.cases + said.fading + said.calls == len(named), (moment, device)
            assert said.people == sum(map(people_of, named)), (moment, device)
            assert (said.accounts, said.legs) == (len(told), len(legs)), (moment, device)


def test_the_page_adds_up_what_all_desks_say(life: Life) -> None:
    last = life.measured["a day after that"]
    life.coalition.sync_all()
    counted = ("open", "thursday", "other", "handed", *MORE, "today")

    (one, two, parked, relay) = exposure_page(life.desk(6)).sentences
    worst = sorted((said.people for said in last.values()), reverse=True)

    assert {life.desk(n).device: said.shares for n, said in last.items() if said.shares} == dict.fromkeys(
        CUSTODIANS, 1
    )
    of = f"{worst[0]} of {sum(map(people_of, counted))} people"
    assert one == f"If any one of us is taken, at most 8 open cases, {of}, can be named."
    assert two == f"If any two of us are taken, at most {sum(worst[:2])} people."
    assert parked.startswith("Beside these 1 case is parked")
    assert relay == "Whoever takes the relay can name nobody."


def test_a_duress_passphrase_opens_what_everybody_reads_and_nobody(life: Life) -> None:
    for taken in life.moments.values():
        words = taken.adversary.read([taken.spare])

        assert frozenset(filter(is_planted, words)) == NOBODY
        assert frozenset(w for w in words if "/" in w or w in ROOMS) == EVERYONES
    assert life.moments["monday"].planted(1) != NOBODY


def test_no_folder_tells_whether_there_is_a_duress_passphrase(life: Life) -> None:
    seen = {}
    for number in (1, 2):
        folder = life.coalition.folders[number - 1]
        pair = [folder / name for name in ("keyring.age", "spare.age")]
        # Of one size and time, in each folder; and nothing else lies in one folder and not in the other.
        assert len({(path.stat().st_size, path.stat().st_mtime_ns) for path in pair}) == 1
        shape = [[len(line) for line in path.read_bytes()[:200].split(b"\n")[:4]] for path in pair]
        assert shape[0] == shape[1]
        seen[number] = {path.name for path in folder.iterdir()}, shape

    assert seen[1] == seen[2]
