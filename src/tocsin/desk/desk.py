"""A desk: keyring, replica, world and store together. It appends, syncs, and answers what its keys let it answer.

Everything that changes state goes through here, one thing at a time. No page, clock or network is needed to read what is
already on this machine: a desk works offline, and what was written leaves when the relay answers again.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar, cast

import msgspec
from msgspec.structs import replace

from tocsin.core.ledger import (
    PEOPLE,
    WATCH,
    BarLifted,
    Barred,
    Content,
    Draft,
    FrozenWorld,
    Ground,
    Member,
    Moment,
    Move,
    NoKey,
    Outgoing,
    PublishedKey,
    PublishedSlot,
    Reading,
    Record,
    RelayEntry,
    Tip,
    Waiting,
    World,
    choose_leaving,
    coalition_id,
    newest_grant_keys,
    read_records,
)
from tocsin.core.seal import CASELOAD_CAP, Keyring, self_test
from tocsin.desk.clock import Clock
from tocsin.desk.errors import DamagedReplica, DamagedSnapshot, DiskFull, NoDeskHere
from tocsin.desk.keyfile import KeyFile, drop_snapshot, has_snapshot, write_whole
from tocsin.desk.kinds import ALL_KINDS
from tocsin.desk.moved import forget_move, kept_move
from tocsin.desk.outbox import finish_drafts, make_again, open_draft, remember_tip, seal_draft, tip_after
from tocsin.desk.replica import FOLDER_DAYS, Checked, Replica
from tocsin.desk.settings_file import read_settings, save_settings
from tocsin.desk.signatures import check_signatures, in_pieces
from tocsin.desk.snapshot import Snapshot, read_snapshot, write_snapshot
from tocsin.desk.store import Entry, Store
from tocsin.desk.wire import Wire
from tocsin.errors import LedgerError, SealError
from tocsin.terms import Day, date_of, week_of

C = TypeVar("C", bound=Content)
T = TypeVar("T")
Mark = tuple[int, int]

TAKE_AT_ONCE = 1000
"""Records a projection transaction: about 10 ms, so that no page waits longer."""

CACHED_CONTENTS = 50_000
WORKED_OUT = 100
"""Results that are kept until what they were worked out from changes."""

FOUNDING_NAME = "founding.record"
"""Kept beside the replica, so that a replica moved away can be fetched anew; it says what the relay knows anyway."""

DRAFTS_AT_ONCE = 500

FIRST_PAGE = 200
"""Records asked for while nobody knows how fast the link is."""

SEALED_AT_LOCKING, SEALED_AFTER_REPLAY, SEALED_AFTER = 1_000, 5_000, 20_000
"""Records that are not in the snapshot and make a new one worth its bytes: when the desk is locked, when it has just read
them from the replica, when it has fetched them. A thousand are read again in a twentieth of a second."""


@dataclass(frozen=True, slots=True)
class Version(Generic[C]):
    """A record's content with what the ledger says about it."""

    entry: Entry
    content: C


class OpenCall(NamedTuple):
    """A submission that a day key of ours opens."""

    day_key: int
    people: int
    """How many people it speaks for; none if it is a drill."""


