"""Write tests/golden/desk_<n>.tar.xz: an invented desk's files as this version writes them, for every later one to open.

Run it only when the files of a desk have got a new version, and keep the old ones: somebody's desk still looks like that.

    PYTHONPATH=tests/desk python tests/golden/make_desk.py NUMBER
"""

from __future__ import annotations

import io
import sqlite3
import sys
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from coalition import make_coalition
from deskkit import aside, note

KEPT = ("keyring.age", "founding.record", "replica.sqlite3", "outbox.sqlite3")
WORDS = ["canary-dunnock was read back", "canary-siskin is finished", "canary-twite is a draft"]


def main(number: int) -> None:
    """Found an invented coalition, let desk 1 say three things of which one leaves, and pack its folder."""
    with tempfile.TemporaryDirectory() as folder, make_coalition(Path(folder), n=2) as made:
        desk = made.desks[0]
        desk.do(lambda member, moment: member.open_compartments(["response/golden"], [2], moment))
        desk.append(note(WORDS[0]), to="watch")
        desk.append(aside(WORDS[0]), to="response/golden")
        made.sync_all(2)
        desk.append(note(WORDS[1]), to="watch")
        desk.finish_drafts()
        desk.append(note(WORDS[2]), to="watch")
        made.stop()
        for name in KEPT[2:]:
            with closing(sqlite3.connect(made.folders[0] / name)) as db:
                db.execute("pragma journal_mode=delete")
        target = Path(__file__).with_name(f"desk_{number}.tar.xz")
        with tarfile.open(target, "w:xz") as archive:
            for name in KEPT:
                data = (made.folders[0] / name).read_bytes()
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))


if __name__ == "__main__":
    main(int(sys.argv[1]))
