"""A lost relay's successor counts when k founders signed it, and nothing else with it."""

from __future__ import annotations

import msgspec
import pytest
from gathering import FOUNDED, Gathering, successor

from tocsin.core.ledger import (
    BadRoll,
    ChangeOvertaken,
    DeviceEntry,
    Ground,
    Proposal,
    RelayEntry,
    Roll,
    TooFewSigned,
    add_signature,
    change_relay,
    check_move,
    propose,
    read_move,
)
from tocsin.core.seal import SigningKey

NEW = RelayEntry(bytes([7]) * 32, "successor.invalid")


@pytest.fixture(scope="module")
def gathering() -> Gathering:
    return Gathering()


@pytest.fixture
def ground(gathering: Gathering) -> Ground:
    return Ground(gathering.coalition, gathering[1].world.history.now.roll)


def roll_of(ground: Ground) -> Roll:
    assert ground.roll is not None
    return ground.roll


def signed(gathering: Gathering, roll: Roll, ground: Ground, *numbers: int) -> Proposal:
    """Have founders sign a next roll."""
    proposal = propose(roll, ground)
    for number in numbers:
        key = gathering.founders[number]
        proposal = add_signature(proposal, key, ground, number=number, today=FOUNDED)
    return proposal


def test_k_founders_name_a_relay_and_fewer_do_not(gathering: Gathering, ground: Ground) -> None:
    roll = change_relay(roll_of(ground), [NEW], day=FOUNDED)

    move = read_move(signed(gathering, roll, ground, 1, 3), ground)

    assert (move.relay, move.is_next, move.roll) == (NEW, True, roll)
    assert not move.has_lapsed(FOUNDED)
    assert move.has_lapsed(roll.lapses_on + 1)
    for numbers in ((), (2,)):
        with pytest.raises(TooFewSigned) as refusal:
            read_move(signed(gathering, roll, ground, *numbers), ground)
        assert (refusal.value.have, refusal.value.need) == (len(numbers), 2)


def test_signatures_of_others_or_of_another_roll_count_for_nothing(
    gathering: Gathering, ground: Ground
) -> None:
    roll = change_relay(roll_of(ground), [NEW], day=FOUNDED)
    good = signed(gathering, roll, ground, 1, 2)
    other = change_relay(
        roll_of(ground), [msgspec.structs.replace(NEW, address="another.invalid")], day=FOUNDED
    )
    stranger = SigningKey(bytes(32)).sign("roll", coalition=ground.coalition, message=good.roll)

    for proposal in (
        msgspec.structs.replace(good, roll=other.to_bytes()),
        msgspec.structs.replace(good, signatures=((1, stranger), (2, stranger))),
        msgspec.structs.replace(good, signatures=(good.signatures[0],) * 2),
    ):
        with pytest.raises(TooFewSigned):
            read_move(proposal, ground)


def test_a_move_changes_the_relay_and_nothing_else(gathering: Gathering, ground: Ground) -> None:
    before = roll_of(ground)
    newcomer = DeviceEntry(9, 1, SigningKey(bytes(32)).public, False, False)
    changes = {
        "the founders": {"threshold": 2, "founders": before.founders[::-1]},
        "a device": {"devices": (*before.devices, newcomer)},
        "the duties": {"duties_hash": bytes(32)},
        "nothing at all": {"relays": before.relays},
    }

    for change in changes.values():
        roll = successor(before, lapses_on=FOUNDED + 14, **{"relays": (NEW,), **change})
        with pytest.raises(BadRoll, match="nothing else"):
            check_move(roll, ground)
        with pytest.raises(BadRoll, match="nothing else"):
            read_move(signed(gathering, roll, ground, 1, 2), ground)


def test_a_move_that_is_in_force_or_was_overtaken_says_so(gathering: Gathering, ground: Ground) -> None:
    roll = change_relay(roll_of(ground), [NEW], day=FOUNDED)
    proposal = signed(gathering, roll, ground, 1, 2)
    later = change_relay(roll, [msgspec.structs.replace(NEW, address="later.invalid")], day=FOUNDED)

    for now, is_in_force in ((roll, True), (later, False)):
        with pytest.raises(ChangeOvertaken) as refusal:
            read_move(proposal, Ground(ground.coalition, now))
        assert refusal.value.is_in_force is is_in_force


def test_a_desk_that_was_away_for_a_roll_goes_by_founders_it_knows(
    gathering: Gathering, ground: Ground
) -> None:
    between = successor(roll_of(ground), lapses_on=FOUNDED + 14, duties_hash=bytes(32))
    after = Ground(ground.coalition, between)
    roll = change_relay(between, [NEW], day=FOUNDED)

    move = read_move(signed(gathering, roll, after, 2, 3), ground)

    assert (move.relay, move.is_next) == (NEW, False)
    with pytest.raises(TooFewSigned):
        read_move(signed(gathering, roll, after, 2), ground)


def test_a_move_of_another_coalition_leads_nowhere(gathering: Gathering, ground: Ground) -> None:
    roll = change_relay(roll_of(ground), [NEW], day=FOUNDED)
    proposal = signed(gathering, roll, ground, 1, 2)

    with pytest.raises(BadRoll, match="another coalition"):
        read_move(msgspec.structs.replace(proposal, coalition=bytes(32)), ground)
