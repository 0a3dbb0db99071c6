"""Sync: fetch what is new, check it, obey it, publish this desk's keys, send what was said here, and vouch for it all.

Each step stands alone and may be cut off anywhere: what was fetched is saved with the mark that it was checked, what is
sent is saved before it leaves, and the relay takes the same bytes twice as once.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

from tocsin.core.ledger import (
    WATCH,
    BadProof,
    Barred,
    Beside,
    ChangeLapsed,
    Content,
    Cosignature,
    DamagedRecord,
    Duty,
    Head,
    NotOnRoll,
    PublishedKey,
    PublishedSlot,
    Record,
    acknowledgements,
    end_travel,
    is_back,
    is_over,
    travel_acknowledgements,
    verify_consistency,
    verify_cosignature,
    verify_published_key,
)
from tocsin.core.seal import BadSignature
from tocsin.desk.activate.night import meet_answered
from tocsin.desk.beginning import admit_who_belongs, check_offered_ledger, forget_joining, open_to_all
from tocsin.desk.budget import Portion
from tocsin.desk.desk import Desk
from tocsin.desk.errors import BudgetUsed, ClonedDevice, RelayFilling, RelayMisled, RelayRefused, WrongClock
from tocsin.desk.intake.actions import note_pockets
from tocsin.desk.intake.opening import forget_drained
from tocsin.desk.intake.page_texts import post_texts
from tocsin.desk.intake.replying import post_replies
from tocsin.desk.keeping import give_beside, keep_beside
from tocsin.desk.ledger.changes import post_signed
from tocsin.desk.ledger.exposure import say_exposure
from tocsin.desk.refilling import check_signed, fill_up, rejoin
from tocsin.desk.removal import check_place, say_if_removed
from tocsin.desk.replica import FOLDER_DAYS
from tocsin.desk.sentry.choices import keep_to_sentries
from tocsin.desk.wire import RECORDS_A_PAGE, Wire
from tocsin.terms import Day

KEYS_BACK_DAYS = 28
STRANGER = "relay.unknown"
"""What the relay answers whoever is not on the roll, or not any more."""
DURESS = "duress"
"""Why a desk bars itself when its duress passphrase was given."""
CLOCK_DAYS = 2
"""What the relay allows between its day and a record's."""
SEAL_AGAIN = ("relay.roll", "relay.clock", "ledger.roll")
"""Refusals of records that waited: the roll changed meanwhile, another change of it came first, or they are days old."""
SEALED_AGAIN_AT_MOST = 3


def sync(desk: Desk, *, everything: bool = False) -> None:
    """Bring a desk and the relay together; `everything` that waits is sent, also what would wait for a fixed hour.

    Raises
    ------
    RelayAway
        Not reached: everything said here is kept.
    RelayMisled
        It showed a forged, shortened or reordered ledger: nothing of it was kept.
    ClonedDevice, Removed, WrongClock, RelayRefused
        What this device must do first.
    ForkSeen
        Two versions of the ledger are about.
    BudgetUsed
        What may be fetched today is; what leaves now was sent all the same.
    """
    while not sync_portion(desk, everything=everything):
        continue


def sync_portion(desk: Desk, *, everything: bool = False) -> bool:
    """Sync for a while and give way, for whoever waits for the desk; say whether all is done. Raises what `sync` raises."""
    with desk.lock:
        wire = desk.wire()
        portion = Portion(desk, wire)
        if desk.keyring.is_quiet:
            # Before anything else: a long reading, or a budget used up, must not hold it back.
            _ask_for_removal(desk)
        try:
            portion.check()
            return _sync(desk, wire, portion, everything=everything)
        except BudgetUsed:
            _send_ahead(desk, wire)
            raise
        finally:
            portion.note()


def _sync(desk: Desk, wire: Wire, portion: Portion, *, everything: bool) -> bool:
    overview = _ask_overview(desk, wire)
    if overview.filling:
        _fill(desk, wire, portion, overview)
        raise RelayFilling
    if desk.move is not None:
        rejoin(desk, wire, check_signed(desk, desk.relay.key, overview.head, overview.signature))
    head, cosignatures = _check_head(desk, overview.head, overview.signature), overview.words
    _fetch_new_keys(desk, wire, portion, overview)
    _fetch_folders(desk, wire, portion, overview)
    if not _read(desk, wire, portion, head, cosignatures):
        return False
    if desk.move is not None:
        raise RelayMisled("is open, and the ledger it shows does not name it")
    # Again, if keys were there of devices that only what was just read has put on the roll.
    on_relay = _fetch_new_keys(desk, wire, portion, overview)
    if desk.is_cloned:
        raise ClonedDevice
    check_place(desk, desk.world.history.now.roll)
    if not desk.keyring.is_quiet:
        _do_its_part(desk, wire, on_relay)
    _send(desk, wire, everything=everything)
    if not desk.keyring.is_quiet:
        # What was just opened to all says who has which duty, and so who belongs where.
        admit_who_belongs(desk)
        _send(desk, wire, everything=everything)
        # What was said and read back: a reply that never got its number must not be in a mailbox.
        post_texts(desk, wire)
        post_replies(desk, wire)
    _vouch(desk, wire, cosignatures)
    keep_beside(desk, wire, overview, left=portion.bytes_left)
    return True


