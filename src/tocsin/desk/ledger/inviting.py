"""Invite somebody: twelve words by hand, an offer by any channel, their answer back, eight words by voice; founders sign.

What was invited and not let in yet is kept sealed beside the keyring: until an answer came the code is in it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from tocsin.core.ledger import (
    Answer,
    Block,
    DamagedMessage,
    Duty,
    Invitation,
    Sort,
    WrongCode,
    confirm_words,
    joining_words,
    read_blocks,
    take_answer,
    write_blocks,
)
from tocsin.core.ledger import invite as make_invitation
from tocsin.core.ledger.joining import CODE_DAYS
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere
from tocsin.desk.ledger import changes
from tocsin.desk.sealed_file import SealedFile
from tocsin.terms import Day

NAME = "invitations.sealed"
MOST = 40
"""Open at a time: more than a coalition lets in during a week."""


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """One invitation of this desk, until founders were asked to sign."""

    id: str
    made_on: Day
    invitation: Invitation
    organisation: int
    is_second: bool
    """A second device of the person at this desk."""
    answer: bytes = b""

    def __repr__(self) -> str:
        return "Invited(...)"

    @property
    def last_day(self) -> Day:
        """The last day on which an answer is taken."""
        return Day(self.made_on + CODE_DAYS)


def invitations(desk: Desk) -> list[Invited]:
    """List what is open, oldest first; unanswered ones go when their seven days are over.

    Raises
    ------
    DamagedNotes
    """
    kept = _file(desk).read_as(list[Invited]) or []
    return [each for each in kept if each.answer or desk.today <= each.last_day]


def _file(desk: Desk) -> SealedFile:
    return SealedFile(desk.folder, NAME, desk.keyring)


def _keep(desk: Desk, kept: Iterable[Invited]) -> None:
    _file(desk).write(msgspec.msgpack.encode(sorted(kept, key=lambda each: each.made_on)))


def find(desk: Desk, id_: str) -> Invited:
    """Look one up.

    Raises
    ------
    NotHere
        None is open under this id.
    """
    for each in invitations(desk):
        if each.id == id_:
            return each
    raise NotHere


def invite(desk: Desk, *, organisation: int | None = None) -> Invited:
    """Invite somebody of an organisation, or (None) the person at this desk with a second device.

    Raises
    ------
    NotHere
        So many are open already; take some back.
    """
    kept, world = invitations(desk), desk.world
    if len(kept) >= MOST:
        raise NotHere
    roll = world.history.now.roll
    made = Invited(
        id=secrets.token_hex(8),
        made_on=desk.today,
        invitation=make_invitation(
            desk.replica.record(0),
            roll.relays[0],
            firm=(world.firm, world.tree.root(world.firm) if world.firm else bytes(32)),
            today=desk.today,
            fresh=secrets.token_bytes,
        ),
        organisation=roll.device(desk.device).organisation if organisation is None else organisation,
        is_second=organisation is None,
    )
    _keep(desk, [*kept, made])
    return made


def offer_text(invited: Invited) -> str:
    """Write the offer, to be sent by any channel."""
    return write_blocks([Block(Sort.OFFER, invited.invitation.offer)])


def take_back(desk: Desk, id_: str) -> None:
    """Take an invitation back: no answer to it is taken any more."""
    find(desk, id_)
    _keep(desk, [each for each in invitations(desk) if each.id != id_])


def receive(desk: Desk, text: str) -> Invited:
    """Take an answer, which uses its invitation up; the same one may come again.

    Raises
    ------
    DamagedMessage, UnknownKind
        It is none, or was not copied whole.
    WrongCode
        To no invitation that is open here, or changed on its way.
    CodeUsed, CodeExpired
        Another one came before, or it comes too late.
    """
    data = _answer_in(text)
    for each in invitations(desk):
        # An answer begins with its version and the hash of the offer that it answers.
        if data[1:33] == hashlib.sha256(each.invitation.offer).digest():
            invitation, _ = take_answer(each.invitation, data, today=desk.today)
            taken = replace(each, invitation=invitation, answer=data)
            _keep(desk, [taken if other.id == each.id else other for other in invitations(desk)])
            return taken
    raise WrongCode


def _answer_in(text: str) -> bytes:
    answers = [block.content for block in read_blocks(text) if block.sort is Sort.ANSWER]
    if len(answers) != 1:
        raise DamagedMessage("it holds no answer, or several")
    return answers[0]


def answer_of(desk: Desk, invited: Invited) -> Answer:
    """Read the answer that was taken.

    Raises
    ------
    NotHere
        None came yet.
    """
    if not invited.answer:
        raise NotHere
    return take_answer(invited.invitation, invited.answer, today=desk.today)[1]


def words_of(desk: Desk, invited: Invited) -> str:
    """Spell the eight words that both sides read aloud."""
    return joining_words(desk.world.coalition, answer_of(desk, invited).signing_key)


def let_in(
    desk: Desk, id_: str, *, heard: str | None, duties: Iterable[Duty], languages: Iterable[str] = ()
) -> bytes:
    """Ask the founders to sign the newcomer in, once the words were compared; give the change's id.

    Parameters
    ----------
    heard
        The words as the newcomer read them; None if they were looked at and found the same.

    Raises
    ------
    WordsDiffer
        They are others; nothing is proposed.
    NoKey
        This desk has not read the duties yet.
    """
    invited = find(desk, id_)
    answer = answer_of(desk, invited)
    if heard is not None:
        confirm_words(heard, words_of(desk, invited))
    change = changes.propose_device(
        desk,
        organisation=invited.organisation,
        key=answer.signing_key,
        duties=duties,
        languages=languages,
    )
    _keep(desk, [each for each in invitations(desk) if each.id != id_])
    return change
