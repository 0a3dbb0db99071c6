"""What a desk leaves on disk, unlocked or locked: ciphertext. And what is shut cannot be opened from the disk again."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from deskkit import aside, find_in_files, find_words, note, said, said_aside

from tocsin.core.ledger import Record, case_compartments
from tocsin.core.protect.records import CaseCode, Identity
from tocsin.core.seal import Keyring, PassphraseFile, open_body, tag_and_key
from tocsin.desk.desk import Desk
from tocsin.desk.keyfile import read_kept
from tocsin.desk.outbox import open_draft
from tocsin.desk.store import Store
from tocsin.desk.sync import sync
from tocsin.errors import SealError

CANARY = "canaryqx"


@pytest.fixture
def coalition(tmp_path: Path) -> Iterator[Coalition]:
    """Two desks that share a case."""
    with make_coalition(tmp_path, n=2) as made:
        names = [*case_compartments("abcd"), "response/one"]
        made.desks[0].do(lambda member, moment: member.open_compartments(names, [2], moment))
        made.sync_all(2)
        yield made


def who(name: str) -> Identity:
    """An invented person."""
    return Identity(
        case=CaseCode("abcd"),
        name=name,
        reach="",
        locator=bytes(32),
        write_token=bytes(32),
        answer_key=bytes(32),
    )


def test_nothing_said_lies_on_disk_in_clear_while_unlocked_or_after(
    coalition: Coalition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    for name in ("TMPDIR", "SQLITE_TMPDIR"):
        monkeypatch.setenv(name, str(temporary))
    one, two = coalition.desks
    for n in range(300):
        one.append(note(f"{CANARY} {n}"), to="watch")
    one.append(who(f"{CANARY} name"), to="case/abcd/identity")
    waiting = [find_in_files(folder, [CANARY]) for folder in (coalition.folders[0], temporary)]
    coalition.sync_all(2)
    assert len(said(two)) == 300
    unlocked = [find_in_files(folder, [CANARY]) for folder in (*coalition.folders, temporary)]
    one.append(who(f"{CANARY} never sent"), to="case/abcd/identity")
    one.close()
    locked = [find_in_files(folder, [CANARY]) for folder in (*coalition.folders, temporary)]

    assert {hit for place in (*waiting, *unlocked, *locked) for hit in place} == set()
    (coalition.folders[0] / "leak").write_bytes(os.urandom(100) + f"{CANARY} name".encode("utf-16le"))
    assert find_in_files(coalition.folders[0], [CANARY])


# Temporary files of SQLite ---

SPILL = """
create table person (name text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 60000)
insert into person select 'canaryqx ' || i || hex(zeroblob(40)) from n;
"""


def open_files_hold(word: str) -> set[str]:
    """Look through the files that this process has open, those without a name too: SQLite unlinks its own at once."""
    found = set()
    for handle in Path("/proc/self/fd").iterdir():
        try:
            target = os.readlink(handle)
            if target.startswith("/") and (Path(target).is_file() or "(deleted)" in target):
                found |= find_words(handle.read_bytes(), [word])
        except OSError:
            continue
    return found


def sort_halfway(db: sqlite3.Connection) -> set[str]:
    """Sort more than the cache holds and look at the disk when the first row has come."""
    db.execute("pragma cache_size=10")
    db.executescript(SPILL)
    cursor = db.execute("select name from person order by substr(name, 12, 3), name desc")
    cursor.fetchone()
    found = open_files_hold(CANARY)
    cursor.close()
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="This system does not show open files.")
def test_sqlite_sorts_what_is_opened_in_memory_and_its_default_would_not() -> None:
    store = Store()
    try:
        assert store._db.execute("pragma temp_store").fetchone() == (2,)
        assert sort_halfway(store._db) == set()
    finally:
        store.close()

    with closing(sqlite3.connect(":memory:")) as plain:
        assert sort_halfway(plain)


def test_the_replica_keeps_its_temporary_files_in_memory(coalition: Coalition) -> None:
    db = coalition.desks[0].replica._db

    assert db.execute("pragma temp_store").fetchone() == (2,)
    assert db.execute("pragma main.secure_delete").fetchone() == (1,)
    assert db.execute("pragma outbox.secure_delete").fetchone() == (1,)


# Keys die, and all that was under them ---


def words_on_disk(folder: Path) -> set[bytes]:
    """Read a desk's disk with its passphrase alone: every key of the keyring on every record and draft."""
    _, plain = PassphraseFile.open((folder / "keyring.age").read_bytes(), PASSPHRASE)
    keyring = Keyring.from_bytes(bytes(read_kept(plain).keyring))
    keys = [key for epochs in keyring.compartments.values() for key in epochs.values()]
    opened = set()
    with closing(sqlite3.connect(folder / "replica.sqlite3")) as db:
        records = [
            Record(lead[:110], lead[110:142], body, lead[142:], b"")
            for lead, body in db.execute("select lead, body from record")
        ]
    for record in records:
        for key in keys:
            tag, once = tag_and_key(key, record.header_bytes)
            if tag == record.tag and record.body is not None:
                opened.add(open_body(once, record.header_bytes, tag, record.body))
    with closing(sqlite3.connect(folder / "outbox.sqlite3")) as db:
        for (sealed,) in db.execute("select sealed from draft").fetchall():
            try:
                draft = open_draft(keyring, sealed)
            except SealError:
                continue
            if draft is not None:
                opened.add(bytes(draft.content))
    return opened


