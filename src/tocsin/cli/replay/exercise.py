"""The coalition founded for the replay: three organisations, three desks, a sentry, five custodians, a relay.

It is an exercise: its roll says so and carries the day offset at which the replay ends, so that its clock runs on from
there. While the replay runs, relay and desks take the day from one file.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from tocsin.cli.replay.scenario import FIRST_DAY
from tocsin.core.ledger import (
    DeviceEntry,
    Duties,
    Duty,
    Founder,
    RelayEntry,
    coalition_id,
    first_roll,
    found,
    open_everybodys,
)
from tocsin.core.seal import Keyring, SigningKey
from tocsin.core.watch import Alarm
from tocsin.desk.clock import Clock
from tocsin.desk.desk import Desk
from tocsin.desk.pings import Pinger, Pings
from tocsin.desk.sentry.notebook import Notebook
from tocsin.desk.sentry.sentry import Pace, Sentry
from tocsin.desk.sync import sync
from tocsin.desk.wire import ask_relay_key, lodge
from tocsin.errors import DeskError, RelayError
from tocsin.relay.serve import wait_until_ready
from tocsin.terms import Day

PASSPHRASE = "an exercise of autumn 2017"  # noqa: S105 - an exercise's, printed for whoever looks around
LOW_WORK = 10
"""Only invented people are in an exercise, and nine keyrings at 2^17 would cost it ten seconds."""

DESKS = {
    1: (1, {Duty.ANALYST, Duty.INTAKE, Duty.HANDLER, Duty.SEAT, Duty.FOUNDER}),
    2: (2, {Duty.COUNTER, Duty.INTAKE, Duty.HANDLER, Duty.SEAT, Duty.FOUNDER}),
    3: (3, {Duty.ASSESSOR, Duty.PLANNER, Duty.INTAKE, Duty.HANDLER, Duty.SEAT, Duty.FOUNDER, Duty.KEEPER}),
}
AT_ONCE = 2
"""Desks that sync at the same time: while one waits for the relay another works; more would wait for one another."""

MOST_ROUNDS = 8
"""What is said, obeyed, and said of the obeying goes round at most so often."""

SENTRY, SENTRY_OF = 4, 3
CUSTODIANS = {5: 1, 6: 2, 7: 3, 8: 1, 9: 2}


class ExerciseRelayDidNotStart(RelayError):
    """The exercise's relay ended or said nothing."""

    code = "relay.exercise-start"

    def __init__(self) -> None:
        super().__init__(
            "The exercise's relay did not start. Run `tocsin relay --home FOLDER --port 0` to see why."
        )


class SentryTroubled(DeskError):
    """The exercise's sentry could not make its round."""

    code = "desk.sentry-troubled"

    def __init__(self, code: str) -> None:
        super().__init__(f"The exercise's sentry could not make its round ({code}). Run the demo again.")
        self.trouble = code


@dataclass
class Exercise:
    """A running exercise. `close` ends it and what it started."""

    folder: Path
    address: str
    relay: subprocess.Popen[str]
    clock: Clock
    desks: dict[int, Desk] = field(default_factory=dict)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(max_workers=AT_ONCE))

    @property
    def sentry(self) -> Desk:
        """The desk that stays awake."""
        return self.desks[SENTRY]

    @property
    def workers(self) -> list[Desk]:
        """The three workers' desks."""
        return [self.desks[number] for number in DESKS]

    @property
    def custodians(self) -> list[Desk]:
        """The five custodians' keyrings."""
        return [self.desks[number] for number in CUSTODIANS]

    @property
    def relay_home(self) -> Path:
        """Where the relay keeps everything it has."""
        return self.folder / "relay"

    def make_sentrys_round(self) -> list[Alarm]:
        """Let the sentry sync, ring and look after deadlines; return the alarms that rang.

        Raises
        ------
        SentryTroubled
            It could not make its round: an exercise must not go on without it.
        """
        desk, trouble = self.sentry, list[str]()
        before = len(desk.contents(Alarm))
        notebook = Notebook(desk.folder, desk.replica_secret)
        pinger = Pinger(Pings(ping=()), notebook, report=trouble.append)
        Sentry(desk, notebook, pinger, Pace(), trouble.append).round()
        if trouble:
            raise SentryTroubled(trouble[0])
        return desk.contents(Alarm)[before:]

    def set_day(self, day: Day) -> None:
        """Let it be that day, for relay and desks at once."""
        _write_offset(self.folder, day)

    def sync(self, desks: Iterable[Desk]) -> None:
        """Sync some desks at once, as they would on machines of their own."""
        for done in [self.pool.submit(sync, desk) for desk in desks]:
            done.result()

    def sync_in_turn(self, *desks: Desk) -> None:
        """Sync some desks, each reading what those before it said."""
        for desk in desks:
            sync(desk)

    def settle(self) -> None:
        """Sync the workers until each has sent all it has to say and read all the others said."""
        behind = self.workers
        for _ in range(MOST_ROUNDS):
            self.sync(behind)
            size = max(desk.world.size for desk in self.workers)
            behind = [desk for desk in self.workers if desk.world.size < size or desk.n_waiting]
            if not behind:
                return

    def close_desks(self) -> None:
        """Lock every desk."""
        for desk in self.desks.values():
            desk.close()
        self.desks.clear()

    def close(self) -> None:
        """Lock the desks and end the relay."""
        self.pool.shutdown()
        self.close_desks()
        end(self.relay)


