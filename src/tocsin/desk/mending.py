"""A damaged file of an open or locked desk: put aside, not deleted, so that the desk goes on without it.

A replica is fetched again, choices are made again; both cost nothing that was said. Of an outbox what waited is lost to the
desk, so it is put aside only when its holder asks for that by its name.
"""

from __future__ import annotations

from pathlib import Path

from tocsin.desk.errors import DamagedOutbox, DamagedReplica, DamagedSettings, NotHere
from tocsin.desk.keyfile import sync_folder
from tocsin.desk.replica import NAME, OUTBOX
from tocsin.desk.settings_file import NAME as SETTINGS

FILES = {DamagedReplica.code: NAME, DamagedOutbox.code: OUTBOX, DamagedSettings.code: SETTINGS}
"""An error's code → the file that it speaks of."""

ASIDE = ".damaged"
"""What a file's name ends in once it was put aside; a newer one takes the place of an older."""

_BESIDE = ("-wal", "-shm")
"""What SQLite keeps beside a database, and would lay over the next one of its name."""


def mends_of(code: str) -> str:
    """Give an error's code again if putting a file aside mends it, else nothing."""
    return code if code in FILES else ""


def put_aside(folder: Path, code: str) -> None:
    """Put aside the file that a trouble speaks of. Cut off anywhere, it is there still or the desk begins it anew.

    Raises
    ------
    NotHere
        That trouble is not mended so.
    """
    if code not in FILES:
        raise NotHere
    name = FILES[code]
    for end in _BESIDE:
        path = folder / (name + end)
        if path.exists():
            path.replace(folder / (name + ASIDE + end))
    if (folder / name).exists():
        (folder / name).replace(folder / (name + ASIDE))
    sync_folder(folder)
