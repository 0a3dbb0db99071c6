"""Sign together: a roll is proposed, passed around, signed by k founders on their own machines, then posted.

A `Proposal` is a file that founders hand to one another by any channel; it needs no secrecy. The first roll (`cards`) is
signed the same way as every later one (`succession`). What a proposal stands on is a `Ground`: the coalition and the roll
in force, or nothing yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from tocsin.core.ledger.batch import Fresh
from tocsin.core.ledger.content import UNDECODABLE
from tocsin.core.ledger.errors import (
    BadRoll,
    ChangeAhead,
    ChangeLapsed,
    ChangeOvertaken,
    DamagedMessage,
    NotAFounder,
    RivalChanges,
    TooFewSigned,
)
from tocsin.core.ledger.record import FOUNDING, NO_HASH, NO_TAG, VERSION, Header, Record, make_record
from tocsin.core.ledger.roll import (
    LAPSE_DAYS,
    Founder,
    Roll,
    SignedRoll,
    check_first,
    check_successor,
    n_needed,
    read_founding,
    sign_roll,
    signers_of,
)
from tocsin.core.seal import NO_COALITION, SigningKey
from tocsin.terms import Day

MAX_PROPOSAL = 262_144


class Ground(NamedTuple):
    """What a change stands on: the coalition and the roll in force; by default nothing, as when founding."""

    coalition: bytes = NO_COALITION
    roll: Roll | None = None

    def check(self, roll: Roll) -> None:
        """Check that a roll may come next.

        Raises
        ------
        ChangeOvertaken, ChangeAhead
            It builds on an older or a newer roll than this one.
        BadRoll
            It is not lawful.
        """
        if self.roll is None:
            check_first(roll)
            return
        if roll.version > self.roll.version + 1:
            raise ChangeAhead
        if roll.previous != self.roll.hash:
            raise ChangeOvertaken(is_in_force=roll == self.roll)
        check_successor(roll, self.roll)

    def founders(self, roll: Roll) -> tuple[Founder, ...]:
        """List whose signatures count under a roll that is to come next."""
        return (self.roll or roll).founders

    def n_needed(self, roll: Roll) -> int:
        """Say how many of them must sign."""
        return roll.threshold if self.roll is None else n_needed(roll, self.roll)


class Proposal(msgspec.Struct, frozen=True):
    """A roll that founders pass around, and what they have signed so far (docs/formats.md section 16)."""

    coalition: bytes
    roll: bytes
    signatures: tuple[tuple[int, bytes], ...] = ()

    def to_bytes(self) -> bytes:
        """Write the file that is passed on."""
        return msgspec.msgpack.encode(self)

    @property
    def proposed(self) -> Roll:
        """The roll.

        Raises
        ------
        DamagedMessage
            Its bytes are no roll.
        """
        try:
            roll = msgspec.msgpack.decode(self.roll, type=Roll)
        except UNDECODABLE as trouble:
            raise DamagedMessage("its roll does not decode") from trouble
        if roll.to_bytes() != self.roll:
            raise DamagedMessage("its roll is not in the one encoding")
        return roll


class Progress(NamedTuple):
    """How far a proposal has come."""

    signed: tuple[int, ...]
    n_needed: int
    lapses_on: Day

    @property
    def n_missing(self) -> int:
        """How many more founders must sign."""
        return max(self.n_needed - len(self.signed), 0)


def propose(roll: Roll, ground: Ground) -> Proposal:
    """Begin to collect signatures; raises as `Ground.check` does."""
    ground.check(roll)
    return Proposal(ground.coalition, roll.to_bytes())


def read_proposal(data: bytes) -> Proposal:
    """Read a proposal that somebody passed on.

    Raises
    ------
    DamagedMessage
        Not one, or not in the one encoding.
    """
    if len(data) > MAX_PROPOSAL:
        raise DamagedMessage("it is longer than any proposal")
    try:
        proposal = msgspec.msgpack.decode(data, type=Proposal)
    except UNDECODABLE as trouble:
        raise DamagedMessage("it is no proposal") from trouble
    if proposal.to_bytes() != data:
        raise DamagedMessage("it is not in the one encoding")
    return proposal


def progress_of(proposal: Proposal, ground: Ground, *, today: Day) -> Progress:
    """Say who has signed and how many are missing.

    Raises
    ------
    ChangeOvertaken, ChangeAhead, ChangeLapsed
        Nothing is left to sign, or not yet.
    BadRoll, DamagedMessage
        It could never count.
    """
    roll = _checked(proposal, ground)
    if today > roll.lapses_on:
        raise ChangeLapsed(lapsed_on=roll.lapses_on)
    if roll.lapses_on > today + LAPSE_DAYS:
        raise BadRoll("it would lapse later than in fourteen days; check the date of this machine")
    signed = tuple(sorted(_signers(proposal, roll, ground)))
    return Progress(signed, ground.n_needed(roll), Day(roll.lapses_on))


def _checked(proposal: Proposal, ground: Ground) -> Roll:
    if proposal.coalition != ground.coalition:
        raise BadRoll("it is for another coalition")
    roll = proposal.proposed
    ground.check(roll)
    return roll


def _signers(proposal: Proposal, roll: Roll, ground: Ground) -> set[int]:
    signed = SignedRoll(proposal.roll, proposal.signatures)
    return signers_of(signed, ground.founders(roll), ground.coalition)


def add_signature(
    proposal: Proposal, key: SigningKey, ground: Ground, *, number: int, today: Day
) -> Proposal:
    """Sign as one founder; signing twice changes nothing.

    Raises
    ------
    NotAFounder
        The roll in force has another key under that number.
    ChangeOvertaken, ChangeAhead, ChangeLapsed, BadRoll, DamagedMessage
        As `progress_of`.
    """
    progress_of(proposal, ground, today=today)
    roll = proposal.proposed
    if Founder(number, key.public) not in ground.founders(roll):
        raise NotAFounder(number=number)
    mine = sign_roll(roll, key, number=number, coalition=ground.coalition)
    return combine_proposals([proposal, replace(proposal, signatures=(mine,))], ground)


def combine_proposals(proposals: Sequence[Proposal], ground: Ground) -> Proposal:
    """Merge copies of one proposal that went different ways; order and repetition do not matter.

    A signature that does not fit is left out: a slip on one copy must not spoil the rest.

    Parameters
    ----------
    proposals
        At least one.
    ground
        What they stand on.

    Raises
    ------
    RivalChanges
        They are different changes of the same roll: says who signed which.
    ChangeOvertaken, ChangeAhead, BadRoll, DamagedMessage
        One of them could not count.
    """
    rolls = {proposal.roll: _checked(proposal, ground) for proposal in proposals}
    good: dict[bytes, dict[int, bytes]] = {roll: {} for roll in sorted(rolls)}
    for proposal in proposals:
        roll = rolls[proposal.roll]
        for number, signature in sorted(proposal.signatures):
            alone = replace(proposal, signatures=((number, signature),))
            if _signers(alone, roll, ground):
                known = good[proposal.roll].get(number, signature)
                # A founder's machine makes one signature of the same bytes; of two that fit the smaller stays.
                good[proposal.roll][number] = min(known, signature)
    if len(good) > 1:
        raise RivalChanges([sorted(signatures) for signatures in good.values()])
    [(bytes_of_roll, signatures)] = good.items()
    return Proposal(ground.coalition, bytes_of_roll, tuple(sorted(signatures.items())))


def finish_proposal(proposal: Proposal, ground: Ground, *, today: Day) -> SignedRoll:
    """Give the roll with its signatures, ready to be posted, once enough founders have signed.

    Raises
    ------
    TooFewSigned
        Says how many have and must.
    ChangeOvertaken, ChangeAhead, ChangeLapsed, BadRoll, DamagedMessage
        As `progress_of`.
    """
    so_far = progress_of(proposal, ground, today=today)
    if so_far.n_missing:
        raise TooFewSigned(have=len(so_far.signed), need=so_far.n_needed)
    whole = combine_proposals([proposal], ground)
    return SignedRoll(whole.roll, whole.signatures)


def found_together(proposal: Proposal, *, poster: int, key: SigningKey, today: Day, fresh: Fresh) -> Record:
    """Make the founding record of a first roll that k founders signed, each on their own machine.

    Raises
    ------
    TooFewSigned, ChangeLapsed, BadRoll, DamagedMessage
        As `finish_proposal`.
    BadSignature, NotOnRoll
        The poster's key is not that of a device on the roll.
    """
    body = finish_proposal(proposal, Ground(), today=today).to_bytes()
    header = Header(VERSION, FOUNDING, poster, 0, NO_HASH, 1, 0, NO_HASH, today, len(body), fresh(16))
    record = make_record(header, tag=NO_TAG, body=body, key=key, coalition=NO_COALITION)
    read_founding(record)
    return record
