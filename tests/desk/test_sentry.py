"""A sentry rings, says which deadlines passed, notices silence, and pings: over a real relay and real sockets."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from coalition import PASSPHRASE, Coalition, make_coalition, start_relay, stop_relay
from deskkit import Asked, find_in_files, hostile_relay
from sentrykit import mail_server, make_sentry, web_server, write_pings

import nursery
from tocsin.core.activate import Awake, DeadlineCode, DeadlineMet, DeadlinePassed
from tocsin.core.ledger import Duty
from tocsin.core.watch import Alarm, Claim, Panel
from tocsin.desk.desk import Desk
from tocsin.desk.pings import WORDS
from tocsin.desk.sentry import meet_deadline, set_deadline, standing_deadlines
from tocsin.desk.sentry.errors import NotASentry
from tocsin.desk.sentry.sentry import Pace
from tocsin.desk.sync import sync
from tocsin.relay.serve import wait_until_ready
from tocsin.terms import Period, Place, Source

SENTRIES = {3: (Duty.SENTRY,), 4: (Duty.SENTRY,)}
CANARY = "quillonbrake"
HOUR_S = 3600


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Give two desks and two sentries of four organisations; time goes on from test to test."""
    with make_coalition(tmp_path_factory.mktemp("watched"), 4, duties=SENTRIES) as made:
        yield made


def say_deadline(coalition: Coalition, *, in_s: int = -60) -> DeadlineCode:
    desk = coalition.desks[0]
    code = set_deadline(desk, due_at=desk.now + in_s)
    sync(desk)
    return code


def start_again(coalition: Coalition) -> None:
    """Start the relay where it stood."""
    stop_relay(coalition.relay)
    port = int(coalition.address.rsplit(":", 1)[1])
    coalition.relay, _, _ = start_relay(coalition.relay_home, coalition.clock_file, port=port)
    wait_until_ready("127.0.0.1", port)


def passed(desk: Desk, codes: list[DeadlineCode]) -> list[DeadlineCode]:
    """List every word of a sentry that one of these deadlines passed."""
    sync(desk)
    return [each.code for each in desk.contents(DeadlinePassed) if each.code in codes]


def test_two_sentries_that_run_at_once_say_once_that_a_deadline_passed(watched: Coalition) -> None:
    pings = write_pings(watched.relay_home)
    stop = threading.Event()
    pace = Pace(every_s=0.2, turn_s=20)
    watches = [make_sentry(desk, pings, pace=pace) for desk in watched.desks[2:]]
    loops = [threading.Thread(target=watch.sentry.run, args=(stop,)) for watch in watches]

    for loop in loops:
        loop.start()
    codes = [say_deadline(watched), say_deadline(watched)]
    met = say_deadline(watched, in_s=1000 * HOUR_S)
    until = time.monotonic() + 30
    while len(passed(watched.desks[1], codes)) < 2 and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(0.6)
    stop.set()
    for loop in loops:
        loop.join()

    assert [watch.words for watch in watches] == [[], []]
    assert sorted(passed(watched.desks[1], codes)) == sorted(codes)
    assert [each.is_passed for each in standing_deadlines(watched.desks[1]) if each.code == met] == [False]


def test_a_sentry_takes_over_where_the_one_before_it_says_nothing(watched: Coalition) -> None:
    second = make_sentry(watched.desks[3], write_pings(watched.relay_home), pace=Pace(turn_s=20 * HOUR_S))
    code = say_deadline(watched)

    second.round()
    before = passed(watched.desks[1], [code])
    watched.pass_days(1)
    second.round()

    assert before == []
    assert passed(watched.desks[1], [code]) == [code]


