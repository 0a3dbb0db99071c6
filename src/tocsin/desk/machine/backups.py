"""Put a backup away as a job: written while pages go on, then read back and checked in a child process."""

from __future__ import annotations

from collections.abc import Mapping

from tocsin.core.ledger import head_words
from tocsin.desk import verifying
from tocsin.desk.children import run_in_child
from tocsin.desk.copies import records_in, write_copy
from tocsin.desk.desk import Desk
from tocsin.desk.errors import DamagedCopy
from tocsin.desk.jobs import Progress, Work
from tocsin.desk.machine.places import SUFFIX, place_of
from tocsin.desk.settings_file import NAME as CHOICES
from tocsin.terms import date_of


def back_up(desk: Desk, progress: Progress, asked: Mapping[str, str]) -> str:
    """Write the ledger as it stands now into one file at a place, and read it back.

    Raises
    ------
    NotHere
        The stick was taken out.
    DiskFull, DamagedCopy
    """
    place = place_of(asked.get("place", ""))
    path = place.path / f"desk-{date_of(desk.today).isoformat()}{SUFFIX}"
    with desk.lock:
        size, root = desk.world.size, desk.world.tree.root()
    choices = desk.folder / CHOICES
    write_copy(
        desk.replica,
        path,
        size=size,
        lock=desk.lock,
        choices=choices.read_bytes() if choices.is_file() else b"",
        step=progress.step,
    )
    found = run_in_child(verifying.__name__, records_in(path), progress, total=size)
    if found != [size, root]:
        raise DamagedCopy
    return f"{size} records are in the file {path.name}, and all were checked. Its head words: {head_words(root)}."


BACKUP = Work(name="backup", title="Put a backup away", run=back_up, is_offered=False)
