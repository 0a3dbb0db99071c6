"""Our relay is lost: a fresh one is filled from here, founders sign it into the roll by a text, and everybody follows it.

What a person began is kept sealed in this folder (`Plan`). The text that goes round is a proposal and no secret; with enough
signatures it is what leads every other desk to the new relay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import msgspec

from tocsin.core.ledger import (
    Block,
    Outgoing,
    Progress,
    Proposal,
    Record,
    RelayEntry,
    Roll,
    SignedRoll,
    Sort,
    add_signature,
    change_relay,
    change_roll,
    check_move,
    combine_proposals,
    finish_proposal,
    head_words,
    progress_of,
    propose,
    read_blocks,
    read_move,
    read_proposal,
    write_blocks,
)
from tocsin.core.ledger.errors import DamagedMessage
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere, OtherCopy, RelayFilling
from tocsin.desk.jobs import Progress as JobProgress
from tocsin.desk.jobs import Work
from tocsin.desk.keeping import give_beside
from tocsin.desk.moved import forget_move, keep_move
from tocsin.desk.refilling import FILL_RECORDS, check_signed, fill_up
from tocsin.desk.sealed_file import SealedFile
from tocsin.desk.start.proposing import check_address
from tocsin.desk.sync import sync
from tocsin.desk.wire import Wire, move_in_again

PLAN = "relay.plan"
KEYS_BACK_DAYS = 28


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a desk has of a move: the proposal, and on the desk that fills the new relay its lodging code."""

    proposal: bytes
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a move has come."""

    roll: Roll
    relay: RelayEntry
    progress: Progress | None
    """Who has signed; None once the ledger names the new relay."""
    text: str
    """What is passed on."""
    may_sign: bool
    """Whether this desk holds a founder's key that has not signed yet."""
    fills: bool
    """Whether this desk has the lodging code."""

    @property
    def is_signed(self) -> bool:
        """Say whether enough founders have signed."""
        return self.progress is None or not self.progress.n_missing


# what is kept ---


def _file(desk: Desk) -> SealedFile:
    return SealedFile(desk.folder, PLAN, desk.keyring)


def plan_of(desk: Desk) -> Plan:
    """Read what was begun here.

    Raises
    ------
    NotHere
        Nothing was.
    """
    data = _file(desk).read()
    if data is None:
        raise NotHere
    return msgspec.msgpack.decode(data, type=Plan)


def _keep(desk: Desk, plan: Plan) -> None:
    _file(desk).write(msgspec.msgpack.encode(plan))


def put_away(desk: Desk) -> None:
    """Forget what was begun here; the new relay keeps what it was given, and takes nothing new."""
    _file(desk).remove()


def standing_of(desk: Desk) -> Standing:
    """Say how far the move has come; raises NotHere, or why it can come no further."""
    plan = plan_of(desk)
    proposal = read_proposal(plan.proposal)
    roll, mine = proposal.proposed, desk.keyring.founder_number
    is_done = roll == desk.ground.roll
    progress = None if is_done else progress_of(proposal, desk.ground, today=desk.today)
    return Standing(
        roll=roll,
        relay=roll.relays[0],
        progress=progress,
        text=write_blocks([Block(Sort.PROPOSAL, plan.proposal)]),
        may_sign=progress is not None and mine is not None and mine not in progress.signed,
        fills=bool(plan.code),
    )


# proposing and signing ---


def begin(desk: Desk, *, address: str, code: str) -> Standing:
    """Move into a fresh relay with a code from its keeper, propose it, and sign if this desk is a founder's.

    Raises
    ------
    BadAddress, RelayAway, RelayRefused
        Nothing was begun.
    """
    address = check_address(address)
    (founding,) = islice(desk.replica.records(), 1)
    coalition, key = move_in_again(address, code.strip(), founding)
    if coalition != desk.world.coalition:
        raise OtherCopy
    ground = desk.ground
    assert ground.roll is not None  # noqa: S101 - an open desk has a roll
    roll = change_relay(ground.roll, [RelayEntry(key, address)], day=desk.today)
    _keep(desk, Plan(proposal=_signed_here(desk, propose(roll, ground)).to_bytes(), code=code.strip()))
    return standing_of(desk)


def _signed_here(desk: Desk, proposal: Proposal) -> Proposal:
    number = desk.keyring.founder_number
    if number is None:
        return proposal
    return add_signature(proposal, desk.keyring.founder_key, desk.ground, number=number, today=desk.today)


def sign(desk: Desk) -> Standing:
    """Sign as the founder of this desk, which follows the new relay if that completes the signatures.

    Raises
    ------
    NotHere
        Nothing is there to sign.
    NotAFounder, ChangeOvertaken, ChangeLapsed, BadRoll
    """
    plan = plan_of(desk)
    _take(desk, _signed_here(desk, read_proposal(plan.proposal)), code=plan.code)
    return standing_of(desk)