class Desk:
    """One unlocked desk."""

    def __init__(
        self,
        folder: Path,
        keyfile: KeyFile,
        *,
        clock: Clock,
        verify_all: bool = False,
        replay: bool = False,
    ) -> None:
        self_test()
        self.folder, self.clock = folder, clock
        self.lock = threading.RLock()
        self.keyfile = keyfile
        self.settings = read_settings(folder)
        """What was chosen for this machine."""
        self.replica = Replica(folder)
        self.store = Store()
        self._published: list[PublishedKey] | None = None
        self._wire: Wire | None = None
        self.tried: dict[bytes, OpenCall | None] = {}
        """Submissions that were tried, by hash; None where no day key of ours opens them."""
        self.given_up: dict[str, tuple[frozenset[bytes], dict[bytes, int] | None]] = {}
        """What the grants of these hashes open though it was given up: by case and submission, how many people."""
        self.keys_seen: tuple[bytes, set[PublishedSlot]] = (b"", set())
        """The relay's name for the keys it showed last, and their slots."""
        self.n_there = 0
        """How many records the relay's newest head said there are."""
        self.folders_there: tuple[int, int] = (0, 0)
        """Of the day folders that the relay has: how many are here, and how many there are."""
        self.records_a_page = FIRST_PAGE
        """How many records the link brings in reasonable time (`budget.Portion`)."""
        self.posted: bytes = b""
        """Hash of the newest record that was sent and not read back yet."""
        self._contents: dict[int, Content] = {}
        # Any: the versions of a kind are of that kind, which a dict cannot say.
        self._versions: dict[tuple[type[Content], str | None], Any] = {}
        """What `versions` listed last, by kind and compartment, with the store's mark of then."""
        self._worked_out: dict[Hashable, tuple[list[Mark], object]] = {}
        self.start_trouble: DamagedSnapshot | None = None
        """Why every record had to be read again although there was a snapshot."""
        self.has_resumed = False
        """Whether what this desk knows began with the snapshot."""
        self._n_sealed = 0
        """How many records the snapshot on disk holds, if it is for the keys of now."""
        self._is_whole = False
        """Whether world and rows are what stands on the disk, so that they may be sealed."""
        self._drafts_seen: dict[int, Waiting] = {}
        """By position in the outbox, what of a draft decides when it leaves."""
        self.move: Move | None = None
        """Founders signed another relay, and the ledger does not say so yet."""
        self.gives_up_firm = False
        """Whether a person here has accepted that the new relay's ledger leaves out what two organisations vouched for."""
        self.world: World
        self.member: Member
        with ExitStack() as undo:
            undo.callback(self.close)
            self._start(verify_all=verify_all, replay=replay)
            self.move = kept_move(folder, self.ground)
            undo.pop_all()

    @classmethod
    def set_up(
        cls,
        folder: Path,
        keyring: Keyring,
        passphrase: str,
        founding: Record,
        *,
        clock: Clock,
        log_n: int = 17,
    ) -> Desk:
        """Make a desk's folder: its keyring under a passphrase, and the founding record it trusts from now on."""
        return cls.begin(
            folder, KeyFile.create(folder, keyring, passphrase, log_n=log_n), founding, clock=clock
        )

    @classmethod
    def begin(cls, folder: Path, keyfile: KeyFile, founding: Record, *, clock: Clock) -> Desk:
        """Make a desk of a keyring that lies in its folder already and knows its number; the founding record comes last."""
        keyring = keyfile.keyring
        keyring.coalition = coalition_id(founding)
        if founding.header.device == keyring.device and not keyring.tip.chain:
            remember_tip(keyring, [founding])
        keyfile.save()
        write_whole(folder / FOUNDING_NAME, founding.to_bytes())
        return cls(folder, keyfile, clock=clock)

    @classmethod
    def open(
        cls,
        folder: Path,
        passphrase: str,
        *,
        clock: Clock | None = None,
        verify_all: bool = False,
        replay: bool = False,
    ) -> Desk:
        """Unlock the desk in a folder.

        Parameters
        ----------
        replay
            Read every record again instead of going on from the snapshot.
        verify_all
            Check every signature anew as well, also those checked before.

        Raises
        ------
        NoDeskHere, WrongPassphrase, DamagedKeyring, DamagedReplica, DamagedOutbox, DamagedSettings, DeskInUse
        """
        keyfile = KeyFile.open(folder, passphrase)
        clock = clock or Clock.of_machine()
        return cls(folder, keyfile, clock=clock, verify_all=verify_all, replay=replay)

    def close(self) -> None:
        """Lock: forget everything that was opened; a sync under way ends with what the relay says next."""
        if (wire := self._wire) is not None:
            wire.hang_up()
        with self.lock:
            if self._wire is not None:
                self._wire.close()
            if self._is_whole:
                self._seal_if_worth(max(SEALED_AT_LOCKING, self.world.size // 50))
            self._is_whole = False
            self.store.close()
            self.replica.close()
            self._forget_opened()

    def choose(self, **changes: object) -> None:
        """Choose for this machine, by the names in `Settings`; raises DiskFull, and then what was chosen before stands."""
        with self.lock:
            settings = replace(read_settings(self.folder), **changes)
            save_settings(self.folder, settings)
            self.settings = settings

    # starting ---

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

    # time ---

    @property
    def today(self) -> Day:
        """The coalition's day."""
        return self.clock.today(self.world.history.now.roll)

    @property
    def now(self) -> int:
        """The coalition's UTC seconds."""
        return self.clock.now(self.world.history.now.roll)

    def moment(self, *, replacing_what_waits: bool = False) -> Moment:
        """Now, with every device's grant key, and where this device's chain goes on: behind what waits, or in its place."""
        keys = newest_grant_keys(self.published(), today=self.today)
        return Moment(self.today, self.now, keys, self._tip(behind_waiting=not replacing_what_waits))

    def _tip(self, *, behind_waiting: bool) -> Tip:
        waiting = self.unread()
        return tip_after(waiting[-1]) if waiting and behind_waiting else self.world.tips[self.device]

    def unread(self) -> list[Record]:
        """Finished records that were not read back from the relay yet."""
        chain = self.world.tips[self.device].chain
        return [record for record in self.replica.leaving().records if record.header.chain >= chain]

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

    def drop_arrived(self) -> None:
        """Let go of finished records that were read back, and of their grants when none of them is left."""
        leaving = self.replica.leaving()
        unread = self.unread()
        if leaving.records and len(unread) < len(leaving.records):
            with self.replica.transaction():
                self.replica.clear_leaving()
                if unread:
                    self.replica.add_leaving(Outgoing(unread, leaving.grants))

    @property
    def is_cloned(self) -> bool:
        """Say whether the ledger holds records of this device that this keyring never finished."""
        # What a duress passphrase opens may be a little behind: it must be able to call for help all the same.
        return not self.keyring.is_quiet and self.world.tips[self.device].chain > self.keyring.tip.chain

    def hides(self, content: Content | None) -> bool:
        """Say whether this desk's own pages leave something out: opened under duress, what is said of its own bar."""
        return (
            self.keyring.is_quiet
            and isinstance(content, Barred | BarLifted)
            and content.device == self.device
        )

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

    def give_up(self) -> None:
        """Erase the keys of compartments that were shut, handed to others or kept long enough; say so in `watch`."""
        before = set(self.keyring.compartments)
        with self._changing():
            with self.all_or_nothing():
                erased = self.member.give_up() + self.member.expire(week=week_of(self.today))
                if erased:
                    self.keyfile.save()
            if erased:
                self._forget_opened()
                self._drafts_seen.clear()
                for name in before - set(self.keyring.compartments):
                    self.store.forget(name)
        for content in self.member.own_news(erased):
            if not self.is_waiting(content):
                self.append(content, to="watch")

    def erase_old_keys(self) -> None:
        """Erase grant and file keys whose time is over, and intake keys whose folders are gone from the relay."""
        day, keyring = self.today, self.keyring
        date = date_of(day)
        before = self._n_period_keys()
        with self.all_or_nothing():
            keyring.erase_old(week=week_of(day), day=day, month=(date.year - 1970) * 12 + date.month - 1)
            for each in [each for each in keyring.intake_keys if each < day - FOLDER_DAYS]:
                keyring.forget_intake(each)
            if self._n_period_keys() < before:
                self.keyfile.save()

    def _n_period_keys(self) -> int:
        return sum(map(len, (self.keyring.grant_keys, self.keyring.intake_keys, self.keyring.file_keys)))

    def published(self) -> list[PublishedKey]:
        """The keys that devices published, as far as this desk has checked them."""
        if self._published is None:
            try:
                self._published = self.replica.published()
            except LedgerError as trouble:
                raise DamagedReplica from trouble
        return self._published

    def keep_published(self, keys: Sequence[PublishedKey]) -> None:
        """Keep published keys that were checked, or made here."""
        if keys:
            with self.replica.transaction():
                self.replica.add_published(keys)
            self._published = None

    # saying ---

    def append(self, content: Content, *, to: str, based_on: bytes | None = None) -> Draft:
        """Say something to a compartment; it leaves with the next sending.

        Raises
        ------
        NotEntitled
            None of this device's duties may write that.
        NoKey
            This desk holds no key of that compartment.
        """
        with self.lock:
            draft = self.member.draft(content, to=to, at=self.now, based_on=based_on)
            self._keep_drafts([draft])
            return draft

    def append_all(self, contents: Iterable[Content], *, to: str) -> None:
        """Say several things that belong together: all of them are kept, or none; raises what `append` raises."""
        with self.lock:
            self._keep_drafts([self.member.draft(content, to=to, at=self.now) for content in contents])

    def _keep_drafts(self, drafts: Sequence[Draft]) -> None:
        sealed = [seal_draft(self.keyring, self.world, draft) for draft in drafts]
        with self.replica.transaction():
            for each in sealed:
                self.replica.add_draft(each)

    def do(self, act: Callable[[Member, Moment], Outgoing]) -> None:
        """Do what makes keys and grants (open, hand over, shut, deal, release); it leaves with the next sending.

        What waits stays waiting, but for what was said in a compartment that ends by this.
        """
        with self.lock, self.all_or_nothing():
            handed_out: list[int] = []
            moment = self.moment()._replace(waiting=partial(self._hand_out, handed_out))
            self._keep_finished(act(self.member, moment), settled=handed_out)

    def _hand_out(self, handed_out: list[int], compartment: str) -> list[Draft]:
        """Open what waits in a compartment, and note its positions."""
        self.waiting()
        drafts = []
        for position, sealed in self.replica.drafts():
            seen = self._drafts_seen.get(position)
            if seen is not None and seen.compartment == compartment:
                draft = open_draft(self.keyring, sealed)
                handed_out.append(position)
                drafts += [draft] if draft is not None else []
        return drafts

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

    def _keep_finished(self, outgoing: Outgoing, *, settled: Sequence[int]) -> None:
        remember_tip(self.keyring, outgoing.records)
        self.keyfile.save()
        with self.replica.transaction():
            self.replica.add_leaving(outgoing)
            self.replica.drop_drafts(settled)

    def seal_again(self) -> None:
        """Put new records in place of finished ones that the relay refuses, under the roll, keys and day of now."""
        refused = self.unread()
        if not refused:
            return
        with self.all_or_nothing():
            self._seal_again(refused)

    def _seal_again(self, refused: list[Record]) -> None:
        before = {name: dict(epochs) for name, epochs in self.keyring.compartments.items()}
        drafts = [(position, open_draft(self.keyring, sealed)) for position, sealed in self.replica.drafts()]
        outgoing = make_again(self.member, refused, self.moment(replacing_what_waits=True))
        remember_tip(self.keyring, outgoing.records)
        # Epochs that were never opened are void now. What was said under them moves to the new ones, and until it has
        # moved the keyring on disk has both.
        moved = [(position, self._seal_draft(draft)) for position, draft in drafts if draft is not None]
        self.keyfile.save(beside=before)
        with self.replica.transaction():
            self.replica.clear_leaving()
            self.replica.add_leaving(outgoing)
            self.replica.replace_drafts(moved)
        self.keyfile.save()

    def _seal_draft(self, draft: Draft) -> bytes | None:
        try:
            return seal_draft(self.keyring, self.world, draft)
        except NoKey:
            return None

    def finish_drafts(self, *, everything: bool = False) -> bool:
        """Turn what leaves now into finished records; say whether there was anything.

        That is what is urgent and what waited for a fixed hour; `everything`, if asked for or chosen for this machine.
        """
        leaving = self._leaving_now(everything or self.settings.sends_at_once)[:DRAFTS_AT_ONCE]
        if not leaving:
            return False
        moment, save = self.moment(), self.keyfile.save
        with self.all_or_nothing():
            done = finish_drafts(self.member, self.replica, moment, leaving, save=save)
        return done is not None

    def _leaving_now(self, everything: bool) -> list[tuple[int, bytes]]:
        waiting = [each._replace(urgent=True) if everything else each for each in self.waiting()]
        places = choose_leaving(waiting, now=self.now, below=secrets.randbelow)
        drafts = self.replica.drafts() if places else []
        return [drafts[place] for place in places]

    def waiting(self) -> list[Waiting]:
        """List the drafts that wait, oldest first, as far as their leaving goes."""
        with self.lock:
            positions = self.replica.draft_positions()
            seen = self._drafts_seen
            if set(positions) - seen.keys():
                for position, sealed in self.replica.drafts():
                    if position not in seen:
                        seen[position] = self._look_at(sealed)
            self._drafts_seen = {position: seen[position] for position in positions}
            return list(self._drafts_seen.values())

    def _look_at(self, sealed: bytes) -> Waiting:
        draft = open_draft(self.keyring, sealed)
        if draft is None:
            # It died with its key: dropped when the next leaves.
            return Waiting("", 0, urgent=False)
        return _as_waiting(draft)

    # asking ---

    def versions(self, kind: type[C], *, compartment: str | None = None) -> list[Version[C]]:
        """List what counts of a kind, oldest first; the newest versions only, side by side if two people edited."""
        with self.lock:
            at, mark = (kind, compartment), self.store.mark(kind.KIND)
            found: tuple[Mark, list[Version[C]]] | None = self._versions.get(at)
            if found is None or found[0] != mark:
                entries = self.store.newest(kind.KIND, compartment=compartment)
                found = mark, [Version(entry, self._content(entry.number, kind)) for entry in entries]
                self._versions[at] = found
            return list(found[1])

    def worked_out(self, what: Hashable, kinds: Iterable[type[Content]], work: Callable[[], T]) -> T:
        """Work something out from what counts of some kinds; the same again until something of them changes.

        `what` names the work and all else that it goes by. Nobody may change what comes back.
        """
        with self.lock:
            marks = [self.store.mark(kind.KIND) for kind in kinds]
            known = self._worked_out.get(what)
            if known is not None and known[0] == marks:
                return cast("T", known[1])
            if len(self._worked_out) >= WORKED_OUT:
                self._worked_out.clear()
            result = work()
            self._worked_out[what] = marks, result
            return result

    def _forget_opened(self) -> None:
        self._contents.clear()
        self._versions.clear()
        self._worked_out.clear()

    def contents(self, kind: type[C], *, compartment: str | None = None) -> list[C]:
        """List the contents of what counts of a kind, oldest first."""
        return [version.content for version in self.versions(kind, compartment=compartment)]

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

    def _content(self, number: int, kind: type[C]) -> C:
        content = self._contents.get(number)
        if content is None:
            _, content = self.world.peek(self.record(number))
            if len(self._contents) >= CACHED_CONTENTS:
                self._contents.clear()
            self._contents[number] = content
        assert isinstance(content, kind)  # noqa: S101 - the store found it by this kind
        return content

    def sealed_to(self, devices: Iterable[int]) -> list[int]:
        """Leave out the devices that nothing may be sealed to today: removed, barred, or not counting yet."""
        history = self.world.history
        return [device for device in devices if history.is_sealed_to(device, self.today)]

    def is_waiting(self, content: Content) -> bool:
        """Say whether the same was said already and has not left."""
        with self.lock:
            raw = msgspec.msgpack.encode(content)
            drafts = (open_draft(self.keyring, sealed) for _, sealed in self.replica.drafts())
            return any(draft is not None and bytes(draft.content) == raw for draft in drafts)

    @property
    def n_leaving(self) -> int:
        """How many things said here leave at the next sync; the others wait for a fixed hour."""
        with self.lock:
            return len(self.unread()) + self._n_due(self.waiting())

    def leave_of(self, drafts: Iterable[Draft]) -> int:
        """How many of some drafts would leave at the next sync."""
        return self._n_due([_as_waiting(draft) for draft in drafts])

    def _n_due(self, drafts: Sequence[Waiting]) -> int:
        if self.settings.sends_at_once:
            return len(drafts)
        return len(choose_leaving(drafts, now=self.now, below=lambda _: 0))

    @property
    def n_waiting(self) -> int:
        """How many things said here have not reached the relay."""
        with self.lock:
            return len(self.replica.drafts()) + len(self.replica.leaving().records)

    def missing_grants(self) -> dict[bytes, frozenset[int]]:
        """Grants that `watch` names and no folder brought: withheld or lost. By hash, the devices to ask."""
        with self.lock:
            since = self.today - FOLDER_DAYS + 1
            return self.world.missing_grants(self.replica.grant_hashes(), since=since)

    @property
    def n_cases(self) -> int:
        """How many cases this desk holds open, of at most eight."""
        return min(len(self.keyring.open_cases()), CASELOAD_CAP)

    @property
    def ground(self) -> Ground:
        """What a change of the roll stands on, as this desk knows it."""
        return Ground(self.world.coalition, self.world.history.now.roll)

    def settle_move(self) -> None:
        """Let go of what founders signed outside the ledger once the ledger says so, or something later."""
        if self.move is not None and self.world.history.now.roll.version >= self.move.roll.version:
            forget_move(self.folder)
            self.move, self.gives_up_firm = None, False

    @property
    def relay(self) -> RelayEntry:
        """The coalition's relay: the roll's, or the successor that founders signed and the ledger does not name yet."""
        return self.world.history.now.roll.relays[0] if self.move is None else self.move.relay

    def wire(self) -> Wire:
        """The connection to the coalition's relay, kept open between syncs."""
        if self._wire is not None and self._wire.is_to(self.relay):
            return self._wire
        if self._wire is not None:
            self._wire.close()
        self._wire = self.wire_to(self.relay)
        return self._wire

    def wire_to(self, relay: RelayEntry) -> Wire:
        """Connect to a relay as this device."""
        return Wire(
            relay.address,
            coalition=self.world.coalition,
            device=self.device,
            key=self.keyring.signing_key,
            relay_key=relay.key,
        )


def _as_waiting(draft: Draft) -> Waiting:
    return Waiting(draft.compartment, draft.at, urgent=ALL_KINDS.is_urgent(draft.kind, draft.schema))
