"""The ledger on this machine's disk, all of it ciphertext: records as they came, and what waits to leave.

Two SQLite files. The replica can be fetched again; the outbox holds what nobody else has yet, so that a damaged replica
costs nothing. Whoever takes them learns what the relay knows, and no more. A record is written with the same transaction
that moves the checked mark, so a power cut loses at most what the relay still has.
"""

from __future__ import annotations

import hmac
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from tocsin.core.ledger import Cosignature, Outgoing, PublishedKey, Record, read_records
from tocsin.desk.errors import DamagedOutbox, DamagedReplica, DeskInUse, DiskFull
from tocsin.desk.steps import bring_up_to_date
from tocsin.errors import DeskError

NAME = "replica.sqlite3"
OUTBOX = "outbox.sqlite3"
BUSY_SECONDS = 1.0
FOLDER_DAYS = 14

# "If not exists": the first files had these tables and counted no steps.
_STEPS = (
    """
create table if not exists record (
  number integer primary key, lead blob not null, signature blob not null, body blob) strict;
create table if not exists meta (name text primary key, value blob not null) strict;
create table if not exists published (purpose int, device int, period int, bytes blob not null,
  primary key (purpose, device, period)) strict;
create table if not exists cosignature (device integer primary key, bytes blob not null) strict;
create table if not exists grant_file (hash blob primary key, day int not null, bytes blob not null) strict;
create table if not exists submission (hash blob primary key, day int not null, bytes blob not null) strict
""",
    # The mark of earlier programs hashed signatures in a way that cannot be gone on with: all are checked once more.
    "delete from meta where name = 'checked'",
)

# A hash beside each row: what nobody can fetch again must not be sent, or taken for dead, when the disk changed it.
_OUTBOX_STEPS = (
    """
create table if not exists outbox.draft (
  position integer primary key autoincrement, sealed blob not null, hash blob not null) strict;
create table if not exists outbox.leaving (
  position integer primary key autoincrement, is_grant int not null, bytes blob not null, hash blob not null) strict
""",
)

# Exclusive: a second program on this folder would continue the same chain, and fork this device.
# Pages of 16 KiB hold seven records of the smallest size where pages of 4 KiB would waste almost half.
_SETTINGS = """
pragma {name}.page_size=16384; pragma {name}.locking_mode=exclusive; pragma {name}.journal_mode=wal;
pragma {name}.synchronous=full; pragma {name}.secure_delete=on;
"""


class Checked(NamedTuple):
    """Up to where every signature was checked. The root covers no signatures, so these are hashed beside it, one by one."""

    size: int
    root: bytes
    signatures: bytes


