"""What a desk's holder does in a hurry, each in a process of its own whose power goes; see test_pressure_kill.py.

python pressure_worker.py ROOT CLOCK_FILE, with disk_shim.c preloaded. A life named `away.7` locks the desk in ROOT/away.7
for a journey, and so on.
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from coalition import PASSPHRASE
from power_worker import let_live

from tocsin.core.ledger import travel_identity
from tocsin.desk.clock import Clock
from tocsin.desk.desk import Desk
from tocsin.desk.errors import TravelLocked
from tocsin.desk.keyfile import KeyFile
from tocsin.desk.machine import travel

DURESS = "an invented word of distress"
TRAVEL_KEY_NAME = "travel-key"
"""Beside the folders: what two founders would say together."""


def set_duress(folder: Path, clock: Clock) -> None:
    """Choose the passphrase to give under duress."""
    with closing(Desk.open(folder, PASSPHRASE, clock=clock)) as desk:
        desk.keyfile.set_duress(DURESS)


def give_way(folder: Path, clock: Clock) -> None:
    """Give it."""
    Desk.open(folder, DURESS, clock=clock).close()


def put_away(folder: Path, clock: Clock) -> None:
    """Lock the desk for a journey."""
    with closing(Desk.open(folder, PASSPHRASE, clock=clock)) as desk:
        travel.put_away(desk)


def bring_back(folder: Path, clock: Clock) -> None:
    """Come back, as the page does once two founders' words were said."""
    try:
        KeyFile.open(folder, PASSPHRASE)
    except TravelLocked as locked:
        key = (folder.parent / TRAVEL_KEY_NAME).read_bytes()
        Desk(folder, locked.stub.bring_back(travel_identity(key)), clock=clock).close()


ACTS = {"set": set_duress, "give": give_way, "away": put_away, "back": bring_back}


if __name__ == "__main__":
    root, of_exercise = Path(sys.argv[1]), Clock(Path(sys.argv[2]))
    let_live(lambda name: ACTS[name.split(".")[0]](root / name, of_exercise))
