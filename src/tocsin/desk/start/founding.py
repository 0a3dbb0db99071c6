"""Found a coalition from several machines: cards, one proposal, k signatures, and then it is lodged.

Read `cards`, `proposing`, then this. Whoever proposes leads: only that founder's machine knows the lodging code and sends
the founding record. Everybody checks the proposal against the cards whose words they compared by voice.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from tocsin.core.ledger import (
    BadRoll,
    Block,
    DamagedMessage,
    Proposal,
    Record,
    SignedRoll,
    Sort,
    coalition_id,
    found_together,
    read_blocks,
    read_duties,
    read_founding,
    read_proposal,
    read_records,
    write_blocks,
)
from tocsin.desk.desk import Desk
from tocsin.desk.errors import RelayRefused
from tocsin.desk.start.cards import own_card, setup_of, with_cards
from tocsin.desk.start.errors import NotThisStep, RelayKeyChanged
from tocsin.desk.start.proposing import GROUND, checked_roll, company, proposal_of, with_proposal
from tocsin.desk.start.state import Founding, Start, setup_file
from tocsin.desk.wire import ask_founding, ask_relay_key, lodge


def take_text(start: Start, text: str) -> Desk | None:
    """Take what another founder sent: cards, a proposal with more signatures, or the founding record.

    Returns
    -------
    The desk, where the founding record of a roll came that was signed here.

    Raises
    ------
    DamagedMessage, UnknownKind
        It is none of these, or was not copied whole.
    NumberTaken
        A card has this founder's number.
    RivalChanges
        Another proposal than the one here: the founders must agree on one.
    BadRoll, ChangeLapsed
        It can never count.
    """
    blocks = read_blocks(text)
    if any(block.sort in (Sort.OFFER, Sort.ANSWER) for block in blocks):
        raise DamagedMessage("it belongs to an invitation, and here a coalition is founded")
    setup = with_cards(setup_of(start), _all_of(blocks, Sort.CARD))
    if records := _all_of(blocks, Sort.FOUNDING):
        return _take_founding(start, setup, records[0], _all_of(blocks, Sort.DUTIES))
    for data in _all_of(blocks, Sort.PROPOSAL):
        setup = with_proposal(setup, read_proposal(data), _all_of(blocks, Sort.DUTIES), start)
    start.keep(setup)
    return None


def _all_of(blocks: Iterable[Block], sort: Sort) -> list[bytes]:
    return [block.content for block in blocks if block.sort is sort]


# lodging ---


def lodge_founding(start: Start, *, code: str | None = None) -> Desk:
    """Lodge the coalition with the relay, and make this machine its first desk.

    The founding record is written and saved once, so that after a cut the same bytes are sent again, which the relay
    answers as before.

    Raises
    ------
    TooFewSigned, ChangeLapsed
        Not yet, or no more.
    RelayKeyChanged
        Nothing was lodged, unless the relay changed its key this very moment.
    RelayAway, RelayRefused
        Nothing was lodged, or it is not known: try again.
    NotThisStep
        Another founder leads.
    """
    setup = setup_of(start)
    proposal = proposal_of(setup)
    roll = proposal.proposed
    if code:
        setup = replace(setup, code=code.strip())
        start.keep(setup)
    if not setup.code:
        raise NotThisStep(
            "the founder who has the relay's lodging code founds it; pass your signature on to them"
        )
    relay = roll.relays[0]
    if ask_relay_key(relay.address) != relay.key:
        raise RelayKeyChanged
    if not setup.record:
        setup = _write_record(start, setup)
    try:
        _, key = lodge(relay.address, setup.code, _record(setup))
    except RelayRefused as refusal:
        if refusal.refusal != "relay.clock":
            raise
        # Written days ago and never taken: a record bears the day on which it is lodged.
        setup = _write_record(start, setup)
        _, key = lodge(relay.address, setup.code, _record(setup))
    if key != relay.key:
        raise RelayKeyChanged
    return _finish(start, setup)


def _write_record(start: Start, setup: Founding) -> Founding:
    proposal = proposal_of(setup)
    record = found_together(
        proposal,
        poster=own_card(setup).number,
        key=start.keyring.signing_key,
        today=start.clock.today(proposal.proposed),
        fresh=secrets.token_bytes,
    )
    setup = replace(setup, record=record.to_bytes())
    start.keep(setup)
    return setup


def _record(setup: Founding) -> Record:
    (record,) = read_records(setup.record)
    return record


def _finish(start: Start, setup: Founding) -> Desk:
    """Become the desk of the founding record that is here; whoever lodged keeps the steps until everybody was let in."""
    record, card = _record(setup), own_card(setup)
    if read_founding(record).device(card.number).key != card.device_key:
        raise BadRoll("this machine's key is not on it")
    start.keyring.coalition = coalition_id(record)
    desk = start.become_desk(record, device=card.number)
    if record.header.device != card.number:
        setup_file(start.folder, start.keyring).remove()
    return desk


def _take_founding(start: Start, setup: Founding, data: bytes, duties: list[bytes]) -> Desk | None:
    """Take a founding record: at once if its roll was signed here, else to be looked at and compared first."""
    (record,) = read_records(data)
    roll = read_founding(record)
    signed = msgspec.msgpack.decode(record.body or b"", type=SignedRoll)
    mine = own_card(setup)
    if mine.founder not in roll.founders:
        raise BadRoll("you are not among its founders")
    if setup.is_signed and proposal_of(setup).roll == signed.roll:
        setup = replace(setup, record=data)
        start.keep(setup)
        return _finish(start, setup)
    if not duties:
        raise DamagedMessage("the duties that go along with it are missing, so not all of it was copied")
    read_duties(duties[0], roll)
    proposal = Proposal(GROUND.coalition, signed.roll, signed.signatures)
    start.keep(replace(setup, proposal=proposal.to_bytes(), duties=duties[0], is_signed=False, record=data))
    return None


def accept_founding(start: Start) -> Desk:
    """Take part in a coalition that others have founded with this founder's card, once their words were compared.

    Raises
    ------
    NotThisStep
        No founding record came.
    WordsNotCompared, BadRoll
        Its founders are not those whose words were compared, or not yet.
    """
    setup = setup_of(start)
    if not setup.record:
        raise NotThisStep("the founding record has not come yet")
    checked_roll(setup, proposal_of(setup))
    return _finish(start, setup)


def look(start: Start) -> Desk | None:
    """Ask the relay whether the coalition was lodged by now; if so, become its desk.

    Raises
    ------
    RelayAway, RelayRefused, RelayMisled
    """
    setup = setup_of(start)
    if not setup.is_signed or setup.code:
        return None
    proposal = proposal_of(setup)
    record = ask_founding(proposal.proposed.relays[0].address, proposal.roll)
    return None if record is None else _take_founding(start, setup, record.to_bytes(), [setup.duties])


def founding_text(setup: Founding) -> str:
    """Write the founding record for the others, with all cards and the duties."""
    return write_blocks([*company(setup), Block(Sort.FOUNDING, setup.record)])
