"""The rule for records: check under the lock, number, hash into the tree, sign the head, and keep it all in one commit.

Signatures were checked before, in the request's own thread (`verify_records`). Under the lock of the coalition's row only
order is decided: known already? follows its author's chain? made under the roll in force, on about today? A batch is
taken whole or not at all, and one that is refused leaves the others of its group alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings

from tocsin.core.ledger import (
    HEADER_SIZE,
    ROLL,
    SEALED,
    SIGNATURE_SIZE,
    START,
    TAG_SIZE,
    Head,
    Peaks,
    Record,
    Roll,
    Tip,
    follow,
    read_roll_change,
    sign_head,
    verify_record,
)
from tocsin.errors import LedgerError, SealError, TocsinError
from tocsin.relay.clock import today
from tocsin.relay.errors import ChainGap, ChainTaken, ClockDiffers, Malformed, OlderRoll, Refused, RelayBehind
from tocsin.relay.identity import relay_key
from tocsin.relay.shape import refuse_plain
from tocsin.relay.store.models import AuthorTip, BodyRow, Coalition, HeaderRow, Node
from tocsin.relay.store.quotas import Meter
from tocsin.relay.store.rolls import keep_roll, roll_in_force

RECORD_OVERHEAD = HEADER_SIZE + TAG_SIZE + SIGNATURE_SIZE


@dataclass(frozen=True, slots=True)
class Append:
    """Records whose signatures were checked under one roll, and the device that sent them."""

    coalition: Coalition
    caller: int
    records: tuple[Record, ...]
    roll_version: int


@dataclass(frozen=True, slots=True)
class Appended:
    """The numbers given, and the head that now covers them."""

    numbers: tuple[int, ...]
    head: Head
    signature: bytes


def clear_of(record: Record) -> bytes:
    """Join what is kept of a record for ever."""
    return record.signed + record.signature


def find_known(coalition: Coalition, records: Iterable[Record]) -> dict[tuple[int, int], tuple[int, bytes]]:
    """Look up which chain numbers are taken, by which record."""
    slots = {(record.header.device, record.header.chain) for record in records}
    rows = HeaderRow.objects.filter(
        coalition=coalition, device__in={device for device, _ in slots}, chain__in={chain for _, chain in slots}
    ).values_list("device", "chain", "number", "clear")
    return {(device, chain): (number, bytes(clear)) for device, chain, number, clear in rows if (device, chain) in slots}


def number_if_known(record: Record, known: dict[tuple[int, int], tuple[int, bytes]]) -> int | None:
    """Give the number that a record has already.

    Raises
    ------
    ChainTaken
        Another record has its place.
    """
    slot = (record.header.device, record.header.chain)
    if slot not in known:
        return None
    number, clear = known[slot]
    if clear != clear_of(record):
        raise ChainTaken(device=slot[0], chain=slot[1])
    return number


def verify_records(records: Iterable[Record], roll: Roll, coalition: bytes) -> None:
    """Check every signature and every change of the roll, going by each new roll from its record on.

    Raises
    ------
    NotOnRoll, BadSignature, BadRoll, DamagedRecord, LooksPlain, Malformed
        One of them cannot be taken.
    """
    for record in records:
        verify_record(record, roll.device(record.header.device).key, coalition)
        roll = _next_roll(record, roll, coalition)
        if record.header.mark == SEALED and record.body is not None:
            refuse_plain(record.body, "a record")


def _next_roll(record: Record, roll: Roll, coalition: bytes) -> Roll:
    if record.header.mark == SEALED:
        return roll
    if record.header.mark != ROLL or record.tag != bytes(TAG_SIZE):
        raise Malformed("a clear record must be a change of the roll, without a tag")
    return read_roll_change(record, roll, coalition)


def insert_records(row: Coalition, records: Sequence[Record], day: int) -> None:
    """Keep records after those that are there, and put the signed head over all of them into the coalition's row."""
    headers, bodies, nodes = [], [], []
    peaks = Peaks.from_bytes(bytes(row.peaks))
    for record in records:
        number, head = peaks.size, record.header
        headers.append(
            HeaderRow(coalition=row, number=number, device=head.device, chain=head.chain, clear=clear_of(record))
        )
        bodies.append(BodyRow(coalition=row, number=number, content=record.body))
        made = peaks.push(record.leaf)
        nodes += [Node(coalition=row, level=level, index=index, hash=hash_) for level, index, hash_ in made]
    HeaderRow.objects.bulk_create(headers)
    BodyRow.objects.bulk_create(bodies)
    Node.objects.bulk_create(nodes)
    _move_tips(row, records)
    row.size, row.root, row.day, row.peaks = peaks.size, peaks.root(), day, peaks.to_bytes()
    row.signature = sign_head(relay_key(), bytes(row.name), Head(row.size, row.root, row.day))


def _move_tips(row: Coalition, records: Sequence[Record]) -> None:
    newest = {record.header.device: record for record in records}
    AuthorTip.objects.bulk_create(
        [
            AuthorTip(coalition=row, device=device, chain=record.header.chain + 1, previous=record.hash)
            for device, record in newest.items()
        ],
        update_conflicts=True,
        unique_fields=["coalition", "device"],
        update_fields=["chain", "previous"],
    )


