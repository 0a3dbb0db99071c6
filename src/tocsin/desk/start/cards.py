"""Founders' cards on this machine: its own, and the others', whose words are compared by voice before anything is signed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from tocsin.core.ledger import Block, FounderCard, Sort, confirm_words, make_card, read_card, write_blocks
from tocsin.core.seal import SigningKey
from tocsin.desk.start.errors import NotThisStep, NumberTaken
from tocsin.desk.start.state import Founding, Start


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


def with_cards(setup: Founding, cards: Iterable[bytes]) -> Founding:
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


def card_text(setup: Founding) -> str:
    """Write this founder's card for the others."""
    return write_blocks([Block(Sort.CARD, setup.card)])
