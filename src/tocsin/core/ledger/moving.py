"""A lost relay's successor: k founders sign it into the roll outside the ledger, and each desk checks that for itself.

The file is a proposal with enough signatures (`ceremony`). It is no secret, and it leads nobody astray: with fewer than k
founders' signatures, from another coalition, or if it changes anything but the relay, it is refused.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from tocsin.core.ledger.ceremony import Ground, Proposal
from tocsin.core.ledger.content import UNDECODABLE
from tocsin.core.ledger.errors import BadRoll, ChangeOvertaken, TooFewSigned
from tocsin.core.ledger.record import ROLL, Record
from tocsin.core.ledger.roll import RelayEntry, Roll, SignedRoll, signers_of
from tocsin.terms import Day


class Move(NamedTuple):
    """Where the ledger goes on, as founders signed it."""

    roll: Roll
    signed: SignedRoll
    is_next: bool
    """Whether it follows the roll that this desk knows; else the new relay must show the rolls between."""

    @property
    def relay(self) -> RelayEntry:
        """The new relay."""
        return self.roll.relays[0]

    def has_lapsed(self, today: Day) -> bool:
        """Say whether it counts only if it stands in the ledger by now: founders' signatures lapse after a fortnight."""
        return today > self.roll.lapses_on

    def is_made_by(self, record: Record) -> bool:
        """Say whether a record, whose signature was checked, brings this very roll."""
        if record.header.mark != ROLL or record.body is None:
            return False
        try:
            brought = msgspec.msgpack.decode(record.body, type=SignedRoll)
        except UNDECODABLE:
            return False
        return brought.roll == self.signed.roll


def read_move(proposal: Proposal, ground: Ground) -> Move:
    """Check that founders have signed another relay into the roll, and nothing else.

    Raises
    ------
    TooFewSigned
        Fewer than k of the founders that this desk knows.
    ChangeOvertaken
        Another change of the roll came first, or this one is in force.
    BadRoll, DamagedMessage
        It is of another coalition, changes something else, or could never count.
    """
    before, roll = ground.roll, proposal.proposed
    if before is None or proposal.coalition != ground.coalition:
        raise BadRoll("it is for another coalition")
    if roll.version <= before.version:
        raise ChangeOvertaken(is_in_force=roll == before)
    is_next = roll.version == before.version + 1
    if is_next:
        check_move(roll, ground)
    need = ground.n_needed(roll) if is_next else before.threshold
    signed = SignedRoll(proposal.roll, proposal.signatures)
    have = len(signers_of(signed, before.founders, ground.coalition))
    if have < need:
        raise TooFewSigned(have=have, need=need)
    return Move(roll, signed, is_next)


def check_move(roll: Roll, ground: Ground) -> None:
    """Check that a roll may come next, and changes the relay and nothing else, whoever has signed it.

    Raises
    ------
    ChangeOvertaken, ChangeAhead, BadRoll
    """
    ground.check(roll)
    before = ground.roll
    same = {name: getattr(before, name) for name in ("version", "previous", "lapses_on", "relays")}
    if before is None or replace(roll, **same) != before or roll.relays == before.relays:
        raise BadRoll("it should change the relay and nothing else")
