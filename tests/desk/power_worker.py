"""Desks that live one short life each and lose power at one given change of their disk; see lives.py.

python power_worker.py FOLDER CLOCK_FILE, with disk_shim.c preloaded. Each line on standard input is a life's name and the
change at which its power goes. Answers `said` and the words once an append has returned, then `cut`, or `lived` and how many
changes it made. A life that raises ends the worker.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from coalition import PASSPHRASE
from deskkit import aside, note

from tocsin.desk.clock import Clock
from tocsin.desk.desk import Desk
from tocsin.desk.sync import sync


def live(folder: Path, clock: Clock, name: str) -> None:
    """Say something, open a compartment and speak there, sync, seal a snapshot, shut it, sync, seal another, and lock."""
    with closing(Desk.open(folder, PASSPHRASE, clock=clock)) as desk:
        desk.append(note(name), to="watch")
        print("said", name, flush=True)
        room = f"response/{name}"
        desk.do(lambda member, moment: member.open_compartments([room], [2], moment))
        desk.append(aside(f"in {room}"), to=room)
        sync(desk)
        desk.seal_snapshot()
        desk.append(note(f"{name}-again"), to="watch")
        print("said", f"{name}-again", flush=True)
        desk.do(lambda member, moment: member.shut([room], moment, parked=False))
        sync(desk)
        desk.seal_snapshot()


def let_live(life: Callable[[str], None]) -> None:
    """Let one life after another be born in a process of its own, everything imported before."""
    shim = ctypes.CDLL(None)
    shim.tocsin_changes_left.restype = ctypes.c_long
    for line in sys.stdin:
        name, at = line.split()
        child = os.fork()
        if child == 0:
            shim.tocsin_cut_power_at(ctypes.c_long(int(at)))
            life(name)
            left = shim.tocsin_changes_left()
            shim.tocsin_cut_power_at(ctypes.c_long(-1))
            print("lived", int(at) - left, flush=True)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            print("cut", flush=True)
        elif status:
            raise SystemExit(1)


if __name__ == "__main__":
    let_live(partial(live, Path(sys.argv[1]), Clock(Path(sys.argv[2]))))
