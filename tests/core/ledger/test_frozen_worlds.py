"""A world frozen to bytes and thawed goes on as if it had read everything itself."""

from __future__ import annotations

import hypothesis.strategies as st
from gathering import FOUNDED, Gathering, Note, close_case, open_case
from hypothesis import given, settings
from snapshots import fresh_view, snapshot, thawed_view, written_down

from tocsin.core.ledger import (
    BarLifted,
    Barred,
    BrokenChain,
    Duty,
    NotEntitled,
    acknowledgements,
    ask_for_case,
    case_compartments,
    deal_case,
    prepare_travel,
    refuse_share,
    release_share,
    travel_acknowledgements,
)
from tocsin.core.ledger.kinds import SharesDealt


def long_life() -> Gathering:
    """A ledger with one of everything that a world keeps."""
    duties = {n: tuple(duty for duty in Duty if duty is not Duty.CUSTODIAN) for n in (1, 2, 3)}
    duties |= dict.fromkeys(range(4, 9), (Duty.CUSTODIAN,))
    world = Gathering(organisations=(1, 2, 3, 1, 2, 3, 1, 2), duties=duties)
    for case, handler, alternate in (("aaaa", 1, 2), ("bbbb", 2, 1), ("cccc", 1, 2)):
        open_case(world, case, handler=handler, alternate=alternate)
    world.sync_all()
    one = world[1]
    one.post(deal_case(one.member, "aaaa", range(4, 9), world.moment()))
    for number in range(4, 9):
        world[number].pull()
        world[number].post(world[number].say(*acknowledgements(world[number].member), to="watch"))
    one.pull()
    close_case(world, "aaaa", by=1, parked=True)
    close_case(world, "cccc", by=1)
    world.sync_all()
    world[2].post(world[2].say(ask_for_case(world[2].member, "aaaa", reason="unpark"), to="watch"))
    world.sync_all()
    world.wait(1)
    world[7].post(world[7].say(refuse_share(world[7].member, "aaaa"), to="watch"))
    for number in (4, 5, 6):
        world[number].pull()
        world[number].post(release_share(world[number].member, "aaaa", world.moment()))
    world.sync_all()
    for key in (bytes(16), bytes(15) + b"1"):
        one.post(prepare_travel(one.member, key, world.moment()))
    world[2].pull()
    world[2].post(world[2].say(*travel_acknowledgements(world[2].member), to="watch"))
    one.pull()
    one.post(one.say(one.member.bar(3, reason="suspect", day=world.day), to="watch"))
    late = world[3].say(Note(text="too late"), to="watch")
    one.post(one.say(BarLifted(device=3), to="watch"))
    not_theirs = SharesDealt(case="aaaa", deal=bytes(16), custodians=(7,))
    world[3].post(world[3].say(not_theirs, to="watch"))
    world.remove(3, by=one)
    world.log.append(late.records[0])
    first = one.member.draft(Note(text="first"), to="case/bbbb/file", at=0)
    again = one.member.draft(Note(text="again"), to="case/bbbb/file", at=0, based_on=first.id)
    one.pull()
    one.post(one.member.finish([first, again], world.moment()))
    world[2].pull()
    world[2].post(world[2].member.hand_over(case_compartments("bbbb"), [1], world.moment()))
    for number in (1, 2, 4):
        world[number].sync()
    one.post(one.say(Barred(device=1, reason="duress"), to="watch"))
    return world


LIFE = long_life()


def test_this_life_leaves_something_in_every_part_of_a_world() -> None:
    frozen = LIFE[1].world.freeze()
    verdicts = {type(LIFE[1].world.opened.trouble(n)) for n in range(LIFE[1].world.size)}
    deals = LIFE[1].world.deals

    assert LIFE[1].world.newest_day > FOUNDED
    assert verdicts == {type(None), NotEntitled, BrokenChain}
    assert all(getattr(frozen, name) for name in frozen.__struct_fields__)
    assert all((deals.standing, deals.held, deals.asked, deals.released, deals.refused, deals.recovered))
    assert all((frozen.trips.standing, frozen.trips.held, frozen.trips.void))
    assert frozen.vouching.cosigned
    assert len(frozen.history.rolls) == 2


@settings(max_examples=25)
@given(st.data())
def test_a_world_thawed_at_any_record_goes_on_as_one_that_read_them_all(data: st.DataObject) -> None:
    device = LIFE[data.draw(st.sampled_from([1, 2, 3, 4, 8]), label="device")]
    at = data.draw(st.integers(1, device.world.size), label="frozen after")

    assert snapshot(thawed_view(device, at=at)) == snapshot(fresh_view(device)) == snapshot(device.world)


def test_what_is_opened_after_thawing_is_what_was_opened_before() -> None:
    device = LIFE[1]
    thawed = thawed_view(device, at=device.world.size)

    for number, record in enumerate(LIFE.log[1 : device.world.size], 1):
        one, other = device.world.reopen(number, record), thawed.reopen(number, record)
        assert (one.status, one.content, str(one.trouble)) == (
            other.status,
            other.content,
            str(other.trouble),
        )


def test_a_closed_case_leaves_neither_its_name_nor_its_keys_in_what_is_frozen() -> None:
    gone = LIFE[2]

    assert b"case/cccc" not in written_down(gone.world)
    assert b"case/bbbb" in written_down(LIFE[1].world)
    keys = [key for epochs in LIFE[1].keyring.compartments.values() for key in epochs.values()]
    assert not any(key in written_down(LIFE[1].world) for key in keys)