def test_a_deadline_is_met_by_whoever_set_it_and_by_nobody_else(watched: Coalition) -> None:
    setter, stranger, sentry_desk, _ = watched.desks
    sentry = make_sentry(sentry_desk, write_pings(watched.relay_home))
    mine, silenced = say_deadline(watched, in_s=3), say_deadline(watched, in_s=3)
    meet_deadline(setter, mine)
    sync(stranger)
    draft = setter.store.every("activate.deadline-set", compartment="clock")[-1].draft
    stranger.append(DeadlineMet(code=silenced), to="clock", based_on=draft)
    set_deadline(stranger, due_at=stranger.now + 1000 * HOUR_S, code=silenced)
    sync(stranger)
    sync(setter)
    watched.pass_days(1)

    sentry.round()

    assert passed(setter, [mine, silenced]) == [silenced]


def test_a_ping_is_always_the_same_and_tells_nothing(watched: Coalition) -> None:
    with mail_server() as mail, web_server() as web:
        desk = watched.desks[2]
        sentry = make_sentry(desk, write_pings(desk.folder, mail=mail, web=web))
        codes = []
        for _ in range(2):
            codes.append(say_deadline(watched))
            sentry.round(pay=True)

        bodies = [post.split("\n\n", 1)[1] for post in web.arrived]
        letters = [letter.split("\n\n", 1)[1] for letter in mail.arrived]
        heads = [
            line.split(":")[0] for line in mail.arrived[0].split("data\n")[1].split("\n\n")[0].split("\n")
        ]
        said = "\n".join([*web.arrived, *mail.arrived])

    assert (len(mail.arrived), len(web.arrived)) == (2, 4)
    assert set(bodies) == {WORDS}
    assert {letter.strip() for letter in letters} == {WORDS}
    assert set(heads) == {
        "Subject", "From", "To", "Message-ID", "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert said.count("Subject: A note") == 2
    assert [code for code in codes if code in said] == []
    assert [word for word in ("clock", "deadline", "tocsin", "python", "httpx") if word in said.lower()] == []


def test_a_reason_is_pinged_once_also_after_a_restart_and_after_refusals(watched: Coalition) -> None:
    with web_server() as web:
        desk = watched.desks[2]
        pings = write_pings(desk.folder, web=web)
        sentry = make_sentry(desk, pings)
        say_deadline(watched)
        web.refusals = 3

        with sentry.pinger.awake():
            sentry.round()
            until = time.monotonic() + 30
            while sentry.sentry.notebook.pages.owed and time.monotonic() < until:
                time.sleep(0.02)
        again = make_sentry(desk, pings, fresh=False)
        again.round(pay=True)

    assert sorted(post.split()[1] for post in web.arrived) == ["/hook", "/topic"]


def test_a_dead_mail_server_holds_up_neither_rounds_nor_other_pings(watched: Coalition) -> None:
    with mail_server() as mail, web_server() as web:
        desk = watched.desks[2]
        pings = write_pings(desk.folder, mail=mail, web=web)
        mail.refusals = 1_000_000
        sentry = make_sentry(desk, pings)
        code = say_deadline(watched)

        with sentry.pinger.awake():
            began = time.monotonic()
            sentry.round()
            took = time.monotonic() - began
            until = time.monotonic() + 30
            while len(web.arrived) < 2 and time.monotonic() < until:
                time.sleep(0.02)

    assert took < 2
    assert (len(web.arrived), mail.arrived) == (2, [])
    assert passed(watched.desks[1], [code]) == [code]
    assert [word for word in sentry.words if "@" in word or "example" in word] == []


def test_the_silence_of_another_sentry_is_noticed_and_its_waking_too(watched: Coalition) -> None:
    with web_server() as web:
        awake, asleep = watched.desks[2:]
        sentry = make_sentry(
            awake, write_pings(awake.folder, web=web), pace=Pace(turn_s=0, silence_s=6 * HOUR_S)
        )
        other = make_sentry(asleep, write_pings(asleep.folder))

        sentry.round()
        other.round()
        sentry.round(pay=True)
        at_first = len(web.arrived)
        for _ in range(3):
            watched.pass_days(1)
            sentry.round(pay=True)
        while_silent = len(web.arrived)
        other.round()
        sentry.round()

    assert at_first == 0
    assert len(awake.contents(Awake)) >= 1
    assert while_silent == 2
    assert asleep.device not in sentry.sentry.notebook.pages.unseen


def test_a_sentry_rings_in_every_watched_place_and_its_seats_are_pinged(watched: Coalition) -> None:
    with web_server() as web:
        analyst, desk = watched.desks[0], watched.desks[2]
        day = analyst.today
        sentry = make_sentry(desk, write_pings(desk.folder, web=web))
        analyst.append(
            Panel(
                place=Place("az"),
                sources=("invented wire",),
                watched=Period(day - 100, day + 30),
                basis=CANARY,
            ),
            to="watch",
        )
        for number in range(4):
            analyst.append(
                Claim(
                    claim=f"xx{number}.1", item=f"xx{number}", published=day, known_on=day, place=Place("az"),
                    source=Source("invented wire", "wire", "nobody"), language="en", origin=f"{CANARY} {number}",
                    predicate="detained", number=3,
                ),
                to="watch",
            )  # fmt: skip
        sync(analyst)

        sentry.round()
        sentry.round(pay=True)
        sync(analyst)

    assert [alarm.place for alarm in analyst.contents(Alarm)] == ["az"]
    assert len(web.arrived) == 2
    assert {post.split("\n\n", 1)[1] for post in web.arrived} == {WORDS}
    assert find_in_files(desk.folder, [CANARY]) == set()


def test_a_sentry_goes_on_while_the_relay_is_down_and_pings_for_deadlines(watched: Coalition) -> None:
    with web_server() as web:
        desk = watched.desks[2]
        sentry = make_sentry(
            desk, write_pings(desk.folder, web=web), pace=Pace(turn_s=0, silence_s=48 * HOUR_S)
        )
        code = say_deadline(watched, in_s=HOUR_S)
        sentry.round()
        watched.relay.terminate()
        watched.relay.wait(20)

        watched.pass_days(1)
        sentry.round(pay=True)
        for_the_deadline = len(web.arrived)
        for _ in range(2):
            watched.pass_days(2)
            sentry.round(pay=True)
        for_the_relay = len(web.arrived) - for_the_deadline
        start_again(watched)
        sentry.round()

    assert sentry.words == ["relay.away", "all is well again"]
    assert (for_the_deadline, for_the_relay) == (2, 2)
    assert passed(watched.desks[1], [code]) == [code]


def test_a_sentry_holds_no_key_but_what_everybody_holds(watched: Coalition) -> None:
    worker, desk = watched.desks[0], watched.desks[2]
    sentry = make_sentry(desk, write_pings(desk.folder))
    worker.do(lambda member, moment: member.open_compartments(["case/quillon/file"], [3], moment))
    sync(worker)
    sync(worker)
    sync(desk)
    was_granted = "case/quillon/file" in desk.keyring.compartments

    sentry.round()

    assert was_granted
    assert set(desk.keyring.compartments) == {"watch", "people", "clock"}
    assert not desk.keyring.intake_keys
    desk.close()
    watched.desks[2] = Desk.open(desk.folder, PASSPHRASE, clock=watched.clock)
    make_sentry(watched.desks[2], desk.folder / "pings.toml").round()
    assert set(watched.desks[2].keyring.compartments) == {"watch", "people", "clock"}


def test_a_worker_s_desk_is_no_sentry(watched: Coalition) -> None:
    desk = watched.desks[0]

    with pytest.raises(NotASentry):
        make_sentry(desk, write_pings(desk.folder)).round()


def test_one_round_by_the_command_line_says_what_passed_and_pings(watched: Coalition) -> None:
    with mail_server() as mail:
        desk = watched.desks[2]
        make_sentry(desk, write_pings(desk.folder, mail=mail))
        code = say_deadline(watched)
        desk.close()
        secret = desk.folder / "credential"
        secret.write_text(PASSPHRASE + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "tocsin", "sentry", "--once", "--folder", str(desk.folder)]

        answer = nursery.run([*command, "--passphrase-file", str(secret)], env=watched.environment())
        watched.desks[2] = Desk.open(desk.folder, PASSPHRASE, clock=watched.clock)

    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert len(mail.arrived) == 1
    assert passed(watched.desks[0], [code]) == [code]
    assert find_in_files(desk.folder, [code]) == set()


def test_the_program_makes_rounds_until_it_is_told_to_end(watched: Coalition) -> None:
    with web_server() as web:
        desk = watched.desks[2]
        make_sentry(desk, write_pings(desk.folder, web=web))
        code = say_deadline(watched)
        desk.close()
        command = [
            sys.executable,
            "-m",
            "tocsin",
            "sentry",
            "--folder",
            str(desk.folder),
            "--passphrase-stdin",
        ]
        program = nursery.popen(
            command,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=watched.environment(),
        )
        assert program.stdin is not None
        program.stdin.write(PASSPHRASE + "\n")
        program.stdin.flush()
        until = time.monotonic() + 60
        while len(web.arrived) < 2 and time.monotonic() < until:
            time.sleep(0.02)
        program.terminate()
        _, said = program.communicate(timeout=10)
        watched.desks[2] = Desk.open(desk.folder, PASSPHRASE, clock=watched.clock)

    assert (program.returncode, said) == (0, "")
    assert len(web.arrived) == 2
    assert passed(watched.desks[0], [code]) == [code]


def start_sentry(coalition: Coalition, number: int) -> subprocess.Popen[str]:
    """Run the program for a desk that is closed: a round a second, three seconds of silence at most."""
    command = [sys.executable, "-m", "tocsin", "sentry", "--folder", str(coalition.folders[number - 1])]
    options = ["--passphrase-stdin", "--every", "1", "--silence-hours", "0.001"]
    program = nursery.popen(
        [*command, *options], stdin=subprocess.PIPE, text=True, env=coalition.environment()
    )
    assert program.stdin is not None
    program.stdin.write(PASSPHRASE + "\n")
    program.stdin.flush()
    return program


def test_of_two_programs_the_one_that_is_left_has_people_pinged_when_the_other_is_killed(
    watched: Coalition,
) -> None:
    with web_server() as web:
        left, killed = watched.desks[2:]
        make_sentry(left, write_pings(left.folder, web=web))
        make_sentry(killed, write_pings(killed.folder))
        for desk in (left, killed):
            desk.close()
        programs = [start_sentry(watched, number) for number in (3, 4)]
        worker = watched.desks[0]

        def wait(until: Callable[[], bool]) -> None:
            last = time.monotonic() + 90
            while not until() and time.monotonic() < last:
                sync(worker)
                time.sleep(0.2)

        wait(
            lambda: (
                {3, 4}
                <= {word.device for word in worker.replica.cosignatures() if word.size == worker.world.size}
            )
        )
        programs[1].kill()
        programs[1].wait()
        before = len(web.arrived)
        say_deadline(watched, in_s=1000 * HOUR_S)
        wait(lambda: len(web.arrived) > before)
        programs[0].terminate()
        programs[0].wait(20)
        for program in programs:
            assert program.stdin is not None
            program.stdin.close()
        watched.desks[2:] = [
            Desk.open(desk.folder, PASSPHRASE, clock=watched.clock) for desk in (left, killed)
        ]

    assert len(web.arrived) > before


def test_a_relay_that_misleads_is_pinged_for_once_a_day(watched: Coalition) -> None:
    with web_server() as web, hostile_relay(watched) as relay:
        desk = watched.desks[2]
        sentry = make_sentry(desk, write_pings(desk.folder, web=web))

        def cut_short(asked: Asked) -> None:
            asked.answer = asked.answer[:-1]

        for _ in range(3):
            with relay.rules(after=cut_short):
                sentry.round(pay=True)
            sentry.round(pay=True)
        today = len(web.arrived)
        watched.pass_days(1)
        with relay.rules(after=cut_short):
            sentry.round(pay=True)
    start_again(watched)
    # Its connection still leads to the hostile one.
    desk.close()
    watched.desks[2] = Desk.open(desk.folder, PASSPHRASE, clock=watched.clock)

    assert sentry.words[:2] == ["relay.misled", "all is well again"]
    assert (today, len(web.arrived)) == (2, 4)