def take_text(desk: Desk, text: str) -> bool:
    """Take what somebody passed on; say whether enough founders have signed it, so that this desk follows it now.

    Raises
    ------
    DamagedMessage, BadRoll, ChangeOvertaken, ChangeLapsed
        It is nothing to follow, and nothing was changed.
    RivalChanges
        Two new relays are proposed.
    """
    proposals = [read_proposal(block.content) for block in read_blocks(text) if block.sort is Sort.PROPOSAL]
    if not proposals:
        raise DamagedMessage("it holds no proposal of a relay")
    ground, before = desk.ground, _file(desk).read()
    roll = proposals[0].proposed
    if ground.roll is not None and roll.version > ground.roll.version + 1:
        # This desk has been away for longer than one roll; only a whole signature tells where to go.
        return _follow(desk, proposals[0])
    code = ""
    if before is not None:
        plan = msgspec.msgpack.decode(before, type=Plan)
        proposals.append(read_proposal(plan.proposal))
        code = plan.code
    combined = combine_proposals(proposals, ground)
    return _take(desk, combined, code=code)


def _take(desk: Desk, proposal: Proposal, *, code: str) -> bool:
    ground = desk.ground
    check_move(proposal.proposed, ground)
    if len(proposal.signatures) >= ground.n_needed(proposal.proposed):
        return _follow(desk, proposal, code=code)
    progress_of(proposal, ground, today=desk.today)
    _keep(desk, Plan(proposal=proposal.to_bytes(), code=code))
    return False


def _follow(desk: Desk, proposal: Proposal, *, code: str = "") -> bool:
    move = read_move(proposal, desk.ground)
    keep_move(desk.folder, proposal)
    with desk.lock:
        desk.move = move
    _keep(desk, Plan(proposal=proposal.to_bytes(), code=code))
    return True


def stay(desk: Desk) -> None:
    """Go by the relay of the roll again: what was signed leads nowhere."""
    with desk.lock:
        forget_move(desk.folder)
        desk.move, desk.gives_up_firm = None, False
    put_away(desk)


# filling and opening ---


def fill(desk: Desk, progress: JobProgress, _asked: Mapping[str, str]) -> str:
    """Fill the new relay with all that this desk has; broken off, it goes on from there.

    Raises
    ------
    NotHere, RelayAway, RelayMisled, RelayRefused
    """
    plan = plan_of(desk)
    relay = read_proposal(plan.proposal).proposed.relays[0]
    with desk.wire_to(relay) as wire:
        head, signature, _ = wire.head()
        check_signed(desk, relay.key, head, signature)
        head = fill_up(desk, wire, relay.key, head, code=plan.code, step=progress.step)
        _give_all(desk, wire, progress)
    return f"All {head.size} records are on the new relay. Its head words are ours: {head_words(head.root)}."


def _give_all(desk: Desk, wire: Wire, progress: JobProgress) -> None:
    is_done = False
    while not is_done:
        progress.step(0, 0)
        with desk.lock:
            is_done = give_beside(desk, wire, wire.beside(desk.today - KEYS_BACK_DAYS))


FILL = Work(name="refill", title="Fill the new relay", run=fill, is_offered=False)


def open_relay(desk: Desk) -> None:
    """Post the signed roll to the new relay, which takes new records from then on.

    What was finished here before leaves with it, in its order. Cut off anywhere, the same is done again.

    Raises
    ------
    TooFewSigned, ChangeOvertaken, ChangeLapsed
        Not yet, or no more.
    RelayAway, RelayMisled, RelayRefused
        Try again.
    """
    plan = plan_of(desk)
    proposal = read_proposal(plan.proposal)
    with desk.lock:
        signed = finish_proposal(proposal, desk.ground, today=desk.today)
        _follow(desk, proposal, code=plan.code)
        with desk.wire_to(desk.relay) as wire:
            head, signature, _ = wire.head()
            check_signed(desk, desk.relay.key, head, signature)
            fill_up(desk, wire, desk.relay.key, head, code=plan.code)
            if _is_filling(desk):
                _post(desk, wire, signed, code=plan.code)
                sync(desk)


def _is_filling(desk: Desk) -> bool:
    """Sync, so that both have the same; say whether the relay waits to be opened."""
    try:
        sync(desk)
    except RelayFilling:
        return True
    return False


def _post(desk: Desk, wire: Wire, signed: SignedRoll, *, code: str) -> None:
    if not any(_brings(record, signed) for record in desk.unread()):
        desk.do(lambda member, moment: Outgoing([change_roll(member, signed, moment)], []))
    waiting = desk.unread()
    at = next(at for at, record in enumerate(waiting) if _brings(record, signed))
    wire.post_grants(desk.replica.leaving().grants)
    size, root = desk.world.size, desk.world.tree.root()
    for some in _in_pieces(waiting[:at]):
        # Under the roll of before: once the ledger is open they would have to be sealed again.
        head, _ = wire.fill(size, root, some, code=code)
        size, root = head.size, head.root
    wire.post_records([waiting[at]])


def _brings(record: Record, signed: SignedRoll) -> bool:
    return record.body == signed.to_bytes()


def _in_pieces(records: list[Record]) -> Iterator[list[Record]]:
    for at in range(0, len(records), FILL_RECORDS):
        yield records[at : at + FILL_RECORDS]
