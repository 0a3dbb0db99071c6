"""Where a backup can be put, and where one may lie: the folders that people know, and the sticks and disks plugged in.

No page takes a path: what is chosen is one of these places, by a code that says nothing.
"""

from __future__ import annotations

import os
import re
import string
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tocsin.desk.copies import MAGIC
from tocsin.desk.errors import NotHere

SUFFIX = ".copy"
_KNOWN = ("Desktop", "Documents", "Downloads")
_DRIVES = ("/media/*", "/media/*/*", "/run/media/*/*", "/mnt/*", "/Volumes/*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder that can be written to, as the page shows it."""

    code: str
    name: str
    is_drive: bool
    """Whether it can be taken out and put away elsewhere."""
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCopy:
    """A file that begins as a copy does; whether it is whole is seen when it is read."""

    code: str
    name: str
    place: str
    n_bytes: int
    path: Path


def places() -> list[Place]:
    """List the places, drives first; none that cannot be written to."""
    found = [_place(path, is_drive=True) for path in _drives()]
    found += [_place(path, is_drive=False) for path in _known_folders()]
    return [place for place in found if os.access(place.path, os.W_OK)]


def place_of(code: str) -> Place:
    """Look a place up.

    Raises
    ------
    NotHere
        The stick was taken out.
    """
    for place in places():
        if place.code == code:
            return place
    raise NotHere


def copies_found() -> list[FoundCopy]:
    """List the copies that lie in these places, the largest first: it has most of the ledger."""
    found = [
        FoundCopy(code=_code(path), name=path.name, place=place.name, n_bytes=path.stat().st_size, path=path)
        for place in places()
        for path in sorted(place.path.glob(f"*{SUFFIX}"))
        if _begins_as_one(path)
    ]
    return sorted(found, key=lambda copy: copy.n_bytes, reverse=True)


def copy_of(code: str) -> FoundCopy:
    """Look a copy up; raises NotHere."""
    for copy in copies_found():
        if copy.code == code:
            return copy
    raise NotHere


def _place(path: Path, *, is_drive: bool) -> Place:
    return Place(code=_code(path), name=path.name or str(path), is_drive=is_drive, path=path)


def _code(path: Path) -> str:
    return sha256(os.fsencode(path)).hexdigest()[:16]


def _begins_as_one(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False  # A folder, another person's, or a stick that fails: nothing to choose.


def _drives() -> Iterator[Path]:
    if sys.platform == "win32":
        yield from (
            Path(f"{letter}:\\") for letter in string.ascii_uppercase[3:] if Path(f"{letter}:\\").exists()
        )
        return
    for pattern in _DRIVES:
        yield from (path for path in sorted(Path("/").glob(pattern[1:])) if path.is_mount())


def _known_folders() -> Iterator[Path]:
    home = Path.home()
    named = named_by_the_desktop(home, "DESKTOP", "DOCUMENTS", "DOWNLOAD")
    names = dict.fromkeys(home / name for name in _KNOWN) | dict.fromkeys(named)
    yield from (path for path in names if path.is_dir() and path != home)


def named_by_the_desktop(home: Path, *which: str) -> Iterator[Path]:
    """Find folders that on Linux may be called otherwise, in the language of the machine."""
    listing = home / ".config" / "user-dirs.dirs"
    if listing.is_file():
        text = listing.read_text(encoding="utf-8", errors="replace")
        for name in re.findall(rf'^XDG_(?:{"|".join(which)})_DIR="\$HOME/([^"]+)"', text, re.M):
            yield home / name
