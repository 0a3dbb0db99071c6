"""The keyring on disk: one passphrase file, replaced whole at every change, never written by halves."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from tocsin.core.seal import DamagedFile, Keyring, PassphraseFile, WorkFactorTooHigh
from tocsin.desk.errors import DamagedKeyring, DiskFull, NoDeskHere

NAME = "keyring.age"


@dataclass
class KeyFile:
    """An open keyring and the file it lives in."""

    path: Path
    keyring: Keyring
    _file: PassphraseFile

    @classmethod
    def create(cls, folder: Path, keyring: Keyring, passphrase: str, *, log_n: int = 17) -> KeyFile:
        """Seal a new keyring under a passphrase; a low work factor is for the demo and for tests only."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        keyfile = cls(folder / NAME, keyring, PassphraseFile.create(passphrase, log_n=log_n))
        keyfile.save()
        return keyfile

    @classmethod
    def open(cls, folder: Path, passphrase: str) -> KeyFile:
        """Open the keyring in a folder.

        Raises
        ------
        NoDeskHere, WrongPassphrase, DamagedKeyring, NewerVersion
        """
        path = folder / NAME
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise NoDeskHere from None
        try:
            file, plain = PassphraseFile.open(data, passphrase)
            return cls(path, Keyring.from_bytes(plain), file)
        except (DamagedFile, WorkFactorTooHigh) as trouble:
            raise DamagedKeyring from trouble

    def save(self, *, beside: Mapping[str, Mapping[bytes, bytes]] | None = None) -> None:
        """Replace the file; after this, what the keyring forgot is not in it any more, unless it is given `beside`.

        Raises
        ------
        DiskFull
            The old file still stands.
        """
        held = {name: dict(epochs) for name, epochs in (beside or {}).items()}
        for name, epochs in self.keyring.compartments.items():
            held.setdefault(name, {}).update(epochs)
        whole = msgspec.structs.replace(self.keyring, compartments=held)
        write_whole(self.path, self._file.reseal(whole.to_bytes()))


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file by new bytes, durably and never by halves.

    Raises
    ------
    DiskFull
        The old file still stands.
    """
    with replaced(path) as sink:
        sink.write(data)


@contextmanager
def replaced(path: Path) -> Iterator[IO[bytes]]:
    """Write what takes a file's place once it is whole and durable; until then, and if anything goes wrong, the old stands.

    Raises
    ------
    DiskFull
    """
    part = path.with_suffix(".part")
    try:
        with open(part, "wb", opener=_private) as sink:
            yield sink
            sink.flush()
            os.fsync(sink.fileno())
        part.replace(path)
        sync_folder(path.parent)
    except OSError as trouble:
        if trouble.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull from trouble
        raise
    finally:
        part.unlink(missing_ok=True)


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
