"""Long work beside the pages: a thread with progress, a way to stop it, and a result that is still there after a restart.

    jobs.start("verify")           begins, or gives the one of that kind that runs already
    def run(desk, progress, asked): for ...: progress.step(done, total); return "4,000 records are sound."

A job takes `desk.lock` for moments only, never from end to end: pages go on. It can be broken off anywhere, so it leaves
nothing half done, or goes on from there when it is started again. What is noted on disk is sealed under a key of the
keyring: when it began and ended, and the sentence it ended with, which holds numbers and nobody.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from tocsin.core.seal import body_size_for, open_body, seal_body, tag_and_key
from tocsin.desk.desk import Desk
from tocsin.desk.errors import DiskFull, JobCancelled, Locked, NotHere
from tocsin.desk.keyfile import write_whole
from tocsin.errors import SealError, TocsinError

NAME = "jobs.sealed"
KEPT = 20
"""Ended jobs that are remembered."""
END_SECONDS = 20
"""How long locking waits for a job to notice that it shall end."""

MOST_LETTERS = 500
"""Of a result, so that all notes fit one sealed body."""

_LEAD = 16
_BROKEN = "It ended in a way that it should not. Start it again."


class State(StrEnum):
    """Where a job stands."""

    RUNS = "runs"
    DONE = "done"
    CANCELLED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """The desk was locked or the machine went off while it ran."""


class JobNote(msgspec.Struct, frozen=True, kw_only=True):
    """One job as it stands. `asked` is what it was started with: nothing secret, since it is kept to start it again."""

    id: str
    work: str
    asked: dict[str, str]
    began_at: int
    ended_at: int | None = None
    state: State = State.RUNS
    done: int = 0
    total: int = 0
    """0 while nobody knows how much there is to do."""
    said: str = ""
    """The result, or what went wrong and what to do."""

    @property
    def runs(self) -> bool:
        """Say whether it still runs."""
        return self.state is State.RUNS

    @property
    def percent(self) -> int | None:
        """How far it is, if that is known."""
        return min(100, 100 * self.done // self.total) if self.total else None


Asked = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A kind of job. `run` returns its result as a sentence: numbers and what to do next, never anything said."""

    name: str
    """A code that stays the same from version to version."""
    title: str
    """What the page calls it."""
    run: Callable[[Desk, Progress, Asked], str]
    page: str = ""
    """Name of the page that shows what came out, if one does."""
    is_offered: bool = True
    """Whether the page of jobs has a button for it; others are started from pages of their own, which ask something."""


class Progress:
    """A running job's way to say how far it is, and to hear that it shall stop."""

    def __init__(self, note: Callable[[int, int], None]) -> None:
        self._note = note
        self._gate = threading.Lock()
        self._is_cancelled = False
        self._enders: list[Callable[[], None]] = []

    def step(self, done: int, total: int) -> None:
        """Say that so much is done of so much.

        Raises
        ------
        JobCancelled
            Stop here.
        """
        if self._is_cancelled:
            raise JobCancelled
        self._note(done, total)

    def cancel(self) -> None:
        """Ask the job to stop, and end at once what it waits for."""
        with self._gate:
            self._is_cancelled = True
            for end in self._enders:
                end()

    @contextmanager
    def ended_by(self, end: Callable[[], None]) -> Iterator[None]:
        """Wait for something that `end` ends, so that a cancelled job waits no longer; raises JobCancelled."""
        with self._gate:
            if self._is_cancelled:
                raise JobCancelled
            self._enders.append(end)
        try:
            yield
        finally:
            with self._gate:
                self._enders.remove(end)


