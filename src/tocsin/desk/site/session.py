"""The one desk of this process: locked or unlocked, and the thread that syncs it while it is unlocked."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tocsin.core.ledger import TRAVEL_SHARES_NEEDED, join_travel_shares, travel_identity
from tocsin.core.seal import WrongPassphrase
from tocsin.desk.beginning import is_beginning
from tocsin.desk.clock import Clock
from tocsin.desk.desk import Desk
from tocsin.desk.errors import Locked, RelayAway, TravelLocked
from tocsin.desk.jobs import Jobs
from tocsin.desk.keyfile import Stub
from tocsin.desk.machine.works import WORKS
from tocsin.desk.mending import put_aside
from tocsin.desk.site.idle import JOB_SECONDS, LOOK_SECONDS, Idle, lock_seconds
from tocsin.desk.start import founding, joining
from tocsin.desk.start.errors import RelayDidNotStart
from tocsin.desk.start.state import Founding, Stage, Start, stage_of
from tocsin.desk.start.trial import TrialRelay, resume_trial, start_trial
from tocsin.desk.sync import sync_portion
from tocsin.errors import TocsinError

MOST_DELAY = 5.0
"""Seconds that a wrong passphrase costs at most; each one costs half a second more than the one before."""

GIVE_WAY_SECONDS = 0.1

WAIT_SECONDS = 5.0
"""Between two looks at the relay while founders or a newcomer wait, and between syncs of a desk that has just begun."""

BUSY_SECONDS = 20
"""How long a page waits while the desk talks to the relay."""


class Session:
    """What this process holds: a folder, and the desk in it once somebody gave the passphrase."""

    def __init__(self) -> None:
        self.folder = Path()
        self.sync_every = 0.0
        self.desk: Desk | None = None
        self.jobs: Jobs | None = None
        self.away: Stub | None = None
        """What the passphrase opened of a desk that travels."""
        self._heard: dict[int, bytes] = {}
        self.trial: TrialRelay | None = None
        """A relay on this machine, for trying things out."""
        self.start: Start | None = None
        """An unlocked folder in which there is no desk yet."""
        self.trouble: TocsinError | None = None
        """What the last sync ran into; None if it went well."""
        self.synced_at: float | None = None
        """When the last sync went well, on this process's steady clock."""
        self._gate = threading.Lock()
        self._n_wrong = 0
        self._wake = threading.Event()
        self._syncer: threading.Thread | None = None
        self.idle = Idle()
        self._lock_after: float | None = None
        self._over = threading.Event()
        """Set once what was unlocked last is locked again."""

    def begin(self, folder: Path, *, sync_every: float, lock_after: float | None = None) -> None:
        """Say which folder this process serves; `sync_every` seconds, 0 for never of its own accord.

        `lock_after` seconds without a page stand in place of what was chosen for this machine.
        """
        self.folder, self.sync_every, self._lock_after = folder, sync_every, lock_after

    @property
    def is_locked(self) -> bool:
        """Say whether the passphrase is still to be given."""
        return self.desk is None and self.start is None

    @property
    def stage(self) -> Stage:
        """Say what lies in the folder."""
        return stage_of(self.folder)

    def unlock(self, passphrase: str) -> None:
        """Open the desk.

        Raises
        ------
        WrongPassphrase, NoDeskHere, DamagedKeyring, DamagedReplica
        TravelLocked
            It waits for founders' words (`hear_share`).
        """
        with self._gate:
            if not self.is_locked:
                return
            if self.stage is Stage.SETUP:
                with self._slowly():
                    self._have_start(Start.open(self.folder, passphrase))
                return
            try:
                with self._slowly():
                    desk = Desk.open(self.folder, passphrase)
            except TravelLocked as trouble:
                self.away, self._heard = trouble.stub, {}
                raise
            self._begin(desk)

    def unlock_without(self, code: str, passphrase: str) -> None:
        """Put aside the damaged file that keeps the desk from opening, and open it; only with the right passphrase.

        Raises
        ------
        NotHere
            That trouble is not mended so, or the desk opens as it is.
        WrongPassphrase, DamagedKeyring and whatever else `unlock` raises
        """
        try:
            self.unlock(passphrase)
        except TocsinError as trouble:
            if trouble.code != code:
                raise
        else:
            return
        put_aside(self.folder, code)
        self.unlock(passphrase)

    def open_without(self, code: str) -> None:
        """Put aside a damaged file of the open desk, and open it again by the keyring that is open.

        Raises
        ------
        NotHere, DamagedReplica, DiskFull
        """
        with self._gate:
            desk = unlocked()
            self._end()
            put_aside(self.folder, code)
            self._begin(Desk(self.folder, desk.keyfile, clock=desk.clock))

    def hear_share(self, number: int, value: bytes) -> bool:
        """Take a founder's share; with the last one needed the desk opens as it was before the journey (True).

        Raises
        ------
        Locked
            No passphrase was given.
        BadShare
            They do not belong to this journey; all must be said again.
        DamagedKeyring, DamagedReplica, DiskFull
        """
        with self._gate:
            if self.away is None:
                raise Locked
            self._heard[number] = value
            if len(self._heard) < TRAVEL_SHARES_NEEDED:
                return False
            told, self._heard = self._heard, {}
            key = join_travel_shares(told.items(), deal_id=self.away.away.deal)
            keyfile = self.away.bring_back(travel_identity(key))
            self.away = None
            self._begin(Desk(self.folder, keyfile, clock=Clock.of_machine()))
            return True

    @property
    def n_heard(self) -> int:
        """How many founders' shares were taken so far."""
        return len(self._heard)

    def _begin(self, desk: Desk) -> None:
        self.desk, self.jobs, self.trouble, self.synced_at = desk, Jobs(desk, WORKS), None, None
        self.idle.seen()
        self._over = over = threading.Event()
        threading.Thread(target=self._lock_when_idle, args=(over,), name="idle", daemon=True).start()
        if self.sync_every:
            self._syncer = threading.Thread(target=self._keep_synced, args=(desk,), name="sync", daemon=True)
            self._syncer.start()

    # before there is a desk ---

    def begin_start(self, passphrase: str) -> Start:
        """Make a keyring in an empty folder."""
        with self._gate:
            if self.start is None:
                self._have_start(Start.create(self.folder, passphrase))
            assert self.start is not None  # noqa: S101 - made above
            return self.start

    def begin_trial(self) -> TrialRelay:
        """Start a relay on this machine, if there is none, with a lodging code.

        Raises
        ------
        RelayDidNotStart
        """
        with self._gate:
            if self.trial is not None and not self.trial.code:
                self.trial.stop()
                self.trial = None
            if self.trial is None:
                self.trial = start_trial(self.folder)
            return self.trial

    def resume_trial(self) -> None:
        """Start the relay on this machine again, if there was one; a desk opens without it too."""
        try:
            self.trial = resume_trial(self.folder)
        except RelayDidNotStart as trouble:
            self.trouble = trouble

    def end_trial(self) -> None:
        """End the relay on this machine."""
        if self.trial is not None:
            self.trial.stop()

    def _have_start(self, start: Start) -> None:
        self.start, self.trouble = start, None
        if self.sync_every:
            threading.Thread(target=self._keep_looking, args=(start,), name="look", daemon=True).start()

    def become(self, start: Start, desk: Desk) -> None:
        """Go on with the desk that founding or joining came to, and sync it; unless it was locked meanwhile."""
        with self._gate:
            if self.start is not start:
                desk.close()
                return
            self.start = None
            self._begin(desk)
        if not self.sync_every:
            self.sync_now()

    def begin_again(self) -> None:
        """Forget the keys and steps of an unlocked folder in which there is no desk."""
        start = started()
        with start.lock, self._gate:
            if self.start is start:
                self.start = None
                start.begin_again()

    def look(self, start: Start) -> None:
        """Ask the relay whether there is a desk to be by now; what goes wrong stays in `trouble`."""
        with start.lock:
            if self.start is not start or start.setup is None:
                return
            try:
                desk = founding.look(start) if isinstance(start.setup, Founding) else joining.look(start)
            except TocsinError as trouble:
                self.trouble = trouble
                return
            self.trouble = None
            if desk is not None:
                self.become(start, desk)

    def _keep_looking(self, start: Start) -> None:
        while self.start is start:
            self.look(start)
            self._wake.wait(min(self.sync_every, LOOK_SECONDS))
            self._wake.clear()

    # while there is one ---

    def check_passphrase(self, passphrase: str) -> None:
        """Ask again for the passphrase of the open desk, before something that whoever sits there must not do.

        Raises
        ------
        WrongPassphrase
        """
        with self._slowly():
            unlocked().keyfile.check(passphrase)

    @contextmanager
    def _slowly(self) -> Iterator[None]:
        """Let each wrong passphrase cost more time than the one before."""
        try:
            yield
        except WrongPassphrase:
            self._n_wrong += 1
            time.sleep(min(self._n_wrong * 0.5, MOST_DELAY))
            raise
        self._n_wrong = 0

    @property
    def lock_seconds(self) -> float | None:
        """After how long without a page the open desk locks itself; None if it does not, or none is open."""
        if self._lock_after is not None or self.desk is None:
            return self._lock_after
        return lock_seconds(self.desk)

    @property
    def is_idle(self) -> bool:
        """Say whether nobody has looked for that long."""
        limit = self.lock_seconds
        return limit is not None and self.idle.seconds >= limit

    def lock_if_idle(self) -> None:
        """Lock if nobody has looked for so long; a job that runs is given more time, and not for ever."""
        jobs = self.jobs
        if jobs is None or not self.is_idle:
            return
        if self.idle.seconds >= JOB_SECONDS or not any(job.runs for job in jobs.all()):
            self.lock()

    def _lock_when_idle(self, over: threading.Event) -> None:
        while not over.wait(min(LOOK_SECONDS, (self.lock_seconds or LOOK_SECONDS) / 4)):
            self.lock_if_idle()

    def lock(self) -> None:
        """Forget everything that was opened."""
        with self._gate:
            self.away, self._heard = None, {}
            start, self.start = self.start, None
            if start is not None:
                start.close()
            self._end()

    def _end(self) -> None:
        self._over.set()
        (desk, self.desk), (jobs, self.jobs) = (self.desk, None), (self.jobs, None)
        self.trouble, self.synced_at = None, None
        self._wake.set()
        if jobs is not None:
            jobs.close()
        if desk is not None:
            desk.close()

    def sync_now(self, *, everything: bool = False) -> None:
        """Sync once, and send everything if asked to; what goes wrong stays in `trouble` for the home page."""
        desk = unlocked()
        with desk.lock:
            # A first sync takes long: where there is a thread for it, it goes on there, and this page need not wait.
            while self.desk is desk and not self._sync(desk, everything=everything):
                if self.syncs_itself:
                    self.sync_soon()
                    return

    def sync_soon(self) -> None:
        """Wake the thread that syncs: something was said that should not wait for its round."""
        self._wake.set()

    @property
    def syncs_itself(self) -> bool:
        """Say whether the thread that syncs is there."""
        return self._syncer is not None and self._syncer.is_alive()

    def _keep_synced(self, desk: Desk) -> None:
        while self.desk is desk:
            with desk.lock:
                if self.desk is not desk:
                    return
                is_done = self._sync(desk)
                pause = min(self.sync_every, WAIT_SECONDS) if is_beginning(desk) else self.sync_every
            if is_done:
                self._wake.wait(pause)
                self._wake.clear()
            else:
                # A page that waits for the desk gets it between two portions.
                time.sleep(GIVE_WAY_SECONDS)

    def _sync(self, desk: Desk, *, everything: bool = False) -> bool:
        """Sync for a while; say whether all is done, or there is trouble."""
        try:
            is_done = sync_portion(desk, everything=everything)
        except TocsinError as trouble:
            # Barred or removed: a desk that was opened under duress says nothing of it.
            self.trouble = RelayAway() if desk.keyring.is_quiet else trouble
            return True
        self.trouble = None
        if is_done:
            self.synced_at = time.monotonic()
        return is_done


session = Session()


def unlocked() -> Desk:
    """Give the open desk.

    Raises
    ------
    Locked
    """
    if session.desk is None:
        raise Locked
    return session.desk


def started() -> Start:
    """Give the unlocked folder in which there is no desk yet.

    Raises
    ------
    Locked
    """
    if session.start is None:
        raise Locked
    return session.start


def running_jobs() -> Jobs:
    """Give the open desk's jobs.

    Raises
    ------
    Locked
    """
    if session.jobs is None:
        raise Locked
    return session.jobs
