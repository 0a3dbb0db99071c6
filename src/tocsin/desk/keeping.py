"""What keeper desks do beside syncing: keep attachments and folders as ciphertext, and give them to a relay that lost them.

They open nothing of it. They know an attachment by address and size only; its key stands in a sealed record or submission.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tocsin.core.ledger import Beside, Purpose, is_over
from tocsin.desk.desk import Desk
from tocsin.desk.errors import RelayRefused
from tocsin.desk.keyfile import full_disk_told
from tocsin.desk.replica import FOLDER_DAYS
from tocsin.desk.wire import Wire

FOLDER = "attachments"
SYNC_BYTES = 8 << 20
"""Of attachments fetched or given in one sync at most, so that no sync is held up; the rest goes with the next."""
PIECE_BYTES = 1 << 20
"""What the relay takes at once, and what is asked of it at once."""
GIGABYTE = 1_000_000_000

LEFT_TO_OTHERS = ("relay.fork", "relay.unknown", "relay.duty", "relay.key-period", "relay.key-taken")
"""Refusals of what other devices signed: whoever still has something to say there brings it at its own next sync."""


def is_keeper(desk: Desk) -> bool:
    """Say whether the roll has this device keep copies."""
    return any(entry.number == desk.device and entry.keeper for entry in desk.world.history.now.roll.active)


def kept_attachments(folder: Path) -> dict[str, int]:
    """List the attachments kept whole, by address, with their sizes."""
    place = folder / FOLDER
    if not place.is_dir():
        return {}
    with os.scandir(place) as found:
        return {entry.name: entry.stat().st_size for entry in found if not entry.name.endswith(".part")}


def keep_beside(desk: Desk, wire: Wire, overview: Beside, *, left: int | None = None) -> None:
    """Keep what attachments are new, as many as fit; the first time at a relay, give it what it has not.

    Parameters
    ----------
    left
        Bytes that may still be fetched today; None for as many as there are.

    Raises
    ------
    RelayAway, RelayMisled, DiskFull
        Whatever came is kept, and the next time goes on from there.
    """
    if not is_keeper(desk):
        return
    if desk.replica.kept_for() != desk.relay.key:
        if not give_beside(desk, wire, overview):
            return
        with desk.replica.transaction():
            desk.replica.keep_for(desk.relay.key)
    kept = kept_attachments(desk.folder)
    if overview.attachments > len(kept):
        _fetch_new(desk, wire, kept, most=SYNC_BYTES if left is None else min(left, SYNC_BYTES))


def _fetch_new(desk: Desk, wire: Wire, kept: dict[str, int], *, most: int) -> None:
    disk = desk.settings.keeper_gigabytes * GIGABYTE - sum(kept.values())
    left = most
    for address, size in wire.attachments():
        if left <= 0:
            return
        if address in kept or size > disk:
            continue
        disk -= size
        left -= _fetch_some(desk.folder / FOLDER, wire, address, size, most=left)


def _fetch_some(place: Path, wire: Wire, address: str, size: int, *, most: int) -> int:
    """Fetch an attachment, or a part of it behind what came before; say how many bytes came."""
    place.mkdir(exist_ok=True, mode=0o700)
    part = place / f"{address}.part"
    came = 0
    with full_disk_told(), open(part, "ab", opener=_private) as file:
        have = file.tell()
        while have < size and came < most:
            piece = wire.attachment_piece(address, have, min(PIECE_BYTES, size - have))
            file.write(piece)
            have, came = have + len(piece), came + len(piece)
        file.flush()
        os.fsync(file.fileno())
    if have >= size:
        part.replace(place / address)
    return came


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def give_beside(desk: Desk, wire: Wire, overview: Beside) -> bool:
    """Give a relay what lay beside the ledger and is not there; say whether that is all.

    Co-signatures and published keys from every desk, folders and attachments from keepers.
    """
    known = {word.device: word.size for word in overview.words}
    for word in desk.replica.cosignatures():
        if word.size > known.get(word.device, 0):
            _unless_left_to_others(partial(wire.post_cosignature, word))
    there = {key.slot for key in wire.keys_since(desk.today)}
    roll = {entry.number: entry for entry in desk.world.history.now.roll.active}
    keys = [
        key
        for key in desk.published()
        if key.slot not in there
        and not is_over(key, today=desk.today)
        and (entry := roll.get(key.device)) is not None
        and (key.purpose == Purpose.GRANT or entry.may_take_duty)
    ]
    _unless_left_to_others(partial(wire.post_keys, keys))
    if not is_keeper(desk):
        return True
    _give_folders(desk, wire, overview)
    return _give_attachments(desk, wire)


def _unless_left_to_others(give: Callable[[], None]) -> None:
    try:
        give()
    except RelayRefused as refusal:
        if refusal.refusal not in LEFT_TO_OTHERS:
            raise


def _give_folders(desk: Desk, wire: Wire, overview: Beside) -> None:
    there = {day: (grants, submissions) for day, grants, submissions in overview.folders}
    grants, submissions = desk.replica.folder_counts()
    for day in range(overview.day - FOLDER_DAYS, overview.day + 1):
        n_grants, n_submissions = there.get(day, (0, 0))
        if grants.get(day, 0) > n_grants:
            wire.put_back_grants(day, desk.replica.grants_of(day))
        if submissions.get(day, 0) > n_submissions:
            wire.put_back_submissions(day, desk.replica.submissions_of(day))


def _give_attachments(desk: Desk, wire: Wire) -> bool:
    kept = kept_attachments(desk.folder)
    if not kept:
        return True
    there = {address for address, _ in wire.attachments()}
    left = SYNC_BYTES
    for address in sorted(kept.keys() - there):
        if left <= 0:
            return False
        left -= _give(desk.folder / FOLDER / address, wire, address, kept[address], most=left)
    return left > 0


def _give(path: Path, wire: Wire, address: str, size: int, *, most: int) -> int:
    """Give an attachment from where the relay has it; say how many bytes went."""
    start, is_whole = wire.attachment_state(address)
    offset = start
    with path.open("rb") as file:
        file.seek(offset)
        while not is_whole and offset < size and offset - start < most:
            chunk = file.read(PIECE_BYTES)
            wire.put_chunk(address, chunk, offset=offset, is_last=offset + len(chunk) == size)
            offset += len(chunk)
    return offset - start
