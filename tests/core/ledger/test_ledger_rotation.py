"""New keys for who may still read, and what a failed act leaves behind."""

from __future__ import annotations

import pytest
from gathering import (
    Device,
    Gathering,
    Note,
    canary,
    case_compartments,
    close_case,
    open_case,
)

from tocsin.core.ledger import (
    BadRoll,
    Load,
    NoKey,
    NotOnRoll,
    NotSealedTo,
    StaleGrantKey,
    Status,
)
from tocsin.core.seal import CASELOAD_CAP, CaseloadFull


@pytest.fixture
def world() -> Gathering:
    return Gathering()


# removal, rotation, offline sealing ---


def test_a_removed_poster_is_refused_by_everyone_and_sealed_from(world: Gathering) -> None:
    late = world[3].say(Note(text="after removal"), to="watch")
    world.remove(3, by=world[1])
    numbers = world.post(late)
    world[1].write("nothing for three", to="watch")
    world.sync_all()

    for number in (1, 2):
        assert isinstance(world[number].readings[numbers[0]].trouble, NotOnRoll)
    assert "nothing for three" in world[2].read()
    assert "nothing for three" not in world[3].read()
    with pytest.raises(NotSealedTo):
        world[1].member.open_compartments(case_compartments("abcd"), [3], world.moment())


def test_of_two_rotators_the_first_is_written_with_and_both_are_read() -> None:
    world = Gathering(organisations=(1, 2, 3, 1))
    world.remove(4, by=world[1])
    for number in (1, 2, 3):
        world[number].pull()
    at_once = [world[number].say(Note(text=f"by {number}"), to="watch") for number in (1, 2)]
    for outgoing in at_once:
        world.post(outgoing)
    world.sync_all()

    known = world[3].world.compartments["watch"]
    first = known.current()
    assert first is not None
    assert first.maker == 1
    assert len(known.epochs) == 3
    assert all(world[number].read() == {"by 1", "by 2"} for number in (1, 2, 3))
    number = world[2].write("then", to="watch")[-1]
    world[3].pull()
    envelope = world[3].readings[number].envelope
    assert envelope is not None
    assert envelope.epoch == first.id


def test_an_offline_sealer_seals_again_under_the_new_roll_and_epoch() -> None:
    world = Gathering(organisations=(1, 2, 3, 1))
    sealer = world[3]
    draft = sealer.member.draft(Note(text="said offline"), to="watch", at=0)
    old = sealer.member.finish([draft], world.moment())
    world.remove(4, by=world[1])
    world[1].write("sealed from four", to="watch")
    refused = world.post(old)[0]
    for device in world.devices.values():
        device.pull()
    assert isinstance(world[1].readings[refused].trouble, BadRoll)

    number = sealer.post(sealer.member.finish([draft], world.moment()))[-1]
    world.sync_all()

    reading = world[1].readings[number]
    assert reading.status is Status.COUNTS
    assert reading.envelope is not None
    assert reading.envelope.id == draft.id
    assert "said offline" in world[2].read()
    assert "said offline" not in world[4].read()


def test_an_epoch_whose_records_were_never_sent_is_void() -> None:
    world = Gathering(organisations=(1, 2, 3, 1))
    world.remove(4, by=world[1])
    world[2].pull()
    chain = world[2].world.tips[2].chain
    keys = dict(world[2].keyring.compartments["watch"])
    world[2].say(Note(text="never sent"), to="watch")
    assert world[2].keyring.compartments["watch"] != keys

    world[2].member.pending.take_back(chain)

    assert world[2].keyring.compartments["watch"] == keys
    world[2].write("sent", to="watch")
    world.sync_all()
    assert "sent" in world[3].read()


def test_an_epoch_that_was_refused_is_erased_and_blocks_nothing() -> None:
    world = Gathering(organisations=(1, 2, 3, 1))
    open_case(world, "abcd", handler=1, alternate=4)
    world.sync_all()
    world.remove(4, by=world[2])
    world[1].pull()
    name = "case/abcd/file"
    offline = world[1].say(Note(text="under an epoch that comes too late"), to=name)
    world.remove(3, by=world[2])
    world.post(offline)
    world[1].sync()

    assert len(world[1].keyring.compartments[name]) == 1
    world[1].write("then", to=name)
    close_case(world, "abcd", by=1)
    world.sync_all()
    assert world[1].keyring.open_cases() == set()


