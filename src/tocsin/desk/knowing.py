"""What a desk knows: from the snapshot and the replica at its start, from new records and grants after that.

World and rows follow from what lies on the disk, and are made anew from there whenever a change is broken off half-way.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from tocsin.core.ledger import (
    PEOPLE,
    WATCH,
    BarLifted,
    Barred,
    Content,
    FrozenWorld,
    Member,
    Outgoing,
    Reading,
    Record,
    World,
    coalition_id,
    read_records,
)
from tocsin.core.seal import Keyring
from tocsin.desk.clock import Clock
from tocsin.desk.errors import DamagedReplica, DamagedSnapshot, DiskFull, NoDeskHere
from tocsin.desk.keyfile import KeyFile, drop_snapshot, has_snapshot
from tocsin.desk.kinds import ALL_KINDS
from tocsin.desk.replica import Checked, Replica
from tocsin.desk.signatures import check_signatures, in_pieces
from tocsin.desk.snapshot import Snapshot, read_snapshot, write_snapshot
from tocsin.desk.store import Store
from tocsin.errors import LedgerError, SealError
from tocsin.terms import Day

Mark = tuple[int, int]

TAKE_AT_ONCE = 1000
"""Records a projection transaction: about 10 ms, so that no page waits longer."""

FOUNDING_NAME = "founding.record"
"""Kept beside the replica, so that a replica moved away can be fetched anew; it says what the relay knows anyway."""

SEALED_AT_LOCKING, SEALED_AFTER_REPLAY, SEALED_AFTER = 1_000, 5_000, 20_000
"""Records that are not in the snapshot and make a new one worth its bytes: when the desk is locked, when it has just read
them from the replica, when it has fetched them. A thousand are read again in a twentieth of a second."""


class Knowing:
    """A desk's files, and what its keys make of them. `Desk` fills it in."""

    folder: Path
    clock: Clock
    lock: threading.RLock
    keyfile: KeyFile
    replica: Replica
    store: Store
    world: World
    member: Member
    start_trouble: DamagedSnapshot | None
    """Why every record had to be read again although there was a snapshot."""
    has_resumed: bool
    """Whether what this desk knows began with the snapshot."""
    _n_sealed: int
    """How many records the snapshot on disk holds, if it is for the keys of now."""
    _is_whole: bool
    """Whether world and rows are what stands on the disk, so that they may be sealed."""
    _signatures: bytes
    """All signatures taken so far, hashed one after the other."""
    _contents: dict[int, Content]
    # Any: the versions of a kind are of that kind, which a dict cannot say.
    _versions: dict[tuple[type[Content], str | None], Any]
    """What `versions` listed last, by kind and compartment, with the store's mark of then."""
    _worked_out: dict[Hashable, tuple[list[Mark], object]]

    # keeping the keys ---

    @property
    def keyring(self) -> Keyring:
        """The open keyring."""
        return self.keyfile.keyring

    @property
    def device(self) -> int:
        """This desk's device number."""
        return self.keyring.device

    @property
    def replica_secret(self) -> bytes:
        """What the replica's checked mark is made under."""
        return hmac.digest(self.keyring.signing_seed, b"tocsin/1 replica\n", "sha256")

    # starting ---

    def _start(self, *, verify_all: bool = False, replay: bool = False) -> None:
        """Know what the disk holds: from the snapshot and what came after it, else from every record of the replica.

        Signatures up to the checked root were checked when they came.
        """
        self._is_whole = False
        self._n_sealed = 0
        checked = self.replica.checked(self.replica_secret)
        is_plain = checked is not None and not verify_all
        snapshot = self._snapshot() if is_plain and not replay else None
        if checked is None:
            # A replica fetched anew has nothing to do with the snapshot of the one before.
            drop_snapshot(self.folder)
        self.has_resumed = snapshot is not None and checked is not None and self._resume(snapshot, checked)
        if not self.has_resumed:
            self._begin(self._world())
            self._sow()
            self._replay(checked, verified=is_plain)
        try:
            self.world.take_cosignatures(self.replica.cosignatures())
        except LedgerError as trouble:
            raise DamagedReplica from trouble
        self.member.pending.expect(self.unread())
        self._is_whole = True
        self.take_grants(self.replica.grants())
        self._seal_if_worth(SEALED_AFTER_REPLAY)

    def _world(self, frozen: FrozenWorld | None = None) -> World:
        device, keys, is_quiet = self.device, self.keyring.compartments, self.keyring.is_quiet
        if frozen is None:
            return World(device=device, kinds=ALL_KINDS, keys=keys, is_quiet=is_quiet)
        return World.thaw(frozen, device=device, kinds=ALL_KINDS, keys=keys, is_quiet=is_quiet)

    def _begin(self, world: World, rows: bytes = b"") -> None:
        self.world = world
        self.member = Member(self.keyring, world, fresh=secrets.token_bytes)
        self.store.close()
        self.store = Store(rows)
        self._forget_opened()
        self._signatures = bytes(32)

    def _replay(self, checked: Checked | None, *, verified: bool) -> None:
        try:
            self._take_all(self.replica.records(), verified=verified)
        except (LedgerError, SealError) as trouble:
            raise DamagedReplica from trouble
        if self.world.coalition != self.keyring.coalition or checked not in (None, self._checked()):
            raise DamagedReplica
        if checked is None:
            # A copy from elsewhere: all of it was checked just now.
            with self.replica.transaction():
                self.replica.mark_checked(self.replica_secret, self._checked())

    def _sow(self) -> None:
        """A new replica, or one that was moved away, begins with the founding record that this desk trusts."""
        if self.replica.size:
            return
        try:
            (founding,) = read_records((self.folder / FOUNDING_NAME).read_bytes())
        except FileNotFoundError:
            raise NoDeskHere from None
        except (LedgerError, ValueError) as trouble:
            raise DamagedReplica from trouble
        if coalition_id(founding) != self.keyring.coalition:
            raise DamagedReplica
        with self.replica.transaction():
            self.replica.add(0, [founding])

    def _checked(self) -> Checked:
        return Checked(self.world.size, self.world.tree.root(), self._signatures)

    def _take_all(self, records: Iterable[Record], *, verified: bool) -> None:
        for some in in_pieces(records, TAKE_AT_ONCE):
            self._project(self._take(some, verified=verified))

    def _take(self, records: Sequence[Record], *, verified: bool = False) -> list[Reading]:
        """Let the world take records, their signatures checked by two threads beforehand."""
        known = [verified] * len(records)
        if not verified and self.world.size:
            known = check_signatures(records, self.world.history.now.roll, self.world.coalition)
        readings = []
        for record, is_verified in zip(records, known, strict=True):
            readings.append(self.world.take(record, verified=is_verified))
            self._signatures = sha256(self._signatures + record.signature).digest()
        return readings

    def verify_all(self) -> int:
        """Check every signature, chain and the root again from the replica; return how many records.

        Raises
        ------
        DamagedReplica
            Something on this disk is not what was signed.
        """
        with self.lock:
            self._start(verify_all=True)
            return self.world.size

    # the snapshot ---

    def _snapshot(self) -> Snapshot | None:
        try:
            return read_snapshot(self.folder, self.keyring)
        except DamagedSnapshot as trouble:
            self.start_trouble = trouble
            return None

    def _resume(self, snapshot: Snapshot, checked: Checked) -> bool:
        """Go on from a snapshot; False if it does not fit the replica, whose own state the replay then says.

        Compared are the size, the root and all signatures with the checked mark, once the records that came after the
        snapshot were read; a record before it is compared with the tree when it is read (`record`).
        """
        world = self._world(snapshot.world)
        sealed = world.size
        is_ours = (snapshot.device, snapshot.is_quiet) == (self.device, self.keyring.is_quiet)
        if is_ours and 0 < sealed <= checked.size == self.replica.size:
            self._begin(world, snapshot.rows)
            self._signatures = snapshot.signatures
            self.member.received.foreign = snapshot.foreign
            try:
                self.record(sealed - 1)
                self._take_all(self.replica.records(sealed), verified=True)
            except (LedgerError, SealError, DamagedReplica):
                sealed = 0
            if sealed and self._checked() == checked:
                self._n_sealed = sealed
                return True
        drop_snapshot(self.folder)
        return False

    def seal_snapshot(self) -> None:
        """Seal what this desk knows beside the replica; the next start goes on from there.

        Raises
        ------
        DiskFull
            The next start reads every record again, and nothing is lost.
        """
        with self.lock:
            snapshot = Snapshot(
                device=self.device,
                is_quiet=self.keyring.is_quiet,
                signatures=self._signatures,
                world=self.world.freeze(),
                rows=self.store.to_bytes(),
                foreign=self.member.received.foreign & self.replica.grant_hashes(),
            )
            write_snapshot(self.folder, self.keyring, snapshot)
            self._n_sealed = self.world.size

    def _seal_if_worth(self, most: int) -> None:
        """Seal a snapshot if the next start would have to read more than so many records."""
        if not has_snapshot(self.folder, self.keyring):
            self._n_sealed = 0
        if self.world.size - self._n_sealed < most:
            return
        try:
            self.seal_snapshot()
        except DiskFull:
            # The one there is stands, or none: the next start takes longer.
            self._n_sealed = 0

    # time ---

    @property
    def today(self) -> Day:
        """The coalition's day."""
        return self.clock.today(self.world.history.now.roll)

    @property
    def now(self) -> int:
        """The coalition's UTC seconds."""
        return self.clock.now(self.world.history.now.roll)

    # taking ---

    def take(self, records: Sequence[Record], *, check: Callable[[], None] = lambda: None) -> None:
        """Check and keep records that follow what this desk has; all of them or none.

        `check` is called when all were taken and none was kept yet; what it raises leaves the desk as it was.

        Raises
        ------
        BadSignature, DamagedRecord, UnknownKind
            One was not signed by its author, is none, or is of a newer version. The desk stands as before.
        DiskFull
            There is no room for them. The desk stands as before.
        """
        first = self.world.size
        with self._changing():
            with ExitStack() as undo:
                # Until it is kept, the world is ahead of the disk: go back to what stands there.
                undo.callback(self._start)
                readings = self._take(records)
                check()
                with self.replica.transaction():
                    self.replica.add(first, records)
                    self.replica.mark_checked(self.replica_secret, self._checked())
                undo.pop_all()
            self._project(readings)
        self.drop_arrived()
        self._seal_if_worth(max(SEALED_AFTER, self.world.size // 4))

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Change world and rows; broken off half-way they are not sealed, unless they were made anew."""
        self._is_whole = False
        yield
        self._is_whole = True

    def _project(self, readings: Iterable[Reading]) -> None:
        self.store.project(reading for reading in readings if not self.hides(reading.content))

    def hides(self, content: Content | None) -> bool:
        """Say whether this desk's own pages leave something out: opened under duress, what is said of its own bar."""
        return (
            self.keyring.is_quiet
            and isinstance(content, Barred | BarLifted)
            and content.device == self.device
        )

    def take_grants(self, files: Iterable[bytes]) -> None:
        """Try grants; read again what their keys open."""
        self._reopen(self.member.received.take(files))

    def confirm_grants(self) -> None:
        """Hold the grants that `watch` names by now; read again what their keys open."""
        self._reopen(self.member.received.confirm())

    def _reopen(self, compartments: Iterable[str]) -> None:
        names = set(compartments)
        if not names:
            return
        self.keyfile.save()
        everybodys = names & {WATCH, PEOPLE}
        names -= everybodys
        if any(self.world.waiting_for(name) for name in everybodys):
            # What everybody reads decides what counts: judge the whole ledger anew.
            self._start()
            return
        numbers: set[int] = set()
        with self._changing():
            for name in names:
                numbers.update(self.world.forget_compartment(name))
            self._project([self.world.reopen(number, self.record(number)) for number in sorted(numbers)])

    def reopen(self, compartments: Iterable[str]) -> None:
        """Read compartments again whose keys this desk has just got by other ways than a grant."""
        with self.lock:
            self._reopen(compartments)

    def unread(self) -> list[Record]:
        """Finished records that were not read back from the relay yet."""
        chain = self.world.tips[self.device].chain
        return [record for record in self.replica.leaving().records if record.header.chain >= chain]

    def drop_arrived(self) -> None:
        """Let go of finished records that were read back, and of their grants when none of them is left."""
        leaving = self.replica.leaving()
        unread = self.unread()
        if leaving.records and len(unread) < len(leaving.records):
            with self.replica.transaction():
                self.replica.clear_leaving()
                if unread:
                    self.replica.add_leaving(Outgoing(unread, leaving.grants))

    def cut_back(self, size: int) -> None:
        """Go back to the first `size` records: founders opened the ledger again without the others.

        What this device itself said in those waits to leave again. It is kept in the outbox first, so that a power cut
        between the two files loses nothing: whatever the replica still has is no longer unread.
        """
        with self.lock:
            lost = [record for record in self.replica.records(size) if record.header.device == self.device]
            leaving = self.replica.leaving()
            with self.replica.transaction():
                self.replica.clear_leaving()
                self.replica.add_leaving(Outgoing([*lost, *self.unread()], leaving.grants))
            with self.replica.transaction():
                self.replica.drop_from(size)
            self._start()

    @property
    def is_cloned(self) -> bool:
        """Say whether the ledger holds records of this device that this keyring never finished."""
        # What a duress passphrase opens may be a little behind: it must be able to call for help all the same.
        return not self.keyring.is_quiet and self.world.tips[self.device].chain > self.keyring.tip.chain

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Change the keyring wholly or not at all: where there is no room to save it, this desk stands as before.

        Else a key would count as made though its opening record never leaves, or as erased though the disk still has it.
        """
        before = self.keyring.to_bytes()
        try:
            yield
        except DiskFull:
            self.keyfile.keyring = Keyring.from_bytes(before)
            self._start()
            raise

    # looking ---

    def record(self, number: int) -> Record:
        """Read a record from the replica, and see that it is the one that stands in the tree.

        Raises
        ------
        DamagedReplica
            It is not, or not there.
        """
        record = self.replica.record(number)
        if record.leaf != self.world.tree.node(0, number):
            raise DamagedReplica
        return record

    def _forget_opened(self) -> None:
        self._contents.clear()
        self._versions.clear()
        self._worked_out.clear()
