"""Custody: a case is dealt, asked for, released and taken up again."""

from __future__ import annotations

import pytest
from gathering import (
    Gathering,
    canary,
    case_compartments,
    close_case,
    open_case,
)

from tocsin.core.ledger import (
    Duty,
    NoKey,
    acknowledgements,
    ask_for_case,
    cases_to_release,
    deal_case,
    is_recoverable,
    recover_case,
    refuse_share,
    release_share,
    requests_for,
    take_up_case,
)
from tocsin.core.seal import TooFewShares

EVERYTHING = tuple(duty for duty in Duty if duty is not Duty.CUSTODIAN)


@pytest.fixture
def world() -> Gathering:
    return Gathering()


def with_custodians() -> Gathering:
    duties = dict.fromkeys((1, 2, 3), EVERYTHING) | dict.fromkeys(range(4, 9), (Duty.CUSTODIAN,))
    world = Gathering(organisations=(1, 2, 3, 1, 2, 3, 1, 2), duties=duties)
    open_case(world, "abcd", handler=1, alternate=2)
    world.sync_all()
    world[1].post(deal_case(world[1].member, "abcd", range(4, 9), world.moment()))
    return world


def acknowledge(world: Gathering, *custodians: int) -> None:
    for number in custodians:
        world[number].sync()
        world[number].post(world[number].say(*acknowledgements(world[number].member), to="watch"))


def test_a_case_is_recoverable_once_every_custodian_has_acknowledged() -> None:
    world = with_custodians()
    acknowledge(world, 4, 5, 6, 7)
    world[1].pull()
    assert not is_recoverable(world[1].member, "abcd")

    acknowledge(world, 8)
    world[1].pull()

    assert is_recoverable(world[1].member, "abcd")
    assert acknowledgements(world[8].member) == []


def parked_and_asked() -> Gathering:
    world = with_custodians()
    acknowledge(world, *range(4, 9))
    world[1].pull()
    close_case(world, "abcd", by=1, parked=True)
    world.sync_all()
    world[3].post(world[3].say(ask_for_case(world[3].member, "abcd", reason="unpark"), to="watch"))
    return world


def test_custodians_release_only_what_is_firm_and_a_day_old() -> None:
    world = parked_and_asked()
    world[4].pull()
    assert cases_to_release(world[4].member, today=world.day + 1) == []
    with pytest.raises(NoKey):
        release_share(world[4].member, "abcd", world.moment())

    world.sync_all()

    assert cases_to_release(world[4].member, today=world.day) == []
    assert cases_to_release(world[4].member, today=world.day + 1) == ["abcd"]


def test_a_request_dated_back_stands_in_sight_for_a_day_all_the_same() -> None:
    world = with_custodians()
    acknowledge(world, *range(4, 9))
    close_case(world, "abcd", by=1, parked=True)
    world.sync_all()
    asked = world[3].member.draft(ask_for_case(world[3].member, "abcd", reason="unpark"), to="watch", at=0)
    long_ago = world.moment()._replace(day=world.day - 2)

    world[3].post(world[3].member.finish([asked], long_ago))
    world.sync_all()

    assert cases_to_release(world[4].member, today=world.day) == []
    assert cases_to_release(world[4].member, today=world.day + 1) == ["abcd"]


def test_three_shares_open_a_parked_case_and_two_do_not() -> None:
    world = parked_and_asked()
    world.sync_all()
    world.wait(1)
    for n, number in enumerate((4, 6, 8), 1):
        world[number].pull()
        world[number].post(release_share(world[number].member, "abcd", world.moment()))
        world[3].pull()
        if n < 3:
            with pytest.raises(TooFewShares):
                recover_case(world[3].member, "abcd")

    world[3].reopen(recover_case(world[3].member, "abcd"))
    world[3].post(take_up_case(world[3].member, "abcd", [2], world.moment()))
    world[3].write("taken up", to="case/abcd/file")
    world.sync_all()

    assert world[3].read() == {canary(name) for name in case_compartments("abcd")} | {"taken up"}
    assert world[2].read() == {"taken up"}


def test_closing_a_case_takes_its_shares_back() -> None:
    world = with_custodians()
    acknowledge(world, *range(4, 9))
    world.sync_all()
    assert "abcd" in world[4].keyring.shares

    close_case(world, "abcd", by=2)
    world.sync_all(times=3)

    assert all(world[number].keyring.shares == {} for number in range(4, 9))


def taken_up() -> Gathering:
    """Let device 3 take up, with device 2, what device 1 dealt and parked."""
    world = parked_and_asked()
    world.sync_all()
    world.wait(1)
    for number in (4, 5, 6):
        world[number].pull()
        world[number].post(release_share(world[number].member, "abcd", world.moment()))
    world[3].pull()
    world[3].reopen(recover_case(world[3].member, "abcd"))
    world[3].post(take_up_case(world[3].member, "abcd", [2], world.moment()))
    return world


def test_a_case_taken_up_uses_its_shares_up_and_either_holder_deals_it_again() -> None:
    world = taken_up()
    world.sync_all()
    assert all(world[number].keyring.shares == {} for number in range(4, 9))

    world[2].post(deal_case(world[2].member, "abcd", range(4, 9), world.moment()))
    acknowledge(world, *range(4, 9))
    world.sync_all()

    assert is_recoverable(world[3].member, "abcd")
    assert all("abcd" in world[number].keyring.shares for number in range(4, 9))


def test_a_request_before_a_new_deal_opens_nothing_of_it() -> None:
    world = taken_up()
    world[3].post(deal_case(world[3].member, "abcd", range(4, 9), world.moment()))
    acknowledge(world, *range(4, 9))
    world.sync_all()

    assert cases_to_release(world[7].member, today=world.day + 9) == []
    assert is_recoverable(world[3].member, "abcd")


def test_a_custodians_no_is_seen_by_all_until_the_case_is_asked_for_again() -> None:
    world = parked_and_asked()
    world.sync_all()

    for number in (4, 5):
        world[number].post(world[number].say(refuse_share(world[number].member, "abcd"), to="watch"))
    world.sync_all()
    said = [request.refused for request in requests_for(world[6].member)]
    world[3].post(world[3].say(ask_for_case(world[3].member, "abcd", reason="holder-lost"), to="watch"))
    world.sync_all()

    assert said == [{4, 5}]
    assert [(each.by, each.reason, each.refused) for each in requests_for(world[6].member)] == [
        (3, "holder-lost", frozenset())
    ]
