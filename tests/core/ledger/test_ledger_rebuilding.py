"""Late keys, and a ledger read again: the state is that of keys held from the start."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from gathering import (
    Gathering,
    Note,
    case_compartments,
    close_case,
    open_case,
)
from hypothesis import given, settings
from snapshots import fresh_view, snapshot

from tocsin.core.ledger import (
    EpochOpened,
    Member,
    NotOnRoll,
    World,
)


@pytest.fixture
def world() -> Gathering:
    return Gathering()


def eventful() -> Gathering:
    world = Gathering(organisations=(1, 2, 3, 1))
    for case, handler, alternate in (("aaaa", 1, 3), ("bbbb", 2, 3), ("cccc", 1, 2)):
        open_case(world, case, handler=handler, alternate=alternate)
    world.sync_all()
    world.remove(4, by=world[1])
    world.sync_all()
    for case, by in (("aaaa", 3), ("bbbb", 2), ("cccc", 2)):
        first = world[by].member.draft(Note(text=f"first {case}"), to=f"case/{case}/file", at=0)
        two = [
            world[by].member.draft(Note(text=f"{n} {case}"), to=f"case/{case}/file", at=0, based_on=first.id)
            for n in "ab"
        ]
        world[by].post(world[by].member.finish([first, *two], world.moment()))
    world[2].post(world[2].member.hand_over(case_compartments("bbbb"), [1, 3], world.moment()))
    world[1].pull()
    world[1].write("after", to="case/bbbb/file")
    close_case(world, "cccc", by=1)
    world[3].pull()
    return world


EVENTFUL = eventful()


def all_keys(world: Gathering) -> dict[str, dict[bytes, bytes]]:
    """Put together what any device still holds."""
    keys: dict[str, dict[bytes, bytes]] = {}
    for device in world.devices.values():
        for name, epochs in device.keyring.compartments.items():
            keys.setdefault(name, {}).update(epochs)
    return keys


ALL_KEYS = all_keys(EVENTFUL)


@settings(max_examples=30)
@given(st.data())
def test_a_late_key_gives_the_state_of_a_key_held_from_the_start(data: st.DataObject) -> None:
    everybodys = {name: ALL_KEYS[name] for name in ("watch", "people", "clock")}
    others = [(name, epoch) for name in ALL_KEYS if name not in everybodys for epoch in ALL_KEYS[name]]
    chosen = data.draw(st.lists(st.sampled_from(others), unique=True))
    keys: dict[str, dict[bytes, bytes]] = dict(everybodys)
    world = World(device=3, kinds=EVENTFUL[1].world.kinds, keys=keys)
    arrives = {place: data.draw(st.integers(0, len(EVENTFUL.log)), label="arrives") for place in chosen}
    for number, record in enumerate([*EVENTFUL.log, None]):
        come = [place for place in chosen if arrives[place] == number]
        for name, epoch in come:
            keys.setdefault(name, {})[epoch] = ALL_KEYS[name][epoch]
        for name in data.draw(st.permutations(sorted({name for name, _ in come}))):
            for again in world.forget_compartment(name):
                world.reopen(again, EVENTFUL.log[again])
        if record is not None:
            world.take(record)

    held = everybodys | {
        name: {epoch: ALL_KEYS[name][epoch] for each, epoch in chosen if each == name} for name, _ in chosen
    }
    assert snapshot(world) == snapshot(read_with(held))


def read_with(keys: dict[str, dict[bytes, bytes]]) -> World:
    world = World(device=3, kinds=EVENTFUL[1].world.kinds, keys=keys)
    for record in EVENTFUL.log:
        world.take(record)
    return world


def test_a_refused_record_stays_refused_when_it_is_read_again(world: Gathering) -> None:
    open_case(world, "abcd", handler=1, alternate=3)
    world.sync_all()
    late = world[3].say(Note(text="after removal"), to="case/abcd/file")
    world.remove(3, by=world[1])
    number = world.post(late)[0]
    world[1].pull()

    world[1].reopen(["case/abcd/file"])

    assert isinstance(world[1].readings[number].trouble, NotOnRoll)
    assert "after removal" not in world[1].read()


def test_reading_twice_changes_nothing_twice(world: Gathering) -> None:
    open_case(world, "abcd", handler=1, alternate=3)
    world.sync_all()
    before = snapshot(world[1].world)

    for number in range(1, len(world.log)):
        again = world[1].world.reopen(number, world.log[number])
        assert again.status is world[1].readings[number].status

    assert snapshot(world[1].world) == before


def test_what_everybody_reads_is_read_again_from_the_beginning_only(world: Gathering) -> None:
    for name in ("watch", "people"):
        assert world[1].world.waiting_for(name) == []
        with pytest.raises(ValueError, match="from the beginning"):
            world[1].world.forget_compartment(name)


def test_the_whole_log_read_anew_gives_the_same_world() -> None:
    for device in EVENTFUL.devices.values():
        assert snapshot(fresh_view(device)) == snapshot(device.world)


def test_a_member_begins_where_its_keyring_says(world: Gathering) -> None:
    member = Member(world[2].keyring, world[2].world, fresh=world.fresh)

    assert member.device == 2
    assert isinstance(world[1].readings[1].content, EpochOpened)
