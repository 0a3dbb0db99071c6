"""Who wrote a record: signed with the key on the roll, next in its author's chain, under the roll in force."""

from __future__ import annotations

import hashlib
from collections import defaultdict

from tocsin.core.ledger.errors import BadRoll, BrokenChain, NotOnRoll
from tocsin.core.ledger.opened import Verdict
from tocsin.core.ledger.record import START, Record, Tip, follow, verify_record
from tocsin.core.ledger.roll import Roll
from tocsin.core.ledger.standing import History
from tocsin.core.seal import BadSignature


class Authors:
    """Where each author's chain stands."""

    def __init__(self) -> None:
        self.tips: dict[int, Tip] = defaultdict(lambda: START)
        self.forked: dict[int, int] = {}
        """Authors with two chains (a clone, or a restored backup), and the record that showed it."""

    def follow(self, record: Record, number: int, history: History) -> Verdict | None:
        """Move the author's chain on; say why the record must not count, if so."""
        device = record.header.device
        try:
            self.tips[device] = follow(self.tips[device], record)
        except BrokenChain as trouble:
            self.forked.setdefault(device, number)
            return trouble
        return self._refuse(record, history) if number else None

    def _refuse(self, record: Record, history: History) -> Verdict | None:
        header, roll = record.header, history.now.roll
        device = header.device
        if device in self.forked:
            return BrokenChain(device=device, chain=self.tips[device].chain)
        try:
            roll.device(device)
        except NotOnRoll as trouble:
            return trouble
        if header.roll_version != roll.version:
            return BadRoll("it was made under another roll than the one in force; its desk seals it again")
        if header.day < history.counts_from(device):
            return NotOnRoll(device=device)
        return None


def check_author(record: Record, roll: Roll, coalition: bytes) -> None:
    """Check the signature of a record against the roll; whoever was ever on it stands there, with one key for good.

    Raises
    ------
    BadSignature
        It is not its author's, or the body is not the one that was signed.
    """
    if record.body is not None and hashlib.sha256(record.body).digest() != record.body_hash:
        raise BadSignature
    for entry in roll.devices:
        if entry.number == record.header.device:
            return verify_record(record, entry.key, coalition)
    raise BadSignature
