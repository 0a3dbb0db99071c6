"""Check many signatures at once: two threads, since that is the one thing here that works beside Python's lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from tocsin.core.ledger import Record, Roll, verify_record

THREADS = 2
WORTH_A_THREAD = 64


def check_signatures(records: Sequence[Record], roll: Roll, coalition: bytes) -> list[bool]:
    """Say which records were checked: all whose author stands on the roll; a newcomer's wait for the roll that brings it.

    Raises
    ------
    BadSignature
        One was not signed by its author.
    """
    keys = {entry.number: entry.key for entry in roll.devices}
    known = [record for record in records if record.header.device in keys]

    def check(part: Sequence[Record]) -> None:
        for record in part:
            verify_record(record, keys[record.header.device], coalition)

    if len(known) < WORTH_A_THREAD:
        check(known)
    else:
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(check, (known[at::THREADS] for at in range(THREADS))))
    return [record.header.device in keys for record in records]


def in_pieces(records: Iterable[Record], size: int) -> Iterator[list[Record]]:
    """Cut a stream of records into lists."""
    stream = iter(records)
    while piece := list(islice(stream, size)):
        yield piece