class _Ledger:
    """One coalition while its row is locked."""

    def __init__(self, coalition: int, jobs: Sequence[Append]) -> None:
        # no_key: inserts elsewhere refer to this row and need not wait for us.
        self.row = Coalition.objects.select_for_update(no_key=True).get(pk=coalition)
        self.name = bytes(self.row.name)
        self.roll = roll_in_force(self.row)
        self.day = today(self.roll)
        self.fresh: list[Record] = []
        self.rolls: list[Roll] = []
        self.meter = Meter(self.row, self.day, "records", {job.caller for job in jobs})
        devices = {record.header.device for job in jobs for record in job.records}
        tips = AuthorTip.objects.filter(coalition=self.row, device__in=devices)
        self.tips = {device: Tip(chain, bytes(hash_)) for device, chain, hash_ in tips.values_list("device", "chain", "previous")}
        self.known = find_known(self.row, self._perhaps_known(jobs))

    def _perhaps_known(self, jobs: Sequence[Append]) -> list[Record]:
        return [
            record
            for job in jobs
            for record in job.records
            if record.header.chain < self.tips.get(record.header.device, START).chain
        ]

    def take(self, job: Append) -> tuple[int, ...]:
        """Number a batch, or refuse it and stay as we were."""
        trial = _Trial(self)
        if job.roll_version != self.roll.version:
            # Somebody changed the roll between the request's check and the lock.
            new = [record for record in job.records if number_if_known(record, self.known) is None]
            verify_records(new, self.roll, self.name)
        numbers = tuple(trial.number(record) for record in job.records)
        self.meter.charge(
            job.caller, len(trial.fresh), sum(RECORD_OVERHEAD + record.header.size for record in trial.fresh)
        )
        trial.keep()
        return numbers

    def write(self) -> tuple[Head, bytes]:
        """Keep what was taken, and sign the head over it."""
        row = self.row
        if self.fresh:
            insert_records(row, self.fresh, self.day)
            for roll in self.rolls:
                keep_roll(row, roll)
            row.save(update_fields=["size", "root", "day", "peaks", "signature", "roll_version"])
            self.meter.save()
        return Head(row.size, bytes(row.root), row.day), bytes(row.signature)


class _Trial:
    """A batch being checked on top of what its ledger holds."""

    def __init__(self, ledger: _Ledger) -> None:
        self.ledger = ledger
        self.roll = ledger.roll
        self.rolls: list[Roll] = []
        self.fresh: list[Record] = []
        self.tips: dict[int, Tip] = {}
        self.known: dict[tuple[int, int], tuple[int, bytes]] = {}

    def number(self, record: Record) -> int:
        known = number_if_known(record, self.known)
        if known is None:
            known = number_if_known(record, self.ledger.known)
        return self._take(record) if known is None else known

    def _take(self, record: Record) -> int:
        head, ledger = record.header, self.ledger
        self.roll.device(head.device)
        if head.roll_version != self.roll.version:
            raise OlderRoll(have=head.roll_version, in_force=self.roll.version)
        if abs(head.day - ledger.day) > settings.CLOCK_DAYS:
            raise ClockDiffers(days=head.day - ledger.day)
        size = ledger.row.size + len(ledger.fresh) + len(self.fresh)
        if head.seen_size > size:
            raise RelayBehind(have=size, seen=head.seen_size)
        tip = self.tips.get(head.device) or ledger.tips.get(head.device, START)
        if (head.chain, head.previous) != (tip.chain, tip.previous):
            raise ChainGap(device=head.device, chain=head.chain, need=tip.chain)
        if head.mark == ROLL:
            self.roll = _next_roll(record, self.roll, ledger.name)
            self.rolls.append(self.roll)
        self.tips[head.device] = follow(tip, record)
        self.known[head.device, head.chain] = (size, clear_of(record))
        self.fresh.append(record)
        return size

    def keep(self) -> None:
        ledger = self.ledger
        ledger.roll = self.roll
        ledger.rolls += self.rolls
        ledger.fresh += self.fresh
        ledger.tips.update(self.tips)
        ledger.known.update(self.known)


def append(jobs: Sequence[Append]) -> list[Appended | TocsinError]:
    """Do the waiting appends of all coalitions, each coalition's in the order in which they came."""
    answers: dict[int, Appended | TocsinError] = {}
    # In one order, so that two processes cannot wait for one another's rows.
    for coalition in sorted({job.coalition.pk for job in jobs}):
        ours = [(place, job) for place, job in enumerate(jobs) if job.coalition.pk == coalition]
        answers.update(_append_to(coalition, ours))
    return [answers[place] for place in range(len(jobs))]


def _append_to(coalition: int, jobs: list[tuple[int, Append]]) -> dict[int, Appended | TocsinError]:
    ledger = _Ledger(coalition, [job for _, job in jobs])
    numbers: dict[int, tuple[int, ...]] = {}
    refused: dict[int, TocsinError] = {}
    for place, job in jobs:
        try:
            numbers[place] = ledger.take(job)
        except (Refused, LedgerError, SealError) as refusal:
            refused[place] = refusal
    head, signature = ledger.write()
    return refused | {place: Appended(given, head, signature) for place, given in numbers.items()}
