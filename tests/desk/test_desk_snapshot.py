"""A desk that goes on from its sealed snapshot is the desk that reads everything again; no other snapshot is believed."""

from __future__ import annotations

import io
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from deskkit import note, said
from sitekit import OFFSET_DAYS, give_work
from test_desk_disk import DAMAGES, used_up

from tocsin.core.ledger import Roll, case_compartments
from tocsin.core.protect.records import CaseCode, Identity
from tocsin.core.seal import Keyring, PassphraseFile, WrongKey, open_snapshot, seal_snapshot
from tocsin.desk.activate.queries import list_page
from tocsin.desk.clock import Clock
from tocsin.desk.count.queries import count_page
from tocsin.desk.desk import Desk
from tocsin.desk.errors import DamagedReplica
from tocsin.desk.intake.actions import take_calls
from tocsin.desk.intake.queries import intake_page
from tocsin.desk.keyfile import SNAPSHOT, read_kept
from tocsin.desk.ledger.queries import ledger_page
from tocsin.desk.protect.queries import protect_page
from tocsin.desk.site.home import home
from tocsin.desk.site.session import Session
from tocsin.desk.sync import sync
from tocsin.desk.watch.queries import watch_page

CASE = "canary-siskin"


@pytest.fixture(scope="module")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Three desks on a day with something in every room, and a case of desks 1 and 2."""
    with make_coalition(tmp_path_factory.mktemp("snapshot"), n=3, offset_days=OFFSET_DAYS) as made:
        give_work(made)
        take_calls(made.desks[0])
        names = case_compartments(CASE)
        made.desks[0].do(lambda member, moment: member.open_compartments(names, [2], moment))
        made.desks[0].append(who("canary-name"), to=names[0])
        made.sync_all(2)
        made.desks[0].append(note("still waiting"), to="watch")
        yield made


def who(name: str) -> Identity:
    """An invented person."""
    secret = bytes(32)
    code = CaseCode(CASE)
    return Identity(case=code, name=name, reach="", locator=secret, write_token=secret, answer_key=secret)


def copy_of(coalition: Coalition, at: int, to: Path) -> Path:
    """Copy the folder of a desk that has just sealed a snapshot, as whoever takes the disk would have it."""
    desk = coalition.desks[at]
    desk.seal_snapshot()
    desk.close()
    shutil.copytree(coalition.folders[at], to)
    coalition.desks[at] = Desk.open(coalition.folders[at], PASSPHRASE, clock=coalition.clock)
    return to


@pytest.fixture
def folder(coalition: Coalition, tmp_path: Path) -> Path:
    """The folder of desk 1 with a snapshot in it."""
    return copy_of(coalition, 0, tmp_path / "desk")


def open_desk(folder: Path, coalition: Coalition, *, replay: bool = False) -> Desk:
    """Unlock a desk."""
    return Desk.open(folder, PASSPHRASE, clock=coalition.clock, replay=replay)


@dataclass(frozen=True, slots=True)
class StoppedClock(Clock):
    """Stands still, so that "12 hours left" is said alike of two desks asked one after the other."""

    at: int = 0

    def now(self, roll: Roll) -> int:  # noqa: ARG002 - the clock's form
        """Say that moment."""
        return self.at


def all_there_is(desk: Desk, clock: Clock) -> list[Any]:
    """Ask a desk everything its pages ask by this clock, and take its world and rows."""
    running, desk.clock = desk.clock, clock
    pages = (watch_page, intake_page, count_page, list_page, protect_page, ledger_page)
    rows = desk.store.between(0, desk.world.size)
    first = home(desk, Session())
    # All but what the last sync said, which is this process's own.
    home_parts = (first.tasks, first.warnings, first.head, first.waiting, first.duty, first.n_refused)
    answers = [*(page(desk) for page in pages), home_parts, rows, desk.world.freeze()]
    desk.clock = running
    return answers


# the same desk ---


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_desk_that_goes_on_from_a_snapshot_answers_everything_as_one_that_reads_all_again(
    coalition: Coalition, tmp_path: Path, at: int
) -> None:
    folder = copy_of(coalition, at, tmp_path / "desk")
    clock = StoppedClock(at=coalition.desks[at].now)

    with closing(open_desk(folder, coalition)) as desk:
        assert desk.has_resumed
        resumed = all_there_is(desk, clock)
    with closing(open_desk(folder, coalition, replay=True)) as desk:
        replayed = all_there_is(desk, clock)

    assert resumed == replayed
    assert resumed == all_there_is(coalition.desks[at], clock)


def test_what_came_after_the_snapshot_is_read_on_top_of_it(coalition: Coalition, tmp_path: Path) -> None:
    folder = copy_of(coalition, 1, tmp_path / "desk")
    with closing(open_desk(folder, coalition)) as desk:
        coalition.desks[2].append(note("after the snapshot"), to="watch")
        sync(coalition.desks[2])
        sync(desk)
        clock = StoppedClock(at=desk.now)
        there = all_there_is(desk, clock)

    with closing(open_desk(folder, coalition)) as desk:
        assert desk.has_resumed
        assert said(desk)[-1] == "after the snapshot"
        assert all_there_is(desk, clock)[:-1] == there[:-1]
        desk.append(note("and it goes on"), to="watch")
        sync(desk)
        assert desk.verify_all() == desk.world.size
    coalition.desks[1].close()
    shutil.rmtree(coalition.folders[1])
    shutil.copytree(folder, coalition.folders[1])
    coalition.desks[1] = open_desk(coalition.folders[1], coalition)


# a replica that was changed ---


READ_LATER = (
    "body",
    "author",
    "tag",
    "signature in the middle",
    "row gone",
    "newest row gone",
    "checked mark",
)


@pytest.mark.parametrize("damage", [DAMAGES[name] for name in READ_LATER], ids=READ_LATER)
def test_a_changed_replica_shows_when_it_is_read_and_always_when_it_is_verified(
    folder: Path, coalition: Coalition, damage: str
) -> None:
    with closing(sqlite3.connect(folder / "replica.sqlite3", isolation_level=None)) as db:
        assert db.execute(damage).rowcount > 0

    with pytest.raises(DamagedReplica):
        read_all(folder, coalition, damage)
    with pytest.raises(DamagedReplica):
        open_desk(folder, coalition, replay=True)


def read_all(folder: Path, coalition: Coalition, damage: str) -> None:
    """Open a desk and read every record; one whose signature alone was changed is as it was, but for whom it vouches."""
    with closing(open_desk(folder, coalition)) as desk:
        for number in range(desk.world.size):
            desk.record(number)
        if "signature" in damage:
            desk.verify_all()


def test_a_replica_moved_away_takes_its_snapshot_along(folder: Path, coalition: Coalition) -> None:
    for name in ("replica.sqlite3", "replica.sqlite3-wal", "replica.sqlite3-shm"):
        (folder / name).unlink(missing_ok=True)

    with closing(open_desk(folder, coalition)) as desk:
        assert desk.world.size == 1
        assert not desk.has_resumed


def test_an_older_replica_is_not_passed_off_with_a_newer_snapshot(
    coalition: Coalition, tmp_path: Path
) -> None:
    older = copy_of(coalition, 2, tmp_path / "older")
    coalition.desks[0].append(note("one more"), to="watch")
    coalition.sync_all()
    newer = copy_of(coalition, 2, tmp_path / "newer")
    shutil.copy(newer / SNAPSHOT, older / SNAPSHOT)
    shutil.copy(newer / "keyring.age", older / "keyring.age")

    with closing(open_desk(older, coalition)) as desk:
        assert desk.world.size < coalition.desks[2].world.size
        assert not desk.has_resumed


# a snapshot that was changed ---


@pytest.mark.parametrize("at", [0.2, 0.6, 0.999])
def test_a_damaged_snapshot_is_said_and_everything_is_read_again(
    folder: Path, coalition: Coalition, at: float
) -> None:
    path = folder / SNAPSHOT
    data = bytearray(path.read_bytes())
    data[int(len(data) * at)] ^= 0x10
    path.write_bytes(data)

    with closing(open_desk(folder, coalition)) as desk:
        assert not desk.has_resumed
        assert str(desk.start_trouble) in {warning.sentence for warning in home(desk, Session()).warnings}
        assert desk.world.freeze() == coalition.desks[0].world.freeze()
    with closing(open_desk(folder, coalition)) as desk:
        assert desk.start_trouble is None


@pytest.mark.parametrize("keep", [0, 10, 66, 5000])
def test_a_snapshot_cut_short_is_read_over(folder: Path, coalition: Coalition, keep: int) -> None:
    (folder / SNAPSHOT).write_bytes((folder / SNAPSHOT).read_bytes()[:keep])
    (folder / SNAPSHOT).with_suffix(".part").write_bytes(b"half of another")

    with closing(open_desk(folder, coalition)) as desk:
        assert not desk.has_resumed
        assert desk.world.freeze() == coalition.desks[0].world.freeze()
    assert not list(folder.glob("*.part"))


def test_the_snapshot_of_another_program_is_not_believed(folder: Path, coalition: Coalition) -> None:
    keyring = coalition.desks[0].keyring
    plain = bytearray(plain_snapshot(folder, keyring))
    plain[:32] = b"another version".ljust(32)
    with (folder / SNAPSHOT).open("wb") as sink:
        seal_snapshot(keyring, io.BytesIO(plain), sink)

    with closing(open_desk(folder, coalition)) as desk:
        assert not desk.has_resumed
        assert desk.start_trouble is None


def test_a_full_disk_costs_the_snapshot_and_nothing_else(folder: Path, coalition: Coalition) -> None:
    (folder / SNAPSHOT).unlink()
    desk = open_desk(folder, coalition)
    with used_up(5000):
        desk._seal_if_worth(1)
    desk.close()

    assert not (folder / SNAPSHOT).exists()
    assert not list(folder.glob("*.part"))
    with closing(open_desk(folder, coalition)) as desk:
        assert desk.world.freeze() == coalition.desks[0].world.freeze()


# keys that went ---


def plain_snapshot(folder: Path, keyring: Keyring) -> bytes:
    """Open a snapshot as who has the keyring does."""
    sink = io.BytesIO()
    with (folder / SNAPSHOT).open("rb") as source:
        open_snapshot(keyring, source, sink)
    return sink.getvalue()


def keyring_on_disk(folder: Path) -> Keyring:
    """Open the keyring as who has the passphrase does."""
    _, plain = PassphraseFile.open((folder / "keyring.age").read_bytes(), PASSPHRASE)
    return Keyring.from_bytes(bytes(read_kept(plain).keyring))


def test_an_old_snapshot_opens_to_nobody_once_a_key_was_erased(tmp_path: Path) -> None:
    with make_coalition(tmp_path, n=2) as made:
        one = made.desks[0]
        names = case_compartments(CASE)
        one.do(lambda member, moment: member.open_compartments(names, [2], moment))
        one.append(who("canary-name"), to=names[0])
        made.sync_all(2)
        kept = copy_of(made, 0, tmp_path / "kept")
        one = made.desks[0]
        at_first = keyring_on_disk(kept)

        one.do(lambda member, moment: member.shut(names, moment, parked=False))
        made.sync_all(2)
        gone_at_once = not (made.folders[0] / SNAPSHOT).exists()
        one.seal_snapshot()
        one.close()
        taken = keyring_on_disk(made.folders[0])

        # While the case was open its code stood in the snapshot, so this test would have found it.
        assert CASE.encode() in plain_snapshot(kept, at_first)
        assert gone_at_once
        with pytest.raises(WrongKey):
            plain_snapshot(kept, taken)
        assert CASE.encode() not in plain_snapshot(made.folders[0], taken)
        # An old copy put back is not believed, and goes.
        shutil.copy(kept / SNAPSHOT, made.folders[0] / SNAPSHOT)
        made.desks[0] = Desk.open(made.folders[0], PASSPHRASE, clock=made.clock)
        assert not made.desks[0].has_resumed
        assert made.desks[0].contents(Identity) == []


def test_a_snapshot_holds_no_key_and_no_words(folder: Path, coalition: Coalition) -> None:
    keyring = coalition.desks[0].keyring
    plain = plain_snapshot(folder, keyring)
    secrets = [keyring.signing_seed, *keyring.grant_keys.values(), *keyring.intake_keys.values()]
    secrets += [key for epochs in keyring.compartments.values() for key in epochs.values()]

    assert CASE.encode() in plain
    assert not any(secret in plain for secret in secrets)
    assert b"canary-name" not in plain
    assert b"still waiting" not in plain
    assert b"invented wire" not in plain


def test_a_key_that_comes_takes_the_snapshot_away(folder: Path, coalition: Coalition) -> None:
    with closing(open_desk(folder, coalition)) as desk:
        assert desk.has_resumed
        desk.do(lambda member, moment: member.open_compartments(["response/new"], [], moment))
        assert not (folder / SNAPSHOT).exists()


def test_rows_that_were_forgotten_do_not_live_on_in_free_pages(coalition: Coalition) -> None:
    desk = coalition.desks[1]
    with closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(desk.store.to_bytes())
        db.execute("pragma secure_delete=off")
        db.execute("delete from entry")
        leftover = CASE.encode() in db.serialize()
    thawed = type(desk.store)(desk.store.to_bytes())
    for name in case_compartments(CASE):
        thawed.forget(name)

    assert leftover
    assert CASE.encode() in desk.store.to_bytes()
    assert CASE.encode() not in thawed.to_bytes()
    thawed.close()
