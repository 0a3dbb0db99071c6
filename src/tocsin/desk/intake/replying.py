"""Write into mailboxes: a reply is said in the ledger first, with its sealed posting, and posted at the next sync."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence

from tocsin.core.intake import (
    Asking,
    Mailbox,
    Message,
    PocketIssued,
    Replied,
    Submission,
    TooLong,
    in_parts,
    message_id,
    write_reply,
)
from tocsin.core.protect import Identity
from tocsin.core.seal.mailbox import N_PLACES
from tocsin.desk.desk import Desk, Version
from tocsin.desk.errors import NoMailbox, RelayRefused
from tocsin.desk.intake.opening import openable, reread
from tocsin.desk.site.waiting import waiting_words
from tocsin.desk.wire import Wire
from tocsin.errors import IntakeError
from tocsin.terms import Day

POSTED_AGAIN_DAYS = 3
"""After a start, what was said in the last days is posted again: the relay takes the same twice as once."""
PLACE_TAKEN = "relay.place"


def code_of(locator: bytes) -> str:
    """Name a mailbox among ourselves: says nothing to who does not know the locator."""
    return hashlib.sha256(b"tocsin/1 mailbox code\n" + locator).hexdigest()[:16]


def mailbox_of(said: Submission | Identity) -> Mailbox:
    """Say where replies to a submission, or to the person of a case, go.

    Raises
    ------
    NoMailbox
        They have no receipt.
    """
    if not said.reply or not said.thread:
        raise NoMailbox
    return Mailbox(said.locator, said.write_token, said.answer_key, said.reply)


def replies(desk: Desk, locator: bytes) -> list[Replied]:
    """List what was written into a mailbox, oldest first, as far as this desk can read it."""
    return [said for _, said in _all_replies(desk) if said.to == code_of(locator)]


def _all_replies(desk: Desk) -> list[tuple[bytes, Replied]]:
    sent = [(version.entry.draft, version.content) for version in desk.versions(Replied)]
    return sent + [(id_, said) for id_, said in waiting_words(desk) if isinstance(said, Replied)]


def reply(
    desk: Desk,
    mailboxes: Sequence[Mailbox],
    *,
    to: str,
    asking: Asking = Asking.REPLY,
    text: str = "",
    language: str | None = None,
    phrases: Sequence[str] = (),
    until: Day | None = None,
    content: dict[str, object] | None = None,
) -> str:
    """Write a message into the first free places of somebody's mailboxes; give its id. It leaves with the next sync.

    Parameters
    ----------
    mailboxes : sequence of Mailbox
        One for each sending that may be answered, in their order.
    to : str
        The compartment in which it is noted: `intake/<week>`, the case's, the pocket's.

    Raises
    ------
    TooLong, NoMailbox
        It does not fit, or nothing more does.
    """
    message = Message(
        id=message_id(secrets.token_bytes(16)),
        kind=asking,
        day=desk.today,
        until=until,
        text=text,
        language=language,
        phrases=tuple(phrases),
        content=dict(content or {}),
    )
    parts, free = in_parts(message), list(_free_places(desk, mailboxes))
    if len(parts) > len(free):
        raise NoMailbox
    said = [_said(desk, part, mailbox, place) for part, (mailbox, place) in zip(parts, free, strict=False)]
    desk.append_all(said, to=to)
    return message.id


def _said(desk: Desk, message: Message, mailbox: Mailbox, place: int) -> Replied:
    return Replied(
        to=code_of(mailbox.locator),
        message=message.id,
        asking=message.kind,
        phrases=message.phrases,
        text=message.text,
        place=place,
        day=desk.today,
        posting=write_reply(message, mailbox, place=place).to_bytes(),
    )


def _free_places(desk: Desk, mailboxes: Sequence[Mailbox]) -> Iterator[tuple[Mailbox, int]]:
    used = {(said.to, said.place) for _, said in _all_replies(desk)}
    for mailbox in mailboxes:
        for place in range(N_PLACES):
            if (code_of(mailbox.locator), place) not in used:
                yield mailbox, place


def post_replies(desk: Desk, wire: Wire) -> None:
    """Post what this desk wrote and the relay may not have; every sync asks for it."""
    mine = [version for version in desk.versions(Replied) if version.entry.device == desk.device]
    fresh = [version for version in mine if version.content.day >= desk.today - POSTED_AGAIN_DAYS]
    for version in fresh:
        if version.entry.draft not in desk.replies_posted:
            _post(desk, wire, version)
            desk.replies_posted.add(version.entry.draft)


def _post(desk: Desk, wire: Wire, version: Version[Replied]) -> None:
    try:
        wire.post_reply(version.content.posting)
    except RelayRefused as refusal:
        if refusal.refusal != PLACE_TAKEN:
            raise
        _move_on(desk, version)


def _move_on(desk: Desk, version: Version[Replied]) -> None:
    """Put a reply whose place somebody else filled into the next one; a colleague replied at the same time."""
    said = version.content
    mailbox = next((each for each in _mailboxes(desk) if code_of(each.locator) == said.to), None)
    if mailbox is None:
        return  # Its submission became a colleague's case meanwhile; they see on their page what was said.
    free = next((place for each, place in _free_places(desk, [mailbox])), None)
    if free is None:
        return
    message = Message(
        id=said.message, kind=Asking(said.asking), day=said.day, text=said.text, phrases=said.phrases
    )
    again = _said(desk, message, mailbox, free)
    desk.append(again, to=version.entry.compartment, based_on=version.entry.draft)


def _mailboxes(desk: Desk) -> Iterator[Mailbox]:
    for identity in desk.contents(Identity):
        if identity.reply:
            yield mailbox_of(identity)
    for pocket in desk.contents(PocketIssued):
        yield from mailboxes_of(pocket)
    for sealed in openable(desk):
        try:
            submission = reread(desk, sealed.digest)
        except IntakeError:
            continue  # It cannot be read, so nobody replied to it.
        if submission.reply:
            yield mailbox_of(submission)


def mailboxes_of(pocket: PocketIssued) -> list[Mailbox]:
    """Say where messages to a pocket go."""
    return [Mailbox(*secrets_of, pocket.reply) for secrets_of in pocket.mailboxes]


__all__ = ["TooLong", "code_of", "mailbox_of", "mailboxes_of", "post_replies", "replies", "reply"]
