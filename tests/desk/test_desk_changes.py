"""Founders change the roll from their own desks: proposed and signed in the ledger, over a real relay."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from sitekit import Visitor, start_site

from tocsin.core.ledger import PEOPLE, Duty, Founder, Ground, NotOnRoll, RelayEntry, sign_change
from tocsin.core.seal import SigningKey
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere
from tocsin.desk.ledger import changes
from tocsin.desk.sync import sync


@pytest.fixture(scope="module")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Four desks, of which the first three are founders'."""
    with make_coalition(tmp_path_factory.mktemp("changes"), n=4) as coalition:
        yield coalition


def duties_of(desk: Desk, device: int) -> set[Duty]:
    return set(desk.world.history.now.duties.get(device, ()))


def settle(coalition: Coalition) -> None:
    coalition.sync_all(2)
    for desk in coalition.desks:
        # What stood before must not stand in the next test's way.
        for change in changes.all_changes(desk).standing:
            if change.proposed.by == desk.device:
                changes.withdraw(desk, change.proposed.id)
    coalition.sync_all(2)


def test_anybody_proposes_and_two_founders_bring_it_into_force(coalition: Coalition) -> None:
    first, second, _, fourth = coalition.desks
    changes.propose_duties(fourth, 4, [Duty.COUNTER, Duty.KEEPER], ["az", "ru"])
    coalition.sync_all(2)
    (proposed,) = changes.all_changes(first).standing
    with pytest.raises(NotHere):
        changes.sign(fourth, proposed.proposed.id)

    changes.sign(first, proposed.proposed.id)
    coalition.sync_all()
    assert duties_of(first, 4) != {Duty.COUNTER, Duty.KEEPER}
    changes.sign(second, proposed.proposed.id)
    sync(second)
    coalition.sync_all()

    for desk in coalition.desks:
        assert duties_of(desk, 4) == {Duty.COUNTER, Duty.KEEPER}
        entry = desk.world.history.now.roll.device(4)
        assert (entry.may_take_duty, entry.keeper) == (False, True)
        assert desk.world.history.duties is not None
        assert desk.world.history.duties.languages[4] == ("az", "ru")
    settle(coalition)


def test_two_founders_who_complete_two_changes_at_once_bring_one_of_them_and_the_other_is_proposed_again(
    coalition: Coalition,
) -> None:
    first, second, third, _ = coalition.desks
    version = first.world.history.now.roll.version
    one = changes.propose_duties(first, 1, [Duty.ANALYST, Duty.FOUNDER], [])
    other = changes.propose_duties(second, 2, [Duty.SEAT, Duty.FOUNDER], [])
    coalition.sync_all(2)
    changes.sign(third, one)
    changes.sign(first, other)

    sync(third)
    sync(first)
    coalition.sync_all(2)

    assert all(desk.world.history.now.roll.version == version + 1 for desk in coalition.desks)
    assert duties_of(first, 1) == {Duty.ANALYST, Duty.FOUNDER}
    again = changes.propose_again(second, other)
    coalition.sync_all()
    changes.sign(third, again)
    coalition.sync_all(2)
    assert all(duties_of(desk, 2) == {Duty.SEAT, Duty.FOUNDER} for desk in coalition.desks)
    assert all(desk.n_waiting == 0 for desk in coalition.desks)
    settle(coalition)


def test_a_signed_change_that_its_last_signer_did_not_post_is_posted_by_another_founder(
    coalition: Coalition,
) -> None:
    first, second, _, fourth = coalition.desks
    id_ = changes.propose_duties(first, 3, [Duty.PLANNER, Duty.FOUNDER], [])
    coalition.sync_all()
    # The third founder's signature arrives by a desk that is no founder's, and so posts nothing.
    signed = sign_change(
        changes.find(fourth, id_),
        coalition.founders[2],
        number=3,
        ground=Ground(fourth.world.coalition, fourth.world.history.now.roll),
        today=fourth.today,
    )
    fourth.append(signed, to=PEOPLE)
    sync(fourth)
    assert duties_of(fourth, 3) != {Duty.PLANNER, Duty.FOUNDER}

    sync(second)
    coalition.sync_all()

    assert all(duties_of(desk, 3) == {Duty.PLANNER, Duty.FOUNDER} for desk in coalition.desks)
    settle(coalition)


