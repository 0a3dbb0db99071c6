"""Faults of a desk's own disk: each is one clear sentence, and nothing but the damaged thing is lost."""

from __future__ import annotations

import resource
import secrets
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from coalition import PASSPHRASE, Coalition, make_coalition, start_relay, stop_relay
from deskkit import note, said

from tocsin.core.ledger import ANYBODY, Content, Member, Moment, NoKey, Outgoing
from tocsin.core.seal import WrongPassphrase
from tocsin.desk.desk import Desk
from tocsin.desk.errors import (
    DamagedKeyring,
    DamagedOutbox,
    DamagedReplica,
    DeskInUse,
    DiskFull,
    NoDeskHere,
    RelayAway,
)
from tocsin.desk.sync import sync
from tocsin.relay.serve import wait_until_ready
from wanting import go_without


@pytest.fixture(scope="module")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """One coalition for all; each test damages a copy of a desk's folder, never the desk."""
    with make_coalition(tmp_path_factory.mktemp("disk"), n=2) as made:
        for n in range(3):
            made.desks[0].append(note(f"entry {n}"), to="watch")
        made.sync_all()
        made.desks[0].append(note("still waiting"), to="watch")
        yield made


@pytest.fixture
def folder(coalition: Coalition, tmp_path: Path) -> Path:
    """A copy of desk 1's folder, as whoever takes the disk would have it."""
    desk = coalition.desks[0]
    desk.close()
    shutil.copytree(coalition.folders[0], tmp_path / "desk")
    coalition.desks[0] = Desk.open(coalition.folders[0], PASSPHRASE, clock=coalition.clock)
    return tmp_path / "desk"


def reopen(folder: Path, coalition: Coalition) -> Desk:
    """Open a desk, close it and hand it back, or raise."""
    return Desk.open(folder, PASSPHRASE, clock=coalition.clock)


def test_a_wrong_passphrase_opens_nothing(folder: Path, coalition: Coalition) -> None:
    with pytest.raises(WrongPassphrase):
        Desk.open(folder, PASSPHRASE + "!", clock=coalition.clock)

    with closing(reopen(folder, coalition)) as desk:
        assert said(desk) == ["entry 0", "entry 1", "entry 2"]


def test_a_folder_without_a_desk_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(NoDeskHere):
        Desk.open(tmp_path, PASSPHRASE)


@pytest.mark.parametrize("at", [0.1, 0.5, 0.97])
def test_a_damaged_keyring_is_said_to_be_one(folder: Path, coalition: Coalition, at: float) -> None:
    path = folder / "keyring.age"
    data = bytearray(path.read_bytes())
    data[int(len(data) * at)] ^= 0x10
    path.write_bytes(data)

    with pytest.raises((DamagedKeyring, WrongPassphrase)) as trouble:
        reopen(folder, coalition)

    # In the part that holds the wrapped key, a flipped bit cannot be told from another passphrase.
    assert at == 0.1 or isinstance(trouble.value, DamagedKeyring)


def flip(place: str, where: str, at: int) -> str:
    """Write SQL that changes one byte of a blob, whatever it was."""
    table, column = place.split(".")
    other = f"case substr({column}, {at + 1}, 1) when x'a5' then x'5a' else x'a5' end"
    changed = f"cast(substr({column}, 1, {at}) || {other} || substr({column}, {at + 2}) as blob)"
    return f"update {table} set {column} = {changed} where {where}"  # noqa: S608 - our own names


