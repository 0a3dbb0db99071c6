"""A device's view of the ledger: takes records in order, opens what its keys open, and says what counts.

Everything here follows from the records and the keys held; nothing is decided by a clock. Each record taken yields one
`Reading`. A record that cannot be opened, does not decode or is not entitled stops nothing: it is kept and shown.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import NamedTuple

import msgspec

from tocsin.core.ledger.compartments import EPOCH_SIZE, Compartment
from tocsin.core.ledger.content import UNDECODABLE, Content, Envelope, Kinds
from tocsin.core.ledger.errors import (
    BadRoll,
    BrokenChain,
    DamagedRecord,
    ForkSeen,
    NoKey,
    NotEntitled,
    NotOnRoll,
    UnknownKind,
)
from tocsin.core.ledger.head import Cosignature, check_against, firm_size
from tocsin.core.ledger.kinds import (
    PEOPLE,
    WATCH,
    Admitted,
    BarLifted,
    Barred,
    Duties,
    EpochOpened,
    Erased,
    GrantsMade,
    HandedOver,
    Load,
    ShareAsked,
    ShareHeld,
    ShareReleased,
    SharesDealt,
    Shut,
)
from tocsin.core.ledger.record import (
    FOUNDING,
    HEADER_SIZE,
    SEALED,
    START,
    TAG_SIZE,
    Record,
    Tip,
    coalition_id,
    follow,
    verify_record,
)
from tocsin.core.ledger.roll import read_founding, read_roll_change
from tocsin.core.ledger.standing import History, Standing
from tocsin.core.ledger.tree import Tree
from tocsin.core.seal import BadSignature, DamagedFile, open_body, tag_and_key

_ENVELOPE = msgspec.msgpack.Decoder(Envelope)
_ENCODE = msgspec.msgpack.Encoder().encode
_SEAL = HEADER_SIZE + TAG_SIZE

Keys = Mapping[str, Mapping[bytes, bytes]]
"""Compartment keys as the keyring holds them: name -> epoch -> key."""


class Status(StrEnum):
    """What became of a record."""

    COUNTS = "counts"
    SEALED = "sealed"
    """Not ours to read, or not yet."""
    UNKNOWN = "unknown"
    """Written by a newer version."""
    REFUSED = "refused"
    """Readable, but not entitled, out of chain, or under an old roll: shown, changes nothing."""
    DAMAGED = "damaged"


class Reading(NamedTuple):
    """One record as this device sees it."""

    number: int
    device: int
    day: int
    status: Status
    envelope: Envelope | None = None
    content: Content | None = None
    trouble: Exception | None = None
    barred: bool = False
    """Its author was barred at the time: it is shown, but carries no vote."""


class Key(NamedTuple):
    """A compartment key to try."""

    compartment: str
    epoch: bytes
    key: bytes


class Custody(NamedTuple):
    """What is known in `watch` of a case's shares."""

    deal: bytes
    dealer: int
    custodians: tuple[int, ...]


@dataclass
class Versions:
    """Which versions of what was written are the newest; two tips of one root are shown side by side."""

    root_of: dict[bytes, bytes] = field(default_factory=dict)
    tips: dict[bytes, set[bytes]] = field(default_factory=dict)
    _read_in: dict[str, list[bytes]] = field(default_factory=dict)

    def take(self, draft: bytes, based_on: bytes | None, *, compartment: str = "") -> None:
        """A version was ordered; one based on something no longer newest stays beside it."""
        if draft in self.root_of:
            return
        root = self.root_of.get(based_on, based_on) if based_on is not None else draft
        self.root_of[draft] = root
        self._read_in.setdefault(compartment, []).append(draft)
        tips = self.tips.setdefault(root, set())
        if based_on is not None:
            tips.discard(based_on)
        tips.add(draft)

    def beside(self, draft: bytes) -> frozenset[bytes]:
        """The other newest versions of the same thing: empty unless two people edited at once."""
        root = self.root_of.get(draft, draft)
        return frozenset(self.tips.get(root, frozenset()) - {draft})

    def forget(self, compartment: str) -> None:
        """Drop what was read in a compartment, which is read again from its beginning or not at all."""
        for draft in self._read_in.pop(compartment, ()):
            root = self.root_of.pop(draft)
            self.tips.pop(root, None)

    def is_newest(self, draft: bytes) -> bool:
        """Say whether nothing newer replaces this version."""
        return draft in self.tips.get(self.root_of.get(draft, draft), frozenset())


