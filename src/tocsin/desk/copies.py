"""The ledger in one file: a backup of a desk, or what a colleague hands over on a stick (docs/formats.md section 17).

It holds what the relay knows anyway, as it came: records, co-signatures, published keys, and the choices for a machine. No
keyring, no word that has not left, no day folder. A file is written whole or not at all, and read back with the checks of
`tocsin verify`; whoever lays one into a folder checks it all again on the way.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

from tocsin.core.ledger import (
    COSIGNATURE_SIZE,
    PUBLISHED_KEY_SIZE,
    Cosignature,
    ForkSeen,
    NotOnRoll,
    PublishedKey,
    Record,
    World,
    coalition_id,
    head_words,
    read_records,
    verify_cosignature,
    verify_published_key,
)
from tocsin.desk.errors import DamagedCopy, NoDeskHere, OtherCopy, ReplicaThere
from tocsin.desk.keyfile import replaced, sync_folder, write_whole
from tocsin.desk.kinds import ALL_KINDS
from tocsin.desk.knowing import FOUNDING_NAME
from tocsin.desk.replica import NAME, Replica
from tocsin.desk.settings_file import NAME as CHOICES_NAME
from tocsin.desk.signatures import check_signatures
from tocsin.errors import LedgerError, SealError
from tocsin.terms import Day

MAGIC = b"tocsin/1 copy\n"
END, RECORDS, COSIGNATURES, KEYS, CHOICES = range(5)
"""Kinds of section. A reader passes over those it does not know."""

RECORDS_A_SECTION = 200
MOST_BYTES = 32 << 20
"""Of a section: this machine's memory is not for a file to fill."""
_LEAD = 5
_BUILDING = "restoring"

Step = Callable[[int, int], None]
"""Hears how far it is, in bytes or records: done, total. What it raises ends the work, and nothing is left of it."""


class CopyState(NamedTuple):
    """What a copy holds, checked."""

    size: int
    root: bytes
    day: Day
    """The latest day that one of its records bears."""
    splits: tuple[ForkSeen, ...]
    """Somebody vouched for another order of records than the copy's: two ledgers are about, or it was forged."""

    @property
    def words(self) -> str:
        """The six words of its head."""
        return head_words(self.root)


def no_step(_done: int, _total: int) -> None:
    """Tell nobody how far it is."""


# writing ---


def write_copy(
    replica: Replica,
    path: Path,
    *,
    size: int | None = None,
    lock: AbstractContextManager[object] | None = None,
    choices: bytes = b"",
    step: Step = no_step,
) -> None:
    """Write what a replica holds now into one file, whole or not at all.

    Parameters
    ----------
    replica
        Whose.
    path
        The file; one that is there is replaced.
    size
        How many records; all of them unless said.
    lock
        Taken for moments only, so that whoever else needs the replica need not wait.
    choices
        The choices for this machine, to be kept too.
    step
        Hears how many records are written.

    Raises
    ------
    DiskFull
        It does not fit there; nothing is left of it.
    DamagedReplica
    """
    with replaced(path) as file:
        write_sections(file, _sections(replica, size, lock or threading.Lock(), choices, step))


def _sections(
    replica: Replica, size: int | None, lock: AbstractContextManager[object], choices: bytes, step: Step
) -> Iterator[tuple[int, bytes]]:
    if size is None:
        with lock:
            size = replica.size
    for at in range(0, size, RECORDS_A_SECTION):
        step(at, size)
        n = min(RECORDS_A_SECTION, size - at)
        with lock:
            some = list(islice(replica.records(at), n))
        yield RECORDS, b"".join(record.to_bytes() for record in some)
    with lock:
        cosignatures, keys = replica.cosignatures(), replica.published()
    yield COSIGNATURES, b"".join(word.to_bytes() for word in cosignatures)
    for at in range(0, len(keys), RECORDS_A_SECTION):
        yield KEYS, b"".join(key.to_bytes() for key in keys[at : at + RECORDS_A_SECTION])
    yield CHOICES, choices


