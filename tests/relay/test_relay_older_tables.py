"""A relay's database that an earlier version made is brought forward, with records, proofs, folders and guards intact."""

from __future__ import annotations

import json
import lzma
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from relaydb import DATABASES
from relaykit import SOURCE, Desk, RunningRelay, Town, real_day, split_read

from tocsin.core.ledger import Roll, Tree, coalition_id, verify_consistency, verify_inclusion
from tocsin.core.seal import SigningKey

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("relay_*.json.xz"))

MIGRATE = """
import django
from django.core.management import call_command
django.setup()
from django.db import connection
from django.db.migrations.loader import MigrationLoader
import sys
(name,) = [name for _, name in MigrationLoader(connection).disk_migrations if name.startswith(sys.argv[1])]
call_command("migrate", "relay", name, verbosity=0)
"""


def make_tables(golden: dict[str, Any], home: Path, database: str) -> None:
    """Make a relay's home and database as they were, and fill in the rows."""
    home.mkdir(mode=0o700)
    (home / "signing.key").write_bytes(bytes.fromhex(golden["signing_key"]))
    environment = {
        **os.environ,
        "PYTHONPATH": str(SOURCE),
        "DJANGO_SETTINGS_MODULE": "tocsin.relay.settings",
        "TOCSIN_RELAY_HOME": str(home),
        "TOCSIN_RELAY_DB": database or str(home / "relay.sqlite3"),
    }
    command = [sys.executable, "-c", MIGRATE, f"{golden['migration']:04}"]
    subprocess.run(command, env=environment, check=True)
    for table, columns in golden["columns"].items():
        names = ", ".join(f'"{column}"' for column in columns)
        mark = "%s" if database else "?"
        statement = f"insert into {table} ({names}) values ({', '.join([mark] * len(columns))})"  # noqa: S608 - our names
        rows = [
            [bytes.fromhex(value["hex"]) if isinstance(value, dict) else value for value in row]
            for row in golden["rows"][table]
        ]
        in_database(
            home, database, lambda run, statement=statement, rows=rows: run.executemany(statement, rows)
        )


def in_database(home: Path, database: str, act: Callable[[Any], Any]) -> None:
    """Do something to the relay's database."""
    if database:
        with psycopg.connect(database) as connection, connection.cursor() as cursor:
            act(cursor)
    else:
        with closing(sqlite3.connect(home / "relay.sqlite3")) as file, file:
            act(file)


def town_of(golden: dict[str, Any]) -> Town:
    """Give the invented coalition's keys back to whoever walks through its ledger."""
    clear, body = golden["rows"]["relay_headerrow"][0][4]["hex"], golden["rows"]["relay_bodyrow"][0][2]["hex"]
    clear_bytes, body_bytes = bytes.fromhex(clear), bytes.fromhex(body)
    ((_, founding),) = split_read(bytes(8) + b"\x01" + clear_bytes + body_bytes)
    rolls = [bytes.fromhex(row[2]["hex"]) for row in golden["rows"]["relay_rollversion"]]
    return Town(
        founders=[SigningKey.from_seed(bytes.fromhex(seed)) for seed in golden["founders"]],
        keys={int(n): SigningKey.from_seed(bytes.fromhex(seed)) for n, seed in golden["devices"].items()},
        roll=msgspec.msgpack.decode(rolls[-1], type=Roll),
        founding=founding,
        name=coalition_id(founding),
    )


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
@pytest.mark.parametrize("database", DATABASES)
def test_a_relay_of_an_earlier_version_goes_on_with_everything_it_held(
    database: str, path: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    golden = json.loads(lzma.decompress(path.read_bytes()))
    address = "" if database == "sqlite" else str(request.getfixturevalue("other_postgres"))
    home = tmp_path / "home"
    make_tables(golden, home, address)
    relay = RunningRelay(home, database=address, codes=0)
    try:
        desk = town_of(golden).desk(relay, 2)
        records = desk.read_all()
        tree = Tree()
        for record in records:
            tree.append(record.leaf)
        head = desk.ask("GET", "/head", signed=False).value
        assert (head["size"], head["root"]) == (len(records), tree.root())
        assert len(records) == len(golden["rows"]["relay_headerrow"])
        _check_proofs(desk, tree)
        rolls = split_read(desk.ask("GET", "/roll", signed=False).body)
        assert [number for number, _ in rolls] == [0, 5]

        own = [record for record in records if record.header.device == 2]
        desk.chain, desk.previous = own[-1].header.chain + 1, own[-1].hash
        desk.day = real_day()
        answer = desk.append(desk.make())
        assert answer.status == 200, answer.code
        assert desk.read_all()[:-1] == records
    finally:
        relay.stop()
    for statement in (
        "delete from relay_headerrow",
        "delete from relay_node",
        "delete from relay_rollversion",
        "delete from relay_rollplace",
    ):
        with pytest.raises((sqlite3.IntegrityError, psycopg.errors.IntegrityConstraintViolation)):
            in_database(home, address, lambda run, statement=statement: run.execute(statement))


def _check_proofs(desk: Desk, tree: Tree) -> None:
    def cut(data: bytes) -> list[bytes]:
        return [data[at : at + 32] for at in range(0, len(data), 32)]

    for number in range(tree.size):
        proof = cut(desk.ask("GET", f"/inclusion?number={number}&size={tree.size}", signed=False).body)
        verify_inclusion(tree.node(0, number), number, tree.size, proof, tree.root())
    for size in range(1, tree.size):
        proof = cut(desk.ask("GET", f"/consistency?old={size}&new={tree.size}", signed=False).body)
        verify_consistency(size, tree.root(size), tree.size, tree.root(), proof)
