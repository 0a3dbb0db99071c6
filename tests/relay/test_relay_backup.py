"""A relay is backed up while desks append, and restored on either database with every proof intact."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from relaydb import DATABASES
from relaykit import (
    SOURCE,
    Desk,
    RunningRelay,
    Town,
    fresh_attachment,
    fresh_grant,
    fresh_submission,
    send_chunk,
    upload_state,
)

from nursery import run
from tocsin.core.ledger import Tree
from tocsin.relay.backups import back_up, check_backup, restore
from tocsin.relay.errors import NoRelayHere, RelayThere, UnsoundBackup

ADDRESS = "ab" * 32


def tocsin(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as the relay's keeper."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("TOCSIN_", "DJANGO_"))
    }
    environment["PYTHONPATH"] = str(SOURCE)
    command = [sys.executable, "-m", "tocsin", *words]
    return run(command, env=environment)


def root_of(desk: Desk) -> bytes:
    """Compute the root over all that a relay gives."""
    tree = Tree()
    for record in desk.read_all():
        tree.append(record.leaf)
    return tree.root()


@pytest.mark.parametrize("database", DATABASES)
def test_a_relay_backed_up_at_work_comes_back_whole(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    # Restored on the other kind of database: one backup serves both. A backup holds all that is in a database, so this one
    # is not shared with other tests' relays, whose heads have other keys.
    postgres = str(request.getfixturevalue("other_postgres"))
    address, other = ("", postgres) if database == "sqlite" else (postgres, "")
    relay = RunningRelay(tmp_path / "home", database=address)
    town = Town.found()
    town.lodge(relay)
    desk, writer = town.desk(relay, 1), town.desk(relay, 2)
    desk.append(*(desk.make(b"before") for _ in range(20)))
    assert desk.ask("POST", "/grants", fresh_grant()).status == 200
    assert desk.ask("POST", "/submissions", fresh_submission(), signed=False).status == 200
    attachment = fresh_attachment(80_000)
    send_chunk(desk, ADDRESS, attachment, 0, last=True)
    send_chunk(desk, "cd" * 32, fresh_attachment(3_000_000), 0)
    stop = threading.Event()

    def write() -> None:
        while not stop.wait(0.02):
            writer.append(writer.make(b"meanwhile"))

    thread = threading.Thread(target=write)
    thread.start()
    told = ["--database", address] if address else []
    made = tocsin("backup", str(tmp_path / "backup"), "--relay", str(tmp_path / "home"), *told)
    stop.set()
    thread.join()
    before = desk.read_all()
    relay.kill()

    told = ["--database", other] if other else []
    back = tocsin("restore", str(tmp_path / "backup"), "--relay", str(tmp_path / "new"), *told)

    assert made.returncode == back.returncode == 0, made.stderr + back.stderr
    restored = RunningRelay(tmp_path / "new", database=other, codes=0)
    try:
        desk = town.desk(restored, 1)
        records = desk.read_all()
        head = desk.ask("GET", "/head", signed=False).value
        assert 21 <= len(records) <= len(before)
        assert records == before[: len(records)]
        assert (head["size"], head["root"]) == (len(records), root_of(desk))
        assert desk.ask("GET", f"/folder/{desk.day}/grants").body
        assert desk.ask("GET", f"/folder/{desk.day}/submissions").body
        assert desk.ask("GET", f"/attachment/{ADDRESS}", signed=False).body == attachment
        assert upload_state(desk, "cd" * 32) == ("0", "0")
        assert desk.ask("GET", "/challenge", signed=False).body[40:] == desk.relay_key
    finally:
        restored.stop()


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small backup to be damaged."""
    folder = tmp_path_factory.mktemp("backup")
    relay = RunningRelay(folder / "home")
    town = Town.found()
    town.lodge(relay)
    desk = town.desk(relay)
    desk.append(*(desk.make(b"canary-lapwing") for _ in range(6)))
    send_chunk(desk, ADDRESS, fresh_attachment(80_000), 0, last=True)
    desk.ask("POST", "/grants", fresh_grant())
    relay.stop()
    assert tocsin("backup", str(folder / "backup"), "--relay", str(folder / "home")).returncode == 0
    return folder / "backup"


