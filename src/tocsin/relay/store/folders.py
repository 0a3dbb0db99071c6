"""Day folders: grants and submissions, filed under the relay's day, fetched whole, dropped whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet

from tocsin.errors import TocsinError
from tocsin.relay.errors import NotThere, QuotaReached
from tocsin.relay.store import hot
from tocsin.relay.store.models import Coalition, FolderItem
from tocsin.relay.store.quotas import ANYBODY, Meter
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


def file_away(deposits: Sequence[Deposit]) -> list[TocsinError | None]:
    """File the deposits of a group, each whole or not at all; those of one folder share their statements."""
    answers: list[TocsinError | None] = [None] * len(deposits)
    folders: dict[tuple[int, Day, int], list[int]] = {}
    for place, deposit in enumerate(deposits):
        folders.setdefault((deposit.coalition.pk, deposit.day, deposit.kind), []).append(place)
    # In one order, here and below: two worker processes that wait for each other's rows would both be stuck.
    for where, places in sorted(folders.items()):
        refused = _fill(where, [deposits[place] for place in places])
        for place, answer in zip(places, refused, strict=True):
            answers[place] = answer
    return answers


def _fill(where: tuple[int, Day, int], deposits: Sequence[Deposit]) -> list[TocsinError | None]:
    """Add to one folder what it does not hold yet, as far as quotas go."""
    coalition, day, kind = where
    hashed = [{hashlib.sha256(item).digest(): item for item in deposit.items} for deposit in deposits]
    # What was sent before, of which only the answer was lost.
    known = hot.known_items(*where, {hash_ for items in hashed for hash_ in items})
    senders = sorted({deposit.sender for deposit in deposits})
    meter = Meter(deposits[0].coalition, day, _QUOTA_OF[kind], senders)
    answers: list[TocsinError | None] = []
    rows: list[hot.Row] = []
    for deposit, items in zip(deposits, hashed, strict=True):
        fresh = {hash_: item for hash_, item in items.items() if hash_ not in known}
        try:
            if fresh:
                meter.charge(deposit.sender, len(fresh), sum(map(len, fresh.values())))
        except QuotaReached as refusal:
            answers.append(refusal)
            continue
        known |= fresh.keys()
        rows += [(coalition, day, kind, hash_, item) for hash_, item in fresh.items()]
        answers.append(None)
    if rows:
        hot.add_items(sorted(rows))
        meter.save()
    return answers


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