def _ask_overview(desk: Desk, wire: Wire) -> Beside:
    try:
        return wire.beside(desk.today - KEYS_BACK_DAYS)
    except RelayRefused as refusal:
        if refusal.refusal == STRANGER:
            say_if_removed(desk, wire)
        raise


def _fill(desk: Desk, wire: Wire, portion: Portion, overview: Beside) -> None:
    """Give a relay that is being filled all that this desk has, and take what it has beyond; nothing new is sent."""
    if desk.move is not None and desk.move.has_lapsed(desk.today):
        raise ChangeLapsed(lapsed_on=Day(desk.move.roll.lapses_on))
    head = check_signed(desk, desk.relay.key, overview.head, overview.signature)
    head = _check_head(desk, fill_up(desk, wire, desk.relay.key, head), None)
    _fetch_new_keys(desk, wire, portion, overview)
    _fetch_folders(desk, wire, portion, overview)
    _read(desk, wire, None, head, overview.words)
    give_beside(desk, wire, overview)
    _vouch(desk, wire, overview.words)


def _do_its_part(desk: Desk, wire: Wire, on_relay: set[PublishedSlot]) -> None:
    """Publish keys, and say and do by itself what this desk's duties ask of it."""
    check_offered_ledger(desk)
    _publish(desk, wire, on_relay)
    forget_joining(desk)
    _serve_custody(desk)
    _serve_travellers(desk)
    open_to_all(desk)
    admit_who_belongs(desk)
    keep_to_sentries(desk)
    post_signed(desk)
    note_pockets(desk)
    meet_answered(desk)
    _say_exposure(desk)


def _vouch(desk: Desk, wire: Wire, cosignatures: list[Cosignature]) -> None:
    """Co-sign what was checked, if that says anything new."""
    word = desk.member.cosign()
    if any((known.device, known.size) == (word.device, word.size) for known in cosignatures):
        return
    wire.post_cosignature(word)
    _keep_cosignatures(desk, [word])


def _read_back(desk: Desk, wire: Wire) -> None:
    head, cosignatures = _ask_head(desk, wire)
    _read(desk, wire, None, head, cosignatures)


def _read(
    desk: Desk, wire: Wire, portion: Portion | None, head: Head, cosignatures: list[Cosignature]
) -> bool:
    """Take the records up to a head, page by page; each page is kept only if it belongs under that head.

    False if the portion was over before all were here. What this desk has just sent is read back without one.
    """
    while desk.world.size < head.size:
        _read_page(desk, wire, portion, head)
        if portion is not None and portion.is_over and desk.world.size < head.size:
            return False
    desk.settle_move()
    _keep_cosignatures(desk, cosignatures)
    desk.confirm_grants()
    desk.give_up()
    return True


def _read_page(desk: Desk, wire: Wire, portion: Portion | None, head: Head) -> None:
    most = min(head.size - desk.world.size, portion.records_a_page() if portion else RECORDS_A_PAGE)
    began = time.monotonic()
    page = wire.records_from(desk.world.size, most=most)
    try:
        desk.take(page, check=partial(_check_page, desk, wire, head))
    except BadSignature as trouble:
        raise RelayMisled("showed a record that its author did not sign") from trouble
    except DamagedRecord as trouble:
        raise RelayMisled("showed something that is no record") from trouble
    if portion is not None:
        portion.paced(len(page), seconds=time.monotonic() - began)


def _ask_head(desk: Desk, wire: Wire) -> tuple[Head, list[Cosignature]]:
    head, signature, cosignatures = wire.head()
    return _check_head(desk, head, signature), cosignatures


