"""Back up a relay while it runs, and put a backup into an empty home.

A backup is a folder: one SQLite file, whichever database the relay uses; the signing key; the whole attachments; and a list
of all files with their hashes, written last. It is taken from one moment of the database, read back and audited. Whoever has
its key can sign heads in the relay's name, so it is kept as the relay is. What each device sent today is left out.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

from tocsin.core.seal import SigningKey
from tocsin.relay.audit import LedgerFound, audit
from tocsin.relay.errors import NoRelayHere, OtherTables, RelayThere, UnsoundBackup

DATABASE, KEY, ATTACHMENTS, LIST = "relay.sqlite3", "signing.key", "attachments", "list"
RESTORED = "restored"
"""A file that tells the relay, when it starts, to take nothing new until it was filled up (`store.filling`)."""
SEED_BYTES = 32
ROWS_AT_ONCE = 2000
_PIECE = 1 << 20

Row = tuple[Any, ...]  # Any: rows mix whole numbers, text and bytes


def back_up(home: Path, to: Path, *, database: str = "") -> list[LedgerFound]:
    """Write a backup of a relay, running or not, and audit it; `to` must not be there yet.

    Raises
    ------
    NoRelayHere, RelayThere
    OtherTables
        The database is of another version (PostgreSQL only).
    UnsoundBackup
        What was read back is not sound: the relay's own database is damaged.
    """
    if not (home / KEY).is_file():
        raise NoRelayHere
    if to.exists():
        raise RelayThere
    part = to.with_name(f"{to.name}.part")
    _clear(part)
    part.mkdir(parents=True, mode=0o700)
    if database.startswith(("postgres://", "postgresql://")):
        _pour_out(database, part / DATABASE)
    else:
        _snapshot(Path(database) if database else home / DATABASE, part / DATABASE)
    with closing(_open(part / DATABASE)) as db:
        db.execute("delete from relay_usage")
        db.execute("vacuum")
        db.execute("pragma journal_mode=delete")
    shutil.copyfile(home / KEY, part / KEY)
    (part / KEY).chmod(0o600)
    _copy_attachments(home / ATTACHMENTS, part / ATTACHMENTS)
    _write_list(part)
    found = check_backup(part)
    part.rename(to)
    _sync(to.parent)
    return found


def check_backup(backup: Path) -> list[LedgerFound]:
    """Check the files by the list, and the database from end to end; say which ledgers it holds.

    Raises
    ------
    UnsoundBackup
    """
    listed = _read_list(backup)
    if sorted(listed) != sorted(name for name in _files(backup) if name != LIST):
        raise UnsoundBackup
    for name, digest in listed.items():
        if _hash(backup / name) != digest:
            raise UnsoundBackup
    seed = (backup / KEY).read_bytes()
    if len(seed) != SEED_BYTES:
        raise UnsoundBackup
    with closing(_open(backup / DATABASE)) as db:
        return audit(db, SigningKey.from_seed(seed).public)


def restore(backup: Path, home: Path, *, database: str = "") -> list[LedgerFound]:
    """Put a backup into a home that is not there yet, or empty, and into an empty database.

    Raises
    ------
    UnsoundBackup
        Nothing was restored.
    RelayThere
        There is a relay already.
    OtherTables
        The backup is of another version (into PostgreSQL only).
    """
    if home.exists() and any(home.iterdir()):
        raise RelayThere
    found = check_backup(backup)
    part = home.with_name(f"{home.name}.part")
    _clear(part)
    part.mkdir(parents=True, mode=0o700)
    if database.startswith(("postgres://", "postgresql://")):
        _pour_in(backup / DATABASE, database)
    else:
        target = Path(database) if database else part / DATABASE
        if target.exists():
            raise RelayThere
        _copy(backup / DATABASE, target)
    _copy_attachments(backup / ATTACHMENTS, part / ATTACHMENTS)
    (part / RESTORED).write_bytes(b"")
    # Last: without a key there is no relay, whatever else lies there.
    _copy(backup / KEY, part / KEY)
    if home.exists():
        home.rmdir()
    part.rename(home)
    _sync(home.parent)
    return found


# SQLite ---


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def _snapshot(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, while others write to it; what was dropped from its pages is left behind."""
    if not source.is_file():
        raise NoRelayHere
    with closing(_open(source)) as db:
        db.execute("pragma busy_timeout=30000")
        db.execute("vacuum into ?", (str(target),))


