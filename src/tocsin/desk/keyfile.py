"""The keyring on disk: two passphrase files, replaced whole and together at every change, never written by halves.

`keyring.age` holds every secret of the device. `spare.age` holds what a duress passphrase may open. It lies there whether
or not there is such a passphrase (else nobody's opens it), of the same size and time, so that nobody sees which. What seals
the spare again stands in the keyring's file, so that both move on together.

The snapshot stands and falls with them: when a key came or went, the one sealed under the keys of before is deleted. That is
tidiness; what makes it unreadable is that its key was made of all of them.
"""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from tocsin.core.ledger import EVERYBODYS
from tocsin.core.seal import (
    SNAPSHOT_LEAD,
    DamagedFile,
    Identity,
    Keyring,
    PassphraseFile,
    Recipient,
    WorkFactorTooHigh,
    WrongKey,
    WrongPassphrase,
    fits_snapshot,
    frame,
    open_sealed,
    padme,
    seal,
    unframe,
)
from tocsin.desk.errors import DamagedKeyring, DiskFull, Locked, NoDeskHere, SamePassphrase, TravelLocked

NAME = "keyring.age"
SPARE = "spare.age"
SNAPSHOT = "snapshot.sealed"

FLOOR = 32768
"""Bytes that a keyring is padded to at least, so that its size says little of how much it holds."""

NOTHING = msgspec.Raw(b"\xc0")
"""Nil: no keyring."""

_FIRST_FORM = 0x92
"""First byte of a keyring that was written before there was a spare: a msgpack array of two, without a frame."""


class Away(msgspec.Struct, frozen=True):
    """What lies in the keyring's place during a journey: which shares open the rest. It opens nothing by itself."""

    device: int
    deal: bytes
    sealed: bytes
    """The frame with keyring and spare, as an age file to the key that founders keep in shares."""


class Kept(msgspec.Struct, frozen=True):
    """What a passphrase file of a desk holds, in a frame (docs/formats.md section 10)."""

    keyring: msgspec.Raw
    """The keyring's bytes."""
    spare: bytes = b""
    """What seals the other file again; empty in the spare itself."""
    away: Away | None = None
    """Of a desk that travels: its keyring, sealed away. Then there is no other and nothing that seals the spare."""


