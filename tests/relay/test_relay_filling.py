"""A lost ledger is filled again from what desks have: checked as appends are, in its old order, closed to anything new."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from relaydb import DATABASES
from relaykit import Answer, Desk, RunningRelay, Town, real_day, sign_by

from tocsin.core.ledger import ROLL, Record, RelayEntry, Roll, Tree
from tocsin.relay.backups import restore

LONG_AGO = 400


@pytest.fixture(scope="module", params=DATABASES)
def relay(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRelay]:
    """A fresh relay that lost ledgers move into."""
    address = "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
    running = RunningRelay(tmp_path_factory.mktemp("successor") / "home", database=address, codes=12)
    yield running
    running.stop()


class Lost:
    """A coalition whose relay is gone, with the ledger that its desks have."""

    def __init__(self, relay: RunningRelay) -> None:
        self.relay, self.code = relay, relay.codes.pop(0)
        self.town = Town.found(day=real_day() - LONG_AGO)
        self.desks = {
            number: Desk(self.town, relay.port, number, day=real_day() - LONG_AGO) for number in (1, 2, 3)
        }
        self.desks[1].chain, self.desks[1].previous = 1, self.town.founding.hash
        self.records = [self.town.founding]
        self.say(1, 5)
        self.say(2, 3)

    def say(self, number: int, n: int) -> None:
        """Let a device have said things."""
        self.records += [self.desks[number].make(b"invented") for _ in range(n)]

    def roots(self) -> list[bytes]:
        """Give the root before each record, and the one over all."""
        tree = Tree()
        roots = [tree.root()]
        for record in self.records:
            tree.append(record.leaf)
            roots.append(tree.root())
        return roots

    def move_in(self, code: str = "") -> Answer:
        """Bring the founding record with a lodging code."""
        return self.relay.ask(
            "POST", "/refill", self.town.founding.to_bytes(), {"Tocsin-Lodging": code or self.code}
        )

    def fill(
        self,
        first: int,
        records: Sequence[Record],
        *,
        by: int | None = None,
        root: bytes = b"",
        code: str = "",
    ) -> Answer:
        """Send records of long ago, by the code or signed by a device."""
        body = (
            first.to_bytes(8, "big") + (root or self.roots()[first]) + b"".join(r.to_bytes() for r in records)
        )
        if by is not None:
            return self.desks[by].ask("POST", "/fill", body)
        return self.relay.ask("POST", f"{self.town.path}/fill", body, {"Tocsin-Lodging": code or self.code})

    def moved_to(self, key: bytes) -> Record:
        """Have founders name another relay, in a record of device 1 that nobody has taken yet."""
        roll: Roll = msgspec.structs.replace(
            self.town.roll,
            version=2,
            previous=self.town.roll.hash,
            relays=(RelayEntry(key, "http://successor.invalid"),),
            lapses_on=real_day() + 14,
        )
        body = sign_by(self.town.founders[:2], roll, self.town.name)
        return self.desks[1].make(mark=ROLL, body=body, day=real_day(), fork=True)


@pytest.fixture
def lost(relay: RunningRelay) -> Lost:
    """A lost ledger that has moved in with its founding record."""
    lost = Lost(relay)
    answer = lost.move_in()
    assert answer.status == 200, answer.code
    return lost


def head_of(lost: Lost) -> dict[str, object]:
    return lost.desks[1].ask("GET", "/head", signed=False).value


def test_a_ledger_of_long_ago_is_filled_again_root_for_root(lost: Lost) -> None:
    first = lost.fill(1, lost.records[1:4])
    again = lost.fill(1, lost.records[1:6])
    rest = lost.fill(6, lost.records[6:])

    roots = lost.roots()
    assert (first.value["size"], first.value["root"]) == (4, roots[4])
    assert (again.value["size"], again.value["root"]) == (6, roots[6])
    assert (rest.value["size"], rest.value["root"]) == (9, roots[9])
    assert lost.desks[2].read_all() == lost.records
    assert head_of(lost)["filling"] is True


def test_a_device_on_the_roll_fills_without_the_code_and_nobody_else_does(lost: Lost) -> None:
    lost.desks[3].key = lost.town.keys[4]

    assert lost.fill(1, lost.records[1:3], by=2).status == 200
    assert lost.fill(3, lost.records[3:5], by=3).code == "relay.unknown"
    assert lost.fill(3, lost.records[3:5], code="another").code == "relay.unknown"
    assert lost.move_in("another").code == "relay.lodging"
    assert head_of(lost)["size"] == 3


def test_nothing_new_is_taken_until_founders_name_the_new_relay(lost: Lost) -> None:
    lost.fill(1, lost.records[1:])
    new = lost.desks[2].make(day=real_day(), fork=True)
    change = lost.moved_to(lost.relay.key)

    refused = lost.desks[2].append(new)
    known = lost.desks[2].append(lost.records[-1])
    elsewhere = lost.desks[1].append(lost.moved_to(bytes(32)))
    opened = lost.desks[1].append(change)
    after = lost.desks[2].append(lost.desks[2].make(day=real_day(), roll_version=2))

    assert (refused.code, elsewhere.code) == ("relay.filling", "relay.filling")
    assert (known.status, opened.status, after.status) == (200, 200, 200)
    assert head_of(lost)["filling"] is False
    assert lost.desks[2].read_all()[:10] == [*lost.records, change]


def test_what_is_in_use_is_filled_no_more(lost: Lost) -> None:
    late = lost.records.pop()
    lost.fill(1, lost.records[1:])
    lost.desks[1].append(lost.moved_to(lost.relay.key))

    assert lost.fill(1, lost.records[1:4]).status == 200
    assert lost.fill(8, [late]).code in ("relay.in-use", "relay.roll")
    assert head_of(lost)["size"] == 9


def changed(record: Record, **parts: bytes) -> Record:
    """Change a record after it was signed."""
    kept = {name: getattr(record, name) for name in ("header_bytes", "tag", "body", "body_hash", "signature")}
    return Record(**kept | parts)


def test_records_are_checked_as_if_they_were_new(lost: Lost) -> None:
    one, two = lost.records[1], lost.records[2]

    assert lost.fill(1, [changed(one, signature=two.signature)]).code == "relay.unknown"
    assert lost.fill(1, [changed(one, tag=two.tag)]).code == "relay.unknown"
    assert lost.fill(1, [two]).code == "relay.chain"
    assert lost.fill(1, [lost.desks[3].make(roll_version=2, fork=True)]).code == "relay.roll"
    assert lost.fill(1, [lost.desks[3].make(seen=(5, bytes(32)), fork=True)]).code == "relay.behind"
    plain = lost.desks[3].make(body=b"invented words. " * 128, fork=True)
    assert lost.fill(1, [plain]).code == "relay.plaintext"
    assert lost.fill(1, []).code == "relay.malformed"
    assert head_of(lost)["size"] == 1


def test_records_stand_where_they_stood_or_nowhere(lost: Lost) -> None:
    lost.fill(1, lost.records[1:4])
    roots = lost.roots()

    assert lost.fill(4, lost.records[4:6], root=roots[3]).code == "relay.fork"
    assert lost.fill(5, lost.records[5:6]).code == "relay.behind"
    # Device 2's first stands at 6: at 4 it would follow its chain, and the ledger would be another.
    assert lost.fill(4, lost.records[6:7]).status == 200
    assert lost.fill(4, lost.records[4:6]).code == "relay.fork"
    assert head_of(lost)["root"] != roots[5]


def test_a_roll_change_inside_the_lost_ledger_counts_from_its_record_on(relay: RunningRelay) -> None:
    lost = Lost(relay)
    roll, change = lost.town.removal_of(3, by=lost.desks[1])
    lost.records.append(change)
    lost.town.roll = roll
    lost.say(2, 2)
    lost.move_in()

    filled = lost.fill(1, lost.records[1:])
    by_removed = lost.fill(12, [lost.desks[3].make(fork=True)])

    assert filled.value["root"] == lost.roots()[-1]
    assert by_removed.code == "relay.unknown"


def test_a_relay_restored_from_a_backup_is_filled_up_and_opened_by_its_keeper(tmp_path: Path) -> None:
    relay = RunningRelay(tmp_path / "home")
    town = Town.found(relay_key=relay.key)
    town.lodge(relay)
    desk, other = town.desk(relay, 1), town.desk(relay, 2)
    desk.append(*(desk.make() for _ in range(5)))
    relay.stop()
    command = [
        sys.executable,
        "-m",
        "tocsin",
        "backup",
        str(tmp_path / "backup"),
        "--relay",
        str(tmp_path / "home"),
    ]
    subprocess.run(command, check=True, capture_output=True)
    relay.start()
    desk.connection.close()
    desk.challenge = b""
    desk.append(*(desk.make() for _ in range(4)))
    ledger = desk.read_all()
    relay.stop()
    restore(tmp_path / "backup", tmp_path / "new")
    tree = Tree()
    for record in ledger[:6]:
        tree.append(record.leaf)

    back = RunningRelay(tmp_path / "new", codes=0, port=relay.port)
    try:
        other = town.desk(back, 2)
        early = other.append(other.make(fork=True))
        body = (6).to_bytes(8, "big") + tree.root() + b"".join(record.to_bytes() for record in ledger[6:])
        filled = other.ask("POST", "/fill", body)
        still = other.append(other.make(fork=True))
        back.stop()
        back.options = ["--open"]
        back.start()
        other = town.desk(back, 2)
        taken = other.append(other.make())

        assert (early.code, still.code) == ("relay.filling", "relay.filling")
        assert filled.status == taken.status == 200
        assert other.read_all()[:10] == ledger
    finally:
        back.stop()
