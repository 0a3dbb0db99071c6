"""The database itself refuses to change or delete what the ledger must never lose."""
# ruff: noqa: S608 - the statements are made of constants of this file

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import psycopg
import pytest
from relaykit import Desk, RunningRelay

GUARDED = {
    "relay_headerrow": ("clear", "coalition_id, number, device, chain, clear"),
    "relay_node": ("hash", 'coalition_id, level, "index", hash'),
    "relay_rollversion": ("content", "coalition_id, version, content"),
    "relay_rollplace": ("number", "coalition_id, version, number"),
}

Run = Callable[[str], None]


@pytest.fixture
def run(relay: RunningRelay, desk: Desk) -> Run:
    """Run one statement on a database that has records, on a connection with the relay's own settings."""
    assert desk.append(desk.make()).status == 200
    if relay.database:

        def on_postgresql(statement: str) -> None:
            with psycopg.connect(relay.database) as connection:
                connection.execute(statement)

        return on_postgresql

    def on_sqlite(statement: str) -> None:
        connection = sqlite3.connect(relay.home / "relay.sqlite3", timeout=10)
        try:
            connection.execute("PRAGMA recursive_triggers=ON")
            with connection:
                connection.execute(statement)
        finally:
            connection.close()

    return on_sqlite


@pytest.mark.parametrize("table", GUARDED)
def test_what_is_kept_is_never_updated_or_deleted(run: Run, table: str) -> None:
    column, _ = GUARDED[table]

    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with pytest.raises(
            (sqlite3.IntegrityError, psycopg.errors.IntegrityConstraintViolation), match="append-only"
        ):
            run(statement)


@pytest.mark.parametrize("table", GUARDED)
def test_replacing_and_truncating_are_no_way_round(run: Run, relay: RunningRelay, table: str) -> None:
    _, columns = GUARDED[table]
    way_round = (
        f"TRUNCATE {table} CASCADE"
        if relay.database
        else f"INSERT OR REPLACE INTO {table} ({columns}) SELECT {columns} FROM {table}"
    )

    with pytest.raises(
        (sqlite3.IntegrityError, psycopg.errors.IntegrityConstraintViolation), match="append-only"
    ):
        run(way_round)


def test_bodies_can_be_dropped_and_the_proofs_still_hold(run: Run, desk: Desk, relay: RunningRelay) -> None:
    """Also the positive control: the connection used here may delete what is not guarded."""
    row = "(SELECT id FROM relay_coalition ORDER BY id DESC LIMIT 1)"
    before = desk.read_all()

    run(f"DELETE FROM relay_bodyrow WHERE number = 1 AND coalition_id = {row}")

    after = desk.read_all()
    assert after[1].body is None
    assert [record.leaf for record in after] == [record.leaf for record in before]


def test_the_relay_itself_runs_with_recursive_triggers() -> None:
    """The relay's connections need the setting that the control above gives by hand."""
    from django.conf import settings

    command = settings.DATABASES["default"]["OPTIONS"]["init_command"]

    assert "recursive_triggers=ON" in command
    assert "synchronous=FULL" in command
