"""What the pages before there is a desk show, as frozen rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tocsin.core.ledger import Duty, FounderCard, Progress, Roll, describe_changes, read_duties
from tocsin.desk.ledger.roll_queries import MEANING, DutyRow
from tocsin.desk.start import cards, joining, proposing
from tocsin.desk.start.state import Founding, Start
from tocsin.errors import LedgerError
from tocsin.terms import Day, date_of

LEAST_FOUNDERS = 3
"""k is at least 2 and fewer than there are founders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRow:
    """A founder's card."""

    number: int
    organisation: int
    words: str
    is_confirmed: bool
    is_mine: bool
    duties: tuple[DutyRow, ...]
    """Offered for this founder's device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRow:
    """The proposal here, and how far it has come."""

    said: tuple[str, ...]
    signed: tuple[int, ...]
    n_needed: int
    n_missing: int
    lapses_on: Day | None
    trouble: str
    """Why it can count no more."""
    is_signed: bool
    """By the founder at this machine."""
    leads: bool
    """This machine has the lodging code."""
    has_record: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundingPage:
    """A founder's whole page."""

    mine: CardRow
    card_text: str
    others: tuple[CardRow, ...]
    to_compare: tuple[CardRow, ...]
    everybody: tuple[CardRow, ...]
    thresholds: tuple[int, ...]
    usual_threshold: int
    n_wanted: int
    """How many more cards it takes."""
    date: str
    """Today's date, for an exercise's."""
    proposal: ProposalRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JoiningPage:
    """A newcomer's whole page."""

    words: str
    text: str
    is_second: bool


def founding_page(start: Start) -> FoundingPage:
    """Gather a founder's page."""
    setup = cards.setup_of(start)
    mine, others = cards.own_card(setup), cards.other_cards(setup)
    numbers = sorted(card.number for card in (mine, *others))
    own = _card_row(mine, setup, numbers, is_mine=True)
    rows = tuple(_card_row(card, setup, numbers) for card in others)
    n_founders = len(numbers)
    return FoundingPage(
        mine=own,
        card_text=cards.card_text(setup),
        others=rows,
        to_compare=tuple(row for row in rows if not row.is_confirmed),
        everybody=tuple(sorted((own, *rows), key=lambda row: row.number)),
        thresholds=tuple(range(2, n_founders)),
        usual_threshold=min(n_founders // 2 + 1, max(n_founders - 1, 2)),
        n_wanted=max(0, LEAST_FOUNDERS - n_founders),
        date=date_of(start.clock.real_day()).isoformat(),
        proposal=_proposal_row(start, setup) if setup.proposal else None,
    )


def _card_row(card: FounderCard, setup: Founding, numbers: list[int], *, is_mine: bool = False) -> CardRow:
    offered = proposing.usual_duties(numbers.index(card.number))
    return CardRow(
        number=card.number,
        organisation=card.organisation,
        words=card.words,
        is_confirmed=is_mine or cards.is_confirmed(setup, card),
        is_mine=is_mine,
        duties=tuple(
            DutyRow(name=duty.value, meaning=meaning, is_held=duty in offered)
            for duty, meaning in MEANING.items()
            if duty not in (Duty.SENTRY, Duty.CUSTODIAN)
        ),
    )


def _proposal_row(start: Start, setup: Founding) -> ProposalRow:
    proposal = proposing.proposal_of(setup)
    progress, trouble = None, ""
    try:
        progress = proposing.progress(start)
    except LedgerError as why:
        trouble = str(why)
    roll = proposal.proposed
    so_far = progress or Progress((), roll.threshold, Day(roll.lapses_on))
    return ProposalRow(
        said=tuple(_say(roll, setup)),
        signed=so_far.signed,
        n_needed=so_far.n_needed,
        n_missing=so_far.n_missing,
        lapses_on=so_far.lapses_on,
        trouble=trouble,
        is_signed=setup.is_signed,
        leads=bool(setup.code),
        has_record=bool(setup.record),
        text=proposing.proposal_text(setup),
    )


def _say(roll: Roll, setup: Founding) -> Iterator[str]:
    """Say what founders sign, in sentences."""
    yield from describe_changes(None, roll)
    duties = read_duties(setup.duties, roll)
    for entry in roll.devices:
        held = ", ".join(duties.duties.get(entry.number, ())) or "no duty"
        yield f"Founder and device {entry.number} of organisation {entry.organisation}: {held}."
    yield "The relay is at " + ", ".join(relay.address for relay in roll.relays) + "."
    if roll.exercise:
        shift = f"{abs(roll.offset_days)} days {'ahead of' if roll.offset_days > 0 else 'behind'} ours"
        when = f"Its date is {shift}." if roll.offset_days else "Its date is ours."
        yield f"It is an exercise, and stays one. {when}"
    else:
        yield "It is real: no exercise."


def joining_page(start: Start) -> JoiningPage:
    """Gather a newcomer's page."""
    setup = joining.setup_of(start)
    return JoiningPage(
        words=joining.own_words(start), text=joining.answer_text(setup), is_second=setup.is_second
    )
