"""Founders propose and sign inside the ledger: every desk works out the same roll, and k signatures bring it into force."""

from __future__ import annotations

import pytest
from gathering import FOUNDED, Device, Gathering
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.ledger import (
    BadRoll,
    ChangeLapsed,
    ChangeOvertaken,
    ChangeProposed,
    Changes,
    ChangeSigned,
    ChangeWithdrawn,
    DeviceEntry,
    Duties,
    Duty,
    Founder,
    Ground,
    Proposed,
    RelayEntry,
    Roll,
    TooFewSigned,
    add_device,
    change_again,
    change_founders,
    change_relay,
    change_to,
    duties_hash,
    duties_with,
    first_roll,
    next_roll,
    post_change,
    read_changes,
    remove_device,
    roll_after,
    sign_change,
)
from tocsin.terms import Day

ID, OTHER = b"i" * 16, b"o" * 16
some_duties = st.lists(st.sampled_from(list(Duty)), unique=True, max_size=4).map(tuple)
by_device = st.dictionaries(st.integers(1, 6), some_duties, max_size=5)
by_tongue = st.dictionaries(st.integers(1, 6), st.sampled_from([(), ("az",), ("ru", "en")]), max_size=3)


def roll_of(duties: Duties) -> Roll:
    return first_roll(
        founders=[Founder(number, bytes([number]) * 32) for number in range(1, 6)],
        threshold=2,
        devices=[DeviceEntry(n, n % 3 + 1, bytes([100 + n]) * 32, True, False) for n in range(1, 5)],
        relays=[RelayEntry(bytes(32), "relay.invalid")],
        duties=duties,
        day=FOUNDED,
    )


@given(
    had=by_device,
    gets=by_device,
    spoke=by_tongue,
    speaks=by_tongue,
    how=st.sampled_from(["duties", "add", "remove", "relay", "founders"]),
)
def test_every_desk_works_out_the_very_roll_that_was_proposed(
    had: dict[int, tuple[Duty, ...]],
    gets: dict[int, tuple[Duty, ...]],
    spoke: dict[int, tuple[str, ...]],
    speaks: dict[int, tuple[str, ...]],
    how: str,
) -> None:
    duties = duties_with(Duties(duties={}), had, spoke)
    before, after = roll_of(duties), duties_with(duties, gets, speaks)
    match how:
        case "duties":
            roll = next_roll(before, day=FOUNDED, duties_hash=duties_hash(after))
        case "add":
            roll = add_device(
                before, organisation=2, key=b"n" * 32, day=FOUNDED, may_take_duty=True, duties=after
            )
        case "remove":
            roll = remove_device(before, 3, day=FOUNDED, duties=after)
        case "relay":
            roll, after = change_relay(before, [RelayEntry(b"r" * 32, "new.invalid")], day=FOUNDED), duties
        case _:
            roll, after = change_founders(before, before.founders[:4], threshold=3, day=FOUNDED), duties

    found, found_duties = roll_after(change_to(roll, before, duties, after), before, duties)

    assert found.to_bytes() == roll.to_bytes()
    assert duties_hash(found_duties) == roll.duties_hash == duties_hash(after)


class Table:
    """A gathering's founders at work on proposals."""

    def __init__(self) -> None:
        self.coalition = Gathering()
        self.proposals: list[Proposed] = []
        self.signed: list[ChangeSigned] = []
        self.withdrawn: list[tuple[int, ChangeWithdrawn]] = []

    @property
    def poster(self) -> Device:
        return self.coalition[1]

    @property
    def roll(self) -> Roll:
        return self.poster.world.history.now.roll

    @property
    def duties(self) -> Duties:
        duties = self.poster.world.history.duties
        assert duties is not None
        return duties

    def propose_removal(self, device: int, id_: bytes = ID, *, by: int = 1) -> ChangeProposed:
        after = duties_with(self.duties, {device: ()})
        roll = remove_device(self.roll, device, day=self.coalition.day, duties=after)
        change = change_to(roll, self.roll, self.duties, after)
        self.proposals.append(Proposed(id_, by, len(self.proposals), change))
        return change

    def changes(self) -> Changes:
        return read_changes(
            self.proposals,
            self.signed,
            self.withdrawn,
            standing=self.poster.world.history.now,
            duties=self.duties,
            coalition=self.coalition.coalition,
            today=self.coalition.day,
        )

    def sign(self, founder: int, at: int = 0) -> None:
        key = self.coalition.founders[founder]
        ground = Ground(self.coalition.coalition, self.roll)
        change = self.changes().standing[at]
        self.signed.append(sign_change(change, key, number=founder, ground=ground, today=self.coalition.day))

    def post(self, at: int = 0) -> None:
        change = self.changes().standing[at]
        self.poster.post(post_change(self.poster.member, change, self.coalition.moment()))


@pytest.fixture
def table() -> Table:
    return Table()


