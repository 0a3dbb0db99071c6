"""The rule for records: check under the lock, number, hash into the tree, sign the head, and keep it all in
one commit.

Signatures were checked before, in the request's own thread (`verify_records`). Under the lock of the
coalition's row only order is decided: known already? follows its author's chain? made under the roll in
force, on about today? A batch is taken whole or not at all, and one that is refused leaves the others of its
group alone.
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
    root_of,
    sign_head,
    verify_record,
)
from tocsin.errors import LedgerError, SealError, TocsinError
from tocsin.relay.clock import today
from tocsin.relay.errors import (
    ChainGap,
    ChainTaken,
    ClockDiffers,
    FillingHere,
    ForkHere,
    Malformed,
    NotFilling,
    OlderRoll,
    Refused,
    RelayBehind,
)
from tocsin.relay.identity import relay_key
from tocsin.relay.shape import refuse_plain
from tocsin.relay.store import hot
from tocsin.relay.store.models import Coalition
from tocsin.relay.store.nodes import node_of
from tocsin.relay.store.quotas import Meter
from tocsin.relay.store.rolls import keep_roll, roll_in_force

Known = dict[tuple[int, int], tuple[int, bytes]]
"""Taken chain numbers: (device, chain) to number and clear part."""

RECORD_OVERHEAD = HEADER_SIZE + TAG_SIZE + SIGNATURE_SIZE


@dataclass(frozen=True, slots=True)
class Refill:
    """Where records of a lost ledger belong: the number of the first, and the root of all that stand before it."""

    first: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Append:
    """Records whose signatures were checked under one roll, and the device that sent them."""

    coalition: Coalition
    caller: int
    records: tuple[Record, ...]
    roll_version: int
    refill: Refill | None = None
    """Set where a ledger that was lost is filled again: days and quotas are those of long ago, all else is checked."""


@dataclass(frozen=True, slots=True)
class Appended:
    """The numbers given, and the head that now covers them."""

    numbers: tuple[int, ...]
    head: Head
    signature: bytes


def clear_of(record: Record) -> bytes:
    """Join what is kept of a record for ever."""
    return record.signed + record.signature


def find_known(coalition: Coalition, records: Iterable[Record]) -> Known:
    """Look up which chain numbers are taken, by which record."""
    chains: dict[int, list[int]] = {}
    for record in records:
        chains.setdefault(record.header.device, []).append(record.header.chain)
    return {
        (device, chain): (number, bytes(clear))
        for device, wanted in chains.items()
        for chain, number, clear in hot.taken(coalition.pk, device, wanted)
    }


def number_if_known(record: Record, known: Known) -> int | None:
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
    """Keep records after those that are there, and the signed head over all of them."""
    key, headers, bodies, nodes = row.pk, [], [], []
    peaks = Peaks.from_bytes(bytes(row.peaks))
    for record in records:
        number, head = peaks.size, record.header
        headers.append((key, number, head.device, head.chain, clear_of(record)))
        bodies.append((key, number, record.body))
        nodes += [(key, *node) for node in peaks.push(record.leaf)]
    hot.add_records(headers, bodies, nodes)
    newest = {record.header.device: record for record in records}
    hot.save_tips([(key, device, record.header.chain + 1, record.hash) for device, record in newest.items()])
    row.size, row.root, row.day, row.peaks = peaks.size, peaks.root(), day, peaks.to_bytes()
    row.signature = sign_head(relay_key(), bytes(row.name), Head(row.size, row.root, row.day))
    hot.save_head(row)


class _Ledger:
    """One coalition while its row is locked."""

    def __init__(self, coalition: int, jobs: Sequence[Append]) -> None:
        self.row = hot.lock_coalition(coalition)
        self.name = bytes(self.row.name)
        self.roll = roll_in_force(self.row)
        self.day = today(self.roll)
        self.fresh: list[Record] = []
        self.rolls: list[tuple[int, Roll]] = []
        self.is_filling = self.row.filling
        callers = {job.caller for job in jobs if job.refill is None}
        self.meter = Meter(self.row, self.day, "records", callers)
        devices = {record.header.device for job in jobs for record in job.records}
        tips = hot.tips_of(coalition, devices)
        self.tips = {device: Tip(chain, bytes(previous)) for device, chain, previous in tips}
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
        trial = _Trial(self, is_refill=job.refill is not None)
        if job.refill is not None:
            self._check_place(job.refill)
        if job.roll_version != self.roll.version:
            # Somebody changed the roll between the request's check and the lock.
            new = [record for record in job.records if number_if_known(record, self.known) is None]
            verify_records(new, self.roll, self.name)
        numbers = tuple(trial.number(record) for record in job.records)
        if job.refill is not None:
            self._check_refill(job.refill.first, trial, numbers)
        else:
            self._check_open(trial)
            n_bytes = sum(RECORD_OVERHEAD + record.header.size for record in trial.fresh)
            self.meter.charge(job.caller, len(trial.fresh), n_bytes)
        trial.keep()
        return numbers

    def _check_place(self, refill: Refill) -> None:
        """Let records in only behind the very ones that stood before them."""
        if refill.first > self.row.size:
            raise RelayBehind(have=self.row.size, seen=refill.first)
        if root_of(node_of(self.row), refill.first) != refill.root:
            raise ForkHere(size=refill.first)

    def _check_refill(self, first: int, trial: _Trial, numbers: tuple[int, ...]) -> None:
        if trial.fresh and not self.is_filling:
            raise NotFilling
        if numbers != tuple(range(first, first + len(numbers))):
            raise ForkHere(size=first + len(numbers))

    def _check_open(self, trial: _Trial) -> None:
        """While a ledger is filled again nothing new is taken, until founders sign this relay into the roll."""
        if not self.is_filling or not trial.fresh:
            return
        if not trial.rolls or trial.roll.relays[0].key != relay_key().public:
            raise FillingHere
        self.is_filling = False

    def write(self) -> tuple[Head, bytes]:
        """Keep what was taken, and sign the head over it."""
        row = self.row
        if self.fresh:
            for number, roll in self.rolls:
                keep_roll(row, roll, number=number)
            insert_records(row, self.fresh, self.day)
            self.meter.save()
            if row.filling and not self.is_filling:
                Coalition.objects.filter(pk=row.pk).update(filling=False)
        return Head(row.size, bytes(row.root), row.day), bytes(row.signature)


class _Trial:
    """A batch being checked on top of what its ledger holds."""

    def __init__(self, ledger: _Ledger, *, is_refill: bool) -> None:
        self.ledger, self.is_refill = ledger, is_refill
        self.roll = ledger.roll
        self.rolls: list[tuple[int, Roll]] = []
        self.fresh: list[Record] = []
        self.tips: dict[int, Tip] = {}
        self.known: Known = {}

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
        if not self.is_refill and abs(head.day - ledger.day) > settings.CLOCK_DAYS:
            raise ClockDiffers(days=head.day - ledger.day)
        size = ledger.row.size + len(ledger.fresh) + len(self.fresh)
        if head.seen_size > size:
            raise RelayBehind(have=size, seen=head.seen_size)
        tip = self.tips.get(head.device) or ledger.tips.get(head.device, START)
        if (head.chain, head.previous) != (tip.chain, tip.previous):
            raise ChainGap(device=head.device, chain=head.chain, need=tip.chain)
        if head.mark == ROLL:
            self.roll = _next_roll(record, self.roll, ledger.name)
            self.rolls.append((size, self.roll))
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
