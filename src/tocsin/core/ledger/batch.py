"""Making records: number, seal and sign drafts, opening new epochs where somebody knows a key who must not read on.

A `Batch` collects what one act produces, grants before records, all to be saved first and then sent. Nobody seals under a
key that a removed, barred or relieved device holds: the next writer rotates, which is all the rotation there is. A batch
that fails half-way has changed nothing: keys are held once its `outgoing` is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from tocsin.core.ledger.compartments import KEY_SIZE, epoch_id
from tocsin.core.ledger.content import Content, Envelope
from tocsin.core.ledger.errors import NoKey, NotSealedTo
from tocsin.core.ledger.grants import (
    KEYS_A_GRANT,
    Grant,
    GrantedKey,
    GrantedShare,
    grant_hash,
    recipient_for,
    seal_grant,
)
from tocsin.core.ledger.kinds import WATCH, EpochOpened, GrantsMade, HandedOver
from tocsin.core.ledger.pending import PendingEpoch
from tocsin.core.ledger.record import NO_HASH, NO_TAG, ROLL, SEALED, VERSION, Header, Record, Tip, make_record
from tocsin.core.ledger.roll import SignedRoll
from tocsin.core.ledger.world import World
from tocsin.core.seal import CASELOAD_CAP, CaseloadFull, Keyring, Recipient, body_size_for, case_of, seal_body
from tocsin.terms import Day

Fresh = Callable[[int], bytes]
"""Draw that many random bytes; the desk passes the operating system's."""

HASHES_A_RECORD = 50
"""So that naming grants fits the smallest body."""


class Draft(msgspec.Struct, frozen=True):
    """Something said that has not left yet; `id` is what later versions are based on."""

    compartment: str
    kind: str
    schema: int
    at: int
    id: bytes
    based_on: bytes | None
    content: msgspec.Raw


class Outgoing(NamedTuple):
    """What must leave, grants first."""

    records: list[Record]
    grants: list[bytes]


def _nothing(_compartment: str) -> list[Draft]:
    return []


class Moment(NamedTuple):
    """When something is made, and what the outside allows then."""

    day: Day
    """The coalition's day."""
    at: int
    """UTC seconds, sealed into records."""
    keys: dict[int, Recipient]
    """Each device's grant key (`newest_grant_keys`)."""
    tip: Tip | None = None
    """Where this device's chain stands if finished records wait unsent; else as the ledger has it."""
    waiting: Callable[[str], list[Draft]] = _nothing
    """Hand out what was said in a compartment and waits, oldest first: it goes before the compartment ends."""


