"""Two of one device, two writers at once, and a roll that changes under way."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from deskkit import Asked, Cut, aside, doubled, hostile_relay, note, remove_device, said, said_aside

from tocsin.desk.desk import Desk
from tocsin.desk.errors import ClonedDevice, RelayAway, Removed
from tocsin.desk.sync import sync
from tocsin.errors import TocsinError


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Three desks for tests that end as they began."""
    with make_coalition(tmp_path_factory.mktemp("clones")) as made:
        yield made


def copy_of(coalition: Coalition, number: int, to: Path) -> Path:
    """Back up a desk's folder."""
    coalition.desks[number - 1].close()
    shutil.copytree(coalition.folders[number - 1], to)
    coalition.desks[number - 1] = Desk.open(coalition.folders[number - 1], PASSPHRASE, clock=coalition.clock)
    return to


def test_a_backup_put_back_is_noticed_reads_on_and_writes_no_more(tmp_path: Path) -> None:
    with make_coalition(tmp_path) as made:
        backup = copy_of(made, 3, tmp_path / "backup")
        made.desks[2].append(note("after the backup"), to="watch")
        made.sync_all()
        made.desks[2].close()

        restored = made.desks[2] = Desk.open(backup, PASSPHRASE, clock=made.clock)
        restored.append(note("from the restored one"), to="watch")
        with pytest.raises(ClonedDevice):
            sync(restored)
        assert said(restored) == ["after the backup"]
        restored.close()
        restored = made.desks[2] = Desk.open(backup, PASSPHRASE, clock=made.clock)
        with pytest.raises(ClonedDevice):
            sync(restored)

        one, two = made.desks[:2]
        one.append(one.member.bar(3, reason="cloned", day=one.today), to="watch")
        sync(one)
        one.append(note("the world goes on"), to="watch")
        for desk in (one, two):
            sync(desk)
        assert two.world.history.now.is_barred(3, two.today)
        assert said(two) == ["after the backup", "the world goes on"]
        with pytest.raises(ClonedDevice):
            sync(restored)
        # Whatever was written after the bar is sealed under keys that device 3 was not granted.
        assert said(restored) == ["after the backup"]


def test_of_two_copies_the_second_to_write_is_stopped(tmp_path: Path) -> None:
    with make_coalition(tmp_path) as made:
        copy = copy_of(made, 3, tmp_path / "copy")
        with closing(Desk.open(copy, PASSPHRASE, clock=made.clock)) as second:
            second.append(note("by the copy"), to="watch")
            sync(second)
            made.desks[2].append(note("by the first"), to="watch")
            with pytest.raises(ClonedDevice):
                sync(made.desks[2])

            sync(made.desks[0])
            assert said(made.desks[0]) == ["by the copy"]
            assert made.desks[0].world.forked == {}


def test_desks_that_write_at_once_are_ordered_once(three: Coalition) -> None:
    troubles: list[BaseException] = []

    def write(desk: Desk) -> None:
        try:
            for n in range(8):
                desk.append(note(f"at once {desk.device}.{n}"), to="watch")
                if n % 2:
                    sync(desk)
        except TocsinError as trouble:
            troubles.append(trouble)

    threads = [threading.Thread(target=write, args=(desk,)) for desk in three.desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    three.sync_all(2)

    assert troubles == []
    words = [word for word in said(three.desks[0]) if word.startswith("at once")]
    assert words == [word for word in said(three.desks[2]) if word.startswith("at once")]
    assert sorted(words) == sorted(f"at once {device}.{n}" for device in (1, 2, 3) for n in range(8))
    assert doubled(three.desks[1]) == []
    assert three.desks[0].world.forked == {}


def test_threads_of_one_desk_write_one_chain(three: Coalition) -> None:
    desk = three.desks[0]
    troubles: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for n in range(10):
                desk.append(note(f"thread {name}.{n}"), to="watch")
                said(desk)
                if n % 4 == 3:
                    sync(desk)
        except TocsinError as trouble:
            troubles.append(trouble)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    three.sync_all()

    assert troubles == []
    words = [word for word in said(three.desks[1]) if word.startswith("thread")]
    assert sorted(words) == sorted(f"thread {name}.{n}" for name in "abc" for n in range(10))
    assert doubled(desk) == []


def test_what_a_roll_change_overtakes_is_sealed_again_and_the_removed_cannot_read_it(tmp_path: Path) -> None:
    with make_coalition(tmp_path) as made, hostile_relay(made) as relay:
        one, two, three = made.desks
        one.do(lambda member, moment: member.open_compartments(["response/old"], [2, 3], moment))
        made.sync_all(2)
        one.append(note("overtaken"), to="watch")
        one.append(aside("overtaken in a response"), to="response/old")
        one.do(lambda member, moment: member.open_compartments(["response/new"], [2, 3], moment))
        one.append(aside("overtaken in a new one"), to="response/new")

        def cut(asked: Asked) -> None:
            if asked.is_for("POST", "records"):
                raise Cut

        with relay.rules(before=cut), pytest.raises(RelayAway):
            sync(one)
        assert one.replica.leaving().records
        remove_device(made, 3, by=two)
        sync(two)
        for desk in (one, two, one, two):
            sync(desk)
        with pytest.raises(TocsinError):
            sync(three)

        assert said(one) == said(two) == ["overtaken"]
        # What leaves together leaves in any order: it would say who works with whom.
        assert said_aside(one) == said_aside(two)
        assert sorted(said_aside(one)) == ["overtaken in a new one", "overtaken in a response"]
        assert doubled(one) == []
        assert one.world.history.now.roll.version == 2
        # With all that the relay ever had, the removed device's keys open none of it.
        for record in two.replica.records(three.world.size):
            assert three.world.reopen(0, record).content is None


def test_a_removed_device_is_told_so(tmp_path: Path) -> None:
    with make_coalition(tmp_path) as made:
        remove_device(made, 3, by=made.desks[0])
        sync(made.desks[0])
        made.desks[2].append(note("too late"), to="watch")

        with pytest.raises(Removed, match="have removed this device"):
            sync(made.desks[2])

        made.desks[0].append(note("without 3"), to="watch")
        for desk in made.desks[:2]:
            sync(desk)
        assert said(made.desks[1]) == ["without 3"]


def test_a_roll_change_between_two_posts_doubles_nothing(tmp_path: Path) -> None:
    with make_coalition(tmp_path) as made, hostile_relay(made) as relay:
        one, two = made.desks[:2]
        for n in range(150):
            one.append(note(f"word {n}"), to="watch")
        posts = [0]

        def change_roll_first(asked: Asked) -> None:
            if asked.is_for("POST", "records") and len(asked.body) > 100_000:
                posts[0] += 1
            if posts[0] == 2 and asked.is_for("POST", "records"):
                posts[0] = 3
                remove_device(made, 3, by=two)
                sync(two)

        with relay.rules(before=change_roll_first):
            sync(one)
        sync(two)

        assert posts[0] > 3
        assert said(two) == [f"word {n}" for n in range(150)]
        assert doubled(two) == []
        assert one.n_waiting == 0
