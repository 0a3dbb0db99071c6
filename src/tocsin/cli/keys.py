"""`tocsin keys`: what the pages of keys do, by commands, for scripts; each step does what a button of the pages does.

Here is how a coalition is founded and joined; what is done at a desk that stands is in `keys_desk`.

Texts to pass on go to standard output, what people read to one another to standard error. The passphrase comes as the first
line of the input, and codes and words from files: a command line is seen by everybody on the machine.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli import keys_desk

if TYPE_CHECKING:
    from tocsin.core.ledger import Duty
    from tocsin.desk.desk import Desk
    from tocsin.desk.start.state import Start


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What was asked for, secrets included; shows nothing of itself."""

    folder: Path
    text: str = field(repr=False)
    passphrase: str = field(repr=False)
    heard: str | None = field(repr=False)
    they_match: bool
    duties: tuple[str, ...]


class Step(StrEnum):
    """What is to be done."""

    CARD = "card"
    FOUND = "found"
    SIGN = "sign"
    INVITE = "invite"
    ANSWER = "answer"
    ACCEPT = "accept"
    WORDS = "words"
    STATUS = "status"
    CHANGES = "changes"
    APPROVE = "approve"
    DUTIES = "duties"
    REMOVE = "remove"
    LOST = "lost"
    LIFT = "lift"
    REQUESTS = "requests"
    RELEASE = "release"
    REFUSE = "refuse"
    TRAVEL = "travel"
    DEPART = "depart"
    STAY = "stay"
    SHARE = "share"
    NEW_PASSPHRASE = "passphrase"  # noqa: S105 - the name of a step
    DURESS = "duress"


def run(
    step: Annotated[
        Step, typer.Argument(help="What to do; docs/how-to/found-a-coalition.md says in which order.")
    ],
    texts: Annotated[list[Path] | None, typer.Argument(help="Files with texts that others sent.")] = None,
    folder: Annotated[Path, typer.Option(help="Folder of the desk.")] = Path("~/tocsin-desk"),
    number: Annotated[int, typer.Option(min=1, help="card: this founder's number.")] = 1,
    organisation: Annotated[
        int | None,
        typer.Option(
            min=1, help="card, invite: the organisation's number; invite without one: a second device."
        ),
    ] = None,
    threshold: Annotated[int, typer.Option(help="found: how many founders sign a change.")] = 2,
    relay: Annotated[str, typer.Option(help="found: the relay's address.")] = "",
    code: Annotated[Path | None, typer.Option(help="found, accept: file with the lodging code.")] = None,
    exercise: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="found: an exercise whose date is this today."),
    ] = None,
    words: Annotated[
        Path | None,
        typer.Option(
            help="answer: file with the twelve words; invite: where to write them; passphrase, duress: file with it."
        ),
    ] = None,
    heard: Annotated[
        Path | None, typer.Option(help="File with the words as heard, those of one person a line.")
    ] = None,
    they_match: Annotated[
        bool, typer.Option("--they-match", help="All words were compared and match.")
    ] = False,
    second: Annotated[bool, typer.Option("--second", help="answer: a second device of one's own.")] = False,
    duty: Annotated[
        list[str] | None, typer.Option(help="answer: wished for; accept, duties: given. May be repeated.")
    ] = None,
    language: Annotated[list[str] | None, typer.Option(help="duties: spoken. May be repeated.")] = None,
    device: Annotated[int, typer.Option(help="duties, remove, lost, lift, share: which device.")] = 0,
    change: Annotated[str, typer.Option(help="approve: its id, as `changes` lists it.")] = "",
    request: Annotated[int, typer.Option(help="release, refuse: the record that asks.")] = 0,
    reason: Annotated[
        str, typer.Option(help="lost: bar it because it is lost, cloned or suspect; without one only look.")
    ] = "",
) -> None:
    """Found, join, sign, bar, release and travel by commands, for scripts."""
    os.umask(0o077)
    asked = _Asked(
        folder=folder.expanduser(),
        text="\n".join(path.read_text(encoding="utf-8") for path in texts or ()),
        passphrase=sys.stdin.readline().rstrip("\r\n"),
        heard=None if heard is None else heard.read_text(encoding="utf-8"),
        they_match=they_match,
        duties=tuple(duty or ()),
    )
    match step:
        case Step.CARD:
            _card(asked, number, organisation or 1)
        case Step.FOUND:
            _found(asked, threshold, relay, _line(code), exercise)
        case Step.SIGN:
            _sign(asked)
        case Step.INVITE:
            _invite(asked, organisation, words)
        case Step.ANSWER:
            _answer(asked, _line(words), is_second=second)
        case Step.ACCEPT:
            _accept(asked, _line(code))
        case Step.WORDS:
            _words(asked)
        case Step.STATUS:
            _status(asked)
        case _:
            about = keys_desk.About(
                device=device,
                change=change,
                request=request,
                reason=reason,
                duties=tuple(_duties(asked.duties)),
                languages=tuple(language or ()),
                secret=keys_desk.secret_in(words),
            )
            with _desk(asked) as desk:
                keys_desk.STEPS[step.value](desk, about, _say)


