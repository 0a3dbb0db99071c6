"""The power goes at any single change of a desk's disk, half of the bytes written: nothing lost, nothing double.

Every write, sync, rename, removal and truncation of a short life is such a change: opening, saying, making keys, sending,
reading back, sealing snapshots, erasing keys, locking. Each life begins on what the one before left. A run tries every
STRIDE-th change, from one that chance names; `STRIDE = 1` tries all, which takes a minute.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

from coalition import PASSPHRASE, Coalition, make_coalition
from deskkit import said

from tocsin.desk.desk import Desk
from wanting import go_without

sys.path.insert(0, str(Path(__file__).parents[1] / "relay"))

from relaykit import build_shim

WORKER = Path(__file__).with_name("power_worker.py")
MOST_CHANGES = 2_000
STRIDE = 5


class Lives:
    """The worker, and what it was told."""

    def __init__(self, made: Coalition, shim: Path) -> None:
        self.returned: list[str] = []
        command = [sys.executable, str(WORKER), str(made.folders[0]), str(made.clock_file)]
        environment = made.environment() | {"LD_PRELOAD": str(shim)}
        pipe = subprocess.PIPE
        self._worker = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, text=True)

    def live(self, name: str, at: int) -> list[str]:
        """Let one life lose its power at a change; give what became of it."""
        assert self._worker.stdin is not None
        assert self._worker.stdout is not None
        self._worker.stdin.write(f"{name} {at}\n")
        self._worker.stdin.flush()
        for line in self._worker.stdout:
            word, *rest = line.split()
            if word != "said":
                return [word, *rest]
            self.returned += rest
        raise AssertionError("a life ended in trouble that no power cut explains")

    def end(self) -> None:
        """End the worker."""
        self._worker.communicate(timeout=20)


def test_the_power_may_go_at_any_change_of_the_disk(tmp_path: Path) -> None:
    shim = build_shim(tmp_path)
    if shim is None:
        go_without("No compiler for a disk that loses its power.")
    with make_coalition(tmp_path / "coalition", n=2) as made:
        made.desks[0].close()
        lives = Lives(made, shim)
        try:
            n_changes = int(lives.live("whole", MOST_CHANGES)[1])
            first = 1 + random.randrange(STRIDE)  # noqa: S311 - says when to cut
            cuts = range(first, n_changes + 1, STRIDE)
            ends = [lives.live(f"life{at}", at)[0] for at in cuts]
        finally:
            lives.end()

        desk = made.desks[0] = Desk.open(made.folders[0], PASSPHRASE, clock=made.clock)
        made.sync_all(2)

        stands = Counter(said(made.desks[1]))
        assert n_changes > 50
        assert ends.count("cut") > len(cuts) * 0.8
        assert len(lives.returned) > len(cuts) // 2
        assert [word for word in lives.returned if stands[word] != 1] == []
        assert max(stands.values()) == 1
        assert said(desk) == said(made.desks[1])
        assert desk.n_waiting == 0
        assert not desk.is_cloned
        assert desk.verify_all() == made.desks[1].world.size
