"""Attachments: age files on disk, sent in chunks that can go on where they stopped, served only when
complete.

Nobody signs for an attachment, and its address stands only inside sealed records: the relay cannot say whose
it is. An unfinished one ends in `.part`; its size is the whole of its state, so there is nothing that could
disagree with it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from tocsin.core.seal import padme, sealed_size
from tocsin.core.seal.padding import ATTACHMENT_FLOOR
from tocsin.relay.clock import DAY_SECONDS, blur
from tocsin.relay.errors import Malformed, NotThere, TooLarge, WrongOffset
from tocsin.relay.shape import check_age_file, refuse_plain
from tocsin.relay.store.models import Coalition
from tocsin.relay.store.quotas import ANYBODY, Meter
from tocsin.relay.store.writer import one_by_one, writer
from tocsin.terms import Day

_WHAT = "an attachment"
_PIECE = 1 << 16
_AGE_CHUNK, _AGE_CHUNK_TAG = 1 << 16, 16


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attachment lies, finished or not."""

    coalition: Coalition
    address: str

    @property
    def whole(self) -> Path:
        """The file once it is complete."""
        return _folder_of(self.coalition) / self.address

    @property
    def part(self) -> Path:
        """The file until then."""
        return self.whole.with_name(self.address + ".part")

    def state(self) -> tuple[int, bool]:
        """Say how many bytes are here, and whether that is all."""
        # The whole one again: the last chunk may have come between the first look and the second.
        for path, complete in ((self.whole, True), (self.part, False), (self.whole, True)):
            with suppress(FileNotFoundError):
                return path.stat().st_size, complete
        return 0, False


@dataclass(frozen=True, slots=True)
class _Charge:
    coalition: Coalition
    day: Day
    n_items: int
    n_bytes: int


def _charge(charge: _Charge) -> None:
    meter = Meter(charge.coalition, charge.day, "attachments", {ANYBODY})
    meter.charge(ANYBODY, charge.n_items, charge.n_bytes)
    meter.save()


charge_attachment = one_by_one(_charge)


def add_chunk(place: Place, chunk: bytes, *, offset: int, is_last: bool, day: Day) -> int:
    """Put a chunk where the last one ended; say how many bytes are here now.

    Raises
    ------
    WrongOffset
        The relay holds another number of bytes: go on from there.
    LooksPlain, Malformed, TooLarge, QuotaReached
        It is not part of a sealed attachment, or too much.
    OSError
        The disk is full or broken; the chunk was taken back.
    """
    if len(chunk) > settings.CHUNK_BYTES or offset + len(chunk) > settings.MOST_ATTACHED:
        raise TooLarge
    with _alone(place):
        return _add_chunk(place, chunk, offset=offset, is_last=is_last, day=day)


_busy: set[Path] = set()
_gate = threading.Lock()


@contextmanager
def _alone(place: Place) -> Iterator[None]:
    """Keep a chunk that is sent again from being written beside the first, and over the one that follows it."""
    with _gate:
        if place.whole in _busy:
            raise WrongOffset(have=place.state()[0])
        _busy.add(place.whole)
    try:
        yield
    finally:
        _busy.discard(place.whole)


def _add_chunk(place: Place, chunk: bytes, *, offset: int, is_last: bool, day: Day) -> int:
    have, complete = place.state()
    if complete and offset + len(chunk) == have and is_last:
        return have  # The answer to the last chunk was lost.
    if complete or offset != have:
        raise WrongOffset(have=have)
    _check_chunk(chunk, is_first=offset == 0)
    if is_last and not _is_whole(offset + len(chunk)):
        raise Malformed("the attachment is cut short: its size is none that a whole one has")
    writer.do(charge_attachment, _Charge(place.coalition, day, int(offset == 0), len(chunk)))
    _write(place, chunk, offset)
    if is_last:
        place.part.replace(place.whole)
        _settle(place.whole)
    return offset + len(chunk)


def _check_chunk(chunk: bytes, *, is_first: bool) -> None:
    if is_first:
        check_age_file(chunk, _WHAT, max_recipients=1)
    else:
        refuse_plain(chunk, _WHAT)


def _is_whole(size: int) -> bool:
    """Say whether an age file of one recipient and a Padmé-sized plaintext has this size."""
    n_framed = size - sealed_size(0, 1) + _AGE_CHUNK_TAG
    n_plain = n_framed - -(-n_framed // (_AGE_CHUNK + _AGE_CHUNK_TAG)) * _AGE_CHUNK_TAG
    return (
        n_plain >= ATTACHMENT_FLOOR
        and sealed_size(n_plain, 1) == size
        and padme(n_plain, ATTACHMENT_FLOOR) == n_plain
    )


def _write(place: Place, chunk: bytes, offset: int) -> None:
    place.part.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(place.part, "r+b" if offset else "w+b", opener=_private) as file:
        try:
            file.seek(offset)
            file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), offset)  # Half a chunk would shift all that follows.
            raise
    _settle(place.part)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _settle(path: Path) -> None:
    """Make a name durable and hide when it was made."""
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    blur(path)
    blur(path.parent)
    blur(path.parent.parent)


def read_attachment(place: Place, first: int, last: int) -> Iterator[bytes]:
    """Give the bytes from first to last, both included, of a complete attachment."""
    with place.whole.open("rb") as file:
        file.seek(first)
        left = last + 1 - first
        while left and (piece := file.read(min(left, _PIECE))):
            left -= len(piece)
            yield piece
    blur(place.whole)  # Reading, too, leaves a time behind.


def whole_size(place: Place) -> int:
    """Say how large a complete attachment is.

    Raises
    ------
    NotThere
        It is not complete, or never was here.
    """
    size, complete = place.state()
    if not complete:
        raise NotThere
    return size


def list_attachments(coalition: Coalition, *, after: str, most: int) -> list[tuple[str, int]]:
    """List complete attachments by address, which says nothing of their order, with their sizes."""
    folder = _folder_of(coalition)
    names = sorted(path.name for path in folder.glob("*") if path.suffix != ".part" and path.name > after)
    return [(name, (folder / name).stat().st_size) for name in names[:most]]


def count_attachments(coalition: Coalition) -> int:
    """Count complete attachments."""
    return sum(path.suffix != ".part" for path in _folder_of(coalition).glob("*"))


def _folder_of(coalition: Coalition) -> Path:
    return Path(settings.HOME) / "attachments" / bytes(coalition.name).hex()


def drop_unfinished(coalition: Coalition) -> None:
    """Drop what nobody has gone on with for fourteen days."""
    folder = _folder_of(coalition)
    oldest = time.time() - (settings.FOLDER_DAYS + 1) * DAY_SECONDS
    for part in folder.glob("*.part"):
        if part.stat().st_mtime < oldest:
            part.unlink()
    if folder.exists():
        blur(folder)
