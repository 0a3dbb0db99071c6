"""Day folders and published keys: whole, exact in size, gone after fourteen days."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from relaykit import Desk, RunningRelay, Town, fresh_grant, fresh_submission, real_day

from tocsin.core.ledger import Beside, PublishedKey, Purpose, publish_key
from tocsin.core.seal import GRANT_SIZE, Identity, seal
from tocsin.terms import Day, week_of


def split(data: bytes) -> set[bytes]:
    """Read a folder of submissions."""
    found, at = set(), 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.add(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def key_for(town: Town, device: int, purpose: int, period: int) -> PublishedKey:
    """Publish a key as a device."""
    return publish_key(
        town.keys[device],
        town.name,
        purpose=purpose,
        device=device,
        period=period,
        roll_version=town.roll.version,
        public=secrets.token_bytes(1216),
    )


def test_grants_of_a_day_are_given_whole_to_every_desk(desk: Desk, town: Town, relay: RunningRelay) -> None:
    sent = {fresh_grant() for _ in range(3)}

    assert desk.ask("POST", "/grants", b"".join(sent)).status == 200
    again = desk.ask("POST", "/grants", b"".join(sent))

    for number in (1, 2, 4):
        data = town.desk(relay, number).ask("GET", f"/folder/{desk.day}/grants").body
        assert {data[at : at + GRANT_SIZE] for at in range(0, len(data), GRANT_SIZE)} == sent
        assert len(data) == 3 * GRANT_SIZE
    assert again.status == 200


def test_a_grant_of_another_size_is_refused(desk: Desk) -> None:
    assert desk.ask("POST", "/grants", fresh_grant()[:-1]).code == "relay.malformed"
    assert (
        desk.ask("POST", "/grants", seal(bytes(4000), [Identity.fresh().recipient])).code == "relay.malformed"
    )
    assert desk.ask("POST", "/grants", fresh_grant(), signed=False).status == 401


@pytest.mark.parametrize("n_recipients", [1, 2, 4])
def test_a_submission_of_one_to_four_recipients_is_filed(desk: Desk, n_recipients: int) -> None:
    sent = fresh_submission(n_recipients)

    assert desk.ask("POST", "/submissions", sent, signed=False).status == 200

    assert split(desk.ask("GET", f"/folder/{desk.day}/submissions").body) == {sent}


def test_a_submission_that_stands_out_is_refused(desk: Desk) -> None:
    for odd in (
        fresh_submission(5),
        fresh_submission(2, 9000),
        fresh_submission()[:-1],
        b"Gunel Canary-Shrike " * 900,
    ):
        assert desk.ask("POST", "/submissions", odd, signed=False).status == 400


def test_submissions_are_for_duty_and_keeper_desks_only(town: Town, relay: RunningRelay) -> None:
    answers = [
        town.desk(relay, number).ask("GET", f"/folder/{real_day()}/submissions") for number in (1, 2, 4)
    ]

    assert [answer.status for answer in answers] == [200, 200, 403]
    assert answers[2].code == "relay.duty"


def test_how_many_called_for_help_only_duty_and_keeper_desks_learn(town: Town, relay: RunningRelay) -> None:
    town.desk(relay, 1).ask("POST", "/submissions", fresh_submission(), signed=False)
    town.desk(relay, 1).ask("POST", "/grants", fresh_grant())

    overviews = [
        msgspec.msgpack.decode(town.desk(relay, number).ask("GET", "/beside?since=0").body, type=Beside)
        for number in (1, 2, 4)
    ]

    assert [overview.folders for overview in overviews] == [((real_day(), 1, n),) for n in (1, 1, 0)]


def test_a_folder_larger_than_a_piece_is_given_whole(desk: Desk) -> None:
    sent = {fresh_submission(1) for _ in range(70)}
    for one in sent:
        desk.ask("POST", "/submissions", one, signed=False)

    assert split(desk.ask("GET", f"/folder/{desk.day}/submissions").body) == sent


def test_what_is_sent_at_once_and_twice_lies_in_the_folder_once(
    desk: Desk, town: Town, relay: RunningRelay
) -> None:
    sent = [fresh_submission(1) for _ in range(16)]
    with ThreadPoolExecutor(8) as threads:
        answers = threads.map(lambda one: relay.ask("POST", f"{town.path}/submissions", one), sent * 2)
        assert {answer.status for answer in answers} == {200}

    data = desk.ask("GET", f"/folder/{desk.day}/submissions").body
    assert split(data) == set(sent)
    assert len(data) == sum(4 + len(one) for one in sent)


def test_published_keys_are_given_from_a_day_on(desk: Desk, town: Town) -> None:
    today = desk.day
    week = week_of(Day(today))
    keys = [
        key_for(town, 2, Purpose.GRANT, week),
        key_for(town, 1, Purpose.INTAKE, today),
        key_for(town, 1, Purpose.INTAKE, today + 3),
        key_for(town, 3, Purpose.FILE, 12 * 56 + 10),
    ]
    body = b"".join(key.to_bytes() for key in keys[:3])

    assert desk.ask("POST", "/keys", body, signed=False).status == 200
    assert desk.ask("POST", "/keys", body, signed=False).status == 200

    given = desk.ask("GET", f"/keys?since={today + 1}", signed=False).body
    assert (
        {keys[2].to_bytes()}
        <= {given[at : at + 1293] for at in range(0, len(given), 1293)}
        <= {
            keys[0].to_bytes(),
            keys[2].to_bytes(),
        }
    )
    assert len(desk.ask("GET", f"/keys?since={today}", signed=False).body) == 3 * 1293


def test_the_first_key_for_a_time_stands(desk: Desk, town: Town) -> None:
    first, second = (key_for(town, 1, Purpose.INTAKE, desk.day) for _ in range(2))
    desk.ask("POST", "/keys", first.to_bytes(), signed=False)

    answer = desk.ask("POST", "/keys", second.to_bytes(), signed=False)

    assert (answer.status, answer.code) == (409, "relay.key-taken")
    assert desk.ask("GET", f"/keys?since={desk.day}", signed=False).body == first.to_bytes()


def test_keys_too_far_ahead_forged_or_of_no_duty_are_refused(desk: Desk, town: Town) -> None:
    early = key_for(town, 1, Purpose.INTAKE, desk.day + 30)
    no_duty = key_for(town, 4, Purpose.INTAKE, desk.day)
    genuine = key_for(town, 1, Purpose.INTAKE, desk.day).to_bytes()
    # A flipped bit, not a zero: the last byte of a signature often is one.
    forged = genuine[:-1] + bytes((genuine[-1] ^ 1,))
    months = [key_for(town, 1, Purpose.FILE, period).to_bytes() for period in (1 << 17, (1 << 32) - 1)]

    codes = [
        desk.ask("POST", "/keys", key, signed=False).code
        for key in (early.to_bytes(), *months, no_duty.to_bytes(), forged)
    ]

    assert codes == [*["relay.key-period"] * 3, "relay.duty", "relay.unknown"]


@pytest.fixture
def exercise(tmp_path: Path) -> Iterator[tuple[RunningRelay, Town, Path]]:
    """Run a relay whose exercise coalition moves through time by a file."""
    clock = tmp_path / "clock"
    clock.write_text("-3350")
    running = RunningRelay(tmp_path / "home", codes=2, env={"TOCSIN_EXERCISE_CLOCK": str(clock)})
    town = Town.found(exercise=True, offset_days=-3350)
    assert town.lodge(running).status == 200
    yield running, town, clock
    running.stop()


def test_folders_are_dropped_whole_after_fourteen_days(exercise: tuple[RunningRelay, Town, Path]) -> None:
    running, town, clock = exercise
    desk = town.desk(running)
    day = desk.day
    desk.ask("POST", "/grants", fresh_grant())
    desk.ask("POST", "/submissions", fresh_submission(), signed=False)

    def sizes(offset: int) -> tuple[int, int]:
        clock.write_text(str(-3350 + offset))
        kinds = ("grants", "submissions")
        answers = [desk.ask("GET", f"/folder/{day}/{kind}") for kind in kinds]
        return tuple(answer.status for answer in answers)

    assert sizes(14) == (200, 200)
    assert sizes(15) == (404, 404)
    clock.write_text("-3350")
    assert desk.ask("GET", f"/folder/{day}/grants").body == b""


def test_what_a_folder_dropped_is_not_left_in_the_file(exercise: tuple[RunningRelay, Town, Path]) -> None:
    running, town, clock = exercise
    desk = town.desk(running)
    sent = fresh_submission()
    desk.ask("POST", "/submissions", sent, signed=False)
    piece = sent[-64:]

    def stored() -> bytes:
        return b"".join(path.read_bytes() for path in running.home.rglob("*") if path.is_file())

    assert piece in stored()
    clock.write_text("-3330")
    desk.ask("GET", "/head", signed=False)
    assert piece not in stored()


def test_time_is_moved_in_an_exercise_only(exercise: tuple[RunningRelay, Town, Path]) -> None:
    running, _, clock = exercise
    clock.write_text("500")
    town = Town.found()
    town.lodge(running)

    assert town.desk(running).append(town.desk(running).make()).value["day"] == real_day()


KEEPER = 2


def framed(files: list[bytes]) -> bytes:
    """Write submissions as a folder holds them."""
    return b"".join(len(file).to_bytes(4, "big") + file for file in files)


def test_a_keeper_puts_back_what_lay_in_the_folders_of_days_past(
    desk: Desk, town: Town, relay: RunningRelay
) -> None:
    keeper, day = town.desk(relay, KEEPER), desk.day - 14
    grants, submissions = [fresh_grant(), fresh_grant()], [fresh_submission(2), fresh_submission(4)]

    for _ in range(2):
        assert keeper.ask("POST", f"/folder/{day}/grants", b"".join(grants)).status == 200
        assert keeper.ask("POST", f"/folder/{day}/submissions", framed(submissions)).status == 200

    data = desk.ask("GET", f"/folder/{day}/grants").body
    assert sorted(data[at : at + GRANT_SIZE] for at in range(0, len(data), GRANT_SIZE)) == sorted(grants)
    assert split(desk.ask("GET", f"/folder/{day}/submissions").body) == set(submissions)
    assert desk.ask("GET", f"/folder/{desk.day}/grants").body == b""


def test_only_keepers_put_back_and_only_what_a_folder_could_hold(
    desk: Desk, town: Town, relay: RunningRelay
) -> None:
    keeper, day, one = town.desk(relay, KEEPER), desk.day - 3, framed([fresh_submission()])

    assert desk.ask("POST", f"/folder/{day}/grants", fresh_grant()).code == "relay.duty"
    assert desk.ask("POST", f"/folder/{day}/submissions", one).code == "relay.duty"
    assert keeper.ask("POST", f"/folder/{desk.day - 15}/submissions", one).code == "relay.not-there"
    assert keeper.ask("POST", f"/folder/{desk.day + 1}/submissions", one).code == "relay.not-there"
    assert keeper.ask("POST", f"/folder/{day}/submissions", one[:-1]).code == "relay.malformed"
    assert keeper.ask("POST", f"/folder/{day}/submissions", b"").code == "relay.malformed"
    assert keeper.ask("POST", f"/folder/{day}/submissions", bytes(400)).code == "relay.malformed"
    assert keeper.ask("POST", f"/folder/{day}/submissions", one, signed=False).status == 401
    assert desk.ask("GET", f"/folder/{day}/submissions").body == b""