def end(process: subprocess.Popen[str]) -> None:
    """End a process that we started."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _today() -> Day:
    return Clock().real_day()


def _write_offset(folder: Path, day: Day) -> None:
    part = folder / "clock.part"
    part.write_text(str(day - _today()), encoding="ascii")
    part.replace(folder / "clock")


def start_relay(folder: Path) -> tuple[subprocess.Popen[str], str, str]:
    """Start a relay of its own process; return it, its address and a lodging code.

    Raises
    ------
    ExerciseRelayDidNotStart
    """
    environment = {**os.environ, "TOCSIN_EXERCISE_CLOCK": str(folder / "clock")}
    command = [sys.executable, "-m", "tocsin.relay.serve", "--home", str(folder / "relay"), "--lodge"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
    assert process.stdout is not None  # noqa: S101 - we asked for it
    code, address = _last_word(process.stdout), _last_word(process.stdout)
    try:
        where = urlsplit(address)
        wait_until_ready(where.hostname or "", where.port or 0)
    except (TimeoutError, ValueError):
        end(process)
        raise ExerciseRelayDidNotStart from None
    return process, address, code


def _last_word(lines: IO[str]) -> str:
    words = lines.readline().split()
    return words[-1] if words else ""


def found_exercise(folder: Path, *, last_day: Day) -> Exercise:
    """Found the coalition on the first day of the replay and let every device take part."""
    _write_offset(folder, FIRST_DAY)
    relay, address, code = start_relay(folder)
    with ExitStack() as undo:
        undo.callback(end, relay)
        exercise = Exercise(folder, address, relay, Clock(folder / "clock"))
        _found(exercise, code, last_day)
        undo.pop_all()
    return exercise


def _found(exercise: Exercise, code: str, last_day: Day) -> None:
    organisations = {number: organisation for number, (organisation, _) in DESKS.items()}
    organisations |= {SENTRY: SENTRY_OF} | CUSTODIANS
    keyrings = {number: Keyring.fresh() for number in sorted(organisations)}
    founders = {number: SigningKey.fresh() for number in DESKS}
    duties = Duties(
        duties={number: tuple(sorted(held)) for number, (_, held) in DESKS.items()}
        | {SENTRY: (Duty.SENTRY,)}
        | dict.fromkeys(CUSTODIANS, (Duty.CUSTODIAN,)),
        languages={1: ("az", "en"), 2: ("ru", "en"), 3: ("az", "ru", "tr", "en")},
    )
    roll = first_roll(
        founders=[Founder(number, key.public) for number, key in founders.items()],
        threshold=2,
        devices=[
            DeviceEntry(
                number,
                organisation,
                keyrings[number].signing_key.public,
                number in DESKS,
                number in (3, SENTRY),
            )
            for number, organisation in organisations.items()
        ],
        relays=[RelayEntry(ask_relay_key(exercise.address), exercise.address)],
        duties=duties,
        day=FIRST_DAY,
        exercise=True,
        offset_days=last_day - _today(),
    )
    record = found(
        roll,
        signers={1: founders[1], 2: founders[2]},
        poster=1,
        key=keyrings[1].signing_key,
        day=FIRST_DAY,
        fresh=secrets.token_bytes,
    )
    lodge(exercise.address, code, record)
    for number, keyring in keyrings.items():
        keyring.coalition, keyring.device = coalition_id(record), number
        if number in founders:
            keyring.founder_number, keyring.founder_seed = number, founders[number].seed
        folder = exercise.folder / f"desk-{number}"
        exercise.desks[number] = Desk.set_up(
            folder, keyring, PASSPHRASE, record, clock=exercise.clock, log_n=LOW_WORK
        )
        # The replay lives a day in a second: nothing can wait for a fixed hour.
        exercise.desks[number].choose(sends_at_once=True)
    _let_everybody_in(exercise, duties)


def _let_everybody_in(exercise: Exercise, duties: Duties) -> None:
    first, everybody = exercise.desks[1], list(exercise.desks.values())
    exercise.sync(everybody)
    sync(first)
    first.do(lambda member, moment: open_everybodys(member, duties, moment))
    sync(first)
    exercise.sync(everybody)
    exercise.settle()