# before there is a desk ---


def _card(asked: _Asked, number: int, organisation: int) -> None:
    from tocsin.desk.start import cards

    with _start(asked, may_begin=True) as start:
        cards.make_own_card(start, number=number, organisation=organisation)
        _say(cards.card_text(cards.setup_of(start)))
        _tell(cards.own_card(cards.setup_of(start)).words)


def _found(asked: _Asked, threshold: int, relay: str, code: str, exercise: datetime | None) -> None:
    from tocsin.desk.start import cards, proposing

    with _start(asked) as start:
        _take(start, asked)
        setup = cards.setup_of(start)
        numbers = sorted(card.number for card in (cards.own_card(setup), *cards.other_cards(setup)))
        proposing.make_proposal(
            start,
            threshold=threshold,
            address=relay,
            code=code,
            duties={number: proposing.usual_duties(place) for place, number in enumerate(numbers)},
            exercise_date=None if exercise is None else exercise.date(),
        )
        _say(proposing.proposal_text(cards.setup_of(start)))


def _sign(asked: _Asked) -> None:
    from tocsin.desk.start import cards, proposing

    with _start(asked) as start:
        _take(start, asked)
        proposing.sign(start)
        _say(proposing.proposal_text(cards.setup_of(start)))


def _take(start: Start, asked: _Asked) -> Desk | None:
    """Take the texts of other founders, and note whose words were compared."""
    from tocsin.desk.start import cards, founding

    desk = founding.take_text(start, asked.text) if asked.text else None
    if desk is None:
        others = cards.other_cards(cards.setup_of(start))
        cards.confirm(start, _compared(asked, {card.number: card.words for card in others}))
    return desk


def _compared(asked: _Asked, said: dict[int, str]) -> dict[int, str | None]:
    """Match words as heard, a line each, with those that stand here; raises WordsDiffer for a line that is nobody's."""
    from tocsin.core.ledger import WordsDiffer, confirm_words

    if asked.they_match:
        return dict.fromkeys(said)
    found: dict[int, str | None] = {}
    for line in filter(str.strip, (asked.heard or "").splitlines()):
        whose = [number for number, words in said.items() if _is_same(confirm_words, line, words)]
        if not whose:
            raise WordsDiffer
        found[whose[0]] = line
    return found


def _is_same(compare: Callable[[str, str], None], heard: str, said: str) -> bool:
    from tocsin.core.ledger import WordsDiffer

    try:
        compare(heard, said)
    except WordsDiffer:
        return False
    return True


def _answer(asked: _Asked, words: str, *, is_second: bool) -> None:
    from tocsin.desk.start import joining

    with _start(asked, may_begin=True) as start:
        joining.answer(start, words=words, text=asked.text, wishes=_duties(asked.duties), is_second=is_second)
        _say(joining.answer_text(joining.setup_of(start)))
        _tell(joining.own_words(start))


# on both sides ---


def _accept(asked: _Asked, code: str) -> None:
    """Take what came: signatures, a founding record or an answer; without any, look whether the wait is over."""
    from tocsin.desk.start.state import Stage, stage_of

    if stage_of(asked.folder) is Stage.DESK:
        _let_in(asked)
        return
    with _start(asked) as start:
        desk = _go_on(start, asked, code)
        if desk is None:
            _tell("Nothing more to do here yet.")
            return
        with closing(desk):
            _sync(desk)
            _tell(f"This is the desk of device {desk.device}.")