class Replica:
    """The replica and the outbox. One thread at a time; the desk holds the lock."""

    def __init__(self, folder: Path) -> None:
        """Open the files, or make empty ones.

        Raises
        ------
        DamagedReplica, DamagedOutbox
            One is there and is none.
        DeskInUse
            Another program has this folder open.
        NewerFiles
            A newer version of the program has changed them.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / NAME
        for path in (self.path, folder / OUTBOX):
            # SQLite would let every user of the machine read them, if the folder was there before and lets them in.
            if not path.exists():
                path.touch(mode=0o600)
        self._db = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS
        )
        with ExitStack() as undo:
            undo.callback(self._db.close)
            with _told_plainly():
                self._db.executescript("pragma temp_store=memory;" + _SETTINGS.format(name="main"))
                bring_up_to_date(self._db, "main", _STEPS)
            with _told_plainly(DamagedOutbox):
                self._db.execute("attach database ? as outbox", (str(folder / OUTBOX),))
                self._db.executescript(_SETTINGS.format(name="outbox"))
                bring_up_to_date(self._db, "outbox", _OUTBOX_STEPS)
            undo.pop_all()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do several writes as one.

        Raises
        ------
        DiskFull
            Nothing of it was written.
        """
        with _told_plainly():
            self._db.execute("begin immediate")
            try:
                yield
                self._db.execute("commit")
            finally:
                # Still open only if something went wrong on the way.
                if self._db.in_transaction:
                    self._db.execute("rollback")

    # records ---

    @property
    def size(self) -> int:
        """How many records it holds."""
        with _told_plainly():
            (size,) = self._db.execute("select coalesce(max(number) + 1, 0) from record").fetchone()
        return int(size)

    def add(self, first: int, records: Sequence[Record]) -> None:
        """Keep records numbered from `first` on."""
        self._db.executemany(
            "insert into record values (?, ?, ?, ?)",
            ((first + at, r.signed, r.signature, r.body) for at, r in enumerate(records)),
        )

    def records(self, since: int = 0) -> Iterator[Record]:
        """Read records in order; a body is hashed again, so damage shows in the root.

        Raises
        ------
        DamagedReplica
            A number is missing, or a row is no record.
        """
        with _told_plainly():
            rows = self._db.execute(
                "select number, lead, signature, body from record where number >= ? order by number", (since,)
            )
            for expected, (number, lead, signature, body) in enumerate(rows, since):
                if number != expected:
                    raise DamagedReplica
                yield _record(lead, signature, body)

    def record(self, number: int) -> Record:
        """Read one record.

        Raises
        ------
        DamagedReplica
            It is not there.
        """
        with _told_plainly():
            row = self._db.execute(
                "select lead, signature, body from record where number = ?", (number,)
            ).fetchone()
        if row is None:
            raise DamagedReplica
        return _record(*row)

    def mark_checked(self, secret: bytes, checked: Checked) -> None:
        """Remember that every signature was checked, under a secret of the keyring."""
        state = checked.size.to_bytes(8, "big") + checked.root + checked.signatures
        self._set("checked", state + hmac.digest(secret, state, "sha256"))

    def checked(self, secret: bytes) -> Checked | None:
        """Say up to where this desk has checked every signature.

        Raises
        ------
        DamagedReplica
            Somebody else wrote that mark.
        """
        value = self._get("checked")
        if value is None:
            return None
        state, tag = value[:-32], value[-32:]
        if not hmac.compare_digest(tag, hmac.digest(secret, state, "sha256")):
            raise DamagedReplica
        return Checked(int.from_bytes(state[:8], "big"), state[8:40], state[40:])

    def note_fetched(self, day: int, n_bytes: int) -> None:
        """Remember how much was fetched from the relay on a day; the day before is forgotten."""
        self._set("fetched", day.to_bytes(4, "big") + n_bytes.to_bytes(8, "big"))

    def fetched_on(self, day: int) -> int:
        """Say how many bytes were fetched on a day, as far as that is remembered."""
        noted = self._get("fetched") or bytes(12)
        return int.from_bytes(noted[4:], "big") if int.from_bytes(noted[:4], "big") == day else 0

    def _set(self, name: str, value: bytes) -> None:
        self._db.execute("insert or replace into meta values (?, ?)", (name, value))

    def _get(self, name: str) -> bytes | None:
        with _told_plainly():
            row = self._db.execute("select value from meta where name = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])

    def kept_for(self) -> bytes | None:
        """The key of the relay to which this keeper last gave what it keeps, if any."""
        return self._get("kept for")

    def keep_for(self, relay_key: bytes) -> None:
        """Remember it."""
        self._set("kept for", relay_key)

    def drop_from(self, number: int) -> None:
        """Drop records from a number on, with what was vouched beyond it; nothing counts as checked until it was again."""
        self._db.execute("delete from record where number >= ?", (number,))
        self._db.execute("delete from meta where name = 'checked'")
        beyond = [word.device for word in self.cosignatures() if word.size > number]
        self._db.executemany("delete from cosignature where device = ?", ((device,) for device in beyond))

    # beside the ledger ---

    def add_published(self, keys: Iterable[PublishedKey]) -> None:
        """Keep published keys; the first in a slot stands."""
        self._db.executemany(
            "insert or ignore into published values (?, ?, ?, ?)",
            ((*key.slot, key.to_bytes()) for key in keys),
        )

    def published(self) -> list[PublishedKey]:
        """All published keys kept."""
        with _told_plainly():
            return [
                PublishedKey.from_bytes(row[0]) for row in self._db.execute("select bytes from published")
            ]

    def add_cosignatures(self, cosignatures: Iterable[Cosignature]) -> None:
        """Keep each device's newest co-signature."""
        self._db.executemany(
            "insert or replace into cosignature values (?, ?)",
            ((c.device, c.to_bytes()) for c in cosignatures),
        )

    def cosignatures(self) -> list[Cosignature]:
        """The co-signatures kept."""
        with _told_plainly():
            return [
                Cosignature.from_bytes(row[0]) for row in self._db.execute("select bytes from cosignature")
            ]

    def add_grants(self, day: int, files: Sequence[bytes]) -> list[bytes]:
        """Keep a day folder's grants, whosever they are; return those that are new here."""
        new = []
        for file in files:
            row = self._db.execute(
                "insert or ignore into grant_file values (?, ?, ?)", (sha256(file).digest(), day, file)
            )
            if row.rowcount:
                new.append(file)
        return new

    def grants(self) -> list[bytes]:
        """The grants kept, oldest first."""
        with _told_plainly():
            return [row[0] for row in self._db.execute("select bytes from grant_file order by day, rowid")]

    def grant(self, digest: bytes) -> bytes:
        """Read one grant of a folder that is kept.

        Raises
        ------
        DamagedReplica
            It is not there.
        """
        with _told_plainly():
            row = self._db.execute("select bytes from grant_file where hash = ?", (digest,)).fetchone()
        if row is None:
            raise DamagedReplica
        return bytes(row[0])

    def grants_of(self, day: int) -> list[bytes]:
        """A day folder's grants."""
        with _told_plainly():
            return [row[0] for row in self._db.execute("select bytes from grant_file where day = ?", (day,))]

    def submissions_of(self, day: int) -> list[bytes]:
        """A day folder's submissions, as far as they are not finished here."""
        with _told_plainly():
            rows = self._db.execute("select bytes from submission where day = ? and bytes <> x''", (day,))
            return [row[0] for row in rows]

    def grant_hashes(self) -> set[bytes]:
        """The hashes of the grants kept."""
        with _told_plainly():
            return {row[0] for row in self._db.execute("select hash from grant_file")}

    def add_submissions(self, day: int, files: Sequence[bytes]) -> None:
        """Keep a day folder's submissions, sealed as they are."""
        self._db.executemany(
            "insert or ignore into submission values (?, ?, ?)",
            ((sha256(file).digest(), day, file) for file in files),
        )

    def submissions(self) -> list[tuple[int, bytes]]:
        """The submissions kept and not finished: day and file, oldest first."""
        with _told_plainly():
            rows = self._db.execute(
                "select day, bytes from submission where bytes <> x'' order by day, rowid"
            )
            return list(rows)

    def submission_days(self) -> list[tuple[bytes, int, bool]]:
        """All submissions of the last fortnight, oldest first: hash, day, and whether it was finished."""
        with _told_plainly():
            rows = self._db.execute("select hash, day, bytes = x'' from submission order by day, rowid")
            return [(digest, day, bool(finished)) for digest, day, finished in rows]

    def submission(self, digest: bytes) -> bytes:
        """Read one submission that was not finished.

        Raises
        ------
        DamagedReplica
            It is not there.
        """
        with _told_plainly():
            row = self._db.execute("select bytes from submission where hash = ?", (digest,)).fetchone()
        if row is None:
            raise DamagedReplica
        return bytes(row[0])

    def finish_submission(self, digest: bytes) -> None:
        """Drop a submission's bytes and remember that it was here, so that the folder does not bring it again."""
        with self.transaction():
            self._db.execute("update submission set bytes = x'' where hash = ?", (digest,))

    def folder_counts(self) -> tuple[dict[int, int], dict[int, int]]:
        """How many grants and how many submissions of each day are here, finished ones counted too."""
        with _told_plainly():
            grants = self._db.execute("select day, count(*) from grant_file group by day").fetchall()
            submissions = self._db.execute("select day, count(*) from submission group by day").fetchall()
        return dict(grants), dict(submissions)

    def drop_folders(self, *, today: int) -> None:
        """Drop what the relay has dropped too, a fortnight on."""
        for table in ("grant_file", "submission"):
            self._db.execute(f"delete from {table} where day < ?", (today - FOLDER_DAYS,))  # noqa: S608 - our own names

    # what waits to leave ---

    def add_draft(self, sealed: bytes) -> None:
        """Keep a sealed draft."""
        self._db.execute("insert into draft (sealed, hash) values (?, ?)", (sealed, sha256(sealed).digest()))

    def drafts(self) -> list[tuple[int, bytes]]:
        """The sealed drafts, in order, with their positions.

        Raises
        ------
        DamagedOutbox
            The disk changed one.
        """
        with _told_plainly(DamagedOutbox):
            rows = list(self._db.execute("select position, sealed, hash from draft order by position"))
        return [(position, _unchanged(sealed, digest)) for position, sealed, digest in rows]

    def draft_positions(self) -> list[int]:
        """The positions of the drafts, in order."""
        with _told_plainly(DamagedOutbox):
            return [row[0] for row in self._db.execute("select position from draft order by position")]

    def drop_drafts(self, positions: Iterable[int]) -> None:
        """Drop drafts that became finished records."""
        self._db.executemany("delete from draft where position = ?", ((position,) for position in positions))

    def replace_drafts(self, drafts: Iterable[tuple[int, bytes | None]]) -> None:
        """Keep drafts sealed anew where they stood; drop those of which nothing is left."""
        for position, sealed in drafts:
            if sealed is None:
                self.drop_drafts([position])
            else:
                self._db.execute(
                    "update draft set sealed = ?, hash = ? where position = ?",
                    (sealed, sha256(sealed).digest(), position),
                )

    def add_leaving(self, outgoing: Outgoing) -> None:
        """Keep finished grants and records until they are read back from the relay."""
        rows = [(1, file) for file in outgoing.grants] + [
            (0, record.to_bytes()) for record in outgoing.records
        ]
        self._db.executemany(
            "insert into leaving (is_grant, bytes, hash) values (?, ?, ?)",
            ((is_grant, data, sha256(data).digest()) for is_grant, data in rows),
        )

    def leaving(self) -> Outgoing:
        """What is finished and was not read back yet.

        Raises
        ------
        DamagedOutbox
            The disk changed it.
        """
        with _told_plainly(DamagedOutbox):
            rows = list(self._db.execute("select is_grant, bytes, hash from leaving order by position"))
        whole = [(is_grant, _unchanged(data, digest)) for is_grant, data, digest in rows]
        records = read_records(b"".join(data for is_grant, data in whole if not is_grant))
        return Outgoing(records, [data for is_grant, data in whole if is_grant])

    def clear_leaving(self) -> None:
        """Nothing finished waits any more."""
        self._db.execute("delete from leaving")


def _unchanged(data: bytes, digest: bytes) -> bytes:
    if sha256(data).digest() != digest:
        raise DamagedOutbox
    return data


def _record(lead: bytes, signature: bytes, body: bytes | None) -> Record:
    if body is None:
        # Nothing drops bodies yet: the disk lost it.
        raise DamagedReplica
    return Record(lead[:-64], lead[-64:-32], body, sha256(body).digest(), signature)


@contextmanager
def _told_plainly(damage: type[DeskError] = DamagedReplica) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as trouble:
        exact = getattr(trouble, "sqlite_errorcode", sqlite3.SQLITE_OK)
        code = exact & 0xFF
        if code == sqlite3.SQLITE_FULL or exact == sqlite3.SQLITE_IOERR_WRITE:
            # A quota that is used up shows as the second.
            raise DiskFull from trouble
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise DeskInUse from trouble
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR):
            raise damage() from trouble
        raise
