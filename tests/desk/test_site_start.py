"""Starting the desk's page: what is wrong is said in a sentence, and nothing is left behind."""

from __future__ import annotations

import signal
import socket
import sys
import time
from pathlib import Path

import pytest
from coalition import PASSPHRASE, Coalition, environment_with
from sitekit import start_site

from nursery import run
from tocsin.core.ledger import Load
from tocsin.desk.site.session import Session


def start(folder: Path, environment: dict[str, str], *more: str, passphrase: str = PASSPHRASE) -> str:
    """Start a desk that must not come up; give what it says."""
    command = [sys.executable, "-m", "tocsin", "desk", "--folder", str(folder), "--no-browser", *more]
    ended = run(command, env=environment, said=passphrase + "\n", timeout=30)
    assert ended.returncode == 1
    assert ended.stdout == ""
    return ended.stderr


def test_a_folder_without_a_desk_is_said(tmp_path: Path) -> None:
    assert "[desk.none]" in start(tmp_path, environment_with(tmp_path / "clock"), "--passphrase-stdin")


def test_a_start_that_cannot_work_says_why_in_one_line(coalition: Coalition) -> None:
    environment = coalition.environment()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = [
            start(coalition.folders[0], environment, "--port", port),
            start(coalition.folders[0], environment, "--passphrase-stdin"),
        ]
    coalition.desks.pop(0).close()
    said.append(
        start(coalition.folders[0], environment, "--passphrase-stdin", passphrase="canary-wrong-word")
    )

    codes = [line.strip().rpartition(" ")[2] for line in said]
    assert codes == ["[desk.port]", "[desk.in-use]", "[seal.passphrase]"]
    assert all(line.count("\n") == 1 for line in said)
    assert not any("canary" in line or "Traceback" in line for line in said)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_quietly_when_told_to(coalition: Coalition, how: signal.Signals) -> None:
    coalition.desks.pop(0).close()
    # As a script's background job: such children inherit that Ctrl-C is ignored.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        site = start_site(coalition.folders[0], coalition.environment())
    finally:
        signal.signal(signal.SIGINT, before)

    site.process.send_signal(how)
    out, err = site.process.communicate(timeout=20)

    assert (out, err, site.process.returncode) == ("", "", 0)


def test_it_syncs_by_itself_while_unlocked_and_never_after(coalition: Coalition) -> None:
    coalition.desks.pop(0).close()
    session = Session()
    session.begin(coalition.folders[0], sync_every=0.05)
    session.unlock(PASSPHRASE)
    desk = session.desk
    assert desk is not None

    desk.append(Load(held=0), to="watch")
    give_up = time.monotonic() + 30
    while desk.n_waiting and time.monotonic() < give_up:
        time.sleep(0.05)
    left = desk.n_waiting
    session.lock()
    while session.syncs_itself and time.monotonic() < give_up:
        time.sleep(0.05)

    assert left == 0
    assert not session.syncs_itself
    assert session.is_locked