@dataclass
class KeyFile:
    """An open keyring and the two files it lives in."""

    path: Path
    keyring: Keyring
    _file: PassphraseFile
    _spare: PassphraseFile
    _is_away: bool = False

    @classmethod
    def create(cls, folder: Path, keyring: Keyring, passphrase: str, *, log_n: int = 17) -> KeyFile:
        """Seal a new keyring under a passphrase; a low work factor is for the demo and for tests only."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file, spare = PassphraseFile.create(passphrase, log_n=log_n), PassphraseFile.nobodys(log_n=log_n)
        keyfile = cls(folder / NAME, keyring, file, spare)
        keyfile.save()
        return keyfile

    @classmethod
    def open(cls, folder: Path, passphrase: str) -> KeyFile:
        """Open the keyring in a folder. Both files are tried each time, so that the time it takes tells nothing.

        By the duress passphrase: the keyring is gone from this folder before this returns.

        Raises
        ------
        NoDeskHere, WrongPassphrase, DamagedKeyring, NewerVersion
        TravelLocked
            The passphrase is right, and the keyring is sealed away for a journey; `stub` brings it back.
        """
        path = folder / NAME
        if not path.exists():
            raise NoDeskHere
        opened, spare = _attempt(path, passphrase), _attempt(folder / SPARE, passphrase)
        if isinstance(opened, _Opened):
            kept = opened.kept
            if kept.away is not None:
                raise TravelLocked(Stub(path, kept.away, opened.file))
            file = PassphraseFile.from_bytes(kept.spare) if kept.spare else _nobodys(opened.file)
            return cls(path, _keyring(kept), opened.file, file)
        if isinstance(spare, _Opened):
            return cls._give_way(path, spare)
        raise opened

    @classmethod
    def _give_way(cls, path: Path, spare: _Opened) -> KeyFile:
        """Put what the duress passphrase opens in the keyring's place. Cut off anywhere, it opens so again."""
        given = cls(path, _keyring(spare.kept), spare.file, _nobodys(spare.file))
        # What a save that was cut off left beside it goes first: it opens by the real passphrase, too.
        for each in (_part_of(path), path):
            if each.exists():
                overwrite(each)
        given.save()
        return given

    def save(self, *, beside: Mapping[str, Mapping[bytes, bytes]] | None = None) -> None:
        """Replace both files; after this, what the keyring forgot is in neither any more, unless it is given `beside`.

        Raises
        ------
        DiskFull
            The old files still stand.
        """
        if self._is_away:
            raise Locked
        held = {name: dict(epochs) for name, epochs in (beside or {}).items()}
        for name, epochs in self.keyring.compartments.items():
            held.setdefault(name, {}).update(epochs)
        whole = msgspec.structs.replace(self.keyring, compartments=held)
        self._write(Kept(msgspec.Raw(whole.to_bytes()), self._spare.to_bytes()))
        if not has_snapshot(self.path.parent, whole):
            drop_snapshot(self.path.parent)

    def _write(self, kept: Kept) -> None:
        plain = msgspec.msgpack.encode(kept)
        bare = self.keyring.without_people(keep=EVERYBODYS)
        other = msgspec.msgpack.encode(Kept(msgspec.Raw(bare.to_bytes())))
        size = padme(4 + len(plain), FLOOR)
        write_together(
            {
                self.path: self._file.reseal(frame(plain, size)),
                self.path.with_name(SPARE): self._spare.reseal(frame(other, size)),
            }
        )

    # a journey ---

    def put_away(self, recipient: Recipient, *, deal: bytes) -> None:
        """Seal everything away, so that the passphrase opens nothing more; the open keyring is saved no more after this.

        Cut off before the file is replaced, the keyring is whole; after that, founders' shares bring it back. Whoever has
        the duress passphrase can still call for help.

        Raises
        ------
        DiskFull
            The keyring still stands.
        """
        plain = msgspec.msgpack.encode(Kept(msgspec.Raw(self.keyring.to_bytes()), self._spare.to_bytes()))
        sealed = seal(frame(plain, padme(4 + len(plain), FLOOR)), [recipient])
        with _shredding(self.path):
            self._write(Kept(NOTHING, away=Away(self.keyring.device, deal, sealed)))
        self._is_away = True
        drop_snapshot(self.path.parent)

    # passphrases ---

    def check(self, passphrase: str) -> None:
        """Ask again for the passphrase that this desk was opened by.

        Raises
        ------
        WrongPassphrase
        """
        if not self._file.opens_by(passphrase):
            raise WrongPassphrase

    def change_passphrase(self, passphrase: str) -> None:
        """Seal the keyring under another passphrase from now on.

        Raises
        ------
        SamePassphrase
            It opens the spare: of the two, each must be its own.
        EmptyPassphrase, DiskFull
        """
        if self._spare.opens_by(passphrase):
            raise SamePassphrase
        self._change(PassphraseFile.create(passphrase, log_n=self._file.log_n), self._spare)

    def set_duress(self, passphrase: str) -> None:
        """Let a passphrase open the spare, in place of the one before, if any.

        Raises
        ------
        SamePassphrase
            It opens the keyring.
        EmptyPassphrase, DiskFull
        """
        if self._file.opens_by(passphrase):
            raise SamePassphrase
        self._change(self._file, PassphraseFile.create(passphrase, log_n=self._file.log_n))

    def remove_duress(self) -> None:
        """Let no passphrase open the spare any more; nothing shows whether one did.

        Raises
        ------
        DiskFull
        """
        self._change(self._file, _nobodys(self._file))

    def _change(self, file: PassphraseFile, spare: PassphraseFile) -> None:
        before = self._file, self._spare
        self._file, self._spare = file, spare
        try:
            self.save()
        except DiskFull:
            self._file, self._spare = before
            raise


@dataclass(frozen=True)
class Stub:
    """What a passphrase opens of a desk that travels. Shows nothing of itself."""

    path: Path
    away: Away
    _file: PassphraseFile

    def bring_back(self, identity: Identity) -> KeyFile:
        """Put the keyring back as it was.

        Raises
        ------
        WrongKey
            It was not sealed to this identity.
        DamagedKeyring, DiskFull
        """
        try:
            kept = read_kept(open_sealed(self.away.sealed, [identity]))
            spare = PassphraseFile.from_bytes(kept.spare)
        except DamagedFile as trouble:
            raise DamagedKeyring from trouble
        keyring = _keyring(kept)
        keyring.travel_key = None
        keyfile = KeyFile(self.path, keyring, self._file, spare)
        keyfile.save()
        return keyfile


