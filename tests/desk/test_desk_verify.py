"""`tocsin verify`, run as a keeper of a desk runs it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from coalition import PASSPHRASE, Coalition, make_coalition
from deskkit import note

from nursery import run
from tocsin.core.ledger import head_words


def verify(
    coalition: Coalition, *more: str, passphrase: str = PASSPHRASE
) -> subprocess.CompletedProcess[str]:
    """Run the verb on desk 1."""
    command = [
        sys.executable,
        "-m",
        "tocsin",
        "verify",
        "--folder",
        str(coalition.folders[0]),
        "--passphrase-stdin",
    ]
    return run([*command, *more], env=coalition.environment(), said=passphrase + "\n")


def test_verify_says_what_is_sound_and_ends_with_1_when_something_is_not(tmp_path: Path) -> None:
    with make_coalition(tmp_path, n=2) as made:
        made.desks[0].append(note("canary-dunnock"), to="watch")
        made.sync_all()
        size, words = made.desks[0].world.size, head_words(made.desks[0].world.tree.root())
        in_use = verify(made)
        made.desks[0].seal_snapshot()
        made.desks[0].close()

        sound = [verify(made), verify(made, "--all")]
        wrong = verify(made, passphrase="something else")
        with closing(sqlite3.connect(made.folders[0] / "replica.sqlite3", isolation_level=None)) as db:
            db.execute(
                "update record set signature = (select signature from record where number = 2) where number = 3"
            )
        damaged = verify(made)

        for said in sound:
            assert said.returncode == 0, said.stderr
            assert f"{size} records are sound" in said.stdout
            assert f"Head words: {words}" in said.stdout
        assert (in_use.returncode, wrong.returncode) == (1, 1)
        assert "open already" in in_use.stderr
        assert "passphrase" in wrong.stderr.lower()
        assert damaged.returncode == 1
        assert damaged.stderr.startswith("tocsin: The copy of the ledger on this machine is damaged.")
        assert damaged.stdout == ""
