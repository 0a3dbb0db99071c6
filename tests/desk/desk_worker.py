"""A desk in a process of its own that says things and syncs until it is killed; it notes what `append` returned for.

python desk_worker.py FOLDER CLOCK_FILE LOG NAME, and a line on its standard input to begin.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from coalition import PASSPHRASE
from deskkit import aside, note

from tocsin.desk.clock import Clock
from tocsin.desk.desk import Desk
from tocsin.desk.sync import sync


def work(folder: Path, clock_file: Path, log: Path, name: str) -> None:
    """Append, open a compartment now and then, sync; each word goes to the log once its append has returned."""
    desk = Desk.open(folder, PASSPHRASE, clock=Clock(clock_file))
    sink = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    print("ready", flush=True)
    for n in range(1_000_000):
        desk.append(note(f"{name}.{n}"), to="watch")
        os.write(sink, f"{name}.{n}\n".encode())
        if n % 5 == 2:
            room = f"response/{name}.{n}"
            desk.do(lambda member, moment, room=room: member.open_compartments([room], [2], moment))
            desk.append(aside(f"in {room}"), to=room)
            os.write(sink, f"in {room}\n".encode())
        if n % 3 == 2:
            sync(desk)


if __name__ == "__main__":
    sys.stdin.readline()  # Imported ahead, while another one works.
    work(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
