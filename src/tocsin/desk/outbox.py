"""What was said and has not left: sealed drafts first, then finished records, kept until the relay has them.

A draft is sealed under its compartment's key, so that it dies with that key. It is numbered, sealed and signed when it
leaves, under the keys and the roll of that moment; what is finished is saved before it is sent, and the same bytes are
sent again until they were read back from the relay.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

import msgspec

from tocsin.core.ledger import (
    Batch,
    Draft,
    EpochOpened,
    GrantsMade,
    Member,
    Moment,
    NoKey,
    Outgoing,
    Record,
    Tip,
    World,
)
from tocsin.core.seal import Keyring, body_size_for, open_body, seal_body, tag_and_key
from tocsin.core.seal import Tip as KeyringTip
from tocsin.desk.replica import Replica

_MARK = b"draft"
_LEAD = len(_MARK) + 16


def seal_draft(keyring: Keyring, world: World, draft: Draft) -> bytes:
    """Seal a draft for the disk.

    Raises
    ------
    NoKey
        This desk holds no key of its compartment.
    """
    epochs = keyring.compartments.get(draft.compartment)
    if not epochs:
        raise NoKey
    known = world.compartments.get(draft.compartment)
    current = known.current() if known else None
    key = epochs.get(current.id) if current else None
    plain = msgspec.msgpack.encode(draft)
    lead = _MARK + secrets.token_bytes(16)
    tag, body = seal_body(key or next(reversed(epochs.values())), lead, plain, size=body_size_for(len(plain)))
    return lead + tag + body


def open_draft(keyring: Keyring, sealed: bytes) -> Draft | None:
    """Open a sealed draft; None once its compartment's keys were erased: it died with them."""
    lead, tag, body = sealed[:_LEAD], sealed[_LEAD : _LEAD + 32], sealed[_LEAD + 32 :]
    for epochs in keyring.compartments.values():
        for key in epochs.values():
            expected, once = tag_and_key(key, lead)
            if expected == tag:
                return msgspec.msgpack.decode(open_body(once, lead, tag, body), type=Draft)
    return None


def finish_drafts(
    member: Member,
    replica: Replica,
    moment: Moment,
    sealed_drafts: Sequence[tuple[int, bytes]],
    *,
    save: Callable[[], None],
) -> Outgoing | None:
    """Turn drafts, given with their positions, into finished records; None if none of them can leave.

    `save` saves the keyring, before the records are kept: a new epoch's key must not be lost, and the keyring's tip
    tells a restored backup by the records that it does not know of.
    """
    batch = member.batch(moment)
    settled = []
    for position, sealed in sealed_drafts:
        draft = open_draft(member.keyring, sealed)
        if draft is None or _write_if_possible(member, batch, draft):
            settled.append(position)
    if not settled:
        return None
    outgoing = batch.outgoing
    remember_tip(member.keyring, outgoing.records)
    save()
    with replica.transaction():
        replica.add_leaving(outgoing)
        replica.drop_drafts(settled)
    return outgoing


def remember_tip(keyring: Keyring, finished: Sequence[Record]) -> None:
    """Note in the keyring how far this device's chain has come."""
    if finished:
        keyring.tip = KeyringTip(*tip_after(finished[-1]))


def tip_after(record: Record) -> Tip:
    """Say where an author's chain stands after a record of theirs."""
    return Tip(record.header.chain + 1, record.hash)


def _write_if_possible(member: Member, batch: Batch, draft: Draft) -> bool:
    """Write a draft, or let it die with a compartment that was shut or handed over; False if it must wait.

    It waits while its compartment's opening record was not read yet.
    """
    known = member.world.compartments.get(draft.compartment)
    current = known.current() if known else None
    is_over = known and (known.is_shut or current is None or member.device not in current.members)
    if is_over and not member.pending.is_opening(draft.compartment):
        return True
    try:
        batch.write(draft)
    except NoKey:
        return False
    return True


def make_again(member: Member, records: list[Record], moment: Moment) -> Outgoing:
    """Seal refused records again under the roll and keys as they are now.

    New compartments are opened anew; rotations are left out, since writing rotates again where it still must.
    """
    said = []
    for record in records:
        try:
            said.append(member.world.peek(record))
        except NoKey:
            continue
    # Epochs that the refused records would have opened are void, and so are their keys.
    member.pending.take_back(records[0].header.chain)
    batch = member.batch(moment)
    for envelope, content in said:
        if isinstance(content, EpochOpened):
            known = member.world.compartments.get(envelope.compartment)
            if content.parent is None and (known is None or known.current() is None):
                batch.open_epoch(envelope.compartment, (*content.grantees, member.device), parent=None)
            continue
        fields = (envelope.compartment, envelope.kind, envelope.schema, envelope.at, envelope.id)
        draft = Draft(*fields, envelope.based_on, envelope.content)
        if isinstance(content, GrantsMade):
            batch.write(draft)
        else:
            _write_if_possible(member, batch, draft)
    return batch.outgoing
