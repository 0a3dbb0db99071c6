"""What was said on this desk and has not reached the relay yet."""

from __future__ import annotations

from tocsin.core.ledger import Content, Draft, Envelope, Record
from tocsin.desk.desk import Desk
from tocsin.desk.kinds import ALL_KINDS
from tocsin.desk.outbox import open_draft
from tocsin.errors import LedgerError


def waiting_contents(desk: Desk) -> list[Content]:
    """List what waits to leave: drafts, then records that are finished and not sent."""
    return [content for _, content in waiting_words(desk)]


def waiting_words(desk: Desk) -> list[tuple[bytes, Content]]:
    """List what waits to leave, each with the id that later versions are based on."""
    with desk.lock:
        drafts = [open_draft(desk.keyring, sealed) for _, sealed in desk.replica.drafts()]
        finished = [_peek(desk, record) for record in desk.replica.leaving().records]
    said = [(draft.id, _read(draft)) for draft in drafts if draft is not None]
    return [*said, *(words for words in finished if words is not None)]


def _read(draft: Draft) -> Content:
    fields = (draft.compartment, b"", draft.id, draft.based_on, draft.content)
    return ALL_KINDS.read(Envelope(draft.kind, draft.schema, draft.at, *fields))


def _peek(desk: Desk, record: Record) -> tuple[bytes, Content] | None:
    try:
        envelope, content = desk.world.peek(record)
    except LedgerError:
        # A roll change has a clear body, and the key of a closed case may be gone: neither is for a page.
        return None
    return envelope.id, content
