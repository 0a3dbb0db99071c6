"""A desk: keyring, replica, world and store together. It appends, syncs, and answers what its keys let it answer.

Everything that changes state goes through here, one thing at a time. No page, clock or network is needed to read what is
already on this machine: a desk works offline, and what was written leaves when the relay answers again.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from tocsin.core.ledger import (
    START,
    Content,
    Draft,
    Member,
    Moment,
    Outgoing,
    Reading,
    Record,
    Tip,
    World,
    newest_grant_keys,
)
from tocsin.core.seal import CASELOAD_CAP, Keyring
from tocsin.desk.clock import Clock
from tocsin.desk.errors import DamagedReplica
from tocsin.desk.keyfile import KeyFile
from tocsin.desk.kinds import ALL_KINDS
from tocsin.desk.outbox import finish_drafts, open_draft, seal_draft
from tocsin.desk.replica import FOLDER_DAYS, Replica
from tocsin.desk.store import Entry, Store
from tocsin.desk.wire import Wire
from tocsin.errors import LedgerError, SealError
from tocsin.terms import Day, date_of, week_of

C = TypeVar("C", bound=Content)

TAKE_AT_ONCE = 1000
"""Records a projection transaction: about 10 ms, so that no page waits longer."""

CACHED_CONTENTS = 20_000

DRAFTS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Version(Generic[C]):
    """A record's content with what the ledger says about it."""

    entry: Entry
    content: C


