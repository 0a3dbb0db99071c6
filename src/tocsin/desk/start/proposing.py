"""Propose the first roll and sign it: whoever proposes leads, everybody checks it against the cards that were compared."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from tocsin.core.ledger import (
    BadRoll,
    Block,
    DamagedMessage,
    Duties,
    Duty,
    FounderCard,
    Ground,
    Progress,
    Proposal,
    RelayEntry,
    Roll,
    Sort,
    add_signature,
    check_cards,
    combine_proposals,
    progress_of,
    propose,
    read_duties,
    read_proposal,
    roll_of_cards,
    write_blocks,
)
from tocsin.desk.start.cards import is_confirmed, other_cards, own_card, setup_of
from tocsin.desk.start.errors import BadAddress, NotThisStep, WordsNotCompared
from tocsin.desk.start.state import Founding, Start
from tocsin.desk.wire import ask_relay_key
from tocsin.terms import Day, day_from_date

GROUND = Ground()
"""Nothing yet."""

EVERY_FOUNDER = (Duty.FOUNDER, Duty.HANDLER, Duty.INTAKE, Duty.SEAT)
ONE_EACH = ((Duty.ANALYST, Duty.COUNTER), (Duty.ASSESSOR, Duty.PLANNER), (Duty.KEEPER,))
"""What is offered to the first, second and third founder besides: counting and assessing lie with different people."""


def usual_duties(place: int) -> tuple[Duty, ...]:
    """Say which duties are offered for the founder at a place in the order of numbers, from 0."""
    return tuple(sorted({*EVERY_FOUNDER, *(ONE_EACH[place] if place < len(ONE_EACH) else ())}))


def check_address(text: str) -> str:
    """Read a relay's address as a person types it.

    Raises
    ------
    BadAddress
    """
    try:
        parts = urlsplit(text.strip())
        host, has_port = parts.hostname or "", parts.port != 0
    except ValueError as trouble:
        raise BadAddress from trouble
    is_near = host == "127.0.0.1" or host.endswith(".onion")
    is_plain_text = text.isascii() and not any((parts.username, parts.query, parts.fragment))
    lawful = parts.scheme == "https" or (parts.scheme == "http" and is_near)
    if not (host and has_port and lawful and is_plain_text) or parts.path not in ("", "/"):
        raise BadAddress
    return f"{parts.scheme}://{parts.netloc}"


def make_proposal(
    start: Start,
    *,
    threshold: int,
    address: str,
    code: str,
    duties: Mapping[int, Collection[Duty]],
    exercise_date: date | None = None,
) -> None:
    """Write the first roll from the compared cards, and sign it; from now on this founder leads.

    Parameters
    ----------
    threshold
        How many founders must sign changes, this one included.
    address, code
        The relay's, and its keeper's lodging code.
    duties
        By founder's number.
    exercise_date
        The date that it is to be today, if it is an exercise.

    Raises
    ------
    WordsNotCompared
        A card's words were not compared yet.
    BadRoll
        No coalition may begin so.
    RelayAway, BadAddress
        The relay could not be asked for its key.
    NotThisStep
        A proposal is here already.
    """
    setup = setup_of(start)
    if setup.proposal:
        raise NotThisStep("a proposal is here already; let go of it first")
    cards = _compared(setup)
    numbers = {card.number for card in cards}
    held = Duties(
        duties={
            number: tuple(sorted(set(duties[number]))) for number in sorted(numbers) if duties.get(number)
        }
    )
    relay = RelayEntry(ask_relay_key(check_address(address)), check_address(address))
    offset = 0 if exercise_date is None else day_from_date(exercise_date) - start.clock.real_day()

    def roll_on(day: Day) -> Roll:
        return roll_of_cards(
            cards,
            threshold=threshold,
            relays=[relay],
            duties=held,
            day=day,
            exercise=exercise_date is not None,
            offset_days=offset,
        )

    # The clock of an exercise may be moved by a file, which only a roll can say.
    roll = roll_on(start.clock.today(roll_on(start.clock.real_day())))
    proposal = propose(roll, GROUND)
    start.keep(
        replace(
            setup,
            proposal=proposal.to_bytes(),
            duties=msgspec.msgpack.encode(held),
            code=code.strip(),
            record=b"",
        )
    )
    sign(start)


def _compared(setup: Founding) -> list[FounderCard]:
    cards = other_cards(setup)
    if open_ones := tuple(card.number for card in cards if not is_confirmed(setup, card)):
        raise WordsNotCompared(founders=open_ones)
    return [own_card(setup), *cards]


def proposal_of(setup: Founding) -> Proposal:
    """Give the proposal that is here.

    Raises
    ------
    NotThisStep
        None is.
    """
    if not setup.proposal:
        raise NotThisStep("there is no proposal on this machine")
    return read_proposal(setup.proposal)


def progress(start: Start) -> Progress:
    """Say how far the proposal here has come; raises ChangeLapsed when its fourteen days are over."""
    proposal = proposal_of(setup_of(start))
    return progress_of(proposal, GROUND, today=start.clock.today(proposal.proposed))


def sign(start: Start) -> None:
    """Sign the proposal here, once its founders are exactly those whose words were compared.

    Raises
    ------
    WordsNotCompared, BadRoll
        They are not, or not yet.
    ChangeLapsed
        Its fourteen days are over.
    """
    setup = setup_of(start)
    proposal = proposal_of(setup)
    roll = checked_roll(setup, proposal)
    signed = add_signature(
        proposal,
        start.keyring.founder_key,
        GROUND,
        number=own_card(setup).number,
        today=start.clock.today(roll),
    )
    start.keep(replace(setup, proposal=signed.to_bytes(), is_signed=True))


def checked_roll(setup: Founding, proposal: Proposal) -> Roll:
    """Give the roll once its founders are exactly those whose words were compared; raises WordsNotCompared, BadRoll."""
    roll = proposal.proposed
    among = {founder.number for founder in roll.founders}
    cards = [own_card(setup), *(card for card in other_cards(setup) if card.number in among)]
    open_ones = tuple(card.number for card in cards[1:] if not is_confirmed(setup, card))
    if open_ones:
        raise WordsNotCompared(founders=open_ones)
    check_cards(roll, cards)
    return roll


def with_proposal(setup: Founding, proposal: Proposal, duties: list[bytes], start: Start) -> Founding:
    """Take a proposal in, beside the one here if it is the same roll.

    Raises
    ------
    RivalChanges
        Another one was signed here.
    BadRoll, ChangeLapsed
        It can never count.
    DamagedMessage
        Not all of it was copied.
    """
    roll = proposal.proposed
    progress_of(proposal, GROUND, today=start.clock.today(roll))
    mine = own_card(setup)
    if mine.founder not in roll.founders:
        raise BadRoll("you are not among its founders; send your card to whoever made it")
    if setup.proposal:
        known = read_proposal(setup.proposal)
        if known.roll == proposal.roll:
            return replace(setup, proposal=combine_proposals([known, proposal], GROUND).to_bytes())
        if setup.is_signed:
            combine_proposals([known, proposal], GROUND)  # Raises, and says who signed which.
    if not duties:
        raise DamagedMessage("the duties that go along with it are missing, so not all of it was copied")
    read_duties(duties[0], roll)
    whole = combine_proposals([proposal], GROUND)
    return replace(setup, proposal=whole.to_bytes(), duties=duties[0], is_signed=False)


def let_go(start: Start) -> None:
    """Let go of the proposal here, so that another one can be taken or made; what was signed and sent stays signed."""
    setup = setup_of(start)
    start.keep(replace(setup, proposal=b"", duties=b"", is_signed=False, record=b""))


def proposal_text(setup: Founding) -> str:
    """Write the proposal for the others, with all cards and the duties."""
    return write_blocks([*company(setup), Block(Sort.PROPOSAL, proposal_of(setup).to_bytes())])


def company(setup: Founding) -> list[Block]:
    """Give all cards and the duties, as they go along with whatever is passed on."""
    cards = sorted([own_card(setup), *other_cards(setup)], key=lambda card: card.number)
    return [*(Block(Sort.CARD, card.to_bytes()) for card in cards), Block(Sort.DUTIES, setup.duties)]