def write_sections(file: IO[bytes], sections: Iterable[tuple[int, bytes]]) -> None:
    """Write sections between the mark that every copy begins with and the hash that it ends with."""
    hashed = sha256()

    def write(data: bytes) -> None:
        hashed.update(data)
        file.write(data)

    write(MAGIC)
    for kind, data in sections:
        if data:
            write(bytes([kind]) + len(data).to_bytes(4, "big"))
            write(data)
    digest = hashed.digest()
    file.write(bytes([END]) + len(digest).to_bytes(4, "big") + digest)


# reading ---


def check_copy(path: Path, *, into: Replica | None = None, step: Step = no_step) -> tuple[CopyState, bytes]:
    """Check a copy: hash, numbers, bodies, chains, signatures, rolls, root, co-signatures; give its choices too.

    Parameters
    ----------
    path
        The file.
    into
        An empty replica that takes what was checked, piece by piece.

    Raises
    ------
    DamagedCopy
        Not one, cut short, or changed since.
    """
    taking = _Taking(into)
    try:
        with path.open("rb") as file:
            for kind, data in _read_sections(file, step):
                taking.take(kind, data)
        return taking.state(), taking.choices
    except (LedgerError, SealError, OSError) as trouble:
        raise DamagedCopy from trouble


def checked_world(path: Path, *, step: Step = no_step) -> World:
    """Check a copy as `check_copy` does; give the world of its records, read without any key. Raises DamagedCopy."""
    taking = _Taking(None)
    try:
        with path.open("rb") as file:
            for kind, data in _read_sections(file, step):
                taking.take(kind, data)
    except (LedgerError, SealError, OSError) as trouble:
        raise DamagedCopy from trouble
    if not taking.world.size:
        raise DamagedCopy
    return taking.world


def records_in(path: Path) -> Iterator[bytes]:
    """Give the records of a copy, unchecked, in pieces; raises DamagedCopy, at the latest at its end."""
    try:
        with path.open("rb") as file:
            yield from (data for kind, data in _read_sections(file, no_step) if kind == RECORDS)
    except OSError as trouble:
        raise DamagedCopy from trouble


def _read_sections(file: IO[bytes], step: Step) -> Iterator[tuple[int, bytes]]:
    total, done = os.fstat(file.fileno()).st_size, len(MAGIC)
    if file.read(len(MAGIC)) != MAGIC:
        raise DamagedCopy
    hashed = sha256(MAGIC)
    while True:
        step(done, total)
        lead = file.read(_LEAD)
        size = int.from_bytes(lead[1:], "big")
        if len(lead) < _LEAD or size > MOST_BYTES:
            raise DamagedCopy
        data = file.read(size)
        if len(data) < size:
            raise DamagedCopy
        if lead[0] == END:
            break
        hashed.update(lead)
        hashed.update(data)
        done += _LEAD + size
        yield lead[0], data
    if data != hashed.digest() or file.read(1):
        raise DamagedCopy


class _Taking:
    """A copy being checked: a world that holds no key, and perhaps a replica that keeps what was checked."""

    def __init__(self, into: Replica | None) -> None:
        self._into = into
        self.world = World(device=0, kinds=ALL_KINDS, keys={})
        self.choices = b""

    def take(self, kind: int, data: bytes) -> None:
        if kind == RECORDS:
            self._take_records(read_records(data))
        elif kind == COSIGNATURES:
            self._take_cosignatures([Cosignature.from_bytes(part) for part in _cut(data, COSIGNATURE_SIZE)])
        elif kind == KEYS:
            self._take_keys([PublishedKey.from_bytes(part) for part in _cut(data, PUBLISHED_KEY_SIZE)])
        elif kind == CHOICES:
            self.choices = data

    def _take_records(self, records: list[Record]) -> None:
        world, first = self.world, self.world.size
        known = [False] * len(records)
        if first:
            known = check_signatures(records, world.history.now.roll, world.coalition)
        for record, is_verified in zip(records, known, strict=True):
            world.take(record, verified=is_verified)
        if self._into is not None:
            with self._into.transaction():
                self._into.add(first, records)

    def _take_cosignatures(self, words: list[Cosignature]) -> None:
        world, good = self.world, []
        for word in words:
            try:
                key = world.history.now.roll.device(word.device).key
            except NotOnRoll:
                continue  # Removed since: its word no longer counts.
            verify_cosignature(key, world.coalition, word)
            good.append(word)
        world.take_cosignatures(good)
        if self._into is not None:
            with self._into.transaction():
                self._into.add_cosignatures(good)

    def _take_keys(self, keys: list[PublishedKey]) -> None:
        world, good = self.world, []
        for key in keys:
            try:
                verify_published_key(key, world.history.now.roll, world.coalition)
            except NotOnRoll:
                continue
            good.append(key)
        if self._into is not None:
            with self._into.transaction():
                self._into.add_published(good)

    def state(self) -> CopyState:
        world = self.world
        if not world.size:
            raise DamagedCopy
        splits = tuple(world.standing_splits)
        return CopyState(world.size, world.tree.root(), Day(world.newest_day), splits)