def test_a_newcomer_stands_on_the_roll_with_its_duties_and_counts_after_a_day(coalition: Coalition) -> None:
    first, second, _, _ = coalition.desks
    key = SigningKey.fresh().public
    change = changes.propose_device(
        first, organisation=2, key=key, duties=[Duty.INTAKE, Duty.HANDLER], languages=["ka"]
    )
    coalition.sync_all()
    changes.sign(second, change)
    coalition.sync_all(2)

    entry = first.world.history.now.roll.devices[-1]
    assert (entry.number, entry.organisation, entry.key, entry.may_take_duty) == (5, 2, key, True)
    assert duties_of(first, 5) == {Duty.INTAKE, Duty.HANDLER}
    changes.propose_removal(first, 5)
    settle(coalition)


def test_a_change_of_founders_or_relays_is_told_whole(coalition: Coalition) -> None:
    first, second, third, _ = coalition.desks
    roll = first.world.history.now.roll
    relays = changes.propose_relays(first, [*roll.relays, RelayEntry(b"r" * 32, "relay.invalid")])
    founders = changes.propose_founders(
        second, [*roll.founders, Founder(4, SigningKey.fresh().public)], threshold=3
    )
    coalition.sync_all()

    standing = {change.proposed.id: change for change in changes.all_changes(third).standing}

    assert standing[relays].progress.n_needed == 2
    assert standing[relays].roll.relays[-1].address == "relay.invalid"
    assert standing[founders].roll.threshold == 3
    assert standing[founders].rivals == (relays,)
    settle(coalition)


def test_what_is_not_on_the_roll_cannot_be_removed_or_given_duties(coalition: Coalition) -> None:
    first = coalition.desks[0]

    with pytest.raises(NotOnRoll):
        changes.propose_removal(first, 99)
    with pytest.raises(NotOnRoll):
        changes.propose_duties(first, 99, [], [])
    with pytest.raises(NotHere):
        changes.propose_again(first, bytes(16))


def test_a_founder_gives_duties_and_another_signs_by_pages(coalition: Coalition) -> None:
    """Three loads for who proposes: the ledger, the device, the changes; two for who signs: home, the changes."""
    coalition.sync_all()
    second = coalition.desks[1]
    coalition.desks.pop(0).close()
    site = start_site(coalition.folders[0], coalition.environment())
    person = Visitor(site)
    try:
        person.come_in()
        assert 'href="' in person.get("ledger/").text
        shown = person.post(
            "ledger/device/4/duties/",
            seen="ledger/device/4/",
            duty="counter",
            languages="az ru",
        )
        wrong = person.post("ledger/device/4/duties/", seen="ledger/device/4/", duty="a name of somebody")
        missing = person.get("ledger/device/99/")
        sync(second)
        (change,) = changes.all_changes(second).standing
        changes.sign(second, change.proposed.id)
        sync(second)
        person.post("sync/", seen="")
        after = person.get("ledger/device/4/")
        idle = person.get("ledger/changes/")
    finally:
        person.close()
        site.stop()
        coalition.desks.insert(0, Desk.open(coalition.folders[0], PASSPHRASE, clock=coalition.clock))
        settle(coalition)

    assert "Waits for 1 more founder" in shown.text
    assert "Signed by founder 1" in shown.text
    assert (wrong.status_code, missing.status_code) == (400, 404)
    assert 'value="counter" checked' in after.text
    assert 'value="keeper" checked' not in after.text
    assert "Nothing is proposed." in idle.text