class Jobs:
    """The jobs of one unlocked desk."""

    def __init__(self, desk: Desk, works: Iterable[Work]) -> None:
        """Read what earlier jobs ended with; one that never said so was interrupted."""
        self.desk = desk
        self.works = {work.name: work for work in works}
        self.is_unreadable = False
        """The notes on disk were damaged; new ones take their place."""
        self.is_unsaved = False
        """The disk took no note of how a job stands."""
        self._path = desk.folder / NAME
        self._key = hmac.digest(desk.keyring.signing_seed, b"tocsin/1 jobs\n", "sha256")
        self._gate = threading.RLock()
        self._running: dict[str, tuple[threading.Thread, Progress]] = {}
        self._is_closing = False
        self._notes = {note.id: note for note in map(_after_restart, self._read())}

    def start(self, work: str, asked: Asked | None = None) -> JobNote:
        """Begin a job of a kind; if one of that kind runs, give that one.

        Raises
        ------
        NotHere
            There is no such kind.
        Locked
            The desk is being locked.
        """
        if work not in self.works:
            raise NotHere
        with self._gate:
            if self._is_closing:
                raise Locked
            for note in self._notes.values():
                if note.work == work and note.runs:
                    return note
            note = JobNote(
                id=secrets.token_hex(8), work=work, asked=dict(asked or {}), began_at=self.desk.now
            )
            self._notes[note.id] = note
            self._save()
            progress = Progress(lambda done, total: self._change(note.id, done=done, total=total))
            thread = threading.Thread(target=self._run, args=(note, progress), name="job", daemon=True)
            self._running[note.id] = thread, progress
        thread.start()
        return note

    def start_again(self, job: str) -> JobNote:
        """Begin an ended job anew with what it was asked; the old note goes."""
        old = self.one(job)
        new = self.start(old.work, old.asked)
        if new.id != job:
            self.put_away(job)
        return new

    def cancel(self, job: str) -> None:
        """Ask a job to stop; one that has ended stays as it is."""
        with self._gate:
            running = self._running.get(job)
        if running is not None:
            running[1].cancel()

    def put_away(self, job: str) -> None:
        """Forget an ended job."""
        with self._gate:
            if not self.one(job).runs:
                del self._notes[job]
                self._save()

    def one(self, job: str) -> JobNote:
        """Look up a job; raises NotHere."""
        with self._gate:
            if job not in self._notes:
                raise NotHere
            return self._notes[job]

    def all(self) -> list[JobNote]:
        """List the jobs, newest first."""
        with self._gate:
            return sorted(self._notes.values(), key=lambda note: (note.runs, note.began_at), reverse=True)

    def close(self) -> None:
        """End all jobs: the desk is being locked. What does not hear it in time loses its desk."""
        with self._gate:
            self._is_closing = True
            running = list(self._running.values())
        for _, progress in running:
            progress.cancel()
        for thread, _ in running:
            thread.join(END_SECONDS)

    def _run(self, note: JobNote, progress: Progress) -> None:
        with ExitStack() as end:
            # Also where something unexpected goes on to the top.
            end.callback(self._end, note.id)
            try:
                said = self.works[note.work].run(self.desk, progress, note.asked)
            except JobCancelled:
                state = State.INTERRUPTED if self._is_closing else State.CANCELLED
                self._change(note.id, state=state, said="")
            except TocsinError as trouble:
                self._change(note.id, state=State.FAILED, said=str(trouble)[:MOST_LETTERS])
            else:
                self._change(note.id, state=State.DONE, said=said[:MOST_LETTERS])

    def _end(self, job: str) -> None:
        with self._gate:
            del self._running[job]
            if self.one(job).runs:
                self._change(job, state=State.FAILED, said=_BROKEN)
            self._change(job, ended_at=self.desk.now)
            self._save()

    def _change(self, job: str, **changes: object) -> None:
        with self._gate:
            self._notes[job] = msgspec.structs.replace(self._notes[job], **changes)

    # on disk ---

    def _read(self) -> list[JobNote]:
        try:
            sealed = self._path.read_bytes()
        except FileNotFoundError:
            return []
        lead, tag, body = sealed[:_LEAD], sealed[_LEAD : _LEAD + 32], sealed[_LEAD + 32 :]
        expected, once = tag_and_key(self._key, lead)
        try:
            if not hmac.compare_digest(tag, expected):
                raise ValueError
            return msgspec.msgpack.decode(open_body(once, lead, tag, body), type=list[JobNote])
        except (SealError, ValueError):
            self.is_unreadable = True
            return []

    def _save(self) -> None:
        ended = [note for note in self.all() if not note.runs]
        for note in ended[KEPT:]:
            del self._notes[note.id]
        plain = msgspec.msgpack.encode(self.all())
        lead = secrets.token_bytes(_LEAD)
        tag, body = seal_body(self._key, lead, plain, size=body_size_for(len(plain)))
        try:
            write_whole(self._path, lead + tag + body)
        except DiskFull:
            self.is_unsaved = True
        else:
            self.is_unsaved = False


def _after_restart(note: JobNote) -> JobNote:
    return msgspec.structs.replace(note, state=State.INTERRUPTED) if note.runs else note
