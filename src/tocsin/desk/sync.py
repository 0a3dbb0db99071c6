"""Sync: send what is finished, fetch what is new, check it, obey it, vouch for it, and send what was said meanwhile.

Each step stands alone and may be cut off anywhere: what was fetched is saved with the mark that it was checked, what is
sent is saved before it leaves, and the relay takes the same bytes twice as once.
"""

from __future__ import annotations

from functools import partial

from tocsin.core.ledger import (
    Cosignature,
    Duty,
    Head,
    Member,
    Moment,
    NotOnRoll,
    Outgoing,
    PublishedKey,
    acknowledgements,
    cases_to_release,
    release_share,
    verify_cosignature,
    verify_head,
    verify_published_key,
)
from tocsin.core.seal import BadSignature
from tocsin.desk.desk import Desk
from tocsin.desk.errors import ClonedDevice, RelayMisled, RelayRefused, WrongClock
from tocsin.desk.outbox import make_again
from tocsin.desk.replica import FOLDER_DAYS
from tocsin.desk.wire import Wire

KEYS_BACK_DAYS = 28


def sync(desk: Desk) -> None:
    """Bring a desk and the relay together.

    Raises
    ------
    RelayAway
        Not reached: everything said here is kept.
    RelayMisled
        It showed a forged, shortened or reordered ledger: nothing of it was kept.
    ClonedDevice, WrongClock, RelayRefused
        What this device must do first.
    ForkSeen
        Two versions of the ledger are about.
    """
    with desk.lock, desk.wire() as wire:
        _fetch(desk, wire)
        _publish(desk, wire)
        _serve_custody(desk)
        if _send(desk, wire):
            _fetch(desk, wire)
            if _send(desk, wire):
                # News about what was given up leaves with the first sending; what it brings is read next time.
                _fetch(desk, wire)
        wire.post_cosignature(desk.member.cosign())
        _take_head(desk, wire)


def _fetch(desk: Desk, wire: Wire) -> None:
    head, signature, cosignatures = wire.head()
    _check_head(desk, head, signature)
    _fetch_keys(desk, wire)
    _fetch_folders(desk, wire)
    for page in wire.records_since(desk.world.size):
        try:
            desk.take(page)
        except BadSignature as trouble:
            raise RelayMisled("showed a record that its author did not sign") from trouble
    if desk.world.size < head.size or desk.world.tree.root(head.size) != head.root:
        raise RelayMisled("signed a head that does not fit the records it sent")
    _keep_cosignatures(desk, cosignatures)
    desk.confirm_grants()
    desk.give_up()


def _check_head(desk: Desk, head: Head, signature: bytes) -> None:
    world = desk.world
    try:
        verify_head(world.history.now.roll.relays[0].key, world.coalition, head, signature)
    except BadSignature as trouble:
        raise RelayMisled("signed its head with another key") from trouble
    if head.size < world.size:
        raise RelayMisled("has forgotten records that this desk has")


def _take_head(desk: Desk, wire: Wire) -> None:
    head, signature, cosignatures = wire.head()
    _check_head(desk, head, signature)
    _keep_cosignatures(desk, cosignatures)


def _keep_cosignatures(desk: Desk, cosignatures: list[Cosignature]) -> None:
    good = []
    roll = desk.world.history.now.roll
    for word in cosignatures:
        try:
            verify_cosignature(roll.device(word.device).key, desk.world.coalition, word)
        except NotOnRoll:
            continue
        except BadSignature as trouble:
            raise RelayMisled("showed a co-signature that its device did not make") from trouble
        good.append(word)
    with desk.replica.transaction():
        desk.replica.add_cosignatures(good)
    desk.world.take_cosignatures(good)


def _fetch_keys(desk: Desk, wire: Wire) -> None:
    known = {key.slot for key in desk.replica.published()}
    new: list[PublishedKey] = []
    for key in wire.keys_since(desk.today - KEYS_BACK_DAYS):
        if key.slot in known:
            continue
        try:
            verify_published_key(key, desk.world.history.now.roll, desk.world.coalition)
        except NotOnRoll:
            continue
        except BadSignature as trouble:
            raise RelayMisled("showed a key that its device did not publish") from trouble
        new.append(key)
    with desk.replica.transaction():
        desk.replica.add_published(new)


