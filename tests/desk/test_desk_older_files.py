"""Files that an earlier version wrote are opened and brought up to date; those of a newer one are left alone."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from coalition import PASSPHRASE, SOURCE
from deskkit import said, said_aside

from tocsin.core.ledger import head_words
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NewerFiles
from tocsin.desk.replica import NAME, OUTBOX
from tocsin.desk.steps import bring_up_to_date

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("desk_*.tar.xz"))

MORE = (
    "create table if not exists word (id integer primary key, letters text) strict",
    "alter table word add column n int not null default 0; update word set n = length(letters)",
)


def unpack(archive: Path, to: Path) -> Path:
    """Lay an invented desk's files into a folder."""
    with tarfile.open(archive) as packed:
        # Python 3.11.3 and earlier, which Debian 12 has, know no filters; the archives are ours.
        packed.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        packed.extractall(to)  # noqa: S202 - see above
    return to


@pytest.mark.parametrize("archive", GOLDEN, ids=lambda path: path.name)
def test_a_desk_of_an_earlier_version_opens_and_has_lost_nothing(archive: Path, tmp_path: Path) -> None:
    folder = unpack(archive, tmp_path / "desk")

    with closing(Desk.open(folder, PASSPHRASE, verify_all=True)) as desk:
        assert desk.world.size == 12
        assert len(head_words(desk.world.tree.root()).split()) == 6
        assert said(desk) == said_aside(desk) == ["canary-dunnock was read back"]
        assert len(desk.replica.leaving().records) == len(desk.replica.drafts()) == 1
        assert set(desk.keyring.compartments) == {"watch", "people", "clock", "response/golden"}

    with closing(Desk.open(folder, PASSPHRASE)) as again:
        assert again.n_waiting == 2


def older_file(path: Path) -> None:
    """Make a file that has gone the first of two steps."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        bring_up_to_date(db, "main", MORE[:1])
        db.execute("insert into word (letters) values ('dunnock'), ('twite')")


def test_a_file_goes_the_steps_it_has_not_gone_and_no_step_twice(tmp_path: Path) -> None:
    older_file(tmp_path / "file")

    for _ in range(2):
        with closing(sqlite3.connect(tmp_path / "file", isolation_level=None)) as db:
            bring_up_to_date(db, "main", MORE)
            assert db.execute("select letters, n from word order by id").fetchall() == [
                ("dunnock", 7), ("twite", 5)
            ]  # fmt: skip
            assert db.execute("pragma user_version").fetchone() == (2,)


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    older_file(tmp_path / "file")
    broken = "alter table word add column n int not null default 0; update nothing set n = 1"

    with closing(sqlite3.connect(tmp_path / "file", isolation_level=None)) as db:
        with pytest.raises(sqlite3.OperationalError):
            bring_up_to_date(db, "main", (MORE[0], broken))

        assert db.execute("select * from word order by id").fetchall() == [(1, "dunnock"), (2, "twite")]
        assert db.execute("pragma user_version").fetchone() == (1,)


KILLED_ON_THE_WAY = """
import os, signal, sqlite3, sys
from tocsin.desk.steps import bring_up_to_date
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("pragma journal_mode=wal")
db.create_function("die", 0, lambda: os.kill(os.getpid(), signal.SIGKILL))
bring_up_to_date(db, "main", (sys.argv[2], sys.argv[3] + "; select die()"))
"""


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
def test_a_program_killed_between_two_statements_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    older_file(tmp_path / "file")
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    ended = subprocess.run(
        [sys.executable, "-c", KILLED_ON_THE_WAY, str(tmp_path / "file"), *MORE], env=environment, check=False
    )

    with closing(sqlite3.connect(tmp_path / "file", isolation_level=None)) as db:
        before = db.execute("select * from word order by id").fetchall()
        bring_up_to_date(db, "main", MORE)
        after = db.execute("select letters, n from word order by id").fetchall()

    assert ended.returncode == -signal.SIGKILL
    assert before == [(1, "dunnock"), (2, "twite")]
    assert after == [("dunnock", 7), ("twite", 5)]


@pytest.mark.parametrize("name", [NAME, OUTBOX])
def test_files_of_a_newer_version_are_left_alone_and_named_so(name: str, tmp_path: Path) -> None:
    folder = unpack(GOLDEN[-1], tmp_path / "desk")
    with closing(sqlite3.connect(folder / name)) as db:
        db.execute("pragma user_version = 99")

    with pytest.raises(NewerFiles, match="newer"):
        Desk.open(folder, PASSPHRASE)

    with closing(sqlite3.connect(folder / name)) as db:
        assert db.execute("pragma user_version").fetchone() == (99,)
