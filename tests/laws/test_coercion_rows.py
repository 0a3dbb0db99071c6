"""Rows of the table, by name: what one or two devices open after a closing, a parking, a removal, a restored backup."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import pytest
from adversary import Adversary, Disk
from coercionkit import CUSTODIANS, disk_of, gather
from gathering import (
    ChainTaken,
    Device,
    Gathering,
    Note,
    canary,
    case_compartments,
    close_case,
    open_case,
)

from tocsin.core.ledger import (
    deal_case,
)
from tocsin.core.seal import Keyring


def read_by(world: Gathering, *numbers: int, extra: Iterable[Disk] = ()) -> set[str]:
    """Take devices three ways at once: disk, passphrase and all the relay ever had."""
    adversary = Adversary()
    adversary.watch(b"".join(record.to_bytes() for record in world.log), world.grants_ever)
    words = adversary.read([*(disk_of(world[number]) for number in numbers), *extra])
    return {word for word in words if word.startswith("canary")}


def of_case(case: str) -> set[str]:
    return {canary(name) for name in case_compartments(case)}


def weeks_pass(world: Gathering, n: int, *, asleep: Iterable[int] = ()) -> None:
    for _ in range(n):
        world.wait(7)
        for number, device in world.devices.items():
            if number not in asleep:
                device.sync()


def twenty_closed(*, asleep_from: int = 20) -> Gathering:
    """Twenty cases opened and closed over twenty weeks; device 3 hears of none from case `asleep_from` on closed."""
    world = Gathering(organisations=(1, 2, 3, 1))
    for n in range(20):
        open_case(world, f"c{n}", handler=1, alternate=2 if n < asleep_from else 3)
        world.sync_all()
        close_case(world, f"c{n}", by=1)
        weeks_pass(world, 1, asleep=(3,) if n >= asleep_from else ())
    return world


def test_twenty_closed_cases_open_to_nobody_three_weeks_later() -> None:
    world = twenty_closed()

    weeks_pass(world, 3)

    for pair in combinations(world.devices, 2):
        assert read_by(world, *pair) == set()


def test_a_device_that_has_not_synced_since_a_closing_shows() -> None:
    world = twenty_closed(asleep_from=19)

    weeks_pass(world, 4, asleep=(3,))

    assert read_by(world, 1, 2) == set()
    assert read_by(world, 3) == of_case("c19")
    assert not any(
        3 in world[1].world.erased[epoch] for epoch in world[3].keyring.compartments["case/c19/file"]
    )
    world[3].sync()
    assert read_by(world, 3) == set()


def test_a_planted_key_that_was_not_erased_shows() -> None:
    world = Gathering()
    open_case(world, "abcd", handler=1, alternate=2)
    world.sync_all()
    kept = disk_of(world[2])
    close_case(world, "abcd", by=1)
    weeks_pass(world, 4)

    assert read_by(world, 1, 2, 3) == set()
    assert read_by(world, 1, extra=[kept]) == of_case("abcd")


def test_a_case_closed_this_week_still_opens_by_its_grant() -> None:
    world = Gathering()
    open_case(world, "abcd", handler=1, alternate=2)
    world.sync_all()
    close_case(world, "abcd", by=1)
    world.sync_all()

    assert world[2].keyring.open_cases() == set()
    assert read_by(world, 2) == of_case("abcd")
    assert read_by(world, 1) == read_by(world, 3) == set()


def test_one_or_two_custodians_open_nobody_and_three_one_named_case() -> None:
    world = gather()
    for case in ("abcd", "efgh"):
        open_case(world, case, handler=1, alternate=2)
    world.sync_all()
    world[1].post(deal_case(world[1].member, "abcd", CUSTODIANS, world.moment()))
    world.sync_all()

    for pair in combinations(CUSTODIANS, 2):
        assert read_by(world, *pair) == set()
    assert read_by(world, 5, 7, 9) == of_case("abcd")


def test_a_worker_removed_yesterday_opens_nothing_sealed_since() -> None:
    world = Gathering()
    open_case(world, "abcd", handler=1, alternate=3)
    world.sync_all()
    world.remove(3, by=world[2])
    world.sync_all()
    world[1].write("canary since", to="case/abcd/file")
    world[1].write("canary for all", to="watch")
    world.sync_all()

    assert read_by(world, 3) == of_case("abcd")
    assert read_by(world, 2) == {"canary for all"}


def test_a_restored_backup_is_named_and_the_world_goes_on() -> None:
    world = Gathering()
    backup, size = world[3].keyring.to_bytes(), len(world.log)
    world[3].write("after the backup", to="watch")
    world.sync_all()
    restored = Device(world, 3, Keyring.from_bytes(backup))
    restored.take_all(world.log[:size])

    with pytest.raises(ChainTaken):
        restored.write("again", to="watch")
    world.devices[3] = restored
    restored.is_lost = True
    world[1].post(world[1].say(world[1].member.bar(3, reason="cloned", day=world.day), to="watch"))
    world[1].write("goes on", to="watch")
    world.sync_all()

    assert world[2].world.history.now.is_barred(3, world.day)
    assert {"after the backup", "goes on"} <= world[2].read()
    assert world[2].world.forked == {}


def test_a_clone_that_the_relay_lets_through_is_refused_by_everyone_from_then_on() -> None:
    world = Gathering()
    clone = Device(world, 3, Keyring.from_bytes(world[3].keyring.to_bytes()))
    clone.take_all(world.log)
    twin = clone.say(Note(text="by the clone"), to="watch").records[0]
    world[3].write("by the first", to="watch")
    world.log.append(twin)
    world[3].write("once more by the first", to="watch")
    world.sync_all()

    assert world[1].world.forked == {3: world.log.index(twin)}
    assert world[1].read() == {"by the first"}