def test_two_of_three_founders_sign_and_the_change_is_in_force(table: Table) -> None:
    table.propose_removal(3)
    table.sign(1)
    with pytest.raises(TooFewSigned):
        table.post()
    table.sign(3)
    (change,) = table.changes().standing

    table.post()

    assert change.progress.signed == (1, 3)
    assert change.said == ("Device 3 is removed.",)
    assert [entry.number for entry in table.roll.active] == [1, 2]
    assert 3 not in table.poster.world.history.now.duties
    (fallen,) = table.changes().fallen
    assert fallen.is_done


def test_what_duties_change_is_said_by_name(table: Table) -> None:
    after = duties_with(table.duties, {2: (Duty.COUNTER,)}, {2: ("ka",)})
    roll = next_roll(table.roll, day=table.coalition.day, duties_hash=duties_hash(after))
    table.proposals.append(Proposed(ID, 1, 0, change_to(roll, table.roll, table.duties, after)))

    (change,) = table.changes().standing

    lost = ", ".join(sorted(set(Duty) - {Duty.CUSTODIAN, Duty.COUNTER}))
    assert change.said == (f"Device 2 loses {lost}.", "Device 2 speaks ka.")


def test_a_signature_by_another_key_or_on_another_roll_is_nobodys(table: Table) -> None:
    table.propose_removal(2)
    table.propose_removal(3, OTHER)
    table.sign(1)
    table.signed.append(
        ChangeSigned(change=OTHER, number=1, signature=table.signed[0].signature)  # signed the first
    )
    table.signed.append(ChangeSigned(change=ID, number=2, signature=bytes(64)))

    first, second = table.changes().standing

    assert (first.progress.signed, second.progress.signed) == ((1,), ())


def test_of_two_changes_of_one_roll_each_names_the_other_and_the_first_posted_fells_the_second(
    table: Table,
) -> None:
    table.propose_removal(2)
    table.propose_removal(3, OTHER)
    assert [change.rivals for change in table.changes().standing] == [(OTHER,), (ID,)]
    for founder in (1, 2):
        table.sign(founder, at=1)

    table.post(at=1)

    assert table.changes().standing == ()
    done, overtaken = sorted(table.changes().fallen, key=lambda fallen: not fallen.is_done)
    assert done.is_done
    assert isinstance(overtaken.why, ChangeOvertaken)
    again = change_again(overtaken.proposed.change, table.roll, day=table.coalition.day)
    table.proposals.append(Proposed(b"a" * 16, 1, 2, again))
    assert table.changes().standing[0].said == ("Device 2 is removed.",)


def test_a_half_signed_change_lapses_after_fourteen_days(table: Table) -> None:
    table.propose_removal(3)
    table.sign(1)
    table.coalition.wait(14)
    assert table.changes().standing
    table.coalition.wait(1)

    (fallen,) = table.changes().fallen

    assert isinstance(fallen.why, ChangeLapsed)
    assert not fallen.is_done


def test_only_who_proposed_a_change_takes_it_back(table: Table) -> None:
    table.propose_removal(3, by=2)
    table.withdrawn.append((1, ChangeWithdrawn(change=ID)))
    assert table.changes().standing

    table.withdrawn.append((2, ChangeWithdrawn(change=ID)))

    assert table.changes() == Changes((), ())


def test_a_newcomer_proposed_again_gets_the_number_that_is_free_and_only_once(table: Table) -> None:
    def newcomer(key: bytes) -> ChangeProposed:
        number = len(table.roll.devices) + 1
        after = duties_with(table.duties, {number: (Duty.COUNTER,)}, {number: ("az",)})
        roll = add_device(
            table.roll, organisation=2, key=key, day=table.coalition.day, may_take_duty=False, duties=after
        )
        return change_to(roll, table.roll, table.duties, after)

    first, second = newcomer(b"x" * 32), newcomer(b"y" * 32)
    table.proposals += [Proposed(ID, 1, 0, first), Proposed(OTHER, 1, 1, second)]
    for founder in (1, 2):
        table.sign(founder)
    table.post()

    again = change_again(second, table.roll, day=table.coalition.day)

    assert [entry.number for entry in again.devices] == [5]
    assert again.duties == {5: (Duty.COUNTER,)}
    assert again.languages == {5: ("az",)}
    table.proposals.append(Proposed(b"a" * 16, 1, 2, again))
    for founder in (1, 2):
        table.sign(founder)
    table.post()
    with pytest.raises(BadRoll):
        change_again(second, table.roll, day=table.coalition.day)


def test_a_proposal_that_no_roll_may_follow_stands_nowhere(table: Table) -> None:
    good = table.propose_removal(3)
    bad = ChangeProposed(previous=good.previous, lapses_on=good.lapses_on, threshold=9)
    late = ChangeProposed(previous=good.previous, lapses_on=Day(good.lapses_on + 1), devices=good.devices)
    table.proposals = [Proposed(ID, 1, 0, bad), Proposed(OTHER, 1, 1, late)]

    changes = table.changes()

    assert changes.standing == ()
    assert [type(fallen.why) for fallen in changes.fallen] == [BadRoll, BadRoll]