# PostgreSQL ---


def _pour_out(database: str, target: Path) -> None:
    """Make empty tables in a SQLite file, and bring over every row as PostgreSQL holds it at one moment."""
    import psycopg

    tables = _prepare(str(target))
    with psycopg.connect(database) as source, closing(_open(target)) as db:
        source.execute("set transaction isolation level repeatable read, read only")
        _same_version(source.execute(_MIGRATIONS).fetchall(), db.execute(_MIGRATIONS).fetchall())
        db.execute("begin")
        for table, columns in tables:
            with source.cursor(name="pour") as rows:
                rows.itersize = ROWS_AT_ONCE
                rows.execute(_select(table, columns))
                db.executemany(_insert(table, dict.fromkeys(columns, "?")), rows)
        db.execute("commit")


def _pour_in(source: Path, database: str) -> None:
    """Bring every row of a SQLite file into PostgreSQL's empty tables, in one transaction."""
    import psycopg

    tables = _prepare(database)
    with closing(_open(source)) as db, psycopg.connect(database) as target:
        _same_version(db.execute(_MIGRATIONS).fetchall(), target.execute(_MIGRATIONS).fetchall())
        if target.execute("select 1 from relay_coalition").fetchone():
            raise RelayThere
        for table, columns in tables:
            with target.cursor() as cursor:
                cursor.executemany(_insert(table, columns), db.execute(_select(table, columns)))
        target.execute(
            "select setval(pg_get_serial_sequence('relay_coalition', 'id'), coalesce(max(id), 1)) from relay_coalition"
        )


_MIGRATIONS = "select name from django_migrations where app = 'relay' order by name"


def _same_version(one: list[Row], other: list[Row]) -> None:
    if one != other:
        raise OtherTables


def _prepare(database: str) -> list[tuple[str, dict[str, str]]]:
    """Have Django bring a database's tables up to date; list them, and how PostgreSQL takes each column from SQLite."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tocsin.relay.settings"
    os.environ["TOCSIN_RELAY_DB"] = database
    import django
    from django.apps import apps
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    connection.close()
    models = apps.get_app_config("relay").get_models()
    return [
        (
            model._meta.db_table,
            {
                # SQLite knows no truth but 0 and 1.
                field.column: "%s::int::boolean" if field.get_internal_type() == "BooleanField" else "%s"
                for field in model._meta.concrete_fields
                if field.column
            },
        )
        for model in models
    ]


def _select(table: str, columns: Iterable[str]) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    return f"select {names} from {table}"  # noqa: S608 - our own names


def _insert(table: str, marks: dict[str, str]) -> str:
    names = ", ".join(f'"{column}"' for column in marks)
    return f"insert into {table} ({names}) values ({', '.join(marks.values())})"  # noqa: S608 - our own names


# files ---


def _files(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix()


def _copy_attachments(source: Path, target: Path) -> None:
    """Copy what is whole; whoever was sending one goes on from the beginning."""
    for name in _files(source) if source.exists() else ():
        if not name.endswith(".part"):
            (target / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _copy(source / name, target / name)


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as from_, open(target, "xb", opener=_private) as to:
        shutil.copyfileobj(from_, to, _PIECE)
        to.flush()
        os.fsync(to.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _hash(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _write_list(folder: Path) -> None:
    lines = [f"{_hash(folder / name)}  {name}\n" for name in _files(folder)]
    (folder / LIST).write_text("".join(lines), encoding="ascii")


def _read_list(folder: Path) -> dict[str, str]:
    try:
        lines = (folder / LIST).read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, UnicodeDecodeError) as trouble:
        raise UnsoundBackup from trouble
    found = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    if not {DATABASE, KEY} <= found.keys():
        raise UnsoundBackup
    return found


def _clear(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _sync(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
