"""A desk: keyring, replica, world and store together. It appends, syncs, and answers what its keys let it answer.

Everything that changes state goes through here, one thing at a time. No page, clock or network is needed to read what is
already on this machine: a desk works offline, and what was written leaves when the relay answers again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar, cast

from msgspec.structs import replace

from tocsin.core.intake.ordering import Look
from tocsin.core.ledger import (
    Content,
    Ground,
    Member,
    Move,
    PublishedKey,
    PublishedSlot,
    Record,
    RelayEntry,
    Waiting,
    World,
    coalition_id,
)
from tocsin.core.seal import CASELOAD_CAP, Keyring, self_test
from tocsin.desk.clock import Clock
from tocsin.desk.errors import DamagedSnapshot
from tocsin.desk.keyfile import KeyFile, write_whole
from tocsin.desk.knowing import FOUNDING_NAME, SEALED_AT_LOCKING, Mark
from tocsin.desk.moved import forget_move, kept_move
from tocsin.desk.outbox import remember_tip
from tocsin.desk.replica import FOLDER_DAYS, Replica
from tocsin.desk.saying import Saying
from tocsin.desk.settings_file import read_settings, save_settings
from tocsin.desk.store import Entry, Store
from tocsin.desk.wire import Wire

C = TypeVar("C", bound=Content)
T = TypeVar("T")
CACHED_CONTENTS = 50_000
WORKED_OUT = 100
"""Results that are kept until what they were worked out from changes."""

FIRST_PAGE = 200
"""Records asked for while nobody knows how fast the link is."""


@dataclass(frozen=True, slots=True)
class Version(Generic[C]):
    """A record's content with what the ledger says about it."""

    entry: Entry
    content: C


class OpenCall(NamedTuple):
    """A submission that a day key of ours opens."""

    day_key: int
    """The day whose key opens it; -1 - month for a key that the one-file page sealed to."""
    people: int
    """How many people it speaks for; none if it is a drill."""
    look: Look | None = None
    """What its place in the queue needs; None where it cannot be read."""


class Desk(Saying):
    """One unlocked desk: what it holds, what it knows (`Knowing`), what it says (`Saying`), and what it answers."""

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
        self.replies_posted: set[bytes] = set()
        """Drafts' ids of replies that the relay has, as far as this start of the desk knows."""
        self.texts_posted: set[bytes] = set()
        """Hashes of the page's texts, with their signatures, that the relay has."""
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

    def contents(self, kind: type[C], *, compartment: str | None = None) -> list[C]:
        """List the contents of what counts of a kind, oldest first."""
        return [version.content for version in self.versions(kind, compartment=compartment)]

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

    def missing_grants(self) -> dict[bytes, frozenset[int]]:
        """Grants that `watch` names and no folder brought: withheld or lost. By hash, the devices to ask."""
        with self.lock:
            since = self.today - FOLDER_DAYS + 1
            return self.world.missing_grants(self.replica.grant_hashes(), since=since)

    @property
    def n_cases(self) -> int:
        """How many cases this desk holds open, of at most eight."""
        return min(len(self.keyring.open_cases()), CASELOAD_CAP)

    # the relay ---

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
