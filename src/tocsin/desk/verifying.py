"""Check every record of this desk again in a child process: numbers, chains, signatures and root. Pages go on meanwhile.

The child is given the records as they lie on the disk, which is what the relay has too, and no key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from tocsin.core.ledger import Kinds, World, read_records
from tocsin.core.seal import BadSignature
from tocsin.desk.children import Step, answer, run_in_child
from tocsin.desk.desk import Desk
from tocsin.desk.errors import DamagedReplica
from tocsin.desk.jobs import Progress, Work
from tocsin.desk.signatures import check_signatures
from tocsin.errors import LedgerError

A_PIECE = 500


def verify_everything(desk: Desk, progress: Progress, _asked: Mapping[str, str]) -> str:
    """Check all records that are here now.

    Raises
    ------
    DamagedReplica
        Something on this disk is not what was signed.
    """
    with desk.lock:
        size, root = desk.world.size, desk.world.tree.root()
    found = run_in_child(__name__, _pieces(desk, size), progress, total=size)
    if found != [size, root]:
        raise DamagedReplica
    return f"All {size} records are sound: numbers, chains, every signature, and the root."


def _pieces(desk: Desk, size: int) -> Iterator[bytes]:
    for first in range(0, size, A_PIECE):
        n = min(A_PIECE, size - first)
        with desk.lock:
            records = list(islice(desk.replica.records(first), n))
        yield b"".join(record.to_bytes() for record in records)


def check_records(pieces: Iterator[bytes], step: Step) -> list[int | bytes]:
    """Be the child: say how many records are sound, and under which root; a size of -1 if one is not."""
    world = World(device=0, kinds=Kinds(()), keys={})
    try:
        for piece in pieces:
            records = read_records(piece)
            if not world.size:
                world.take(records.pop(0))
            known = check_signatures(records, world.history.now.roll, world.coalition)
            for record, is_verified in zip(records, known, strict=True):
                world.take(record, verified=is_verified)
            step(world.size)
    except (LedgerError, BadSignature):
        return [-1, b""]
    return [world.size, world.tree.root()]


VERIFY = Work(name="verify", title="Check every record again", run=verify_everything)

if __name__ == "__main__":
    answer(check_records)
