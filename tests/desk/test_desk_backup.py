"""A backup of a desk: whole or nothing, without a key or a word in clear, and put back without a word lost or doubled."""

from __future__ import annotations

import os
import random
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from coalition import LOW_WORK, PASSPHRASE, SOURCE, Coalition, make_coalition
from deskkit import doubled, find_words, note
from deskkit import said as said_by
from sitekit import Visitor, start_site

from nursery import run
from tocsin.core.ledger import Record, SignedRoll, add_device, change_roll, read_records, sign_roll
from tocsin.core.ledger.batch import Outgoing
from tocsin.core.seal import Keyring
from tocsin.desk.copies import (
    COSIGNATURES,
    END,
    MAGIC,
    RECORDS,
    back_up_folder,
    check_copy,
    restore_copy,
    write_copy,
)
from tocsin.desk.desk import Desk
from tocsin.desk.errors import DamagedCopy, DeskInUse, OtherCopy, ReplicaThere
from tocsin.desk.settings_file import Settings, read_settings, save_settings
from tocsin.desk.sync import sync

CANARIES = ["canary-dunnock", "canary-siskin", "canary-twite"]


@pytest.fixture(scope="module")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Two desks; each test goes on from where the one before left them."""
    with make_coalition(tmp_path_factory.mktemp("backup"), n=2) as made:
        made.desks[0].append(note(CANARIES[0]), to="watch")
        made.sync_all()
        yield made


@pytest.fixture
def backup(coalition: Coalition, tmp_path: Path) -> Path:
    """A backup of desk 1, when nothing waits there."""
    coalition.sync_all(2)
    desk = coalition.desks[0]
    write_copy(desk.replica, tmp_path / "desk.copy", lock=desk.lock)
    return tmp_path / "desk.copy"


def reopened(coalition: Coalition, number: int, change: Callable[[Path], None]) -> Desk:
    """Close a desk, change its folder, open it again."""
    coalition.desks[number - 1].close()
    change(coalition.folders[number - 1])
    desk = Desk.open(coalition.folders[number - 1], PASSPHRASE, clock=coalition.clock)
    # What was put back has no choices of its own any more, and the tests that follow wait for no fixed hour.
    desk.choose(sends_at_once=True)
    coalition.desks[number - 1] = desk
    return desk


def lose_replica(folder: Path) -> None:
    """Move the replica away, as its error asks, but leave beside it what a kill would have left."""
    (folder / "replica.sqlite3").unlink()
    (folder / "replica.sqlite3-wal").write_bytes(secrets.token_bytes(5000))


def test_what_was_backed_up_is_back_and_what_came_since_is_fetched(
    coalition: Coalition, backup: Path
) -> None:
    one, two = coalition.desks
    one.append(note("after the backup"), to="watch")
    two.append(note("by another"), to="watch")
    coalition.sync_all(2)
    before, root = said_by(one), one.world.tree.root()
    one.append(note("not left yet"), to="watch")

    def put_back(folder: Path) -> None:
        lose_replica(folder)
        restore_copy(backup, folder)

    one = reopened(coalition, 1, put_back)
    at_first = said_by(one)
    coalition.sync_all(2)

    assert at_first == before[:-2]
    assert said_by(one) == said_by(coalition.desks[1]) == [*before, "not left yet"]
    assert one.world.tree.root(one.world.size - 1) == root
    assert doubled(one) == []
    assert one.world.forked == {}


def test_a_restored_desk_checks_every_signature_once(coalition: Coalition, backup: Path) -> None:
    def put_back(folder: Path) -> None:
        lose_replica(folder)
        restore_copy(backup, folder)

    one = reopened(coalition, 1, put_back)
    checked = one.replica.checked(one.replica_secret)

    assert checked is not None
    assert checked.size == one.world.size


def test_somebody_who_joins_anew_over_a_backup_is_spared_the_first_sync(
    coalition: Coalition, backup: Path, tmp_path: Path
) -> None:
    one = coalition.desks[0]
    state = restore_copy(backup, tmp_path / "new")
    keyring = Keyring.fresh()
    roll = add_device(
        one.world.history.now.roll,
        organisation=1,
        key=keyring.signing_key.public,
        day=one.today,
        may_take_duty=False,
    )
    signed = SignedRoll(
        roll.to_bytes(),
        tuple(
            sign_roll(roll, coalition.founders[n - 1], number=n, coalition=one.world.coalition)
            for n in (1, 2)
        ),
    )
    one.do(lambda member, moment: Outgoing([change_roll(member, signed, moment)], []))
    sync(one)
    keyring.coalition, keyring.device = one.world.coalition, max(entry.number for entry in roll.devices)

    newcomer = Desk.set_up(
        tmp_path / "new", keyring, PASSPHRASE, coalition.founding, clock=coalition.clock, log_n=LOW_WORK
    )
    with closing(newcomer):
        had = newcomer.world.size
        sync(newcomer)

        assert had == state.size
        assert newcomer.world.tree.root() == one.world.tree.root()


def test_a_backup_holds_no_word_no_key_and_nothing_that_waits(coalition: Coalition, tmp_path: Path) -> None:
    coalition.sync_all()
    one = coalition.desks[0]
    one.append(note(CANARIES[1]), to="watch")
    one.finish_drafts()
    finished = one.replica.leaving().records[0]
    one.append(note(CANARIES[2]), to="watch")
    save_settings(one.folder, Settings(daily_megabytes=7))

    one.close()
    state, n_unsent = back_up_folder(coalition.folders[0], tmp_path / "desk.copy")
    one = reopened(coalition, 1, lambda _: None)
    data = (tmp_path / "desk.copy").read_bytes()

    assert (state.size, state.root, n_unsent) == (one.world.size, one.world.tree.root(), 2)
    assert find_words(data, CANARIES) == set()
    keyring = one.keyring
    secrets_held = [keyring.signing_seed, *keyring.grant_keys.values(), *keyring.intake_keys.values()]
    secrets_held += [key for epochs in keyring.compartments.values() for key in epochs.values()]
    assert [secret for secret in secrets_held if secret in data] == []
    assert finished.body not in data
    assert not any(file in data for file in one.replica.grants())
    assert oct((tmp_path / "desk.copy").stat().st_mode & 0o777) == "0o600"
    restore_copy(tmp_path / "desk.copy", tmp_path / "new")
    assert read_settings(tmp_path / "new").daily_megabytes == 7
    sync(one)


def sections(data: bytes) -> list[tuple[int, bytes]]:
    """Split a copy into its sections, without the last."""
    found, at = [], len(MAGIC)
    while data[at] != END:
        size = int.from_bytes(data[at + 1 : at + 5], "big")
        found.append((data[at], data[at + 5 : at + 5 + size]))
        at += 5 + size
    return found


def joined(parts: list[tuple[int, bytes]]) -> bytes:
    """Write a copy whose hash is right, whatever it says."""
    body = MAGIC + b"".join(bytes([kind]) + len(data).to_bytes(4, "big") + data for kind, data in parts)
    return body + bytes([END]) + (32).to_bytes(4, "big") + sha256(body).digest()


def with_records(data: bytes, change: Callable[[list[Record]], list[Record]]) -> bytes:
    """Change the records of a copy and hash it again."""
    parts = sections(data)
    records = read_records(b"".join(part for kind, part in parts if kind == RECORDS))
    changed = b"".join(record.to_bytes() for record in change(records))
    return joined([(RECORDS, changed), *(part for part in parts if part[0] != RECORDS)])


def swapped(records: list[Record], at: int) -> list[Record]:
    return [*records[:at], records[at + 1], records[at], *records[at + 2 :]]


FORGERIES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "another file": lambda data: b"%PDF-1.7" + data,
    "cut": lambda data: data[:-40],
    "cut in a section": lambda data: data[: len(data) // 2],
    "more at the end": lambda data: data + b"x",
    "no records": lambda data: joined([part for part in sections(data) if part[0] != RECORDS]),
    "no founding record": lambda data: with_records(data, lambda records: records[1:]),
    "a signature of another": lambda data: with_records(
        data,
        lambda records: [*records[:-1], Record(*_parts(records[-1])[:-1], records[-2].signature)],
    ),
    "another body": lambda data: with_records(
        data,
        lambda records: [
            *records[:-1],
            Record(*_parts(records[-1])[:2], bytes(2048), *_parts(records[-1])[3:]),
        ],
    ),
    "a section without end": lambda data: MAGIC + bytes([RECORDS]) + b"\xff" * 4 + data,
    "a co-signature of nobody": lambda data: joined(
        [
            (kind, part[:-1] + bytes([part[-1] ^ 1]) if kind == COSIGNATURES else part)
            for kind, part in sections(data)
        ]
    ),
}


def _parts(record: Record) -> tuple[bytes, bytes, bytes | None, bytes, bytes]:
    return record.header_bytes, record.tag, record.body, record.body_hash, record.signature


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_what_is_not_a_whole_and_true_copy_leaves_the_folder_as_it_was(
    backup: Path, tmp_path: Path, forge: Callable[[bytes], bytes]
) -> None:
    backup.write_bytes(forge(backup.read_bytes()))
    (tmp_path / "new").mkdir()

    with pytest.raises(DamagedCopy):
        restore_copy(backup, tmp_path / "new")

    assert list((tmp_path / "new").iterdir()) == []


def test_any_changed_byte_is_noticed(backup: Path) -> None:
    data = backup.read_bytes()
    chance = random.Random(20170901)  # noqa: S311 - places to damage, the same in every run

    for at in chance.sample(range(len(data)), 40):
        backup.write_bytes(data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :])
        with pytest.raises(DamagedCopy):
            check_copy(backup)


def test_an_order_that_nobody_vouched_for_shows(coalition: Coalition, backup: Path) -> None:
    for desk in coalition.desks:
        desk.append(note("one after the other"), to="watch")
    coalition.sync_all(2)
    desk = coalition.desks[0]
    write_copy(desk.replica, backup)
    records = list(desk.replica.records())
    # Two neighbours of different authors: both chains stand, only the order is another.
    at = next(
        n for n in range(1, len(records) - 1) if records[n].header.device != records[n + 1].header.device
    )

    true, _ = check_copy(backup)
    backup.write_bytes(with_records(backup.read_bytes(), lambda records: swapped(records, at)))
    forged, _ = check_copy(backup)

    assert true.splits == ()
    assert forged.splits != ()
    assert forged.words != true.words


def test_a_copy_is_not_laid_over_another_nor_into_another_coalitions_folder(
    coalition: Coalition, backup: Path, tmp_path: Path
) -> None:
    restore_copy(backup, tmp_path / "new")
    before = sorted((path.name, path.stat().st_size) for path in (tmp_path / "new").iterdir())
    with pytest.raises(ReplicaThere):
        restore_copy(backup, tmp_path / "new")
    assert sorted((path.name, path.stat().st_size) for path in (tmp_path / "new").iterdir()) == before

    (tmp_path / "other").mkdir()
    foreign = coalition.desks[0].replica.record(1)
    (tmp_path / "other" / "founding.record").write_bytes(foreign.to_bytes())
    with pytest.raises(OtherCopy):
        restore_copy(backup, tmp_path / "other")
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["founding.record"]


KILLED = """
import os, signal, sys
from pathlib import Path
from tocsin.desk.copies import restore_copy
def step(done, total):
    if done > total // 2: os.kill(os.getpid(), signal.SIGKILL)
