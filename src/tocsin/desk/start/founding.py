"""Found a coalition from several machines: cards, one proposal, k signatures, and then it is lodged.

Whoever proposes leads: only that founder's machine knows the lodging code and sends the founding record. Everybody checks
the proposal against the cards whose words they compared by voice.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
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
    Record,
    RelayEntry,
    Roll,
    SignedRoll,
    Sort,
    add_signature,
    check_cards,
    coalition_id,
    combine_proposals,
    confirm_words,
    found_together,
    make_card,
    progress_of,
    propose,
    read_blocks,
    read_card,
    read_duties,
    read_founding,
    read_proposal,
    read_records,
    roll_of_cards,
    write_blocks,
)
from tocsin.core.seal import SigningKey
from tocsin.desk.desk import Desk
from tocsin.desk.errors import RelayRefused
from tocsin.desk.start.errors import BadAddress, NotThisStep, NumberTaken, RelayKeyChanged, WordsNotCompared
from tocsin.desk.start.state import Founding, Start, setup_file
from tocsin.desk.wire import ask_founding, ask_relay_key, lodge
from tocsin.terms import Day, day_from_date

GROUND = Ground()
"""Nothing yet."""

EVERY_FOUNDER = (Duty.FOUNDER, Duty.HANDLER, Duty.INTAKE, Duty.SEAT)
ONE_EACH = ((Duty.ANALYST, Duty.COUNTER), (Duty.ASSESSOR, Duty.PLANNER), (Duty.KEEPER,))
"""What is offered to the first, second and third founder besides: counting and assessing lie with different people."""


def usual_duties(place: int) -> tuple[Duty, ...]:
    """Say which duties are offered for the founder at a place in the order of numbers, from 0."""
    return tuple(sorted({*EVERY_FOUNDER, *(ONE_EACH[place] if place < len(ONE_EACH) else ())}))


def setup_of(start: Start) -> Founding:
    """Give a founder's steps so far.

    Raises
    ------
    NotThisStep
        This machine founds nothing.
    """
    if not isinstance(start.setup, Founding):
        raise NotThisStep("no founder's card was made on this machine")
    return start.setup


# cards ---


def make_own_card(start: Start, *, number: int, organisation: int) -> None:
    """Make this founder's card, or another with the same keys and other numbers as long as nothing was signed.

    Raises
    ------
    NotThisStep
        It was signed under the numbers of before, or this machine joins by invitation.
    """
    before = start.setup
    if not (before is None or (isinstance(before, Founding) and not before.is_signed)):
        raise NotThisStep(
            "this machine has answered an invitation, or has signed under the numbers that it has"
        )
    keyring = start.keyring
    if keyring.founder_seed is None:
        keyring.founder_seed = SigningKey.fresh().seed
    keyring.founder_number = number
    start.keyfile.save()
    card = make_card(
        number=number, organisation=organisation, founder=keyring.founder_key, device=keyring.signing_key
    )
    others = before.others if before else ()
    confirmed = before.confirmed if before else ()
    start.keep(Founding(card=card.to_bytes(), others=others, confirmed=confirmed))


def own_card(setup: Founding) -> FounderCard:
    """Give this founder's card."""
    return read_card(setup.card)


def other_cards(setup: Founding) -> list[FounderCard]:
    """Give the other founders' cards, by number."""
    return sorted(map(read_card, setup.others), key=lambda card: card.number)


def is_confirmed(setup: Founding, card: FounderCard) -> bool:
    """Say whether a card's words were compared."""
    return card.to_bytes() in setup.confirmed


def confirm(start: Start, heard: Mapping[int, str | None]) -> None:
    """Note that founders' words were compared: typed as heard, or (None) looked at and found the same.

    Raises
    ------
    WordsDiffer
        What was typed is something else; nothing is noted.
    """
    setup = setup_of(start)
    confirmed = set(setup.confirmed)
    for card in other_cards(setup):
        if card.number in heard:
            said = heard[card.number]
            if said is not None:
                confirm_words(said, card.words)
            confirmed.add(card.to_bytes())
    start.keep(replace(setup, confirmed=tuple(sorted(confirmed))))


def drop_card(start: Start, number: int) -> None:
    """Let go of a card whose words differ."""
    setup = setup_of(start)
    kept = tuple(card.to_bytes() for card in other_cards(setup) if card.number != number)
    start.keep(replace(setup, others=kept, confirmed=tuple(set(setup.confirmed) & set(kept))))


# what is pasted ---


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
    setup = _with_cards(setup_of(start), _all_of(blocks, Sort.CARD))
    if records := _all_of(blocks, Sort.FOUNDING):
        return _take_founding(start, setup, records[0], _all_of(blocks, Sort.DUTIES))
    for data in _all_of(blocks, Sort.PROPOSAL):
        setup = _with_proposal(setup, read_proposal(data), _all_of(blocks, Sort.DUTIES), start)
    start.keep(setup)
    return None


def _all_of(blocks: Iterable[Block], sort: Sort) -> list[bytes]:
    return [block.content for block in blocks if block.sort is sort]


def _with_cards(setup: Founding, cards: Iterable[bytes]) -> Founding:
    """Take cards in; a newer one under the same number replaces the older, and must be compared anew."""
    known = {card.number: card.to_bytes() for card in other_cards(setup)}
    for data in cards:
        card = read_card(data)
        if card.founder_key == own_card(setup).founder_key:
            continue
        if card.number == own_card(setup).number:
            raise NumberTaken(number=card.number)
        known[card.number] = data
    return replace(setup, others=tuple(known[number] for number in sorted(known)))


def _with_proposal(setup: Founding, proposal: Proposal, duties: list[bytes], start: Start) -> Founding:
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


# proposing and signing ---


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
    roll = _checked_roll(setup, proposal)
    signed = add_signature(
        proposal,
        start.keyring.founder_key,
        GROUND,
        number=own_card(setup).number,
        today=start.clock.today(roll),
    )
    start.keep(replace(setup, proposal=signed.to_bytes(), is_signed=True))


def _checked_roll(setup: Founding, proposal: Proposal) -> Roll:
    roll = proposal.proposed
    among = {founder.number for founder in roll.founders}
    cards = [own_card(setup), *(card for card in other_cards(setup) if card.number in among)]
    open_ones = tuple(card.number for card in cards[1:] if not is_confirmed(setup, card))
    if open_ones:
        raise WordsNotCompared(founders=open_ones)
    check_cards(roll, cards)
    return roll


# texts to pass on ---


def card_text(setup: Founding) -> str:
    """Write this founder's card for the others."""
    return write_blocks([Block(Sort.CARD, setup.card)])


def proposal_text(setup: Founding) -> str:
    """Write the proposal for the others, with all cards and the duties."""
    return write_blocks([*_company(setup), Block(Sort.PROPOSAL, proposal_of(setup).to_bytes())])


def founding_text(setup: Founding) -> str:
    """Write the founding record for the others, with all cards and the duties."""
    return write_blocks([*_company(setup), Block(Sort.FOUNDING, setup.record)])


def _company(setup: Founding) -> list[Block]:
    cards = sorted([own_card(setup), *other_cards(setup)], key=lambda card: card.number)
    return [*(Block(Sort.CARD, card.to_bytes()) for card in cards), Block(Sort.DUTIES, setup.duties)]


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
    _checked_roll(setup, proposal_of(setup))
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
