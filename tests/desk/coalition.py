"""A coalition for tests: a real relay in a process of its own, and desks that were set up, granted and synced.

`with make_coalition(tmp_path) as coalition:` gives `coalition.desks[0]` (device 1, organisation 1) and so on. Every device
holds every duty unless told otherwise. An exercise's time is moved by writing whole days into `clock_file`.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

sys.path.insert(0, str(Path(__file__).parents[1] / "house" / "plugins"))

from nursery import popen
from tocsin.core.ledger import (
    DeviceEntry,
    Duties,
    Duty,
    Founder,
    Record,
    RelayEntry,
    Roll,
    coalition_id,
    first_roll,
    found,
    open_everybodys,
)
from tocsin.core.seal import Keyring, SigningKey
from tocsin.desk.clock import Clock
from tocsin.desk.desk import Desk
from tocsin.desk.sync import sync
from tocsin.desk.wire import lodge
from tocsin.relay.serve import wait_until_ready
from tocsin.terms import Day

SOURCE = Path(__file__).parents[2] / "src"
PASSPHRASE = "kestrel ladder moss"
LOW_WORK = 10
"""Tests open keyrings often; a real desk's passphrase costs 2^17."""


@dataclass
class Coalition:
    """What `make_coalition` made. Stop it when done, or use it in a `with`."""

    relay: subprocess.Popen[str]
    address: str
    relay_home: Path
    desks: list[Desk]
    folders: list[Path]
    founding: Record
    founders: list[SigningKey]
    clock_file: Path
    clock: Clock
    passphrase: str = PASSPHRASE
    _stopped: bool = field(default=False, repr=False)

    def sync_all(self, times: int = 1) -> None:
        """Sync every desk that is open, in order, so many times."""
        for _ in range(times):
            for desk in self.desks:
                sync(desk)

    def set_offset(self, days: int) -> None:
        """Move the exercise's time, for relay and desks at once, to so many days from the real day."""
        part = self.clock_file.with_suffix(".part")
        part.write_text(str(days), encoding="ascii")
        part.replace(self.clock_file)

    def pass_days(self, days: int) -> None:
        """Let exercise days go by."""
        self.set_offset(int(self.clock_file.read_text(encoding="ascii")) + days)

    def environment(self) -> dict[str, str]:
        """Give the environment in which another process of this coalition runs."""
        return environment_with(self.clock_file)

    def stop(self) -> None:
        """Close the desks and end the relay."""
        if self._stopped:
            return
        self._stopped = True
        for desk in self.desks:
            desk.close()
        stop_relay(self.relay)

    def __enter__(self) -> Coalition:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()


def make_coalition(
    folder: Path,
    n: int = 3,
    *,
    exercise: bool = True,
    offset_days: int = 0,
    duties: Mapping[int, tuple[Duty, ...]] | None = None,
    custodians: int = 0,
    at_once: bool = True,
) -> Coalition:
    """Found a coalition of n organisations with a desk each, and `custodians` more devices that only keep shares.

    Device i belongs to organisation i; the first three are the three founders'. Custodians come after the desks, in `desks`
    too, and take no duty. What is said leaves at the next sync, unless `at_once` is False: then at fixed hours, as in life.
    """
    folder.mkdir(parents=True, exist_ok=True)
    clock_file = folder / "exercise-clock"
    clock_file.write_text(str(offset_days), encoding="ascii")
    clock = Clock(clock_file)
    relay_home = folder / "relay"
    relay, address, code = start_relay(relay_home, clock_file)
    try:
        held = dict(duties or {})
        for number in range(1, n + 1):
            held.setdefault(number, tuple(duty for duty in Duty if duty is not Duty.CUSTODIAN))
        for number in range(n + 1, n + custodians + 1):
            held.setdefault(number, (Duty.CUSTODIAN,))
        day = Day(int(time.time()) // 86_400 + (offset_days if exercise else 0))
        keyrings = [Keyring.fresh() for _ in held]
        founders = [SigningKey.fresh() for _ in range(3)]
        roll = _write_roll(keyrings, founders, relay_home, address, Duties(duties=held), n, day, exercise)
        founding = found(
            roll,
            signers={1: founders[0], 2: founders[1]},
            poster=1,
            key=keyrings[0].signing_key,
            day=day,
            fresh=secrets.token_bytes,
        )
        lodge(address, code, founding)
        folders = [folder / f"desk-{number}" for number in held]
        desks = []
        for number, (keyring, home) in enumerate(zip(keyrings, folders, strict=True), start=1):
            keyring.coalition, keyring.device = coalition_id(founding), number
            if number <= min(n, len(founders)):
                keyring.founder_number, keyring.founder_seed = number, founders[number - 1].seed
            desks.append(Desk.set_up(home, keyring, PASSPHRASE, founding, clock=clock, log_n=LOW_WORK))
            desks[-1].choose(sends_at_once=at_once)
        made = Coalition(relay, address, relay_home, desks, folders, founding, founders, clock_file, clock)
        made.sync_all()
        sync(desks[0])
        desks[0].do(lambda member, moment: open_everybodys(member, Duties(duties=held), moment))
        made.sync_all()
        sync(desks[0])
    except BaseException:
        stop_relay(relay)
        raise
    return made


def _write_roll(
    keyrings: list[Keyring],
    founders: list[SigningKey],
    relay_home: Path,
    address: str,
    duties: Duties,
    n: int,
    day: Day,
    exercise: bool,
) -> Roll:
    relay_key = SigningKey.from_seed((relay_home / "signing.key").read_bytes()).public
    devices = [
        DeviceEntry(number, number, keyring.signing_key.public, number <= n, keeper=number <= 2)
        for number, keyring in enumerate(keyrings, start=1)
    ]
    return first_roll(
        founders=[Founder(number, key.public) for number, key in enumerate(founders, start=1)],
        threshold=2,
        devices=devices,
        relays=[RelayEntry(relay_key, address)],
        duties=duties,
        day=day,
        exercise=exercise,
    )


def environment_with(clock_file: Path) -> dict[str, str]:
    """Give this process's environment, with our source first and an exercise clock."""
    path = os.pathsep.join(filter(None, [str(SOURCE), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path, "TOCSIN_EXERCISE_CLOCK": str(clock_file)}


def start_relay(
    home: Path, clock_file: Path, *, port: int = 0, more: Sequence[str] = ()
) -> tuple[subprocess.Popen[str], str, str]:
    """Start a relay; give its process, its address and a lodging code."""
    command = [
        sys.executable,
        "-m",
        "tocsin",
        "relay",
        "--home",
        str(home),
        "--port",
        str(port),
        "--lodge",
        *more,
    ]
    relay = popen(
        command, stdout=subprocess.PIPE, text=True, env=environment_with(clock_file), start_new_session=True
    )
    assert relay.stdout is not None
    code = _last_word(relay, "Lodging code")
    address = _last_word(relay, "answers at")
    # It says so a moment before its socket listens.
    wait_until_ready("127.0.0.1", int(address.rsplit(":", 1)[1]))
    return relay, address, code


def _last_word(process: subprocess.Popen[str], sentence: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if sentence in line:
            return line.split()[-1]
    raise AssertionError("the relay did not start")


def stop_relay(relay: subprocess.Popen[str]) -> None:
    """End a relay and close what it wrote to."""
    relay.terminate()
    relay.wait(20)
    if relay.stdout is not None:
        relay.stdout.close()
