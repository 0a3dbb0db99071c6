"""A relay on this machine, for trying things out in an exercise: a process of its own that ends with the desk's.

It lies in the desk's folder and answers on 127.0.0.1 only, so that other desks on this machine reach it and nobody else.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tocsin.desk.errors import RelayAway, RelayMisled, RelayRefused
from tocsin.desk.keyfile import write_whole
from tocsin.desk.start.errors import RelayDidNotStart
from tocsin.desk.wire import ask_relay_key

HOME = "relay"
PORT = "relay.port"
"""Says that there is one, and where it answers, so that the next start takes the same port."""

READY_SECONDS = 30.0


@dataclass
class TrialRelay:
    """A running one."""

    process: subprocess.Popen[str]
    address: str
    code: str
    """A lodging code, if one was asked for."""

    def stop(self) -> None:
        """End it."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def start_trial(folder: Path) -> TrialRelay:
    """Start one in a desk's folder, with a lodging code.

    Raises
    ------
    RelayDidNotStart
    """
    known = _known_port(folder)
    trial = _start(folder, 0 if known and _answers(known) else known, n_codes=1)
    write_whole(folder / PORT, trial.address.rpartition(":")[2].encode())
    return trial


def resume_trial(folder: Path) -> TrialRelay | None:
    """Start the one that lies in a folder again, if there is one; it may run still, if its desk was killed.

    Raises
    ------
    RelayDidNotStart
    """
    port = _known_port(folder)
    return _start(folder, port, n_codes=0) if port and not _answers(port) else None


def _answers(port: int) -> bool:
    try:
        ask_relay_key(f"http://127.0.0.1:{port}")
    except (RelayAway, RelayRefused, RelayMisled):
        return False
    return True


def _known_port(folder: Path) -> int:
    try:
        text = (folder / PORT).read_text(encoding="ascii")
    except (FileNotFoundError, UnicodeDecodeError):
        return 0
    return int(text) if text.isdigit() and len(text) < 6 else 0


def _start(folder: Path, port: int, *, n_codes: int) -> TrialRelay:
    command = [sys.executable, "-m", "tocsin.relay.serve", "--home", str(folder / HOME)]
    command += ["--port", str(port), "--lodge", str(n_codes)]
    process = subprocess.Popen(  # noqa: S603 - ourselves
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None  # noqa: S101 - we asked for it
    said = [process.stdout.readline().split() for _ in range(n_codes + 1)]
    trial = TrialRelay(process, said[-1][-1] if said[-1] else "", said[0][-1] if n_codes and said[0] else "")
    try:
        _wait(trial.address)
    except RelayDidNotStart:
        trial.stop()
        raise
    return trial


def _wait(address: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while address and time.monotonic() < deadline:
        try:
            ask_relay_key(address)
        except RelayAway:
            time.sleep(0.05)
        else:
            return
    raise RelayDidNotStart
