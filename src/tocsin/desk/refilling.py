"""Filling a relay again from this desk: after it was lost, or set back to a backup.

While a ledger is being filled, each desk that has more adds it where it stood: the same leaves, so the same root everywhere.
Once it is open again, a desk that still has more goes back to where both are one, and says its own words once more.
"""

from __future__ import annotations

from itertools import islice

from tocsin.core.ledger import (
    BadProof,
    Head,
    NotOnRoll,
    Record,
    verify_consistency,
    verify_head,
    verify_inclusion,
    verify_record,
)
from tocsin.core.seal import BadSignature
from tocsin.desk.copies import Step, no_step
from tocsin.desk.desk import Desk
from tocsin.desk.errors import FirmRecordsLeftOut, RelayMisled
from tocsin.desk.wire import Wire

FILL_BYTES = 3 << 20
"""Of records in one request; the relay takes 4 MiB."""
FILL_RECORDS = 500


def fill_up(
    desk: Desk, wire: Wire, relay_key: bytes, head: Head, *, code: str = "", step: Step = no_step
) -> Head:
    """Add what a relay that is being filled lacks; give the head that then covers it.

    Parameters
    ----------
    desk, wire
        From where, and the way to the relay.
    relay_key
        What it must sign its heads with.
    head
        What it has so far, its signature checked.
    code
        The lodging code, where the relay does not know this device yet.
    step
        Hears how many records are there. What it raises ends the work, and the next time goes on from there.

    Raises
    ------
    RelayMisled
        It holds another ledger than this desk's.
    """
    with desk.lock:
        size = desk.world.size
    _check_same(desk, head)
    while head.size < size:
        step(head.size, size)
        with desk.lock:
            root, some = desk.world.tree.root(head.size), _some_from(desk, head.size)
        after, signature = wire.fill(head.size, root, some, code=code)
        check_signed(desk, relay_key, after, signature)
        if after.size <= head.size:
            raise RelayMisled("took records and does not show them")
        head = after
        _check_same(desk, head)
    step(size, size)
    return head


def _some_from(desk: Desk, first: int) -> list[Record]:
    some: list[Record] = []
    n_bytes = 0
    for record in islice(desk.replica.records(first), FILL_RECORDS):
        n_bytes += len(record.signed) + record.header.size
        if some and n_bytes > FILL_BYTES:
            break
        some.append(record)
    return some


def check_signed(desk: Desk, relay_key: bytes, head: Head, signature: bytes) -> Head:
    """Check that a relay signed a head; raises RelayMisled."""
    try:
        verify_head(relay_key, desk.world.coalition, head, signature)
    except BadSignature as trouble:
        raise RelayMisled("signed its head with another key") from trouble
    return head


def _check_same(desk: Desk, head: Head) -> None:
    """What it has must be how ours begins; what it has beyond is read as always."""
    with desk.lock:
        if head.size <= desk.world.size and desk.world.tree.root(head.size) != head.root:
            raise RelayMisled("holds another ledger than this desk's")


def rejoin(desk: Desk, wire: Wire, head: Head) -> None:
    """Follow a ledger that founders opened again without the newest records of this desk, if it is one.

    Only at the very record by which k founders named this relay may it part from ours.

    Raises
    ------
    RelayMisled
        It parts from ours anywhere else.
    FirmRecordsLeftOut
        It leaves out what two organisations had vouched for, and nobody here has said yet that so be it.
    """
    move = desk.move
    if move is None:
        return
    common = _common_size(desk, wire, head)
    if common == desk.world.size:
        return
    record = wire.records_from(common, most=1)[0] if common < head.size else None
    if record is None or not move.is_made_by(record):
        raise RelayMisled("holds another ledger than this desk's")
    try:
        verify_record(record, move.roll.device(record.header.device).key, desk.world.coalition)
        verify_inclusion(record.leaf, common, head.size, wire.inclusion(common, head.size), head.root)
    except (NotOnRoll, BadSignature, BadProof) as trouble:
        raise RelayMisled("holds another ledger than this desk's") from trouble
    if desk.world.firm > common and not desk.gives_up_firm:
        raise FirmRecordsLeftOut(n_records=desk.world.firm - common)
    desk.cut_back(common)


def _common_size(desk: Desk, wire: Wire, head: Head) -> int:
    """Search for the longest beginning that both have: every shorter one is one too."""
    least, most = 1, min(desk.world.size, head.size)
    if _is_beginning(desk, wire, most, head):
        return most
    while least < most:
        size = (least + most + 1) // 2
        if _is_beginning(desk, wire, size, head):
            least = size
        else:
            most = size - 1
    return least


def _is_beginning(desk: Desk, wire: Wire, size: int, head: Head) -> bool:
    proof = [] if size == head.size else wire.consistency(size, head.size)
    try:
        verify_consistency(size, desk.world.tree.root(size), head.size, head.root, proof)
    except BadProof:
        return False
    return True
