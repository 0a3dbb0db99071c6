"""What was said on this desk and has not reached the relay yet."""

from __future__ import annotations

from tocsin.core.ledger import Content, Draft, Envelope, Record, UnknownKind
from tocsin.desk.desk import Desk
from tocsin.desk.kinds import ALL_KINDS
from tocsin.desk.outbox import open_draft
from tocsin.errors import LedgerError


def waiting_contents(desk: Desk) -> list[Content]:
    """List what waits to leave: drafts, then records that are finished and not sent."""
    return [content for _, content in waiting_words(desk)]


def waiting_words(desk: Desk) -> list[tuple[bytes, Content]]:
    """List what waits to leave, each with the id that later versions are based on."""
    return [(id_, content) for id_, content in _words(desk) if not desk.hides(content)]


def _words(desk: Desk) -> list[tuple[bytes, Content]]:
    with desk.lock:
        drafts = [open_draft(desk.keyring, sealed) for _, sealed in desk.replica.drafts()]
        finished = [_peek(desk, record) for record in desk.replica.leaving().records]
    said = [_read(draft) for draft in drafts if draft is not None]
    return [words for words in (*said, *finished) if words is not None]


def n_waiting(desk: Desk) -> int:
    """How many things said here have not reached the relay, as far as this desk's pages tell."""
    with desk.lock:
        n_hidden = sum(desk.hides(content) for _, content in _words(desk))
        return desk.n_waiting - n_hidden


def n_leaving(desk: Desk) -> int:
    """How many of these leave at the next sync; the others wait for a fixed hour."""
    with desk.lock:
        if not desk.keyring.is_quiet:
            return desk.n_leaving
        drafts = [open_draft(desk.keyring, sealed) for _, sealed in desk.replica.drafts()]
        finished = [_peek(desk, record) for record in desk.replica.leaving().records]
        shown = [draft for draft in drafts if draft is not None and not _is_hidden(desk, _read(draft))]
        return desk.leave_of(shown) + sum(not _is_hidden(desk, words) for words in finished)


def _is_hidden(desk: Desk, words: tuple[bytes, Content] | None) -> bool:
    return words is not None and desk.hides(words[1])


def _read(draft: Draft) -> tuple[bytes, Content] | None:
    fields = (draft.compartment, b"", draft.id, draft.based_on, draft.content)
    try:
        return draft.id, ALL_KINDS.read(Envelope(draft.kind, draft.schema, draft.at, *fields))
    except UnknownKind:
        # A newer program said it here; it leaves as it is, and this one cannot show it.
        return None


def _peek(desk: Desk, record: Record) -> tuple[bytes, Content] | None:
    try:
        envelope, content = desk.world.peek(record)
    except LedgerError:
        # A roll change has a clear body, and the key of a closed case may be gone: neither is for a page.
        return None
    return envelope.id, content
