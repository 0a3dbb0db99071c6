"""kill -9 while four desks append: what was acknowledged is there, once, in one dense order."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import pytest
from relaydb import DATABASES, address_of
from relaykit import Desk, RunningRelay, Town

from tocsin.core.ledger import Record, Tree

KILLS = 3


class StubbornDesk:
    """Appends until told to stop; sends the same record again until it is acknowledged, as an outbox does."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.acknowledged = desk, {}
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._work)

    def _work(self) -> None:
        waiting: Record | None = None
        while waiting or not self.stop.is_set():
            waiting = waiting or self.desk.make(b"canary-lapwing")
            try:
                answer = self.desk.append(waiting)
            except (OSError, HTTPException):
                self.desk.connection.close()
                time.sleep(0.02)
                continue
            assert answer.status == 200, answer.value
            self.acknowledged[answer.value["numbers"][0]] = waiting
            waiting = None


@pytest.mark.parametrize("database", DATABASES)
def test_killing_the_relay_loses_nothing_acknowledged_and_doubles_nothing(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    relay = RunningRelay(tmp_path / "home", database=address_of(database, request))
    town = Town.found()
    town.lodge(relay)
    writers = [StubbornDesk(town.desk(relay, number)) for number in (1, 2, 3, 4)]
    for writer in writers:
        writer.thread.start()

    for _ in range(KILLS):
        time.sleep(0.4)
        relay.kill()
        relay.start()
    time.sleep(0.2)
    for writer in writers:
        writer.stop.set()
    for writer in writers:
        writer.thread.join(30)

    records = town.desk(relay, 2).read_all()
    tree = Tree()
    for record in records:
        tree.append(record.leaf)
    answer = town.desk(relay, 2).ask("GET", "/head", signed=False).value
    relay.stop()
    acknowledged = {number: record for writer in writers for number, record in writer.acknowledged.items()}
    assert len(acknowledged) == sum(writer.desk.chain for writer in writers) - 1
    assert sorted(acknowledged) == list(range(1, len(records)))
    assert all(records[number] == record for number, record in acknowledged.items())
    assert (answer["size"], answer["root"]) == (tree.size, tree.root())
    assert len(acknowledged) > 4 * KILLS


@pytest.mark.parametrize("database", DATABASES)
def test_two_relay_processes_on_one_database_keep_one_order(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    address = address_of(database, request)
    first = RunningRelay(tmp_path / "home", database=address)
    second = RunningRelay(tmp_path / "home", database=address, codes=0)
    town = Town.found()
    town.lodge(first)
    desks = [
        town.desk(relay, number)
        for relay, number in zip((first, second, first, second), (1, 2, 3, 4), strict=True)
    ]

    def write(desk: Desk) -> list[int]:
        return [desk.append(desk.make()).value["numbers"][0] for _ in range(25)]

    with ThreadPoolExecutor(4) as threads:
        numbers = [number for part in threads.map(write, desks) for number in part]

    records = desks[1].read_all()
    tree = Tree()
    for record in records:
        tree.append(record.leaf)
    assert sorted(numbers) == list(range(1, 101))
    assert desks[0].ask("GET", "/head", signed=False).value["root"] == tree.root()
    first.stop()
    second.stop()