def opens(folder: Path, word: str, tmp_path: Path) -> bool:
    """Say whether a copy of a desk's disk and its passphrase give a word."""
    copy = tmp_path / "taken"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    return any(word.encode() in content for content in words_on_disk(copy))


def test_what_was_shut_cannot_be_opened_again_from_disk_and_passphrase(
    coalition: Coalition, tmp_path: Path
) -> None:
    one, two = coalition.desks
    one.append(who(f"{CANARY} in a case"), to="case/abcd/identity")
    coalition.sync_all(2)
    two.append(who(f"{CANARY} waiting in a draft"), to="case/abcd/identity")
    for desk in (one, two):
        desk.close()
    before = [opens(folder, f"{CANARY} in a case", tmp_path) for folder in coalition.folders]
    draft_before = opens(coalition.folders[1], f"{CANARY} waiting in a draft", tmp_path)
    for at in (0, 1):
        coalition.desks[at] = Desk.open(coalition.folders[at], PASSPHRASE, clock=coalition.clock)
    one, two = coalition.desks

    one.do(lambda member, moment: member.shut(case_compartments("abcd"), moment, parked=False))
    coalition.sync_all(2)
    names = [one.contents(Identity), two.contents(Identity)]
    for desk in (one, two):
        desk.close()

    assert before == [True, True]
    assert draft_before
    assert names == [[], []]
    for folder in coalition.folders:
        assert not opens(folder, CANARY, tmp_path)


def test_a_draft_dies_with_its_key_and_the_others_leave(coalition: Coalition) -> None:
    one, two = coalition.desks
    two.append(who(f"{CANARY} too late"), to="case/abcd/identity")
    two.append(aside("still leaves"), to="response/one")
    one.do(lambda member, moment: member.shut(case_compartments("abcd"), moment, parked=False))
    sync(one)
    coalition.sync_all(2)

    assert said_aside(one) == ["still leaves"]
    assert two.n_waiting == 0
    assert "case/abcd/identity" not in two.keyring.compartments


def test_no_error_of_a_desk_says_what_was_said(coalition: Coalition) -> None:
    coalition.desks[0].append(note(f"{CANARY} in the ledger"), to="watch")
    coalition.desks[0].close()
    with closing(sqlite3.connect(coalition.folders[0] / "outbox.sqlite3", isolation_level=None)) as db:
        db.execute("update draft set sealed = x'00'")
    program = (
        "import sys; from pathlib import Path; from tocsin.desk.desk import Desk; from tocsin.desk.clock import Clock\n"
        "desk = Desk.open(Path(sys.argv[1]), sys.argv[2], clock=Clock.of_machine()); desk.finish_drafts()"
    )
    command = [sys.executable, "-c", program, str(coalition.folders[0]), PASSPHRASE]

    failed = subprocess.run(command, env=coalition.environment(), capture_output=True, check=False)

    assert failed.returncode == 1
    assert b"DamagedOutbox" in failed.stderr
    assert find_words(failed.stdout + failed.stderr, [CANARY]) == set()
