"""The roll, duties and bars: what changes them, and from when they count."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from gathering import (
    FOUNDED,
    Gathering,
    Note,
    Verdict,
    open_case,
    successor,
    without,
)
from msgspec.structs import replace
from snapshots import fresh_view

from tocsin.core.ledger import (
    BAR_DAYS,
    BadRoll,
    BarLifted,
    Barred,
    DeviceEntry,
    Duties,
    Duty,
    Founder,
    NotEntitled,
    NotOnRoll,
    NotSealedTo,
    Outgoing,
    PublishedKey,
    Roll,
    Status,
    duties_hash,
    make_record,
    verify_published_key,
)
from tocsin.core.seal import BadSignature

EVERYTHING = tuple(duty for duty in Duty if duty is not Duty.CUSTODIAN)


@pytest.fixture
def world() -> Gathering:
    return Gathering()


# the roll ---


def post_roll(
    world: Gathering, change: Callable[[Roll], Roll], *, signers: tuple[int, ...] = (1, 2)
) -> object:
    reading = world.change_roll(
        world[1], world.propose(world[1].world.history.now.roll, change, signers=signers)
    )
    return reading.trouble


def test_k_founders_change_the_roll_and_fewer_do_not(world: Gathering) -> None:
    assert isinstance(post_roll(world, without(3), signers=(2,)), BadRoll)
    assert isinstance(post_roll(world, without(3), signers=(2, 2)), BadRoll)
    assert world[1].world.history.now.roll.device(3)

    assert post_roll(world, without(3), signers=(2, 3)) is None
    with pytest.raises(NotOnRoll):
        world[1].world.history.now.roll.device(3)


def test_a_founders_change_needs_more_than_half() -> None:
    world = Gathering(n_founders=5)

    def change(roll: Roll) -> Roll:
        return successor(roll, founders=roll.founders[:4])

    assert isinstance(post_roll(world, change, signers=(1, 2)), BadRoll)
    assert post_roll(world, change, signers=(1, 2, 3)) is None


@pytest.mark.parametrize("threshold", [1, 3, 4])
def test_k_is_at_least_two_and_less_than_n(world: Gathering, threshold: int) -> None:
    change = lambda roll: successor(roll, threshold=threshold)  # noqa: E731 - one use, one line

    assert isinstance(post_roll(world, change, signers=(1, 2, 3)), BadRoll)


def entry(number: int, key: bytes = bytes(32)) -> DeviceEntry:
    return DeviceEntry(number, 1, key, True, False)


UNLAWFUL: dict[str, Callable[[Roll], Roll]] = {
    "another predecessor": lambda roll: replace(successor(roll), previous=bytes(32)),
    "a version skipped": lambda roll: replace(successor(roll), version=roll.version + 2),
    "a lapsed one": lambda roll: successor(roll, lapses_on=FOUNDED - 1),
    "a vanished device": lambda roll: successor(roll, devices=roll.devices[1:]),
    "another key": lambda roll: successor(
        roll, devices=(replace(roll.devices[0], key=bytes(32)), *roll.devices[1:])
    ),
    "another organisation": lambda roll: successor(
        roll, devices=(replace(roll.devices[0], organisation=9), *roll.devices[1:])
    ),
    "a number twice": lambda roll: successor(roll, devices=(*roll.devices, entry(1))),
    "a key twice": lambda roll: successor(roll, devices=(*roll.devices, entry(9, roll.devices[0].key))),
    "number zero": lambda roll: successor(roll, devices=(*roll.devices, entry(0))),
    "no relay": lambda roll: successor(roll, relays=()),
    "a founder twice": lambda roll: successor(roll, founders=(*roll.founders, Founder(1, bytes(32)))),
    "no exercise any more": lambda roll: successor(roll, exercise=not roll.exercise),
    "a day of its own": lambda roll: successor(roll, offset_days=5),
}


@pytest.mark.parametrize("change", UNLAWFUL.values(), ids=UNLAWFUL)
def test_an_unlawful_roll_changes_nothing(world: Gathering, change: Callable[[Roll], Roll]) -> None:
    before = world[1].world.history.now.roll

    assert isinstance(post_roll(world, change, signers=(1, 2, 3)), BadRoll)

    assert world[1].world.history.now.roll == before
    assert world[1].write("goes on", to="watch")


def test_a_half_signed_change_lapses_after_a_fortnight(world: Gathering) -> None:
    change = lambda roll: successor(roll, lapses_on=FOUNDED + 14, relays=(*roll.relays, *roll.relays))  # noqa: E731
    signed = world.propose(world[1].world.history.now.roll, change)

    world.wait(15)

    assert isinstance(world.change_roll(world[1], signed).trouble, BadRoll)


def test_of_two_changes_the_first_in_order_wins(world: Gathering) -> None:
    roll = world[1].world.history.now.roll
    first, second = world.propose(roll, without(3)), world.propose(roll, without(2))

    assert world.change_roll(world[1], first).trouble is None
    assert isinstance(world.change_roll(world[1], second).trouble, BadRoll)


def test_a_removed_device_joins_anew_with_a_new_number(world: Gathering) -> None:
    assert post_roll(world, without(3)) is None

    def back(roll: Roll) -> Roll:
        return successor(roll, devices=tuple(replace(each, removed=False) for each in roll.devices))

    assert isinstance(post_roll(world, back), BadRoll)


def test_an_addition_waits_a_day_in_everyones_sight(world: Gathering) -> None:
    world.wait(1)
    newcomer = world.join(organisation=2, by=world[1])
    with pytest.raises(NotSealedTo):
        world[1].member.admit(newcomer.number, ["watch"], world.moment())

    world.wait(1)
    world[1].post(world[1].member.admit(newcomer.number, ["watch", "people"], world.moment()))
    newcomer.sync()
    number = newcomer.write("here", to="watch")[-1]
    world[2].pull()

    assert world[2].readings[number].status is Status.COUNTS
    assert newcomer.world.history.now.duties == world[1].world.history.now.duties


def test_what_a_newcomer_writes_before_its_day_is_refused(world: Gathering) -> None:
    world.wait(1)
    newcomer = world.join(organisation=2, by=world[1])
    newcomer.keyring.compartments["watch"] = dict(world[1].keyring.compartments["watch"])
    record = world[2].say(Note(text="x"), to="watch").records[0]
    header = record.header._replace(device=newcomer.number, chain=0, previous=bytes(32), roll_version=2)
    early = make_record(
        header,
        tag=record.tag,
        body=record.body or b"",
        key=newcomer.keyring.signing_key,
        coalition=world.coalition,
    )
    world.post(Outgoing([early], []))
    world[1].pull()

    assert isinstance(world[1].readings[len(world.log) - 1].trouble, NotOnRoll)


def test_published_keys_hold_for_their_device_only(world: Gathering) -> None:
    key = world.published[0]

    verify_published_key(
        type(key).from_bytes(key.to_bytes()), world[1].world.history.now.roll, world.coalition
    )
    with pytest.raises(BadSignature):
        verify_published_key(type(key).from_bytes(key.to_bytes()), world[1].world.history.now.roll, bytes(32))
    with pytest.raises(NotOnRoll):
        verify_published_key(replace_device(key, 77), world[1].world.history.now.roll, world.coalition)


def replace_device(key: PublishedKey, device: int) -> PublishedKey:
    return PublishedKey(key.purpose, device, key.period, key.roll_version, key.public, key.signature)


# duties in force at a record's number ---


def test_duties_are_judged_as_they_stood_when_the_record_was_ordered() -> None:
    world = Gathering(duties={1: EVERYTHING, 2: (Duty.ASSESSOR,), 3: ()})
    name = "case/abcd/file"
    open_case(world, "abcd", handler=2, alternate=1)
    world.sync_all()
    before = world[2].post(world[2].say(Verdict(text="as assessor"), to=name))[-1]
    new = Duties(duties={1: EVERYTHING, 2: (), 3: ()})
    world[1].pull()
    world[1].post(world[1].say(new, to="people"))
    post_roll(world, lambda roll: successor(roll, duties_hash=duties_hash(new)))
    world[2].pull()
    forced = world[2].member.batch(world.moment())
    forced.say(Verdict(text="as nobody"), to=name)
    after = world[2].post(forced.outgoing)[-1]
    world[1].pull()
    world[1].reopen(["case/abcd/file"])

    assert world[1].readings[before].status is Status.COUNTS
    assert isinstance(world[1].readings[after].trouble, NotEntitled)
    view = fresh_view(world[1])
    assert view.history.at(before).duties[2] == {Duty.ASSESSOR}
    assert view.history.now.duties[2] == frozenset()


# bars ---


def test_a_bar_holds_72_hours_and_k_founders_lift_it(world: Gathering) -> None:
    barred = world[1].post(world[1].say(world[1].member.bar(3, reason="lost", day=world.day), to="watch"))[-1]
    world.sync_all()
    history = world[2].world.history

    assert world[2].readings[barred].status is Status.COUNTS
    assert [history.is_sealed_to(3, world.day + n) for n in (0, BAR_DAYS, BAR_DAYS + 1)] == [
        False,
        False,
        True,
    ]
    for founder, still in ((1, False), (2, True)):
        world[founder].pull()
        world[founder].post(world[founder].say(BarLifted(device=3), to="watch"))
        world[2].pull()
        assert history.is_sealed_to(3, world.day) == still


def test_a_device_that_bars_itself_stays_barred_until_k_other_founders_lift_it() -> None:
    world = Gathering(organisations=(1, 2, 3, 1, 2))
    # Its two bars of the week are used up; for itself it needs none.
    for device in (4, 5):
        world[3].post(world[3].say(world[3].member.bar(device, reason="suspect", day=world.day), to="watch"))
    world[3].post(world[3].say(Barred(device=3, reason="duress"), to="watch"))
    world.sync_all()
    world.wait(40)
    after_forty_days = world[1].world.history.is_sealed_to(3, world.day)

    # Its own word does not count among the founders'.
    for founder in (3, 1):
        world[founder].post(world[founder].say(BarLifted(device=3), to="watch"))
    world.sync_all()
    by_one = world[1].world.history.is_sealed_to(3, world.day)
    world[2].post(world[2].say(BarLifted(device=3), to="watch"))
    world.sync_all()

    assert not after_forty_days
    assert not by_one
    assert world[1].world.history.is_sealed_to(3, world.day)


def test_only_founders_lift_a_bar() -> None:
    world = Gathering(duties={1: EVERYTHING, 2: (Duty.HANDLER,), 3: EVERYTHING})
    world[1].post(world[1].say(world[1].member.bar(3, reason="lost", day=world.day), to="watch"))
    world.sync_all()

    with pytest.raises(NotEntitled):
        world[2].say(BarLifted(device=3), to="watch")


def test_all_rotate_on_write_once_a_device_is_barred_and_let_it_back_in_later(world: Gathering) -> None:
    open_case(world, "abcd", handler=1, alternate=3)
    world.sync_all()
    world[2].post(world[2].say(world[2].member.bar(3, reason="lost", day=world.day), to="watch"))
    world[1].pull()

    world[1].write("sealed from three", to="case/abcd/file")
    world.sync_all()

    assert "sealed from three" in world[1].read()
    assert "sealed from three" not in world[3].read()
    assert world[1].member.left_out("case/abcd/file") == {3}
    with pytest.raises(NotSealedTo):
        world[1].member.admit(3, ["case/abcd/file"], world.moment())
    world.wait(BAR_DAYS + 1)
    for name in ("watch", "case/abcd/file"):
        world[1].post(world[1].member.admit(3, [name], world.moment()))
    world.sync_all()
    assert "sealed from three" in world[3].read()
