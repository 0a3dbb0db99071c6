"""What follows from the replica and the keys, sealed beside them, so that the next start replays nothing.

It can always be worked out again, so it is believed only if all fits: the keys to the last one, this very program, and the
replica. Any other is deleted and the replica is replayed; none is ever brought up to date (docs/decisions/0023).
"""

from __future__ import annotations

import hashlib
import io
import sys
from functools import cache
from pathlib import Path

import msgspec

import tocsin
from tocsin.core.ledger import UNDECODABLE, FrozenWorld
from tocsin.core.seal import DamagedFile, Keyring, open_snapshot, seal_snapshot
from tocsin.desk.errors import DamagedSnapshot
from tocsin.desk.keyfile import SNAPSHOT, drop_snapshot, has_snapshot, replaced

DECIDING = ("core/**/*.py", "desk/kinds.py", "desk/snapshot.py", "desk/store.py", "terms.py", "errors.py")
"""The sources that decide how records become a world and rows."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A world with the rows made of it. It holds no key and no words."""

    device: int
    is_quiet: bool
    """Whether it was taken after the duress passphrase, which hides some rows."""
    signatures: bytes
    """All signatures of the records in it, hashed one after the other (`replica.Checked`)."""
    world: FrozenWorld
    rows: bytes
    foreign: set[bytes]
    """Hashes of the grants in the folders that are not for this device."""


@cache
def this_program() -> bytes:
    """Name this program (32 bytes) by the sources that decide; empty where it has none: then there are no snapshots."""
    home = Path(tocsin.__file__).parent
    sources = sorted(path for part in DECIDING for path in home.glob(part))
    if not sources:
        return b""
    digest = hashlib.sha256(f"{tocsin.__version__} {sys.byteorder}\n".encode())
    for path in sources:
        digest.update(path.relative_to(home).as_posix().encode() + b"\n")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()


def write_snapshot(folder: Path, keyring: Keyring, snapshot: Snapshot) -> None:
    """Seal a snapshot into a desk's folder, whole or not at all.

    Raises
    ------
    DiskFull
        The one from before still stands.
    """
    if program := this_program():
        plain = io.BytesIO(program + msgspec.msgpack.encode(snapshot))
        with replaced(folder / SNAPSHOT) as sink:
            seal_snapshot(keyring, plain, sink)


def read_snapshot(folder: Path, keyring: Keyring) -> Snapshot | None:
    """Open the snapshot in a desk's folder; one for other keys or another program is deleted, and None returned.

    Raises
    ------
    DamagedSnapshot
        It was sealed under these keys and is not what was sealed; it is deleted.
    """
    snapshot = None
    if has_snapshot(folder, keyring):
        plain = io.BytesIO()
        try:
            with (folder / SNAPSHOT).open("rb") as source:
                open_snapshot(keyring, source, plain)
            view = plain.getbuffer()
            if view[:32] == this_program():
                snapshot = msgspec.msgpack.decode(view[32:], type=Snapshot)
        except (DamagedFile, *UNDECODABLE) as trouble:
            drop_snapshot(folder)
            raise DamagedSnapshot from trouble
    if snapshot is None:
        drop_snapshot(folder)
    return snapshot