DAMAGES = {
    "body": flip("record.body", "number = 6", 100),
    "body of the founding": flip("record.body", "number = 0", 200),
    "author": flip("record.lead", "number = 6", 4),
    "body size": flip("record.lead", "number = 6", 92),
    "version": flip("record.lead", "number = 6", 0),
    "tag": flip("record.lead", "number = 6", 120),
    "signature in the middle": flip("record.signature", "number = 6", 10),
    "signature of the newest": flip("record.signature", "number = (select max(number) from record)", 10),
    "checked mark": flip("meta.value", "name = 'checked'", 3),
    "row gone": "delete from record where number = 6",
    "newest row gone": "delete from record where number = (select max(number) from record)",
    "all rows gone": "delete from record",
    "header cut": "update record set lead = substr(lead, 1, 50) where number = 6",
    "body gone": "update record set body = null where number = 6",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_changed_replica_is_noticed_and_fetched_anew_once_moved_away(
    folder: Path, coalition: Coalition, damage: str
) -> None:
    with closing(sqlite3.connect(folder / "replica.sqlite3", isolation_level=None)) as db:
        assert db.execute(damage).rowcount > 0

    with pytest.raises(DamagedReplica, match=r"replica\.sqlite3"):
        reopen(folder, coalition)
    for name in ("replica.sqlite3", "replica.sqlite3-wal", "replica.sqlite3-shm"):
        (folder / name).unlink(missing_ok=True)

    with closing(reopen(folder, coalition)) as desk:
        assert desk.world.size == 1
        assert desk.n_waiting >= 1
        assert not desk.is_cloned


def test_what_the_sentence_promises_is_true(coalition: Coalition, tmp_path: Path) -> None:
    with make_coalition(tmp_path / "other", n=2) as other:
        other.desks[0].append(note("was sent"), to="watch")
        other.sync_all()
        other.desks[0].append(note("waited meanwhile"), to="watch")
        other.desks[0].close()
        (other.folders[0] / "replica.sqlite3").write_bytes(b"no database at all" * 1000)
        with pytest.raises(DamagedReplica):
            Desk.open(other.folders[0], PASSPHRASE, clock=other.clock)
        (other.folders[0] / "replica.sqlite3").unlink()

        desk = other.desks[0] = Desk.open(other.folders[0], PASSPHRASE, clock=other.clock)
        sync(desk)
        sync(other.desks[1])

        assert said(desk) == said(other.desks[1]) == ["was sent", "waited meanwhile"]


@pytest.mark.parametrize("keep", [0, 60, 5000])
def test_a_truncated_replica_is_noticed(folder: Path, coalition: Coalition, keep: int) -> None:
    path = folder / "replica.sqlite3"
    path.write_bytes(path.read_bytes()[:keep])

    if keep:
        with pytest.raises(DamagedReplica):
            reopen(folder, coalition)
    else:
        # An empty file is an empty replica: it is fetched again.
        with closing(reopen(folder, coalition)) as desk:
            assert desk.world.size == 1


def test_a_damaged_outbox_is_noticed_and_costs_the_replica_nothing(
    folder: Path, coalition: Coalition
) -> None:
    with closing(sqlite3.connect(folder / "outbox.sqlite3", isolation_level=None)) as db:
        assert db.execute(flip("draft.sealed", "position > 0", 60)).rowcount > 0

    with closing(reopen(folder, coalition)) as desk:
        assert said(desk) == ["entry 0", "entry 1", "entry 2"]
        with pytest.raises(DamagedOutbox, match=r"outbox\.sqlite3"):
            desk.finish_drafts()
    (folder / "outbox.sqlite3").write_bytes(b"nothing" * 2000)
    with pytest.raises(DamagedOutbox):
        reopen(folder, coalition)


def test_one_folder_is_opened_by_one_program(coalition: Coalition) -> None:
    with pytest.raises(DeskInUse):
        reopen(coalition.folders[0], coalition)


class FromTomorrow(Content, frozen=True, kw_only=True):
    """A kind as a newer version writes it."""

    KIND = "watch.panel"
    SCHEMA = 99
    WRITERS = ANYBODY
    WHERE = "watch"

    words: str


def test_a_record_of_a_newer_version_is_kept_unopened_and_shown(tmp_path: Path) -> None:
    with make_coalition(tmp_path, n=2) as made:
        made.desks[0].append(FromTomorrow(words="canary-firecrest"), to="watch")
        made.desks[0].append(note("after it"), to="watch")
        made.sync_all()

        shown = [entry for entry in made.desks[1].store.refused() if entry.status == "unknown"]

        assert [entry.kind for entry in shown] == ["watch.panel"]
        assert said(made.desks[1]) == ["after it"]
        assert made.desks[1].verify_all() == made.desks[1].world.size


# A full disk ---


@contextmanager
def used_up(limit: int) -> Iterator[None]:
    """Let no file of this process grow beyond a limit, as a quota that is used up does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MB of our own, where this account may mount one."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        go_without("This account cannot mount a small disk.")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> Path:
    """Write until nothing more goes in."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1 << 8, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return ballast


def say_until_full(desk: Desk) -> int:
    """Append until the disk takes no more; say how many appends returned."""
    for n in range(10_000):
        try:
            desk.append(note(f"word {n}"), to="watch")
        except DiskFull:
            return n
    raise AssertionError("the disk never was full")


def test_a_full_disk_keeps_what_was_said_and_works_again_after_space_was_made(
    coalition: Coalition, small_disk: Path, tmp_path: Path
) -> None:
    with make_coalition(tmp_path / "made", n=2) as made:
        made.desks[1].close()
        shutil.copytree(made.folders[1], small_disk / "desk")
        desk = made.desks[1] = Desk.open(small_disk / "desk", PASSPHRASE, clock=made.clock)
        ballast = fill(small_disk)
        n_kept = say_until_full(desk)
        for n in range(40):
            made.desks[0].append(note(f"from elsewhere {n}"), to="watch")
        sync(made.desks[0])
        size = desk.world.size
        with pytest.raises(DiskFull):
            sync(desk)

        assert desk.world.size == size
        assert desk.n_waiting == n_kept
        ballast.unlink()
        desk.append(note("with space again"), to="watch")
        sync(desk)
        sync(made.desks[0])
        words = [*(f"word {n}" for n in range(n_kept)), "with space again"]
        assert said(desk) == said(made.desks[0]) == [*(f"from elsewhere {n}" for n in range(40)), *words]
        desk.close()
        made.desks[1] = Desk.open(small_disk / "desk", PASSPHRASE, clock=made.clock)
        assert made.desks[1].verify_all() == made.desks[0].world.size
        made.desks[1].close()


def test_a_quota_used_up_loses_nothing(folder: Path, coalition: Coalition) -> None:
    with closing(reopen(folder, coalition)) as desk:
        before = desk.n_waiting
        with used_up(max(path.stat().st_size for path in folder.iterdir()) + 9000):
            n_kept = say_until_full(desk)
        desk.append(note("after"), to="watch")

        assert desk.n_waiting == before + n_kept + 1
    with closing(reopen(folder, coalition)) as desk:
        assert desk.n_waiting == before + n_kept + 1


def test_a_keyring_that_cannot_be_saved_leaves_the_old_one(folder: Path, coalition: Coalition) -> None:
    before = (folder / "keyring.age").read_bytes()
    with closing(reopen(folder, coalition)) as desk:
        with used_up(100), pytest.raises(DiskFull):
            desk.keyfile.save()

        assert (folder / "keyring.age").read_bytes() == before
        assert not list(folder.glob("*.part"))
        desk.keyfile.save()


def test_a_desk_without_its_relay_keeps_all_it_says(tmp_path: Path) -> None:
    with make_coalition(tmp_path, n=2) as made:
        port = int(made.address.rsplit(":", 1)[1])
        stop_relay(made.relay)
        made.desks[0].append(note("first"), to="watch")
        for _ in range(2):
            with pytest.raises(RelayAway):
                sync(made.desks[0])
        made.desks[0].append(note("second"), to="watch")
        made.relay, _, _ = start_relay(made.relay_home, made.clock_file, port=port)
        wait_until_ready("127.0.0.1", port)

        made.sync_all(2)

        assert said(made.desks[1]) == ["first", "second"]
        assert made.desks[0].n_waiting == 0


def test_an_act_that_cannot_be_saved_leaves_nothing_half_made(folder: Path, coalition: Coalition) -> None:
    def open_room(member: Member, moment: Moment) -> Outgoing:
        return member.open_compartments(["response/room"], [2], moment)

    with closing(reopen(folder, coalition)) as desk:
        desk.finish_drafts()
        before, n_waiting = desk.keyring.to_bytes(), desk.n_waiting
        with used_up(100), pytest.raises(DiskFull):
            desk.do(open_room)

        assert desk.keyring.to_bytes() == before
        with pytest.raises(NoKey):
            desk.append(note("under a key that nobody else would get"), to="response/room")
        desk.do(open_room)
        assert desk.n_waiting > n_waiting


def test_keys_that_could_not_be_erased_on_disk_are_erased_at_the_next_sync(
    folder: Path, coalition: Coalition
) -> None:
    with closing(reopen(folder, coalition)) as desk:
        desk.keyring.grant_keys[0] = secrets.token_bytes(32)
        desk.keyfile.save()
        with used_up(100), pytest.raises(DiskFull):
            desk.erase_old_keys()
        desk.erase_old_keys()
    with closing(reopen(folder, coalition)) as desk:
        assert 0 not in desk.keyring.grant_keys


def is_refused(desk: Desk, contents: list[Content]) -> bool:
    """Say them; tell whether the disk was full."""
    try:
        desk.append_all(contents, to="watch")
    except DiskFull:
        return True
    return False


def test_things_said_together_are_kept_together_or_not_at_all(folder: Path, coalition: Coalition) -> None:
    with closing(reopen(folder, coalition)) as desk:
        before = desk.n_waiting
        together: list[Content] = [note(f"part {n}") for n in range(5)]
        with used_up(max(path.stat().st_size for path in folder.iterdir()) + 60_000):
            while not is_refused(desk, together):
                continue

        assert desk.n_waiting > before
        assert (desk.n_waiting - before) % 5 == 0


@pytest.mark.parametrize("table", ["cosignature", "published"])
def test_what_lies_beside_the_records_is_damaged_as_plainly(
    folder: Path, coalition: Coalition, table: str
) -> None:
    with closing(sqlite3.connect(folder / "replica.sqlite3")) as db, db:
        assert db.execute(f"update {table} set bytes = x'00'").rowcount  # noqa: S608 - our own names

    # Some is read at the start, some when it is needed.
    with pytest.raises(DamagedReplica), closing(reopen(folder, coalition)) as desk:
        desk.moment()
