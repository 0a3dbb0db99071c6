"""The power goes at any single change of a desk's disk, half of the bytes written: nothing lost, nothing double.

Every write, sync, rename, removal and truncation of a short life is such a change: opening, saying, making keys, sending,
reading back, sealing snapshots, erasing keys, locking. Each life begins on what the one before left. A run tries every
STRIDE-th change, from one that chance names; `STRIDE = 1` tries all, which takes a minute.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

from coalition import PASSPHRASE, make_coalition
from deskkit import said
from lives import Lives, build_disk

from tocsin.desk.desk import Desk

WORKER = Path(__file__).with_name("power_worker.py")
MOST_CHANGES = 2_000
STRIDE = 5


def test_the_power_may_go_at_any_change_of_the_disk(tmp_path: Path) -> None:
    shim = build_disk(tmp_path)
    with make_coalition(tmp_path / "coalition", n=2) as made:
        made.desks[0].close()
        lives = Lives([WORKER, made.folders[0], made.clock_file], made.environment(), shim)
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
