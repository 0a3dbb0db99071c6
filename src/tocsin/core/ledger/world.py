"""A device's view of the ledger: takes records in order, opens what its keys open, and says what counts.

Everything here follows from the records and the keys held; nothing is decided by a clock. Each record taken yields one
`Reading`. A record that cannot be opened, does not decode or is not entitled stops nothing: it is kept and shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase

import msgspec

from tocsin.core.ledger.authors import Authors, check_author
from tocsin.core.ledger.compartments import Compartment
from tocsin.core.ledger.content import Content, Envelope, Kinds
from tocsin.core.ledger.deals import Deals
from tocsin.core.ledger.errors import (
    BadRoll,
    DamagedRecord,
    ForkSeen,
    NoKey,
    NotEntitled,
    UnknownKind,
)
from tocsin.core.ledger.head import Cosignature
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
    Shut,
)
from tocsin.core.ledger.opened import FrozenOpened, Opened, Told, Verdict, bare, made_again, tell
from tocsin.core.ledger.opening import Key, Keys, Opener
from tocsin.core.ledger.reading import Reading, Status
from tocsin.core.ledger.record import (
    FOUNDING,
    SEALED,
    Record,
    Tip,
    coalition_id,
)
from tocsin.core.ledger.roll import read_founding, read_roll_change
from tocsin.core.ledger.standing import FrozenHistory, History, Standing
from tocsin.core.ledger.tree import Tree
from tocsin.core.ledger.trips import Trips
from tocsin.core.ledger.vouching import FrozenVouching, Vouching
from tocsin.core.seal import DamagedFile


class FrozenWorld(msgspec.Struct, frozen=True, kw_only=True):
    """A world as plain values. No key stands in it, and no words: who, when, which compartment, and what counts."""

    levels: list[bytearray]
    seals: bytearray
    opened: FrozenOpened
    refused: dict[int, Told]
    tips: dict[int, Tip]
    forked: dict[int, int]
    compartments: dict[str, Compartment]
    history: FrozenHistory
    deals: Deals
    trips: Trips
    vouching: FrozenVouching
    granted: dict[bytes, dict[int, int]]
    loads: dict[int, int]
    erased: dict[bytes, set[int]]
    newest_day: int
    has_barred_itself: bool
    coalition: bytes


class World:
    """The ledger as one device knows it. Feed it records in order with `take`."""

    def __init__(self, *, device: int, kinds: Kinds, keys: Keys, is_quiet: bool = False) -> None:
        """Start before the founding record; `keys` is read live, so a key added to the keyring is found.

        A quiet one leaves its own device out of `bars`, for whoever makes somebody read there (`Keyring.is_quiet`).
        """
        self.device, self.is_quiet = device, is_quiet
        self.has_barred_itself = False
        self.kinds = kinds
        self.keys = keys
        self.tree = Tree()
        self.authors = Authors()
        self.compartments: dict[str, Compartment] = {}
        self.deals = Deals()
        self.trips = Trips()
        self.vouching = Vouching(self.tree)
        self.granted: dict[bytes, dict[int, int]] = {}
        """Grants by hash: which devices named them in `watch`, and on which day first."""
        self.loads: dict[int, int] = {}
        self.erased: dict[bytes, set[int]] = defaultdict(set)
        self.opened = Opened()
        self.newest_day = 0
        """The latest day that any record so far bears whose author stands on the roll."""
        self._refused: dict[int, Verdict] = {}
        self._opener = Opener(keys, self.compartments)
        self._history: History | None = None
        self._coalition = b""

    def freeze(self) -> FrozenWorld:
        """Give everything taken so far as plain values, which are this world's own: write them down before it takes more."""
        return FrozenWorld(
            levels=self.tree.freeze(),
            seals=self._opener.seals,
            opened=self.opened.freeze(),
            refused=tell(self._refused),
            tips={device: tip for device, tip in self.tips.items() if tip.chain},
            forked=self.authors.forked,
            compartments=self.compartments,
            history=self.history.freeze(),
            deals=self.deals,
            trips=self.trips,
            vouching=self.vouching.freeze(),
            granted=self.granted,
            loads=self.loads,
            erased={epoch: devices for epoch, devices in self.erased.items() if devices},
            newest_day=self.newest_day,
            has_barred_itself=self.has_barred_itself,
            coalition=self._coalition,
        )

    @classmethod
    def thaw(
        cls, frozen: FrozenWorld, *, device: int, kinds: Kinds, keys: Keys, is_quiet: bool = False
    ) -> World:
        """Make the world again of what `freeze` gave, and take that for its own; device, kinds and keys must be the same."""
        world = cls(device=device, kinds=kinds, keys=keys, is_quiet=is_quiet)
        world.has_barred_itself = frozen.has_barred_itself
        world.tree = Tree.thaw(frozen.levels)
        world.opened = Opened.thaw(frozen.opened)
        world._refused = made_again(frozen.refused)
        world.authors.tips.update(frozen.tips)
        world.authors.forked.update(frozen.forked)
        world.compartments.update(frozen.compartments)
        world._opener.seals = frozen.seals
        world._history = History.thaw(frozen.history)
        world.deals, world.trips = frozen.deals, frozen.trips
        world.vouching = Vouching.thaw(frozen.vouching, world.tree)
        world.granted, world.loads = frozen.granted, frozen.loads
        world.erased.update(frozen.erased)
        world.newest_day, world._coalition = frozen.newest_day, frozen.coalition
        return world

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

    @property
    def tips(self) -> Mapping[int, Tip]:
        """Where each author's chain stands."""
        return self.authors.tips

    @property
    def forked(self) -> Mapping[int, int]:
        """Authors with two chains, and the record that showed it."""
        return self.authors.forked

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
        if not verified:
            check_author(record, self.history.now.roll, self._coalition)
        refusal = self._place(record, number)
        if record.header.mark != SEALED:
            return self._take_clear(record, number, refusal)
        if refusal is not None:
            self._refused[number] = bare(refusal)
        return self._read(record, number, self.history.now)

    def _take_founding(self, record: Record) -> Reading:
        roll = read_founding(record)
        self._coalition = coalition_id(record)
        self._history = History(roll, record.header.day)
        self._place(record, 0)
        return Reading(0, record.header.device, record.header.day, Status.COUNTS)

    def _take_clear(self, record: Record, number: int, refusal: Verdict | None) -> Reading:
        header = record.header
        if refusal is None and header.mark == FOUNDING:
            refusal = BadRoll("a coalition is founded once")
        if refusal is None:
            refusal = self._take_roll(record, number)
        status = Status.REFUSED if refusal else Status.COUNTS
        return Reading(number, header.device, header.day, status, trouble=refusal)

    def _place(self, record: Record, number: int) -> Verdict | None:
        """Add the leaf, compare the head the author saw, move its chain on; say why the record must not count.

        The head is compared first: what leaks out of another version of the ledger seldom fits its author's chain here.
        """
        self.tree.append(record.leaf)
        self.opened.add(is_clear=record.header.mark != SEALED)
        self._opener.remember(record)
        self.vouching.compare(record.header, number)
        refusal = self.authors.follow(record, number, self.history)
        if refusal is None:
            self.newest_day = max(self.newest_day, record.header.day)
        return refusal

    def _take_roll(self, record: Record, number: int) -> Verdict | None:
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
        found = self._opener.find(record)
        if found is None:
            raise NoKey
        key, once = found
        envelope = self._opener.open(record, key, once)
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
        self.opened.forget(compartment)
        self._opener.choose_anew()
        return self.waiting_for(compartment)

    def waiting_for(self, compartment: str) -> list[int]:
        """Say which records not yet opened are under a key that is held of this compartment."""
        return self._opener.fitting(self.opened.sealed(), compartment)

    def sealed_under(self, key: bytes) -> list[int]:
        """Say which records not opened here a key opens that is not held; about a microsecond a record."""
        return self._opener.under(self.opened.sealed(), key)

    def read_under(self, keys: Keys, record: Record) -> Content | None:
        """Read a record by keys that are not held; None if they do not fit. Nothing is changed.

        Raises
        ------
        DamagedRecord, UnknownKind, DamagedFile
            It does not decode.
        """
        opener = Opener(keys, {})
        found = opener.find(record)
        return None if found is None else self.kinds.read(opener.open(record, *found))

    def _read(self, record: Record, number: int, standing: Standing) -> Reading:
        device, day = record.header.device, record.header.day
        refusal = self._refused.get(number)
        barred = bool(standing.bars) and standing.is_barred(device, day)
        found = self._opener.find(record)
        if found is None or record.body is None:
            status = Status.REFUSED if refusal else Status.SEALED
            return Reading(number, device, day, status, trouble=refusal, barred=barred)
        key, once = found
        envelope = content = None
        try:
            envelope = self._opener.open(record, key, once)
            if key.compartment != envelope.compartment:
                key = key._replace(compartment=envelope.compartment)
            content = self.kinds.read(envelope)
        except (DamagedFile, DamagedRecord) as trouble:
            self.opened.note(number, key.compartment, trouble)
            return Reading(number, device, day, Status.DAMAGED, None, None, trouble, barred)
        except UnknownKind as trouble:
            self.opened.note(number, key.compartment, trouble)
            return Reading(number, device, day, Status.UNKNOWN, envelope, None, trouble, barred)
        if not self.opened.is_in(number, key.compartment):
            # Read twice without being forgotten, it must not change anything twice.
            verdict = refusal or self._count(number, device, day, key, content, standing)
            self.opened.note(number, key.compartment, verdict)
        verdict = self.opened.trouble(number)
        status = Status.REFUSED if verdict else Status.COUNTS
        return Reading(number, device, day, status, envelope, content, verdict, barred)

    def _count(
        self, number: int, device: int, day: int, key: Key, content: Content, standing: Standing
    ) -> Verdict | None:
        """Let a record change what it changes; say why not, if its author is not entitled."""
        kind = type(content)
        try:
            if not standing.may_write(device, kind.WRITERS) or not fnmatchcase(key.compartment, kind.WHERE):
                raise NotEntitled(device=device, kind=kind.KIND)
            self._apply(number, device, day, key, content)
        except NotEntitled as trouble:
            return trouble
        return None

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
            case Admitted() | HandedOver() | Shut():
                self._change_members(compartment, content)
            case GrantsMade():
                for digest in content.hashes:
                    self.granted.setdefault(digest, {}).setdefault(device, day)
            case Erased():
                for epoch in content.epochs:
                    self.erased[epoch].add(device)
            case Load():
                self.loads[device] = content.held
            case Barred():
                self._take_bar(number, content, device, day)
            case BarLifted():
                if not self.history.take_lift(number, content, by=device):
                    raise NotEntitled(device=device, kind=content.KIND)
            case _:
                # Not the day the author wrote: dated back by two, a request would stand in nobody's sight.
                day, roll = self.newest_day, self.history.now.roll
                self.deals.take(content, number=number, device=device, day=day, roll=roll)
                self.trips.take(content, device=device, day=day)

    def _change_members(self, compartment: Compartment, content: Admitted | HandedOver | Shut) -> None:
        match content:
            case Admitted():
                compartment.admit(content.device)
            case HandedOver():
                for to in content.to:
                    compartment.admit(to)
                compartment.relieve_all_but(frozenset(content.to))
            case Shut():
                compartment.relieve_all_but(frozenset())
                compartment.is_shut, compartment.is_parked = True, content.parked
        self._opener.choose_anew()

    def _take_bar(self, number: int, content: Barred, by: int, day: int) -> None:
        self.has_barred_itself |= content.device == by == self.device
        if self.is_quiet and content.device == self.device:
            return
        if not self.history.take_bar(number, content, by=by, day=day):
            raise NotEntitled(device=by, kind=content.KIND)

    def _open_epoch(self, number: int, device: int, key: Key, content: EpochOpened) -> None:
        compartment = self.compartments.setdefault(key.compartment, Compartment(key.compartment))
        recovered = self.deals.has_recovered(key.compartment, device, number)
        if not compartment.open_epoch(key.epoch, content, maker=device, number=number, recovered=recovered):
            raise NotEntitled(device=device, kind=EpochOpened.KIND)
        self._opener.choose_anew()

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

    # heads ---

    @property
    def firm(self) -> int:
        """The size up to which two organisations vouch for the ledger."""
        return self.vouching.firm

    def is_firm(self, number: int) -> bool:
        """Say whether a record is under a head that two organisations vouch for."""
        return number < self.vouching.firm

    def knows(self, word: Cosignature) -> bool:
        """Say whether a co-signature, to the byte, was taken already."""
        return self.vouching.knows(word)

    def take_cosignatures(self, cosignatures: Iterable[Cosignature]) -> int:
        """Take verified co-signatures; return the firm size."""
        return self.vouching.take(cosignatures, self.history.now.roll)

    @property
    def split(self) -> list[ForkSeen]:
        """Heads that cannot be true together with ours."""
        return self.vouching.split

    @property
    def standing_splits(self) -> list[ForkSeen]:
        """The splits seen by devices that are on the roll; these stop us from vouching."""
        return self.vouching.standing_splits(self.history.now.roll)