class Desk:
    """One unlocked desk."""

    def __init__(self, folder: Path, keyfile: KeyFile, *, clock: Clock) -> None:
        self.folder, self.clock = folder, clock
        self.lock = threading.RLock()
        self.keyfile = keyfile
        self.replica = Replica(folder)
        self.store = Store()
        self._contents: dict[int, Content] = {}
        self._sent = START
        self.world: World
        self.member: Member
        self._start()

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
        keyfile = KeyFile.create(folder, keyring, passphrase, log_n=log_n)
        replica = Replica(folder)
        with replica.transaction():
            replica.add(0, [founding])
        replica.close()
        return cls(folder, keyfile, clock=clock)

    @classmethod
    def open(cls, folder: Path, passphrase: str, *, clock: Clock | None = None) -> Desk:
        """Unlock the desk in a folder.

        Raises
        ------
        NoDeskHere, WrongPassphrase, DamagedKeyring, DamagedReplica
        """
        return cls(folder, KeyFile.open(folder, passphrase), clock=clock or Clock.of_machine())

    def close(self) -> None:
        """Lock: forget everything that was opened."""
        with self.lock:
            self.store.close()
            self.replica.close()
            self._contents.clear()

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

    def _start(self, *, verify_all: bool = False) -> None:
        """Take every record of the replica; signatures up to the checked root were checked when they came."""
        self.world = World(device=self.device, kinds=ALL_KINDS, keys=self.keyring.compartments)
        self.member = Member(self.keyring, self.world, fresh=secrets.token_bytes)
        self.store.close()
        self.store = Store()
        self._contents.clear()
        checked = self.replica.checked(self.replica_secret)
        n_checked = 0 if checked is None or verify_all else checked[0]
        try:
            self._take_all(self.replica.records(), n_checked)
        except (LedgerError, SealError) as trouble:
            raise DamagedReplica from trouble
        if checked is not None and (
            self.world.size < checked[0] or self.world.tree.root(checked[0]) != checked[1]
        ):
            raise DamagedReplica
        self.world.take_cosignatures(self.replica.cosignatures())
        self.take_grants(self.replica.grants())

    def _take_all(self, records: Iterable[Record], n_checked: int) -> None:
        readings: list[Reading] = []
        for record in records:
            readings.append(self.world.take(record, verified=self.world.size < n_checked))
            if len(readings) >= TAKE_AT_ONCE:
                self._project(readings)
                readings = []
        self._project(readings)

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
        keys = newest_grant_keys(self.replica.published(), today=self.today)
        return Moment(self.today, self.now, keys, self._tip(behind_waiting=not replacing_what_waits))

    def _tip(self, *, behind_waiting: bool) -> Tip:
        leaving = self.replica.leaving().records
        if leaving and behind_waiting:
            return _after(leaving[-1])
        return max(self.world.tips[self.device], self._sent, key=lambda tip: tip.chain)

    def mark_sent(self, records: Sequence[Record]) -> None:
        """The relay has what was finished."""
        if records:
            self._sent = _after(records[-1])
        with self.replica.transaction():
            self.replica.clear_leaving()

    # taking ---

    def take(self, records: Sequence[Record]) -> None:
        """Check and keep records that follow what this desk has; all of them or, on a forged one, none.

        Raises
        ------
        BadSignature
            One was not signed by its author. The desk stands as before.
        """
        first = self.world.size
        try:
            readings = [self.world.take(record) for record in records]
        except SealError:
            self._start()
            raise
        with self.replica.transaction():
            self.replica.add(first, records)
            self.replica.mark_checked(self.replica_secret, self.world.size, self.world.tree.root())
        self._project(readings)

    def _project(self, readings: Iterable[Reading]) -> None:
        roots = self.world.versions.root_of
        self.store.project(readings, root_of=lambda draft: roots.get(draft, draft))

    def take_grants(self, files: Iterable[bytes]) -> None:
        """Try grants; read again what their keys open."""
        self._reopen(self.member.take_grants(files))

    def confirm_grants(self) -> None:
        """Hold the grants that `watch` names by now; read again what their keys open."""
        self._reopen(self.member.confirm_grants())

    def _reopen(self, compartments: Iterable[str]) -> None:
        names = set(compartments)
        if not names:
            return
        self.keyfile.save()
        if names & {"watch", "people"}:
            # What everybody reads decides what counts: judge the whole ledger anew.
            self._start()
            return
        numbers: set[int] = set()
        for name in names:
            numbers.update(self.world.forget_compartment(name))
        self._project([self.world.reopen(number, self.replica.record(number)) for number in sorted(numbers)])

    def reopen(self, compartments: Iterable[str]) -> None:
        """Read compartments again whose keys this desk has just got by other ways than a grant."""
        with self.lock:
            self._reopen(compartments)

    def give_up(self) -> None:
        """Erase the keys of compartments that were shut or handed to others, and say so in `watch`."""
        before = set(self.keyring.compartments)
        erased = self.member.give_up()
        if erased:
            self.keyfile.save()
            self._contents.clear()
            for name in before - set(self.keyring.compartments):
                self.store.forget(name)
        for content in self.member.own_news(erased):
            if not self.is_waiting(content):
                self.append(content, to="watch")

    def erase_old_keys(self) -> None:
        """Erase grant and file keys whose time is over, and intake keys whose folders are gone from the relay."""
        day = self.today
        date = date_of(day)
        before = len(self.keyring.grant_keys) + len(self.keyring.intake_keys) + len(self.keyring.file_keys)
        self.keyring.erase_old(week=week_of(day), day=day, month=(date.year - 1970) * 12 + date.month - 1)
        for each in [each for each in self.keyring.intake_keys if each < day - FOLDER_DAYS]:
            self.keyring.forget_intake(each)
        if (
            len(self.keyring.grant_keys) + len(self.keyring.intake_keys) + len(self.keyring.file_keys)
            < before
        ):
            self.keyfile.save()

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
            sealed = seal_draft(self.keyring, self.world, draft)
            with self.replica.transaction():
                self.replica.add_draft(sealed)
            return draft

    def do(self, act: Callable[[Member, Moment], Outgoing]) -> None:
        """Do what makes keys and grants (open, hand over, shut, deal, release); it leaves with the next sending."""
        with self.lock:
            self.finish_drafts()
            outgoing = act(self.member, self.moment())
            self.keyfile.save()
            with self.replica.transaction():
                self.replica.add_leaving(outgoing)

    def finish_drafts(self) -> bool:
        """Turn what was said into finished records, which wait to leave; say whether there was anything."""
        moment = self.moment()
        return (
            finish_drafts(self.member, self.replica, moment, most=DRAFTS_AT_ONCE, save=self.keyfile.save)
            is not None
        )

    # asking ---

    def versions(self, kind: type[C], *, compartment: str | None = None) -> list[Version[C]]:
        """List what counts of a kind, oldest first; the newest versions only, side by side if two people edited."""
        with self.lock:
            found = self.store.newest(kind.KIND, compartment=compartment)
            return [Version(entry, self._content(entry.number, kind)) for entry in found]

    def contents(self, kind: type[C], *, compartment: str | None = None) -> list[C]:
        """List the contents of what counts of a kind, oldest first."""
        return [version.content for version in self.versions(kind, compartment=compartment)]

    def _content(self, number: int, kind: type[C]) -> C:
        content = self._contents.get(number)
        if content is None:
            _, content = self.world.peek(self.replica.record(number))
            if len(self._contents) >= CACHED_CONTENTS:
                self._contents.clear()
            self._contents[number] = content
        assert isinstance(content, kind)  # noqa: S101 - the store found it by this kind
        return content

    def is_waiting(self, content: Content) -> bool:
        """Say whether the same was said already and has not left."""
        with self.lock:
            raw = msgspec.msgpack.encode(content)
            drafts = (open_draft(self.keyring, sealed) for _, sealed in self.replica.drafts())
            return any(draft is not None and bytes(draft.content) == raw for draft in drafts)

    @property
    def n_waiting(self) -> int:
        """How many things said here have not reached the relay."""
        with self.lock:
            return len(self.replica.drafts()) + len(self.replica.leaving().records)

    @property
    def n_cases(self) -> int:
        """How many cases this desk holds open, of at most eight."""
        return min(len(self.keyring.open_cases()), CASELOAD_CAP)

    def wire(self) -> Wire:
        """A connection to the coalition's relay."""
        relay = self.world.history.now.roll.relays[0]
        return Wire(
            relay.address,
            coalition=self.world.coalition,
            device=self.device,
            key=self.keyring.signing_key,
            relay_key=relay.key,
        )


def _after(record: Record) -> Tip:
    return Tip(record.header.chain + 1, record.hash)
