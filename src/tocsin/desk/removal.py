"""The end of a device: whether founders have removed it, and erasing a desk from its machine."""

from __future__ import annotations

from pathlib import Path

from tocsin.core.ledger import BadRoll, DamagedRecord, Roll, coalition_id, read_founding, read_roll_change
from tocsin.desk.desk import Desk
from tocsin.desk.errors import RelayMisled, Removed
from tocsin.desk.keeping import FOLDER as ATTACHMENTS
from tocsin.desk.keyfile import NAME, SPARE, overwrite
from tocsin.desk.wire import Wire

KEPT = (
    "keyring.*",
    "spare.*",
    "snapshot.*",
    "jobs.*",
    "setup.*",
    "invitations.*",
    "contagion.*",
    "founding.*",
    "desk.json*",
    "desk.part",
    "replica.sqlite3*",
    "outbox.sqlite3*",
    "relay.*",
    f"{ATTACHMENTS}/*",
)
"""What a desk keeps in its folder. Whatever else somebody put there is not ours to delete."""


def say_if_removed(desk: Desk, wire: Wire) -> None:
    """Find out why the relay takes this device for a stranger: every roll since the founding, each signed by founders.

    Raises
    ------
    Removed
        They say so. A relay alone cannot make this up.
    RelayMisled
        It shows rolls that founders did not sign.
    """
    roll = desk.world.history.now.roll
    records = wire.rolls()
    if records and coalition_id(records[0]) == desk.world.coalition:
        try:
            roll = read_founding(records[0])
            for record in records[1:]:
                roll = read_roll_change(record, roll, desk.world.coalition)
        except (BadRoll, DamagedRecord) as trouble:
            raise RelayMisled("showed a roll that founders did not sign") from trouble
    check_place(desk, roll)


def check_place(desk: Desk, roll: Roll) -> None:
    """Check that this device stands on a roll; raises Removed."""
    if any(entry.number == desk.device and entry.removed for entry in roll.devices):
        raise Removed


def erase_folder(folder: Path) -> None:
    """Erase a desk that is closed: its keys first, written over and deleted, then all it kept. There is no way back.

    Cut off after the keys, what is left opens to nobody. A disk may keep old cells all the same.
    """
    for name in (NAME, SPARE):
        if (folder / name).exists():
            overwrite(folder / name)
            (folder / name).unlink()
    for path in sorted({path for name in KEPT for path in folder.glob(name)}):
        path.unlink()
    if (folder / ATTACHMENTS).exists():
        (folder / ATTACHMENTS).rmdir()