def _go_on(start: Start, asked: _Asked, code: str) -> Desk | None:
    from tocsin.desk.start import cards, founding, joining, proposing
    from tocsin.desk.start.state import Founding

    if not isinstance(start.setup, Founding):
        return joining.look(start)
    desk = _take(start, asked)
    if desk is not None:
        return desk
    setup = cards.setup_of(start)
    if setup.record and not setup.code:
        return founding.accept_founding(start)
    if setup.code and not proposing.progress(start).n_missing:
        desk = founding.lodge_founding(start, code=code or None)
        _say(founding.founding_text(cards.setup_of(start)))
        return desk
    return founding.look(start)


def _let_in(asked: _Asked) -> None:
    from tocsin.desk.ledger import inviting
    from tocsin.desk.start.errors import NotCompared

    with _desk(asked) as desk:
        invited = inviting.receive(desk, asked.text)
        said = inviting.words_of(desk, invited)
        if not asked.they_match and asked.heard is None:
            _tell(said)
            raise NotCompared
        heard = None if asked.they_match else asked.heard
        inviting.let_in(desk, invited.id, heard=heard, duties=_duties(asked.duties))
        _sync(desk)
        _tell("Founders are asked to sign.")


def _invite(asked: _Asked, organisation: int | None, words: Path | None) -> None:
    from tocsin.desk.ledger import inviting

    with _desk(asked) as desk:
        made = inviting.invite(desk, organisation=organisation)
        twelve = " ".join(made.invitation.code.words)
        _say(inviting.offer_text(made))
        if words is None:
            _tell(twelve)
        else:
            words.write_text(twelve + "\n", encoding="ascii")


# looking ---


def _words(asked: _Asked) -> None:
    from tocsin.desk.ledger import inviting
    from tocsin.desk.start import cards, joining
    from tocsin.desk.start.state import Founding, Stage, stage_of

    if stage_of(asked.folder) is Stage.DESK:
        with _desk(asked) as desk:
            for each in inviting.invitations(desk):
                if each.answer:
                    _say(inviting.words_of(desk, each))
        return
    with _start(asked) as start:
        if not isinstance(start.setup, Founding):
            _say(joining.own_words(start))
            return
        for card in (cards.own_card(start.setup), *cards.other_cards(start.setup)):
            compared = card.to_bytes() == start.setup.card or cards.is_confirmed(start.setup, card)
            _say(f"{card.number} {card.words}{'' if compared else ' (not compared)'}")


def _status(asked: _Asked) -> None:
    from tocsin.desk.start import proposing
    from tocsin.desk.start.state import Founding, Stage, stage_of

    stage = stage_of(asked.folder)
    if stage is Stage.EMPTY:
        _say("empty")
        return
    if stage is Stage.DESK:
        with _desk(asked) as desk:
            let_in = "reads what all read" if "watch" in desk.keyring.compartments else "not let in yet"
            _say(f"desk: device {desk.device}, {desk.world.size} records, {let_in}")
        return
    with _start(asked) as start:
        if not isinstance(start.setup, Founding):
            _say("joining: waits for the founders" if start.setup else "keys only")
        elif not start.setup.proposal:
            _say(f"founding: {len(start.setup.others) + 1} cards")
        else:
            so_far = proposing.progress(start)
            _say(f"founding: {len(so_far.signed)} of {so_far.n_needed} signatures")


# helpers of all steps ---


@contextmanager
def _start(asked: _Asked, *, may_begin: bool = False) -> Iterator[Start]:
    from tocsin.desk.start.passphrase import check_passphrase
    from tocsin.desk.start.state import Stage, Start, stage_of

    if may_begin and stage_of(asked.folder) is Stage.EMPTY:
        check_passphrase(asked.passphrase, asked.passphrase)
        start = Start.create(asked.folder, asked.passphrase)
    else:
        start = Start.open(asked.folder, asked.passphrase)
    with closing(start):
        yield start


@contextmanager
def _desk(asked: _Asked) -> Iterator[Desk]:
    from tocsin.desk.desk import Desk

    with closing(Desk.open(asked.folder, asked.passphrase)) as desk:
        yield desk


def _sync(desk: Desk) -> None:
    from tocsin.desk.sync import sync

    sync(desk)


def _duties(names: Iterable[str]) -> list[Duty]:
    from tocsin.core.ledger import Duty

    try:
        return [Duty(name) for name in names]
    except ValueError:
        raise typer.BadParameter("there is no such duty", param_hint="--duty") from None


def _line(path: Path | None) -> str:
    return "" if path is None else path.read_text(encoding="utf-8").strip()


def _say(text: str) -> None:
    typer.echo(text.rstrip("\n"))


def _tell(text: str) -> None:
    typer.echo(text, err=True)
