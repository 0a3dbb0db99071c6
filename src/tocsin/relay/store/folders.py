"""Day folders: grants and submissions, filed under the relay's day, fetched whole, dropped whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet

from tocsin.relay.errors import NotThere
from tocsin.relay.store import hot
from tocsin.relay.store.models import Coalition, FolderItem
from tocsin.relay.store.quotas import ANYBODY, Meter
from tocsin.relay.store.writer import one_by_one
from tocsin.terms import Day

_AT_ONCE = 64
_QUOTA_OF = {FolderItem.GRANT: "grants", FolderItem.SUBMISSION: "submissions"}


@dataclass(frozen=True, slots=True)
class Deposit:
    """Files for one folder."""

    coalition: Coalition
    day: Day
    kind: int
    items: tuple[bytes, ...]
    sender: int = ANYBODY


def _file_away(deposit: Deposit) -> None:
    where = {"coalition": deposit.coalition, "day": deposit.day, "kind": deposit.kind}
    by_hash = {hashlib.sha256(item).digest(): item for item in deposit.items}
    for known in FolderItem.objects.filter(**where, hash__in=list(by_hash)).values_list("hash", flat=True):
        del by_hash[bytes(known)]
    if not by_hash:
        return  # All of it was sent before, and only the answer was lost.
    meter = Meter(deposit.coalition, deposit.day, _QUOTA_OF[deposit.kind], {deposit.sender})
    meter.charge(deposit.sender, len(by_hash), sum(map(len, by_hash.values())))
    rows = [FolderItem(**where, hash=hash_, content=item) for hash_, item in by_hash.items()]
    FolderItem.objects.bulk_create(rows, ignore_conflicts=True)
    meter.save()


file_away = one_by_one(_file_away)


def read_folder(coalition: Coalition, day: int, kind: int, *, today: Day) -> Iterator[bytes]:
    """Give a whole folder, by hash: the order says nothing about who came first.

    Raises
    ------
    NotThere
        The day is over for good, or has not come.
    """
    check_day(day, today=today)
    return _in_pieces(FolderItem.objects.filter(coalition=coalition, day=day, kind=kind).order_by("hash"))


def check_day(day: int, *, today: Day) -> None:
    """Check that a day's folder is kept; raises NotThere."""
    if not today - settings.FOLDER_DAYS <= day <= today:
        raise NotThere


def count_folders(coalition: Coalition, *, today: Day) -> dict[int, dict[int, int]]:
    """Count what lies in each folder still kept: day -> kind -> how many."""
    counts: dict[int, dict[int, int]] = {}
    for day, kind, n in hot.folder_sizes(coalition.pk, today - settings.FOLDER_DAYS, today):
        counts.setdefault(day, {})[kind] = n
    return counts


def _in_pieces(rows: QuerySet[FolderItem]) -> Iterator[bytes]:
    # Piece by piece: a folder can be larger than memory, and an open cursor would hold SQLite's log.
    piece = list(rows.values_list("hash", "content")[:_AT_ONCE])
    while piece:
        yield from (bytes(content) for _, content in piece)
        piece = list(rows.filter(hash__gt=piece[-1][0]).values_list("hash", "content")[:_AT_ONCE])