def _check_head(desk: Desk, head: Head, signature: bytes | None) -> Head:
    """Check a head, and its signature unless that was done before."""
    world = desk.world
    if signature is not None:
        check_signed(desk, desk.relay.key, head, signature)
    desk.n_there = head.size
    if head.size < world.size:
        raise RelayMisled("has forgotten records that this desk has")
    if head.size == world.size and head.root != world.tree.root():
        raise RelayMisled("signed a head that does not fit the records it sent")
    # Before anything is erased, published or sealed by a date that nobody shares.
    if abs(desk.today - head.day) > CLOCK_DAYS:
        raise WrongClock(n_days=desk.today - head.day)
    return head


def _check_page(desk: Desk, wire: Wire, head: Head) -> None:
    size, root = desk.world.size, desk.world.tree.root()
    proof = [] if size == head.size else wire.consistency(size, head.size)
    try:
        verify_consistency(size, root, head.size, head.root, proof)
    except BadProof as trouble:
        raise RelayMisled("signed a head that does not fit the records it sent") from trouble


def _keep_cosignatures(desk: Desk, cosignatures: list[Cosignature]) -> None:
    good = []
    roll = desk.world.history.now.roll
    for word in cosignatures:
        if desk.world.knows(word):
            continue
        try:
            verify_cosignature(roll.device(word.device).key, desk.world.coalition, word)
        except NotOnRoll:
            continue
        except BadSignature as trouble:
            raise RelayMisled("showed a co-signature that its device did not make") from trouble
        good.append(word)
    if good:
        with desk.replica.transaction():
            desk.replica.add_cosignatures(good)
    desk.world.take_cosignatures(good)


def _fetch_new_keys(desk: Desk, wire: Wire, portion: Portion, overview: Beside) -> set[PublishedSlot]:
    """Fetch the published keys if there are others than last time; say which slots the relay has filled."""
    if overview.keys != desk.keys_seen[0]:
        portion.check()
        slots = _fetch_keys(desk, wire)
        listed = {entry.number for entry in desk.world.history.now.roll.devices}
        all_known = all(slot.device in listed for slot in slots)
        desk.keys_seen = (overview.keys if all_known else b"", slots)
    return desk.keys_seen[1]


def _fetch_keys(desk: Desk, wire: Wire) -> set[PublishedSlot]:
    known = {key.slot for key in desk.published()}
    new: list[PublishedKey] = []
    there = wire.keys_since(desk.today - KEYS_BACK_DAYS)
    for key in there:
        if key.slot in known:
            continue
        try:
            verify_published_key(key, desk.world.history.now.roll, desk.world.coalition)
        except NotOnRoll:
            continue
        except BadSignature as trouble:
            raise RelayMisled("showed a key that its device did not publish") from trouble
        new.append(key)
    desk.keep_published(new)
    return {key.slot for key in there}


def _fetch_folders(desk: Desk, wire: Wire, portion: Portion, overview: Beside) -> None:
    """Fetch the folders that hold more than this desk has; all of them where `watch` names a grant that did not come.

    Which grants are for this desk, the relay does not learn. Days are the relay's, since it files by them.
    """
    relay_day = overview.day
    grants, submissions = desk.replica.folder_counts()
    # Each day once, however often it is named.
    counts = {
        day: n_files for day, *n_files in overview.folders if relay_day - FOLDER_DAYS <= day <= relay_day
    }
    # While records are still to come nobody can say what is missing.
    again = desk.world.size == overview.head.size and bool(desk.missing_grants())
    new: list[bytes] = []
    for n_done, (day, (n_grants, n_submissions)) in enumerate(counts.items()):
        desk.folders_there = (n_done, len(counts))
        portion.check()
        if again or n_grants != grants.get(day, 0):
            files = wire.grants_of(day)
            with desk.replica.transaction():
                new += desk.replica.add_grants(day, files)
        if n_submissions != submissions.get(day, 0):
            files = wire.submissions_of(day)
            with desk.replica.transaction():
                desk.replica.add_submissions(day, files)
    desk.folders_there = (len(counts), len(counts))
    if min((*grants, *submissions), default=relay_day) < relay_day - FOLDER_DAYS:
        with desk.replica.transaction():
            desk.replica.drop_folders(today=relay_day)
    desk.take_grants(new)


def _ask_for_removal(desk: Desk) -> None:
    """Say once that this desk was opened under duress: it bars itself, in everybody's sight but its own. It does no more.

    Its key slots are filled with keys that are gone, and nothing may be granted by it or sealed to it.
    """
    plea = Barred(device=desk.device, reason=DURESS)
    if not desk.world.has_barred_itself and not desk.is_waiting(plea):
        desk.append(plea, to=WATCH)