@dataclass(frozen=True)
class _Opened:
    file: PassphraseFile
    kept: Kept


def _attempt(path: Path, passphrase: str) -> _Opened | WrongPassphrase | DamagedKeyring:
    """Try a passphrase on a file. Trouble is handed back: only once both were tried is it known what it means."""
    try:
        file, plain = PassphraseFile.open(path.read_bytes(), passphrase)
        return _Opened(file, read_kept(plain))
    except WrongPassphrase as trouble:
        return trouble
    except (DamagedFile, WorkFactorTooHigh, WrongKey, FileNotFoundError) as trouble:
        damaged = DamagedKeyring()
        damaged.__cause__ = trouble
        return damaged


def read_kept(plain: bytes) -> Kept:
    """Read what a passphrase file held.

    Raises
    ------
    DamagedFile
    """
    if plain[:1] == bytes([_FIRST_FORM]):
        return Kept(msgspec.Raw(plain))
    try:
        return msgspec.msgpack.decode(unframe(plain), type=Kept)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as trouble:
        raise DamagedFile("it holds no keyring") from trouble


def _keyring(kept: Kept) -> Keyring:
    try:
        return Keyring.from_bytes(bytes(kept.keyring))
    except DamagedFile as trouble:
        raise DamagedKeyring from trouble


@contextmanager
def _shredding(path: Path) -> Iterator[None]:
    """Once a file was replaced, write chance over the bytes it had, where the system lets us hold on to them."""
    if os.name != "posix":
        yield
        return
    with open(path, "r+b") as old:
        yield
        old.write(secrets.token_bytes(os.fstat(old.fileno()).st_size))
        old.flush()
        os.fsync(old.fileno())


def _nobodys(like: PassphraseFile) -> PassphraseFile:
    return PassphraseFile.nobodys(log_n=like.log_n)


def overwrite(path: Path) -> None:
    """Write chance over a file's bytes before it is replaced; a disk may keep old cells all the same."""
    with open(path, "r+b") as file:
        file.write(secrets.token_bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())


def has_snapshot(folder: Path, keyring: Keyring) -> bool:
    """Say whether the snapshot there was sealed under exactly these keys."""
    try:
        with (folder / SNAPSHOT).open("rb") as source:
            return fits_snapshot(keyring, source.read(SNAPSHOT_LEAD))
    except FileNotFoundError:
        return False


def drop_snapshot(folder: Path) -> None:
    """Delete the snapshot, and what is left of one that was not written to its end."""
    for path in (folder / SNAPSHOT, _part_of(folder / SNAPSHOT)):
        path.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file by new bytes, durably and never by halves; raises DiskFull, and then the old file still stands."""
    with replaced(path) as sink:
        sink.write(data)


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """Write what takes a file's place once it is whole and durable; until then, and if anything goes wrong, the old stands.

    Raises
    ------
    DiskFull
    """
    part = _part_of(path)
    with _removing(part):
        with open(part, "wb", opener=_private) as sink:
            yield sink
            sink.flush()
            os.fsync(sink.fileno())
        part.replace(path)
        sync_folder(path.parent)


def write_together(files: Mapping[Path, bytes]) -> None:
    """Replace files of one folder, all with one time: each whole, none before all are on the disk.

    Raises
    ------
    DiskFull
        The old files still stand.
    """
    now = time.time_ns()
    parts = {path: _part_of(path) for path in files}
    with _removing(*parts.values()):
        for path, part in parts.items():
            with open(part, "wb", opener=_private) as sink:
                sink.write(files[path])
                sink.flush()
                os.utime(part, ns=(now, now))
                os.fsync(sink.fileno())
        for path, part in parts.items():
            part.replace(path)
        sync_folder(next(iter(files)).parent)


@contextmanager
def _removing(*parts: Path) -> Iterator[None]:
    """Leave no half-written file behind, and say in our words that the disk is full."""
    try:
        with full_disk_told():
            yield
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


@contextmanager
def full_disk_told() -> Iterator[None]:
    """Say in our words that the disk takes no more; raises DiskFull."""
    try:
        yield
    except OSError as trouble:
        if trouble.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull from trouble
        raise


def _part_of(path: Path) -> Path:
    return path.with_suffix(".part")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut; Windows keeps names by itself and cannot be asked."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
