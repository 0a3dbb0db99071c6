"""Who was invited, or signed a first roll, finds the coalition here without being on its roll yet."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest
from relaydb import DATABASES, address_of
from relaykit import Desk, RunningRelay, Town, split_read


def rolls(relay: RunningRelay, town: Town, since: int = 0) -> list[int]:
    """Ask for the rolls as a stranger does; give their records' numbers."""
    answer = relay.ask("GET", f"{town.path}/roll?since={since}")
    assert answer.status == 200, answer.code
    return [number for number, _ in split_read(answer.body)]


def test_the_rolls_come_with_their_records_numbers_and_nothing_else(
    desk: Desk, town: Town, relay: RunningRelay
) -> None:
    desk.append(desk.make())
    _, change = town.removal_of(3, by=desk)
    desk.append(change)

    answer = relay.ask("GET", f"{town.path}/roll")

    assert split_read(answer.body) == [(0, town.founding), (2, change)]
    assert rolls(relay, town, since=1) == [2]
    assert rolls(relay, town, since=3) == []
    assert Town.found().path != town.path
    assert relay.ask("GET", f"{Town.found().path}/roll").code == "relay.unknown"


def test_who_signed_a_first_roll_finds_the_founding_record_by_it(town: Town, relay: RunningRelay) -> None:
    found = relay.ask("POST", "/lodged", town.roll.to_bytes())
    other = relay.ask("POST", "/lodged", Town.found().roll.to_bytes())

    assert split_read(found.body) == [(0, town.founding)]
    assert (other.status, other.code) == (404, "relay.not-there")


@pytest.mark.parametrize("database", DATABASES)
def test_a_relay_of_before_finds_the_rolls_it_has(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    relay = RunningRelay(tmp_path / "home", database=address_of(database, request), codes=1)
    town = Town.found()
    town.lodge(relay)
    desk = town.desk(relay)
    desk.append(desk.make())
    _, change = town.removal_of(3, by=desk)
    desk.append(change)
    relay.stop()
    go_back = ("DROP TABLE relay_rollplace", "DELETE FROM django_migrations WHERE name = '0003_rollplace'")
    if relay.database:
        with psycopg.connect(relay.database) as connection:
            for statement in go_back:
                connection.execute(statement)
    else:
        with sqlite3.connect(relay.home / "relay.sqlite3") as file:
            for statement in go_back:
                file.execute(statement)
        file.close()

    relay.start()

    assert rolls(relay, town) == [0, 2]
    relay.stop()