def _publish(desk: Desk, wire: Wire, on_relay: set[PublishedSlot]) -> None:
    """Publish the keys of the coming weeks and days; their seeds are saved before anybody can seal to them."""
    entry = desk.world.history.now.roll.device(desk.device)
    duties = desk.world.history.now.duties.get(desk.device, frozenset())
    chosen = desk.settings
    desk.erase_old_keys()
    forget_drained(desk)
    with desk.all_or_nothing():
        keys = desk.member.publish(
            day=desk.today,
            takes_duty=chosen.on_duty and entry.may_take_duty and Duty.INTAKE in duties,
            until=chosen.on_duty_until,
        )
        if keys:
            desk.keyfile.save()
            desk.keep_published(keys)
    mine = [key for key in desk.published() if key.device == desk.device and key.slot not in on_relay]
    wire.post_keys([key for key in mine if not is_over(key, today=desk.today)])


def _serve_custody(desk: Desk) -> None:
    """A custodian acknowledges the shares it keeps; it releases one when a person says so, on the custodians' page."""
    if Duty.CUSTODIAN not in desk.world.history.now.duties.get(desk.device, frozenset()):
        return
    for content in acknowledgements(desk.member):
        if not desk.is_waiting(content):
            desk.append(content, to="watch")


def _serve_travellers(desk: Desk) -> None:
    """A founder's desk acknowledges the shares it keeps for travellers; a desk that is back says so."""
    news: list[Content] = []
    if Duty.FOUNDER in desk.world.history.now.duties.get(desk.device, frozenset()):
        news += travel_acknowledgements(desk.member)
    if is_back(desk.member):
        news.append(end_travel())
    for content in news:
        if not desk.is_waiting(content):
            desk.append(content, to=WATCH)


def _say_exposure(desk: Desk) -> None:
    """A device that holds no key of `watch` yet can say nothing there."""
    if WATCH in desk.keyring.compartments:
        say_exposure(desk)


def _send(desk: Desk, wire: Wire, *, everything: bool) -> None:
    """Send what an act or an earlier session finished, then what was said since and leaves now; read all of it back."""
    _send_finished(desk, wire)
    while desk.finish_drafts(everything=everything):
        _send_finished(desk, wire)


def _send_finished(desk: Desk, wire: Wire) -> None:
    """Send what is finished until a signed head shows it: an answer alone may be a lie, and a lost one no loss."""
    desk.drop_arrived()
    for _ in range(SEALED_AGAIN_AT_MOST):
        leaving = desk.replica.leaving()
        if not leaving.records and not leaving.grants:
            return
        try:
            wire.post_grants(leaving.grants)
            after = wire.post_records(leaving.records)
        except RelayRefused as refusal:
            if refusal.refusal == "relay.chain-taken":
                raise ClonedDevice from refusal
            if refusal.refusal not in SEAL_AGAIN:
                raise
            # What went before the refused ones may have arrived.
            _read_back(desk, wire)
            desk.seal_again()
            continue
        if after is None:
            return
        head = _check_head(desk, *after)
        with desk.replica.transaction():
            # Our own grants: the folder has them now, and fetching them would tell us nothing.
            desk.replica.add_grants(head.day, leaving.grants)
        _take_what_was_sent(desk, wire, head, leaving.records)
        _read(desk, wire, None, head, [])
        if desk.replica.leaving().records:
            raise RelayMisled("took records and does not show them")
        return
    raise RelayMisled("refuses records that were made under the roll it shows")


def _take_what_was_sent(desk: Desk, wire: Wire, head: Head, sent: Sequence[Record]) -> None:
    """Take what was sent as it is here, if the signed head says that it came and nothing else did, as most times."""
    tree = desk.world.tree
    if tree.size + len(sent) == head.size and tree.root_with(record.leaf for record in sent) == head.root:
        desk.take(sent, check=partial(_check_page, desk, wire, head))


def _send_ahead(desk: Desk, wire: Wire) -> None:
    """Send what leaves now although what came before it is not here yet; it stays in the outbox until it is read back.

    Made under an older roll than the one in force, the relay refuses it, and it is sealed again once that roll is here.
    """
    if all(entry.number != desk.device for entry in desk.world.history.now.roll.active):
        return
    desk.finish_drafts()
    leaving = desk.replica.leaving()
    if not leaving.records or leaving.records[-1].hash == desk.posted:
        return
    try:
        wire.post_grants(leaving.grants)
        wire.post_records(leaving.records)
    except RelayRefused as refusal:
        if refusal.refusal == "relay.chain-taken":
            raise ClonedDevice from refusal
        if refusal.refusal not in SEAL_AGAIN:
            raise
    desk.posted = leaving.records[-1].hash
