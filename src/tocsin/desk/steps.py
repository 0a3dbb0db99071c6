"""Bring a SQLite file of this desk up to date: ordered steps, counted in the file, gone in one transaction.

A power cut leaves the file as it was or as it must be, so no copy is needed before. A file that has gone more steps than
this program knows is a newer program's, and is left alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from tocsin.desk.errors import NewerFiles


def bring_up_to_date(db: sqlite3.Connection, name: str, steps: Sequence[str]) -> None:
    """Go the steps that a file has not gone yet: all of them or none.

    Parameters
    ----------
    db
        A connection outside any transaction.
    name
        Under which the file is attached; `main` for the first.
    steps
        All there are, in order. Each is statements that belong together, parted by semicolons. What was released is
        never changed: what comes next is a new step.

    Raises
    ------
    NewerFiles
        A newer program has changed it.
    """
    (gone,) = db.execute(f"pragma {name}.user_version").fetchone()
    if gone > len(steps):
        raise NewerFiles
    if gone == len(steps):
        return
    db.execute("begin immediate")
    try:
        for step in steps[gone:]:
            # One by one: a whole script would end the transaction that it runs in.
            for statement in step.split(";"):
                db.execute(statement)
        db.execute(f"pragma {name}.user_version = {len(steps)}")
        db.execute("commit")
    finally:
        # Still open only if something went wrong on the way.
        if db.in_transaction:
            db.execute("rollback")