def test_a_backup_says_nothing_of_who_was_at_work_and_holds_the_folders(backup: Path) -> None:
    with closing(sqlite3.connect(backup / "relay.sqlite3")) as db:
        assert db.execute("select count(*) from relay_usage").fetchone() == (0,)
        assert db.execute("select count(*) from relay_folderitem").fetchone() == (1,)
    assert b"canary" not in (backup / "relay.sqlite3").read_bytes()
    assert {path.name for path in backup.iterdir()} == {"relay.sqlite3", "signing.key", "attachments", "list"}
    assert oct(backup.stat().st_mode & 0o777) == "0o700"


def in_database(statement: str) -> Callable[[Path], None]:
    """Change the database of a backup as somebody would who can also renew the list; triggers do not stop them."""

    def change(folder: Path) -> None:
        with closing(sqlite3.connect(folder / "relay.sqlite3", isolation_level=None)) as db:
            for (name,) in db.execute("select name from sqlite_master where type = 'trigger'").fetchall():
                db.execute(f"drop trigger {name}")
            assert db.execute(statement).rowcount > 0
        renew_list(folder)

    return change


def renew_list(folder: Path) -> None:
    """Write the list of files anew."""
    names = [line.partition("  ")[2] for line in (folder / "list").read_text().splitlines()]
    lines = [f"{sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (folder / "list").write_text("".join(lines))


def cut_attachment(folder: Path) -> None:
    path = next((folder / "attachments").rglob("*ab"))
    path.write_bytes(path.read_bytes()[:-1])


def add_file(folder: Path) -> None:
    (folder / "attachments" / "more").write_bytes(b"x")


def other_key(folder: Path) -> None:
    (folder / "signing.key").write_bytes(bytes(32))
    renew_list(folder)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "attachment cut": cut_attachment,
    "a file more": add_file,
    "no list": lambda folder: (folder / "list").unlink(),
    "another key": other_key,
    "newest gone": in_database("delete from relay_headerrow where number = 6"),
    "body changed": in_database("update relay_bodyrow set content = zeroblob(2048) where number = 3"),
    "body gone": in_database("delete from relay_bodyrow where number = 3"),
    "order changed": in_database(
        "update relay_headerrow set clear = (select clear from relay_headerrow where number = 4) where number = 3"
    ),
    "node changed": in_database('update relay_node set hash = zeroblob(32) where level = 1 and "index" = 1'),
    "head changed": in_database("update relay_coalition set day = day + 1"),
    "tip changed": in_database("update relay_authortip set chain = chain + 1"),
    "roll changed": in_database("update relay_rollversion set content = zeroblob(9)"),
    "no database": lambda folder: (folder / "relay.sqlite3").write_bytes(b"not one") and renew_list(folder),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_is_not_whole_and_signed_is_not_restored(
    backup: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    folder = Path(shutil.copytree(backup, tmp_path / "backup"))
    assert [found.size for found in check_backup(folder)] == [7]
    damage(folder)

    with pytest.raises(UnsoundBackup):
        restore(folder, tmp_path / "new")

    assert not (tmp_path / "new").exists()


def test_a_home_with_a_relay_in_it_is_left_alone(backup: Path, tmp_path: Path) -> None:
    restore(backup, tmp_path / "new")
    before = sha256((tmp_path / "new" / "relay.sqlite3").read_bytes()).digest()

    with pytest.raises(RelayThere):
        restore(backup, tmp_path / "new")
    with pytest.raises(RelayThere):
        back_up(tmp_path / "new", backup)
    with pytest.raises(NoRelayHere):
        back_up(tmp_path, tmp_path / "of nothing")

    assert sha256((tmp_path / "new" / "relay.sqlite3").read_bytes()).digest() == before