restore_copy(Path(sys.argv[1]), Path(sys.argv[2]), step=step)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
def test_a_restoring_that_was_killed_can_be_done_again(
    coalition: Coalition, backup: Path, tmp_path: Path
) -> None:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(backup), str(tmp_path / "new")], env=environment, check=False
    )
    left = {path.name for path in (tmp_path / "new").iterdir()}

    state = restore_copy(backup, tmp_path / "new")

    assert (ended.returncode, left) == (-signal.SIGKILL, {"restoring"})
    assert state.root == coalition.desks[0].world.tree.root()
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"replica.sqlite3", "founding.record"}


FULL = """
import resource, signal, sys
from pathlib import Path
from tocsin.desk.copies import write_copy
from tocsin.desk.errors import DiskFull
from tocsin.desk.replica import Replica
replica = Replica(Path(sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    write_copy(replica, Path(sys.argv[2]))
except DiskFull:
    print("full")
"""


@pytest.mark.skipif(os.name != "posix", reason="limits a file's size")
def test_a_stick_that_is_full_gets_no_half_backup_and_the_old_one_stands(
    coalition: Coalition, tmp_path: Path
) -> None:
    coalition.desks[0].close()
    shutil.copytree(coalition.folders[0], tmp_path / "desk")
    reopened(coalition, 1, lambda _: None)
    (tmp_path / "desk.copy").write_bytes(b"the one of last week")
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}

    ended = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "desk"), str(tmp_path / "desk.copy")],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ended.stdout == "full\n", ended.stderr
    assert (tmp_path / "desk.copy").read_bytes() == b"the one of last week"
    assert not list(tmp_path.glob("*.part"))