class World:
    """The ledger as one device knows it. Feed it records in order with `take`."""

    def __init__(self, *, device: int, kinds: Kinds, keys: Keys) -> None:
        """Start before the founding record; `keys` is read live, so a key added to the keyring is found."""
        self.device = device
        self.kinds = kinds
        self.keys = keys
        self.tree = Tree()
        self.tips: dict[int, Tip] = defaultdict(lambda: START)
        self.compartments: dict[str, Compartment] = {}
        self.versions = Versions()
        self.granted: dict[bytes, dict[int, int]] = {}
        """Grants by hash: which devices named them in `watch`, and on which day first."""
        self.loads: dict[int, int] = {}
        self.erased: dict[bytes, set[int]] = defaultdict(set)
        self.custody: dict[str, Custody] = {}
        self.shares_held: dict[bytes, set[int]] = {}
        self.shares_asked: dict[str, tuple[int, int, int]] = {}
        self.shares_released: dict[tuple[bytes, int], set[int]] = {}
        """By deal and who asked: the custodians who released their share."""
        self.recovered: dict[tuple[str, int], int] = {}
        """By case and device: the record by which enough custodians had released their shares to it."""
        self.forked: dict[int, int] = {}
        self.split: list[ForkSeen] = []
        self.unopened: set[int] = set()
        self.opened_in: dict[str, dict[int, Exception | None]] = defaultdict(dict)
        """What was opened, by compartment: each record's number, and why it changed nothing if it did not."""
        self.void_deals: set[bytes] = set()
        """Deals taken back or dealt anew: custodians erase their shares."""
        self._refused: dict[int, Exception] = {}
        self._seals = bytearray()
        self._roots: dict[int, bytes] = {}
        self._history: History | None = None
        self._coalition = b""
        self._key_list: dict[int, list[Key]] = {}
        self._keys_known: tuple[list[str], list[tuple[bytes, ...]]] | None = None
        self._cosigned: dict[int, Cosignature] = {}
        self.firm = 0

    @property
    def size(self) -> int:
        """How many records were taken."""
        return self.tree.size

    @property
    def coalition(self) -> bytes:
        """The coalition's id."""
        return self._coalition

    @property
    def history(self) -> History:
        """Rolls, duties and bars.

        Raises
        ------
        DamagedRecord
            Nothing was taken yet.
        """
        if self._history is None:
            raise DamagedRecord("the ledger has no founding record yet")
        return self._history

    # taking records ---

    def take(self, record: Record, *, verified: bool = False) -> Reading:
        """Take the next record.

        Parameters
        ----------
        record
            The record that the ledger orders next.
        verified
            True only for bytes whose signature was checked before (the replica, whose root is compared): saves 68 us.

        Raises
        ------
        BadSignature
            The relay shows a record that its author did not sign: stop and say so.
        BadRoll, NotOnRoll, DamagedRecord
            Only for record 0: there is no coalition without a founding record.
        """
        number = self.tree.size
        if number == 0:
            return self._take_founding(record)
        self._check_author(record, verified=verified)
        refusal = self._place(record, number)
        if record.header.mark != SEALED:
            return self._take_clear(record, number, refusal)
        if refusal is not None:
            self._refused[number] = refusal
        return self._read(record, number, self.history.now)

    def _take_founding(self, record: Record) -> Reading:
        roll = read_founding(record)
        self._coalition = coalition_id(record)
        self._history = History(roll, record.header.day)
        self._place(record, 0)
        return Reading(0, record.header.device, record.header.day, Status.COUNTS)

    def _take_clear(self, record: Record, number: int, refusal: Exception | None) -> Reading:
        header = record.header
        if refusal is None and header.mark == FOUNDING:
            refusal = BadRoll("a coalition is founded once")
        if refusal is None:
            refusal = self._take_roll(record, number)
        status = Status.REFUSED if refusal else Status.COUNTS
        return Reading(number, header.device, header.day, status, trouble=refusal)

    def _check_author(self, record: Record, *, verified: bool) -> None:
        """Whoever was ever on the roll signs with the key that stands there; a number's key never changes."""
        if verified:
            return None
        device = record.header.device
        if record.body is not None and hashlib.sha256(record.body).digest() != record.body_hash:
            raise BadSignature
        for entry in self.history.now.roll.devices:
            if entry.number == device:
                return verify_record(record, entry.key, self._coalition)
        raise BadSignature

    def _place(self, record: Record, number: int) -> Exception | None:
        """Add the leaf, compare the head the author saw, move its chain on; say why the record must not count.

        The head is compared first: what leaks out of another version of the ledger seldom fits its author's chain here.
        """
        self.tree.append(record.leaf)
        self._seals += record.header_bytes + record.tag
        header = record.header
        # A head that has more records than stand before this one was signed over another ledger than ours.
        if header.seen_size > number or (
            header.seen_size and self.root_at(header.seen_size) != header.seen_root
        ):
            self._see_split(ForkSeen(device=header.device, size=header.seen_size))
        try:
            self.tips[header.device] = follow(self.tips[header.device], record)
        except BrokenChain as trouble:
            self.forked.setdefault(header.device, number)
            return trouble
        if number == 0:
            return None
        return self._refuse_author(header.device, roll_version=header.roll_version, day=header.day)

    def root_at(self, size: int) -> bytes:
        """Say the root of our first `size` records; asked of the same few heads again and again."""
        root = self._roots.get(size)
        if root is None:
            root = self._roots[size] = self.tree.root(size)
        return root

    def _see_split(self, seen: ForkSeen) -> None:
        if all((known.device, known.size) != (seen.device, seen.size) for known in self.split):
            self.split.append(seen)

    def _refuse_author(self, device: int, *, roll_version: int, day: int) -> Exception | None:
        roll = self.history.now.roll
        if device in self.forked:
            return BrokenChain(device=device, chain=self.tips[device].chain)
        try:
            roll.device(device)
        except NotOnRoll as trouble:
            return trouble
        if roll_version != roll.version:
            return BadRoll("it was made under another roll than the one in force; its desk seals it again")
        if day < self.history.counts_from(device):
            return NotOnRoll(device=device)
        return None

    def _take_roll(self, record: Record, number: int) -> Exception | None:
        try:
            roll = read_roll_change(record, self.history.now.roll, self._coalition)
        except (BadRoll, DamagedRecord) as trouble:
            return trouble
        self.history.take_roll(number, roll, day=record.header.day)
        return None

    # opening ---

    def peek(self, record: Record) -> tuple[Envelope, Content]:
        """Open a record that was taken before, or one of our own that has not left; nothing is changed.

        Raises
        ------
        NoKey
            Its key is not held, or no more.
        DamagedRecord, UnknownKind, DamagedFile
            It does not decode.
        """
        found = self._find_key(record)
        if found is None:
            raise NoKey
        key, once = found
        envelope = self._envelope(self._open(record, once), key)
        return envelope, self.kinds.read(envelope)

    def reopen(self, number: int, record: Record) -> Reading:
        """Read a record again that was taken before, after a key for it came; judged by what was in force then."""
        return self._read(record, number, self.history.at(number))

    def forget_compartment(self, compartment: str) -> list[int]:
        """Drop what was read in a compartment, a key of which came or went; say which records to `reopen`, in this order.

        Not for `watch` and `people`, which decide what counts everywhere: take the whole ledger into a fresh World,
        unless `waiting_for` says that a new key of theirs opens nothing yet.
        """
        if compartment in (WATCH, PEOPLE):
            raise ValueError("what everybody reads is read again from the beginning")
        self.compartments.pop(compartment, None)
        self.versions.forget(compartment)
        self.unopened.update(self.opened_in.pop(compartment, ()))
        self._keys_known = None
        return self.waiting_for(compartment)

    def waiting_for(self, compartment: str) -> list[int]:
        """Say which records not yet opened are under a key that is held of this compartment."""
        keys = list(self.keys.get(compartment, {}).values())
        return [number for number in sorted(self.unopened) if any(self._fits(number, key) for key in keys)]

    def _fits(self, number: int, key: bytes) -> bool:
        at = number * _SEAL
        header, tag = self._seals[at : at + HEADER_SIZE], self._seals[at + HEADER_SIZE : at + _SEAL]
        return tag_and_key(key, bytes(header))[0] == tag

    def _read(self, record: Record, number: int, standing: Standing) -> Reading:
        device, day = record.header.device, record.header.day
        refusal = self._refused.get(number)
        barred = bool(standing.bars) and standing.is_barred(device, day)
        found = self._find_key(record)
        if found is None or record.body is None:
            self.unopened.add(number)
            status = Status.REFUSED if refusal else Status.SEALED
            return Reading(number, device, day, status, trouble=refusal, barred=barred)
        key, once = found
        self.unopened.discard(number)
        envelope = content = None
        try:
            envelope = self._envelope(self._open(record, once), key)
            if key.compartment != envelope.compartment:
                key = key._replace(compartment=envelope.compartment)
            content = self.kinds.read(envelope)
        except (DamagedFile, DamagedRecord) as trouble:
            self.opened_in[key.compartment][number] = trouble
            return Reading(number, device, day, Status.DAMAGED, None, None, trouble, barred)
        except UnknownKind as trouble:
            self.opened_in[key.compartment][number] = trouble
            return Reading(number, device, day, Status.UNKNOWN, envelope, None, trouble, barred)
        opened = self.opened_in[key.compartment]
        if number not in opened:
            # Read twice without being forgotten, it must not change anything twice.
            opened[number] = refusal or self._count(number, device, day, key, content, standing)
            if opened[number] is None:
                self.versions.take(envelope.id, envelope.based_on, compartment=key.compartment)
        verdict = opened[number]
        status = Status.REFUSED if verdict else Status.COUNTS
        return Reading(number, device, day, status, envelope, content, verdict, barred)

    def _count(
        self, number: int, device: int, day: int, key: Key, content: Content, standing: Standing
    ) -> Exception | None:
        """Let a record change what it changes; say why not, if its author is not entitled."""
        kind = type(content)
        try:
            if not standing.may_write(device, kind.WRITERS) or not fnmatchcase(key.compartment, kind.WHERE):
                raise NotEntitled(device=device, kind=kind.KIND)
            self._apply(number, device, day, key, content)
        except NotEntitled as trouble:
            return trouble
        return None

    def _open(self, record: Record, once: bytes) -> bytes:
        return open_body(once, record.header_bytes, record.tag, record.body or b"")

    def _find_key(self, record: Record) -> tuple[Key, bytes] | None:
        """Find the compartment key that made the tag; return it with the key used once."""
        device = record.header.device
        keys = self._keys_to_try(device)
        for at, key in enumerate(keys):
            tag, once = tag_and_key(key.key, record.header_bytes)
            if tag == record.tag:
                if at:
                    # Records come in runs of one compartment: try first what opened last.
                    keys.insert(0, keys.pop(at))
                return key, once
        return None

    def _keys_to_try(self, device: int) -> list[Key]:
        known = [*self.keys], [*map(tuple, self.keys.values())]
        if known != self._keys_known:
            self._key_list, self._keys_known = {}, known
        if device not in self._key_list:
            self._key_list[device] = list(self._shared_with(device))
        return self._key_list[device]

    def _shared_with(self, device: int) -> Iterable[Key]:
        """Keys whose epoch this author may hold, and those whose opening record was not read yet."""
        for name, epochs in self.keys.items():
            known = self.compartments.get(name)
            for epoch, key in epochs.items():
                state = known.epochs.get(epoch) if known else None
                if state is None or device in state.members or device in state.relieved:
                    yield Key(name, epoch, key)

    def _envelope(self, plain: bytes, key: Key) -> Envelope:
        try:
            envelope = _ENVELOPE.decode(plain)
        except UNDECODABLE as trouble:
            raise DamagedRecord("its envelope does not decode") from trouble
        if _ENCODE(envelope) != plain or len(envelope.id) != EPOCH_SIZE:
            raise DamagedRecord("its envelope is not in the one encoding")
        # Asked by name: a hostile member may have granted us a known key again under a name of its own.
        if self.keys.get(envelope.compartment, {}).get(envelope.epoch) != key.key:
            raise DamagedRecord("it says it belongs elsewhere")
        return envelope

    # what the ledger's own kinds change ---

    def _apply(self, number: int, device: int, day: int, key: Key, content: Content) -> None:
        compartment = self.compartments.get(key.compartment)
        if isinstance(content, EpochOpened):
            self._open_epoch(number, device, key, content)
            return
        if compartment is None or not compartment.is_member(device, key.epoch):
            raise NotEntitled(device=device, kind=type(content).KIND)
        if content.KIND.startswith("ledger."):
            self._apply_own(number, device, day, compartment, content)

    def _apply_own(
        self, number: int, device: int, day: int, compartment: Compartment, content: Content
    ) -> None:
        """Change what the ledger's own kinds change; a room's kinds are left to the room's projection."""
        match content:
            case Duties():
                self.history.take_duties(number, content)
            case Admitted():
                compartment.admit(content.device)
            case HandedOver():
                for to in content.to:
                    compartment.admit(to)
                compartment.relieve_all_but(frozenset(content.to))
            case Shut():
                compartment.relieve_all_but(frozenset())
                compartment.is_shut, compartment.is_parked = True, content.parked
            case GrantsMade():
                for digest in content.hashes:
                    self.granted.setdefault(digest, {}).setdefault(device, day)
            case Erased():
                for epoch in content.epochs:
                    self.erased[epoch].add(device)
            case Load():
                self.loads[device] = content.held
            case Barred():
                if not self.history.take_bar(number, content, by=device, day=day):
                    raise NotEntitled(device=device, kind=content.KIND)
            case BarLifted():
                self.history.take_lift(number, content, by=device)
            case _:
                self._apply_custody(number, device, day, content)
        self._keys_known = None

    def _apply_custody(self, number: int, device: int, day: int, content: Content) -> None:
        match content:
            case SharesDealt():
                self._take_deal(device, content)
            case ShareHeld():
                self.shares_held.setdefault(content.deal, set()).add(device)
            case ShareAsked() if self._is_dealt(content.case, content.deal):
                self.shares_asked[content.case] = (device, number, day)
            case ShareReleased() if self._is_dealt(content.case, content.deal):
                self._take_release(number, device, content)

    def _take_release(self, number: int, device: int, content: ShareReleased) -> None:
        if device not in self.custody[content.case].custodians:
            raise NotEntitled(device=device, kind=content.KIND)
        released = self.shares_released.setdefault((content.deal, content.to), set())
        released.add(device)
        if len(released) >= SHARES_NEEDED:
            self.recovered.setdefault((content.case, content.to), number)

    def _is_dealt(self, case: str, deal: bytes) -> bool:
        return case in self.custody and self.custody[case].deal == deal

    def may_deal(self, case: str, device: int) -> bool:
        """Say whether a device's deal would count.

        A deal stands until its dealer deals again or takes it back, leaves the roll, or another recovered the case.
        """
        known = self.custody.get(case)
        if known is None or known.dealer == device:
            return True
        on_roll = any(entry.number == known.dealer for entry in self.history.now.roll.active)
        return not on_roll or len(self.shares_released.get((known.deal, device), ())) >= SHARES_NEEDED

    def _take_deal(self, device: int, content: SharesDealt) -> None:
        case = content.case
        if not self.may_deal(case, device):
            raise NotEntitled(device=device, kind=content.KIND)
        known = self.custody.pop(case, None)
        if known is not None and known.deal != content.deal:
            self.void_deals.add(known.deal)
            self.shares_held.pop(known.deal, None)
        self.shares_asked.pop(case, None)
        if content.custodians:
            self.void_deals.discard(content.deal)
            self.custody[case] = Custody(content.deal, device, content.custodians)

    def _open_epoch(self, number: int, device: int, key: Key, content: EpochOpened) -> None:
        compartment = self.compartments.setdefault(key.compartment, Compartment(key.compartment))
        recovered = self.has_recovered(key.compartment, device, number)
        if not compartment.open_epoch(key.epoch, content, maker=device, number=number, recovered=recovered):
            raise NotEntitled(device=device, kind=EpochOpened.KIND)
        self._keys_known = None

    def has_recovered(self, compartment: str, device: int, number: int) -> bool:
        """Say whether, before record `number`, enough custodians had released the shares of this case to a device."""
        room, _, rest = compartment.partition("/")
        released_by = self.recovered.get((rest.partition("/")[0], device))
        return room == "case" and released_by is not None and released_by < number

    # heads ---

    def take_cosignatures(self, cosignatures: Iterable[Cosignature]) -> int:
        """Take verified co-signatures, the newest of each device; return the firm size, which never shrinks.

        A co-signature over another order of records than ours is a fork and kept in `split`.
        """
        for word in cosignatures:
            known = self._cosigned.get(word.device)
            if known is None or word.size >= known.size:
                self._cosigned[word.device] = word
            try:
                check_against(self.root_at, self.size, device=word.device, seen=word.size, root=word.root)
            except ForkSeen as trouble:
                self._see_split(trouble)
        standing = self.history.now
        organisation = {entry.number: entry.organisation for entry in standing.roll.active}
        firm = firm_size(
            self._cosigned.values(),
            organisation_of=organisation.get,
            n_organisations=standing.roll.n_organisations,
            tree_size=self.size,
            tree_root=self.root_at,
        )
        self.firm = max(self.firm, firm)
        return self.firm

    @property
    def standing_splits(self) -> list[ForkSeen]:
        """The splits seen by devices that are on the roll: once a liar among them is removed, its word stops nothing."""
        active = {entry.number for entry in self.history.now.roll.active}
        return [seen for seen in self.split if seen.device in active]

    def missing_grants(self, seen: Collection[bytes], *, since: int) -> dict[bytes, frozenset[int]]:
        """Say which grants named in `watch` since a day are in no folder: withheld or lost, ask who named them.

        Parameters
        ----------
        seen
            Hashes of the grants in the folders fetched.
        since
            The first day whose folder still exists.

        Returns
        -------
        dict
            By hash, the devices that named it.
        """
        return {
            digest: frozenset(named)
            for digest, named in self.granted.items()
            if digest not in seen and min(named.values()) >= since
        }

    def knows(self, word: Cosignature) -> bool:
        """Say whether a co-signature, to the byte, was taken already."""
        return self._cosigned.get(word.device) == word

    def is_firm(self, number: int) -> bool:
        """Say whether a record is under a head that two organisations vouch for."""
        return number < self.firm


SHARES_NEEDED = 3
"""Of five: the number of custodians who open one case (DESIGN section 4)."""
