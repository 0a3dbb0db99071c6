"""Destroy the file that a table was taken from, where it lies on this machine.

The browser handed over bytes and no path. So the usual folders are looked through for files of the very same bytes; any
other place is typed. Nothing is destroyed that has other bytes. Overwriting reaches the blocks that the file has now: a
solid-state disk, a file system that copies on write, a cloud folder and a backup may keep others, and the page says so.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from tocsin.desk.errors import NotThatFile
from tocsin.desk.keyfile import overwrite, sync_folder

USUAL: Final = ("Downloads", "Desktop", "Documents")
DEEPEST: Final = 3
"""Folders below a usual one that are looked into."""
MOST_LOOKED_AT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Source:
    """What a file is known by once its path is not."""

    size: int
    digest: bytes

    @classmethod
    def of(cls, content: bytes) -> Source:
        """Remember a file by its bytes."""
        return cls(len(content), sha256(content).digest())

    def is_at(self, path: Path) -> bool:
        """Say whether a plain file, no link to one, has these very bytes."""
        try:
            found = path.lstat()
            if not stat.S_ISREG(found.st_mode) or found.st_size != self.size:
                return False
            return sha256(path.read_bytes()).digest() == self.digest
        except OSError:
            return False  # It went, or is somebody else's.


def copies(source: Source, home: Path) -> tuple[Path, ...]:
    """Find files of these bytes in the folders where files usually lie."""
    return tuple(sorted(path for path in _files(home) if source.is_at(path)))


def _files(home: Path) -> Iterator[Path]:
    left = MOST_LOOKED_AT
    for usual in USUAL:
        for folder, folders, names in os.walk(home / usual):
            if len(Path(folder).relative_to(home / usual).parts) >= DEEPEST:
                folders.clear()
            left -= len(names)
            if left < 0:
                return
            yield from (Path(folder) / name for name in names)


def destroy(source: Source, path: Path) -> None:
    """Write chance over a file's bytes and remove it.

    Raises
    ------
    NotThatFile
        What lies there has other bytes, or is no plain file.
    OSError
        The disk refused.
    """
    if not path.is_absolute() or not source.is_at(path):
        raise NotThatFile
    overwrite(path)
    path.unlink()
    sync_folder(path.parent)
