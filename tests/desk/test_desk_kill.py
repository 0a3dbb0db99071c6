"""kill -9 at any point of an append or a sync: what `append` returned for is in the ledger, once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from coalition import PASSPHRASE, Coalition, make_coalition
from deskkit import doubled, said, said_aside

from nursery import popen
from tocsin.desk.desk import Desk

KILLS = 10
WORKER = Path(__file__).with_name("desk_worker.py")


def start_worker(made: Coalition, log: Path, name: int) -> subprocess.Popen[bytes]:
    """Start a desk's process, which waits to be told to begin."""
    command = [sys.executable, str(WORKER), str(made.folders[0]), str(made.clock_file), str(log), str(name)]
    return popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=made.environment())


def end(worker: subprocess.Popen[bytes]) -> None:
    """Kill it, whatever it is doing; it must not have ended by itself before."""
    worker.send_signal(signal.SIGKILL)
    worker.communicate(timeout=20)
    assert worker.returncode == -signal.SIGKILL


def test_killing_a_desk_anywhere_loses_nothing_said_and_doubles_nothing(tmp_path: Path) -> None:
    rng = random.Random(41)  # noqa: S311 - says when to kill
    with make_coalition(tmp_path, n=2) as made:
        made.desks[0].close()
        log = tmp_path / "returned"
        upcoming = start_worker(made, log, 0)
        for kill in range(KILLS):
            worker, upcoming = upcoming, start_worker(made, log, kill + 1)
            assert worker.stdin is not None
            assert worker.stdout is not None
            worker.stdin.write(b"begin\n")
            worker.stdin.flush()
            assert worker.stdout.readline() == b"ready\n"
            time.sleep(rng.uniform(0, 0.3))
            end(worker)
        end(upcoming)

        desk = made.desks[0] = Desk.open(made.folders[0], PASSPHRASE, clock=made.clock)
        made.sync_all(2)

        returned = log.read_text().split("\n")[:-1]
        stands = Counter(said(made.desks[1]) + said_aside(made.desks[1]))
        assert len(returned) > 3 * KILLS
        assert [word for word in returned if stands[word] != 1] == []
        assert max(stands.values()) == 1
        assert doubled(desk) == []
        assert said(desk) == said(made.desks[1])
        assert desk.n_waiting == 0
        assert not desk.is_cloned
        assert desk.verify_all() == made.desks[1].world.size
