"""Who the founders are: one whose keys are lost makes new ones on another desk; the others compare words and sign."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from msgspec.structs import replace

from tocsin.core.ledger import (
    BadRoll,
    Block,
    DamagedMessage,
    Founder,
    FounderCard,
    Sort,
    confirm_words,
    founder_words,
    make_card,
    read_blocks,
    read_card,
    write_blocks,
)
from tocsin.core.ledger.roll import n_needed
from tocsin.core.seal import SigningKey
from tocsin.desk.desk import Desk
from tocsin.desk.ledger import changes
from tocsin.desk.start.errors import NotThisStep, NumberTaken


@dataclass(frozen=True, slots=True, kw_only=True)
class FounderRow:
    """One founder on the roll."""

    number: int
    is_me: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundersPage:
    """The whole page."""

    founders: tuple[FounderRow, ...]
    threshold: int
    n_needed: int
    """How many of them must sign such a change."""
    is_founder: bool
    free_number: int
    text: str
    """This desk's new founder's key, to pass on; empty while it has none that waits."""
    words: str
    can_propose: bool


def founders_page(desk: Desk) -> FoundersPage:
    """Gather the page."""
    roll, mine = desk.world.history.now.roll, changes.founder_key(desk)
    waits = _waiting(desk)
    others = replace(roll, founders=roll.founders[1:])
    return FoundersPage(
        founders=tuple(
            FounderRow(number=each.number, is_me=mine is not None and each.number == mine[0])
            for each in roll.founders
        ),
        threshold=roll.threshold,
        n_needed=n_needed(others, roll),
        is_founder=mine is not None,
        free_number=max(each.number for each in roll.founders) + 1,
        text="" if waits is None else write_blocks([Block(Sort.CARD, _card(desk).to_bytes())]),
        words="" if waits is None else founder_words(waits),
        can_propose=desk.world.history.duties is not None,
    )


def make_key(desk: Desk, number: int) -> None:
    """Make this desk a founder's key, or another as long as none is on the roll; it counts once founders signed it in.

    Raises
    ------
    NotThisStep
        This desk is a founder's already.
    NumberTaken
        Another founder has that number: theirs is given up first, or in the same change.
    """
    if changes.founder_key(desk) is not None:
        raise NotThisStep("this desk is a founder's already")
    if number < 1:
        raise NumberTaken(number=number)
    with desk.all_or_nothing():
        desk.keyring.founder_number, desk.keyring.founder_seed = number, SigningKey.fresh().seed
        desk.keyfile.save()


def propose(desk: Desk, *, stay: Collection[int], text: str, heard: str, threshold: int) -> bytes:
    """Propose who the founders are from now on; give the change's id.

    Parameters
    ----------
    stay
        Numbers of those who stay.
    text, heard
        What a new one passed on, and the eight words as they read them; empty if none comes.
    threshold
        How many sign from now on.

    Raises
    ------
    WordsDiffer
        They are others: nothing is proposed.
    DamagedMessage, UnknownKind
        The text holds no founder's key, several, or was not copied whole.
    BadRoll
        Nobody on the roll made it, or no coalition may have such founders.
    """
    roll = desk.world.history.now.roll
    founders = {each.number: each for each in roll.founders if each.number in stay}
    if text.strip():
        card = _read(text)
        confirm_words(heard, founder_words(card.founder))
        if card.device_key not in {entry.key for entry in roll.active}:
            raise BadRoll("no device on it made that founder's key")
        founders[card.number] = card.founder
    return changes.propose_founders(
        desk, [founders[number] for number in sorted(founders)], threshold=threshold
    )


def _read(text: str) -> FounderCard:
    cards = [block.content for block in read_blocks(text) if block.sort is Sort.CARD]
    if len(cards) != 1:
        raise DamagedMessage("it holds no founder's key, or several")
    return read_card(cards[0])


def _waiting(desk: Desk) -> Founder | None:
    """Give the founder's key that was made here and is not on the roll."""
    number, seed = desk.keyring.founder_number, desk.keyring.founder_seed
    if number is None or seed is None or changes.founder_key(desk) is not None:
        return None
    return Founder(number, SigningKey.from_seed(seed).public)


def _card(desk: Desk) -> FounderCard:
    number, seed = desk.keyring.founder_number, desk.keyring.founder_seed
    assert number is not None  # noqa: S101 - `_waiting` has looked
    assert seed is not None  # noqa: S101
    return make_card(
        number=number,
        organisation=desk.world.history.now.roll.device(desk.device).organisation,
        founder=SigningKey.from_seed(seed),
        device=desk.keyring.signing_key,
    )