def test_one_desk_asleep_does_not_silence_the_others() -> None:
    world = Gathering(organisations=(1, 2, 3, 1))
    world[3].is_lost = True
    for _ in range(6):
        world.wait(7)
        world.sync_all()
    world.remove(4, by=world[1])

    world[1].write("goes on", to="watch")
    world.sync_all()

    assert "goes on" in world[2].read()
    assert world[2].member.left_out("watch") == {3}
    world[3].is_lost = False
    world[3].sync()
    world[1].post(world[1].member.admit(3, ["watch"], world.moment()))
    world.sync_all()
    assert "goes on" in world[3].read()


# a failed act leaves nothing behind ---


def hands(device: Device) -> tuple[bytes, dict[str, object]]:
    return device.keyring.to_bytes(), dict(device.member.pending.epochs)


def test_a_failed_batch_holds_no_key_and_waits_for_nothing(world: Gathering) -> None:
    before = hands(world[1])
    no_keys = world.moment()._replace(keys={})

    with pytest.raises(StaleGrantKey):
        world[1].member.open_compartments(["planning"], [2], no_keys)
    with pytest.raises(NotSealedTo):
        world[1].member.open_compartments(["offers", "planning"], [2, 77], world.moment())
    with pytest.raises(NoKey):
        world[1].say(Note(text="a"), Note(text="b"), to="planning")
    with pytest.raises(StaleGrantKey):
        world[1].member.admit(2, ["watch"], no_keys)

    assert hands(world[1]) == before


def test_the_cap_holds_for_handler_and_alternate_when_granting_and_when_receiving() -> None:
    world = Gathering(organisations=(1, 2, 3, 1))
    for n in range(CASELOAD_CAP):
        open_case(world, f"case{n}", handler=1 if n % 2 else 2, alternate=2 if n % 2 else 1)
        world.sync_all()
    assert len(world[1].keyring.open_cases()) == len(world[2].keyring.open_cases()) == CASELOAD_CAP
    before = hands(world[1])

    with pytest.raises(CaseloadFull):
        open_case(world, "ninth", handler=1, alternate=3)
    with pytest.raises(CaseloadFull):
        open_case(world, "ninth", handler=3, alternate=1)
    world[3].post(world[3].say(Load(held=CASELOAD_CAP), to="watch"))
    world[1].pull()
    with pytest.raises(CaseloadFull):
        world[1].member.admit(3, case_compartments("case0"), world.moment())
    assert hands(world[1]) == before

    world[4].world.loads.clear()
    open_case(world, "ninth", handler=4, alternate=2)
    world.sync_all()
    assert "ninth" not in world[2].keyring.open_cases()
    assert len(world[2].member.received.unconfirmed) == 2
    close_case(world, "case0", by=2)
    world.sync_all()
    assert "ninth" in world[2].keyring.open_cases()


def test_who_hands_a_case_over_erases_it_and_says_so(world: Gathering) -> None:
    open_case(world, "abcd", handler=1, alternate=2)
    world.sync_all()
    epochs = {epoch for name in case_compartments("abcd") for epoch in world[1].keyring.compartments[name]}

    world[1].post(world[1].member.hand_over(case_compartments("abcd"), [3], world.moment()))
    world.sync_all()
    world[3].write("carried forward", to="case/abcd/file")
    world.sync_all()

    assert world[1].keyring.open_cases() == world[2].keyring.open_cases() == set()
    assert all(world[3].world.erased[epoch] == {1, 2} for epoch in epochs)
    assert world[3].read() == {canary(name) for name in case_compartments("abcd")} | {"carried forward"}
    assert len(world[3].keyring.compartments["case/abcd/file"]) == 2


def test_who_handed_a_case_over_can_be_admitted_to_it_again(world: Gathering) -> None:
    open_case(world, "abcd", handler=1, alternate=2)
    world.sync_all()
    erased = set(world[2].keyring.compartments["case/abcd/file"])
    world[1].post(world[1].member.hand_over(case_compartments("abcd"), [1, 3], world.moment()))
    world.sync_all()

    world[1].post(world[1].member.admit(2, case_compartments("abcd"), world.moment()))
    world[1].write("since then", to="case/abcd/file")
    world.sync_all()

    assert world[2].read() == {"since then"}
    assert not erased & set(world[2].keyring.compartments["case/abcd/file"])