def _cut(data: bytes, size: int) -> list[bytes]:
    if len(data) % size:
        raise DamagedCopy
    return [data[at : at + size] for at in range(0, len(data), size)]


def read_founding_of(path: Path) -> Record:
    """Read the founding record that a copy begins with, unchecked: whose it is, before all of it is read.

    Raises
    ------
    DamagedCopy
    """
    try:
        with path.open("rb") as file:
            kind, data = next(_read_sections(file, no_step), (END, b""))
        if kind != RECORDS:
            raise DamagedCopy
        return read_records(data)[0]
    except (LedgerError, OSError) as trouble:
        raise DamagedCopy from trouble


# restoring ---


def restore_copy(path: Path, folder: Path, *, step: Step = no_step) -> CopyState:
    """Lay a copy into a folder that has no replica: beside a keyring, or before somebody joins there anew.

    The outbox, if there is one, stays as it is: what waits in it leaves at the next sync. A desk opened over it checks every
    signature once more, since whoever had the folder meanwhile may have changed it.

    Raises
    ------
    ReplicaThere
        There is a copy already.
    OtherCopy
        The folder's desk belongs to another coalition.
    DamagedCopy, DiskFull
        Nothing was left in the folder.
    """
    if (folder / NAME).exists():
        raise ReplicaThere
    founding = read_founding_of(path)
    _check_same(founding, folder / FOUNDING_NAME)
    building = folder / _BUILDING
    _clear(building)  # Left by a restoring that was cut off.
    try:
        with closing(Replica(building)) as replica:
            state, choices = check_copy(path, into=replica, step=step)
            (founding,) = islice(replica.records(), 1)
        # Checked now, and the same file: what stood at its beginning may have been exchanged meanwhile.
        _check_same(founding, folder / FOUNDING_NAME)
        write_whole(folder / FOUNDING_NAME, founding.to_bytes())
        if choices and not (folder / CHOICES_NAME).exists():
            write_whole(folder / CHOICES_NAME, choices)
        for side in ("-wal", "-shm"):
            # Of a replica that was moved away: SQLite would write it into this one.
            (folder / f"{NAME}{side}").unlink(missing_ok=True)
        (building / NAME).replace(folder / NAME)
        sync_folder(folder)
    finally:
        _clear(building)
    return state


def _clear(building: Path) -> None:
    if building.exists():
        shutil.rmtree(building)


def _check_same(founding: Record, trusted: Path) -> None:
    try:
        (known,) = read_records(trusted.read_bytes())
        if coalition_id(known) != coalition_id(founding):
            raise OtherCopy
    except FileNotFoundError:
        return
    except (LedgerError, ValueError) as trouble:
        raise OtherCopy from trouble


# a folder's desk, while no program has it open ---


def back_up_folder(folder: Path, path: Path, *, step: Step = no_step) -> tuple[CopyState, int]:
    """Write a desk's folder into a copy and read it back; say too how many things said there it leaves out.

    No passphrase is asked: all of it is ciphertext, and none of it is opened.

    Raises
    ------
    NoDeskHere, DeskInUse, DamagedReplica, DiskFull, DamagedCopy
    """
    if not (folder / NAME).is_file():
        raise NoDeskHere
    choices = folder / CHOICES_NAME
    with closing(Replica(folder)) as replica:
        write_copy(replica, path, choices=choices.read_bytes() if choices.is_file() else b"", step=step)
        n_unsent = len(replica.drafts()) + len(replica.leaving().records)
    state, _ = check_copy(path, step=step)
    return state, n_unsent
