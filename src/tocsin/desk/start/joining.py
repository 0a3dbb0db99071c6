"""Join by invitation: twelve words and an offer in, an answer out; then wait until founders have put the device on the roll.

The relay is asked before anything is answered: its rolls say on which day the coalition is, which in an exercise is not this
machine's, and a relay that shows another ledger is found before keys are given away.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from tocsin.core.ledger import (
    Block,
    Code,
    DamagedMessage,
    DeviceEntry,
    Duty,
    NotOnRoll,
    Offer,
    Roll,
    Sort,
    answer_offer,
    follow_rolls,
    joining_words,
    open_offer,
    read_blocks,
    write_blocks,
)
from tocsin.desk.desk import Desk
from tocsin.desk.start.errors import NotThisStep
from tocsin.desk.start.state import Joining, Start
from tocsin.desk.wire import ask_rolls
from tocsin.terms import Day

BEFORE_ALL = Day(0)
"""For reading an offer before the coalition's day is known."""


def setup_of(start: Start) -> Joining:
    """Give a newcomer's steps so far.

    Raises
    ------
    NotThisStep
        This machine has answered no invitation.
    """
    if not isinstance(start.setup, Joining):
        raise NotThisStep("no invitation was answered on this machine")
    return start.setup


def answer(start: Start, *, words: str, text: str, wishes: Iterable[Duty], is_second: bool = False) -> None:
    """Answer an invitation; the same again after a cut says the same.

    Raises
    ------
    BadCode
        Not twelve words of ours, or one is misread.
    WrongCode, CodeExpired, DamagedMessage, UnknownKind
        The offer was not made with these words, is too old, or was not copied whole.
    OtherCoalition
        This machine's keys have answered another coalition.
    OtherLedger, RelayAway, RelayRefused, RelayMisled
        What the relay shows is not the ledger of the offer, or it does not answer: nothing was given away.
    NotThisStep
        This machine founds a coalition.
    """
    if start.setup is not None and not isinstance(start.setup, Joining):
        raise NotThisStep("this machine takes part in founding a coalition")
    code, data = Code.parse(words), _offer_in(text)
    offer = open_offer(data, code, today=BEFORE_ALL)
    today = start.clock.today(_rolls(offer))
    made = answer_offer(data, code, start.keyring, wishes=wishes, today=today, fresh=secrets.token_bytes)
    start.keyfile.save()
    start.keep(Joining(code=code.secret, offer=data, answer=made, is_second=is_second))


def _offer_in(text: str) -> bytes:
    offers = [block.content for block in read_blocks(text) if block.sort is Sort.OFFER]
    if len(offers) != 1:
        raise DamagedMessage("it holds no offer, or several")
    return offers[0]


def _rolls(offer: Offer) -> Roll:
    return follow_rolls(offer, ask_rolls(offer.relay.address, offer.coalition))


def offer_of(setup: Joining) -> Offer:
    """Give the offer that was answered, whatever day it is."""
    return open_offer(setup.offer, Code(setup.code), today=BEFORE_ALL)


def answer_text(setup: Joining) -> str:
    """Write the answer for whoever invited."""
    return write_blocks([Block(Sort.ANSWER, setup.answer)])


def own_words(start: Start) -> str:
    """Spell the eight words that both sides read aloud."""
    return joining_words(offer_of(setup_of(start)).coalition, start.keyring.signing_key.public)


def look(start: Start) -> Desk | None:
    """Ask the relay whether founders have put this device on the roll; if so, become its desk.

    The steps are kept until the desk has read the ledger and found it to be the one that the offer speaks of.

    Raises
    ------
    OtherLedger
        The relay shows another ledger.
    NotOnRoll
        The device was on the roll and has been removed.
    RelayAway, RelayRefused, RelayMisled
    """
    offer = offer_of(setup_of(start))
    records = ask_rolls(offer.relay.address, offer.coalition)
    entry = _entry_of(follow_rolls(offer, records), start.keyring.signing_key.public)
    if entry is None:
        return None
    if entry.removed:
        raise NotOnRoll(device=entry.number)
    return start.become_desk(records[0], device=entry.number)


def _entry_of(roll: Roll, key: bytes) -> DeviceEntry | None:
    return next((entry for entry in roll.devices if entry.key == key), None)