def tocsin(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-m", "tocsin", *words]
    return run(command, env=environment)


def say_unsent(desk: Desk) -> str:
    """Routine records wait for their hour, so what waits here depends on the hour of the day."""
    n = desk.n_waiting
    return f"{n} thing{'s' if n > 1 else ''} said here ha{'ve' if n > 1 else 's'} not left yet"


def test_the_verbs_say_what_is_in_it_and_what_is_not(coalition: Coalition, tmp_path: Path) -> None:
    coalition.sync_all()
    one = coalition.desks[0]
    one.append(note("waits"), to="watch")
    unsent = say_unsent(one)
    file, folder = str(tmp_path / "desk.copy"), str(coalition.folders[0])
    size = one.world.size
    with pytest.raises(DeskInUse):
        back_up_folder(coalition.folders[0], tmp_path / "desk.copy")
    one.close()

    made = tocsin("backup", file, "--folder", folder)
    put_back = tocsin("restore", file, "--folder", str(tmp_path / "new"))
    again = tocsin("restore", file, "--folder", str(tmp_path / "new"))
    reopened(coalition, 1, lambda _: None)

    assert made.returncode == put_back.returncode == 0, made.stderr + put_back.stderr
    assert f"{size} records are in the backup" in made.stdout
    assert unsent in made.stdout
    assert f"{size} records are back" in put_back.stdout
    assert "Join the coalition anew" in put_back.stdout
    assert again.returncode == 1
    assert "desk.replica-there" in again.stderr


def test_the_page_puts_a_checked_backup_where_it_was_told(coalition: Coalition, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "Dokumente").mkdir(parents=True)
    (home / ".config").mkdir()
    listing = 'XDG_DESKTOP_DIR="$HOME/"\nXDG_DOCUMENTS_DIR="$HOME/Dokumente"\n'
    (home / ".config" / "user-dirs.dirs").write_text(listing, encoding="utf-8")
    coalition.sync_all()
    one = coalition.desks[0]
    one.append(note("has not left"), to="watch")
    unsent = say_unsent(one)
    size, root = one.world.size, one.world.tree.root()
    one.close()
    site = start_site(coalition.folders[0], {**coalition.environment(), "HOME": str(home)})
    person = Visitor(site)
    try:
        person.come_in()
        page = person.get("machine/backup/").text
        place = re.search(r'value="([0-9a-f]{16})"[^>]*> Dokumente', page)
        assert place is not None
        assert unsent in page
        gone = person.post("machine/backup/", seen="machine/backup/", place="0" * 16)
        job = str(person.post("machine/backup/", seen="machine/backup/", place=place[1]).url)
        give_up = time.monotonic() + 60
        while "all were checked" not in (said := person.http.get(job).text):
            assert time.monotonic() < give_up, said
            time.sleep(0.2)
    finally:
        person.close()
        site.stop()
        reopened(coalition, 1, lambda _: None)

    (file,) = (home / "Dokumente").iterdir()
    state, _ = check_copy(file)
    assert gone.status_code == 404
    assert (state.size, state.root) == (size, root)
    assert file.name.startswith("desk-20")
    assert state.words in said
