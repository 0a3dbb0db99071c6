"""A device's view of the ledger: takes records in order, opens what its keys open, and says what counts.

Everything here follows from the records and the keys held; nothing is decided by a clock. Each record taken yields one
`Reading`. A record that cannot be opened, does not decode or is not entitled stops nothing: it is kept and shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import NamedTuple

import msgspec

from tocsin.core.ledger.compartments import EPOCH_SIZE, Compartment
from tocsin.core.ledger.content import Content, Envelope, Kinds
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
from tocsin.core.ledger.record import FOUNDING, ROLL, START, Record, Tip, coalition_id, follow, verify_record
from tocsin.core.ledger.roll import read_founding, read_roll_change
from tocsin.core.ledger.standing import History
from tocsin.core.ledger.tree import Tree
from tocsin.core.seal import BadSignature, DamagedFile, open_body, tag_and_key

_ENVELOPE = msgspec.msgpack.Decoder(Envelope)
_ENCODE = msgspec.msgpack.Encoder().encode

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

    def take(self, draft: bytes, based_on: bytes | None) -> None:
        """A version was ordered; one based on something no longer newest stays beside it."""
        if draft in self.root_of:
            return
        root = self.root_of.get(based_on, based_on) if based_on is not None else draft
        self.root_of[draft] = root
        tips = self.tips.setdefault(root, set())
        if based_on is not None:
            tips.discard(based_on)
        tips.add(draft)

    def beside(self, draft: bytes) -> frozenset[bytes]:
        """The other newest versions of the same thing: empty unless two people edited at once."""
        root = self.root_of.get(draft, draft)
        return frozenset(self.tips.get(root, frozenset()) - {draft})

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
        self.granted: dict[bytes, tuple[int, int]] = {}
        self.loads: dict[int, int] = {}
        self.erased: dict[bytes, set[int]] = defaultdict(set)
        self.custody: dict[str, Custody] = {}
        self.shares_held: dict[bytes, set[int]] = {}
        self.shares_asked: dict[str, tuple[int, int, int]] = {}
        self.shares_released: dict[tuple[str, int], set[int]] = {}
        self.forked: dict[int, int] = {}
        self.split: list[ForkSeen] = []
        self.unopened: list[int] = []
        self.opened_in: dict[str, list[int]] = defaultdict(list)
        self._history: History | None = None
        self._coalition = b""
        self._key_list: dict[int, list[Key]] = {}
        self._n_keys = -1
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
        header = record.header
        number = self.tree.size
        if number == 0:
            return self._take_founding(record)
        history = self.history
        self._check_author(record, verified=verified)
        refusal = self._place(record, number)
        if refusal is None:
            if header.mark == ROLL:
                refusal = self._take_roll(record, number)
                status = Status.REFUSED if refusal else Status.COUNTS
                return Reading(number, header.device, header.day, status, trouble=refusal)
            if header.mark == FOUNDING:
                refusal = BadRoll("a coalition is founded once")
        return self._read(record, number, history, refusal)

    def _take_founding(self, record: Record) -> Reading:
        roll = read_founding(record)
        self._coalition = coalition_id(record)
        self._history = History(roll, record.header.day)
        self._place(record, 0)
        return Reading(0, record.header.device, record.header.day, Status.COUNTS)

    def _check_author(self, record: Record, *, verified: bool) -> None:
        """Whoever was ever on the roll signs with the key that stands there; a number's key never changes."""
        if verified:
            return None
        device = record.header.device
        for entry in self.history.now.roll.devices:
            if entry.number == device:
                return verify_record(record, entry.key, self._coalition)
        raise BadSignature

    def _place(self, record: Record, number: int) -> Exception | None:
        """Add the leaf, move the author's chain on, compare the head the author saw; say why it must not count."""
        self.tree.append(record.leaf)
        header = record.header
        try:
            self.tips[header.device] = follow(self.tips[header.device], record)
        except BrokenChain as trouble:
            self.forked.setdefault(header.device, number)
            return trouble
        try:
            check_against(
                self.tree.root, number, device=header.device, seen=header.seen_size, root=header.seen_root
            )
        except ForkSeen as trouble:
            self.split.append(trouble)
        if number == 0:
            return None
        return self._refuse_author(header.device, roll_version=header.roll_version, day=header.day)

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
        found = self._open(record)
        if found is None:
            raise NoKey
        envelope = self._envelope(found[1], found[0])
        return envelope, self.kinds.read(envelope)

    def reopen(self, number: int, record: Record) -> Reading:
        """Read a record again that was taken before, after a key for it came; judged by what was in force then."""
        return self._read(record, number, self.history, None, again=True)

    def forget_compartment(self, compartment: str) -> list[int]:
        """Drop what is known of a compartment; say which records must be reopened once a key of it came or went."""
        self.compartments.pop(compartment, None)
        numbers = self.opened_in.pop(compartment, [])
        self._n_keys = -1
        waiting = sorted({*numbers, *self.unopened})
        self.unopened = []
        return waiting

    def _read(
        self, record: Record, number: int, history: History, refusal: Exception | None, *, again: bool = False
    ) -> Reading:
        header = record.header
        device, day = header.device, header.day
        if refusal is not None and not isinstance(refusal, (BrokenChain, BadRoll, NotOnRoll)):
            return Reading(number, device, day, Status.REFUSED, trouble=refusal)
        if record.body is None:
            return Reading(number, device, day, Status.SEALED)
        try:
            found = self._open(record)
        except DamagedFile as trouble:
            return Reading(number, device, day, Status.DAMAGED, trouble=trouble)
        if found is None:
            self.unopened.append(number)
            return Reading(number, device, day, Status.SEALED)
        key, plain = found
        standing = history.at(number) if again else history.now
        barred = bool(standing.bars) and standing.is_barred(device, day)
        try:
            envelope = self._envelope(plain, key)
            content = self.kinds.read(envelope)
            if refusal is not None:
                return Reading(number, device, day, Status.REFUSED, envelope, content, refusal, barred)
            kind = type(content)
            if not standing.may_write(device, kind.WRITERS) or not fnmatchcase(key.compartment, kind.WHERE):
                raise NotEntitled(device=device, kind=kind.KIND)
            self.opened_in[key.compartment].append(number)
            self._apply(number, device, day, key, content)
        except UnknownKind as trouble:
            return Reading(number, device, day, Status.UNKNOWN, envelope, None, trouble, barred)
        except DamagedRecord as trouble:
            return Reading(number, device, day, Status.DAMAGED, None, None, trouble, barred)
        except NotEntitled as trouble:
            return Reading(number, device, day, Status.REFUSED, envelope, content, trouble, barred)
        self.versions.take(envelope.id, envelope.based_on)
        return Reading(number, device, day, Status.COUNTS, envelope, content, None, barred)

    def _open(self, record: Record) -> tuple[Key, bytes] | None:
        device = record.header.device
        keys = self._keys_to_try(device)
        for at, key in enumerate(keys):
            tag, once = tag_and_key(key.key, record.header_bytes)
            if tag == record.tag:
                if at:
                    # Records come in runs of one compartment: try first what opened last.
                    keys.insert(0, keys.pop(at))
                return key, open_body(once, record.header_bytes, record.tag, record.body or b"")
        return None

    def _keys_to_try(self, device: int) -> list[Key]:
        n_keys = sum(map(len, self.keys.values()))
        if n_keys != self._n_keys:
            self._key_list, self._n_keys = {}, n_keys
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
        except msgspec.MsgspecError as trouble:
            raise DamagedRecord("its envelope does not decode") from trouble
        if _ENCODE(envelope) != plain or len(envelope.id) != EPOCH_SIZE:
            raise DamagedRecord("its envelope is not in the one encoding")
        if (envelope.compartment, envelope.epoch) != (key.compartment, key.epoch):
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
                    self.granted.setdefault(digest, (device, number))
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
        self._n_keys = -1

    def _apply_custody(self, number: int, device: int, day: int, content: Content) -> None:
        match content:
            case SharesDealt():
                self.custody[content.case] = Custody(content.deal, device, content.custodians)
                self.shares_released = {
                    key: who for key, who in self.shares_released.items() if key[0] != content.case
                }
            case ShareHeld():
                self.shares_held.setdefault(content.deal, set()).add(device)
            case ShareAsked():
                self.shares_asked[content.case] = (device, number, day)
            case ShareReleased():
                self.shares_released.setdefault((content.case, content.to), set()).add(device)

    def _open_epoch(self, number: int, device: int, key: Key, content: EpochOpened) -> None:
        compartment = self.compartments.setdefault(key.compartment, Compartment(key.compartment))
        recovered = self.has_recovered(key.compartment, device)
        if not compartment.open_epoch(key.epoch, content, maker=device, number=number, recovered=recovered):
            raise NotEntitled(device=device, kind=EpochOpened.KIND)
        self._n_keys = -1

    def has_recovered(self, compartment: str, device: int) -> bool:
        """Say whether enough custodians released the shares of this case to a device."""
        room, _, rest = compartment.partition("/")
        case = rest.partition("/")[0]
        return room == "case" and len(self.shares_released.get((case, device), ())) >= SHARES_NEEDED

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
                check_against(self.tree.root, self.size, device=word.device, seen=word.size, root=word.root)
            except ForkSeen as trouble:
                self.split.append(trouble)
        standing = self.history.now
        organisation = {entry.number: entry.organisation for entry in standing.roll.active}
        firm = firm_size(
            self._cosigned.values(),
            organisation_of=organisation.get,
            n_organisations=standing.roll.n_organisations,
            tree_size=self.size,
            tree_root=self.tree.root,
        )
        self.firm = max(self.firm, firm)
        return self.firm

    def is_firm(self, number: int) -> bool:
        """Say whether a record is under a head that two organisations vouch for."""
        return number < self.firm


SHARES_NEEDED = 3
"""Of five: the number of custodians who open one case (DESIGN section 4)."""