def _fetch_folders(desk: Desk, wire: Wire) -> None:
    """Fetch the folders that may have changed, whole: which grants are for this desk, the relay does not learn."""
    today = desk.today
    last = desk.replica.last_folder(today - FOLDER_DAYS)
    new: list[bytes] = []
    for day in range(max(last, today - FOLDER_DAYS), today + 1):
        files = wire.grants_of(day)
        with desk.replica.transaction():
            new += desk.replica.add_grants(day, files)
    entry = desk.world.history.now.roll.device(desk.device)
    if entry.may_take_duty or entry.keeper:
        for day in range(max(last, today - FOLDER_DAYS), today + 1):
            files = wire.submissions_of(day)
            with desk.replica.transaction():
                desk.replica.add_submissions(day, files)
    with desk.replica.transaction():
        desk.replica.set_last_folder(today)
        desk.replica.drop_folders(today=today)
    desk.take_grants(new)


def _publish(desk: Desk, wire: Wire) -> None:
    """Publish the keys of the coming weeks and days; their seeds are saved before anybody can seal to them."""
    entry = desk.world.history.now.roll.device(desk.device)
    duties = desk.world.history.now.duties.get(desk.device, frozenset())
    desk.erase_old_keys()
    keys = desk.member.publish(day=desk.today, takes_duty=entry.may_take_duty and Duty.INTAKE in duties)
    if keys:
        desk.keyfile.save()
        with desk.replica.transaction():
            desk.replica.add_published(keys)
    unsent = [key for key in desk.replica.published() if key.device == desk.device]
    sent = {key.slot for key in wire.keys_since(desk.today - KEYS_BACK_DAYS)}
    wire.post_keys([key for key in unsent if key.slot not in sent and key.roll_version])


def _serve_custody(desk: Desk) -> None:
    """A custodian acknowledges the shares it keeps and releases those that were asked for a day ago."""
    if Duty.CUSTODIAN not in desk.world.history.now.duties.get(desk.device, frozenset()):
        return
    for content in acknowledgements(desk.member):
        if not desk.is_waiting(content):
            desk.append(content, to="watch")
    for case in cases_to_release(desk.member, today=desk.today):
        desk.do(partial(_release, case))


def _release(case: str, member: Member, moment: Moment) -> Outgoing:
    return release_share(member, case, moment)


def _send(desk: Desk, wire: Wire) -> bool:
    """Send what is finished, then finish and send drafts; say whether anything left."""
    sent = _send_finished(desk, wire)
    while desk.finish_drafts():
        sent = _send_finished(desk, wire) or sent
    return sent


def _send_finished(desk: Desk, wire: Wire) -> bool:
    leaving = desk.replica.leaving()
    if not leaving.records and not leaving.grants:
        return False
    try:
        wire.post_grants(leaving.grants)
        wire.post_records(leaving.records)
    except RelayRefused as refusal:
        if refusal.refusal == "relay.chain-taken":
            raise ClonedDevice from refusal
        if refusal.refusal == "relay.clock":
            raise WrongClock(n_days=0) from refusal
        if refusal.refusal != "relay.roll":
            raise
        return _send_again(desk, wire)
    desk.mark_sent(leaving.records)
    return True


def _send_again(desk: Desk, wire: Wire) -> bool:
    """The roll changed on the way: take it in, then seal what was refused again under it."""
    refused = desk.replica.leaving()
    _fetch(desk, wire)
    outgoing = make_again(desk.member, refused.records, desk.moment(replacing_what_waits=True))
    desk.keyfile.save()
    with desk.replica.transaction():
        desk.replica.clear_leaving()
        desk.replica.add_leaving(outgoing)
    wire.post_grants(outgoing.grants)
    wire.post_records(outgoing.records)
    desk.mark_sent(outgoing.records)
    return True