class Batch:
    """What one act of one device makes."""

    def __init__(
        self,
        keyring: Keyring,
        world: World,
        pending: dict[str, PendingEpoch],
        moment: Moment,
        *,
        fresh: Fresh,
    ) -> None:
        self.keyring, self.world, self.moment = keyring, world, moment
        self.device = keyring.device
        self._pending, self._held_pending, self._fresh = dict(pending), pending, fresh
        self._new: list[GrantedKey] = []
        self._signer = keyring.signing_key
        self._tip = moment.tip or world.tips[keyring.device]
        self._records: list[Record] = []
        self._grants: list[bytes] = []

    @property
    def outgoing(self) -> Outgoing:
        """What was made; from now on its new keys are held. Save keyring and records before anything is sent."""
        for new in self._new:
            self.keyring.hold(new.compartment, new.epoch, new.key)
        self._new.clear()
        self._held_pending.update(self._pending)
        return Outgoing(self._records, self._grants)

    def say(self, content: Content, *, to: str) -> None:
        """Write content to a compartment."""
        self.write(draft(content, to=to, at=self.moment.at, draft_id=self._fresh(16)))

    def write(self, draft: Draft) -> None:
        """Write a draft, under a new epoch if one is due.

        Raises
        ------
        NoKey
            A compartment that this device holds no key for.
        """
        self._append(draft, *self.key_for(draft.compartment))

    def key_for(self, name: str) -> tuple[bytes, bytes]:
        """Say with which epoch and key to write, opening a new epoch if one is due."""
        known = self.world.compartments.get(name)
        current = known.current() if known else None
        pending = self._pending.get(name)
        if pending and pending.parent == (current.id if current else None):
            if all(map(self._is_sealed_to, pending.members)):
                return pending.epoch, self._key(name, pending.epoch)
            return self._rotate(name, pending.members, parent=pending.epoch)
        if known is None or current is None or known.is_shut or self.device not in current.members:
            raise NoKey
        if current.relieved or not all(map(self._is_sealed_to, current.members)):
            return self._rotate(name, current.members, parent=current.id)
        return current.id, self._key(name, current.id)

    def _key(self, name: str, epoch: bytes) -> bytes:
        new = next((new.key for new in self._new if (new.compartment, new.epoch) == (name, epoch)), None)
        return new if new is not None else self.keyring.key(name, epoch)

    def keys_of(self, name: str) -> list[GrantedKey]:
        """List every epoch's key of a compartment, new ones too."""
        held = [GrantedKey(name, *each) for each in self.keyring.compartments.get(name, {}).items()]
        return held + [new for new in self._new if new.compartment == name]

    def say_last(self, content: Content, *, to: str) -> None:
        """Say that a compartment ends or goes to others, and relieve those who cannot read that any more.

        A device that an epoch was made without still holds older keys and must hear that they are to be erased. What
        waits to be said there is said first: afterwards there is no key for it.
        """
        for said in self.moment.waiting(to):
            self.write(said)
        epoch, _ = self.key_for(to)
        known = self.world.compartments.get(to)
        older = [each for each in known.epochs.values() if each.id != epoch] if known else []
        current = self.members_of(to)
        for each in older:
            if each.members - current and self.device in each.members and self._holds(to, each.id):
                last = HandedOver(to=tuple(sorted(current)))
                words = draft(last, to=to, at=self.moment.at, draft_id=self._fresh(16))
                self._append(words, each.id, self._key(to, each.id))
        self.say(content, to=to)

    def members_of(self, name: str) -> frozenset[int]:
        """Say who holds the key that the compartment is written with now."""
        epoch, _ = self.key_for(name)
        pending = self._pending.get(name)
        if pending and pending.epoch == epoch:
            return pending.members
        return frozenset(self.world.compartments[name].epochs[epoch].members)

    def _holds(self, name: str, epoch: bytes) -> bool:
        return epoch in self.keyring.compartments.get(name, {})

    def _is_sealed_to(self, device: int) -> bool:
        return device == self.device or self.world.history.is_sealed_to(device, self.moment.day)

    def _rotate(self, name: str, members: Iterable[int], *, parent: bytes) -> tuple[bytes, bytes]:
        """Go on without whoever has published no key for two weeks: one desk asleep must not silence the others.

        `Member.left_out` names them, and they are admitted once they are back.
        """
        return self.open_epoch(name, {m for m in members if m in self.moment.keys}, parent=parent)

    def open_epoch(self, name: str, members: Iterable[int], *, parent: bytes | None) -> tuple[bytes, bytes]:
        """Make a new key, grant it to the members who may be sealed to, and write its opening record.

        Raises
        ------
        CaseloadFull
            It would be this device's ninth case.
        StaleGrantKey
            A member has published no key for two weeks.
        """
        grantees = tuple(sorted(m for m in set(members) - {self.device} if self._is_sealed_to(m)))
        for device in grantees:
            recipient_for(device, self.moment.keys)
        key = self._fresh(KEY_SIZE)
        epoch = epoch_id(key)
        self._new.append(GrantedKey(name, epoch, key))
        check_caseload(self.keyring, self._new)
        members = frozenset(grantees) | {self.device}
        self._pending[name] = PendingEpoch(epoch, parent, members, self._tip.chain)
        hashes = self.grant(grantees, (GrantedKey(name, epoch, key),))
        opened = EpochOpened(parent=parent, grantees=grantees)
        self._append(draft(opened, to=name, at=self.moment.at, draft_id=self._fresh(16)), epoch, key)
        self.announce(hashes)
        return epoch, key

    def grant(
        self,
        grantees: Iterable[int],
        keys: Sequence[GrantedKey] = (),
        shares: tuple[GrantedShare, ...] = (),
    ) -> tuple[bytes, ...]:
        """Seal keys and shares to each grantee; return the hashes to announce.

        Raises
        ------
        NotSealedTo
            One is barred, removed, or joined less than a day ago.
        StaleGrantKey
            One has published no key for two weeks.
        """
        hashes = []
        for device in grantees:
            if not self._is_sealed_to(device):
                raise NotSealedTo(device=device)
            recipient = recipient_for(device, self.moment.keys)
            for at in range(0, max(len(keys), 1), KEYS_A_GRANT):
                part = tuple(keys[at : at + KEYS_A_GRANT])
                file = seal_grant(Grant(self.world.coalition, self.device, part, shares), recipient)
                self._grants.append(file)
                hashes.append(grant_hash(file))
        return tuple(hashes)

    def announce(self, hashes: tuple[bytes, ...]) -> None:
        """Name grants in `watch`: without it they do not count."""
        for at in range(0, len(hashes), HASHES_A_RECORD):
            self.say(GrantsMade(hashes=hashes[at : at + HASHES_A_RECORD]), to=WATCH)

    def post_roll(self, signed: SignedRoll) -> None:
        """Post a roll that enough founders have signed; it must be the last of its batch."""
        body = signed.to_bytes()
        self._keep(self._header(len(body), mark=ROLL), NO_TAG, body)

    def _append(self, draft: Draft, epoch: bytes, key: bytes) -> None:
        envelope = Envelope(
            draft.kind,
            draft.schema,
            draft.at,
            draft.compartment,
            epoch,
            draft.id,
            draft.based_on,
            draft.content,
        )
        content = msgspec.msgpack.encode(envelope)
        header = self._header(body_size_for(len(content)))
        self._keep(header, *seal_body(key, header.to_bytes(), content, size=header.size))

    def _keep(self, header: Header, tag: bytes, body: bytes) -> None:
        record = make_record(header, tag=tag, body=body, key=self._signer, coalition=self.world.coalition)
        self._records.append(record)
        self._tip = Tip(self._tip.chain + 1, record.hash)

    def _header(self, size: int, *, mark: int = SEALED) -> Header:
        world, firm = self.world, self.world.firm
        return Header(
            VERSION,
            mark,
            self.device,
            self._tip.chain,
            self._tip.previous,
            world.history.now.roll.version,
            firm,
            world.tree.root(firm) if firm else NO_HASH,
            self.moment.day,
            size,
            self._fresh(16),
        )


def check_caseload(keyring: Keyring, keys: Iterable[GrantedKey]) -> None:
    """Check that these keys may be held together.

    Raises
    ------
    CaseloadFull
        They would make a ninth case.
    """
    cases = keyring.open_cases() | {case for key in keys if (case := case_of(key.compartment)) is not None}
    if len(cases) > CASELOAD_CAP:
        raise CaseloadFull(have=len(keyring.open_cases()), cap=CASELOAD_CAP)


def draft(content: Content, *, to: str, at: int, draft_id: bytes, based_on: bytes | None = None) -> Draft:
    """Put content into words that leave later; nothing is numbered or sealed yet."""
    kind = type(content)
    return Draft(
        to, kind.KIND, kind.SCHEMA, at, draft_id, based_on, msgspec.Raw(msgspec.msgpack.encode(content))
    )
