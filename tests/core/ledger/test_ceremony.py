"""Founders sign one roll on their own machines: k of them and no fewer, the same one, in time."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest
from gathering import FOUNDED, THRESHOLD, Gathering
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tocsin.core.ledger import (
    BadRoll,
    DeviceEntry,
    Duties,
    Duty,
    Founder,
    NotOnRoll,
    Outgoing,
    Record,
    RelayEntry,
    Roll,
    SignedRoll,
    Status,
    change_roll,
    read_founding,
)
from tocsin.core.ledger.cards import (
    CARD_SIZE,
    FounderCard,
    check_cards,
    make_card,
    read_card,
    read_duties,
    roll_of_cards,
)
from tocsin.core.ledger.ceremony import (
    Ground,
    Proposal,
    add_signature,
    combine_proposals,
    finish_proposal,
    found_together,
    progress_of,
    propose,
    read_proposal,
)
from tocsin.core.ledger.errors import (
    ChangeAhead,
    ChangeLapsed,
    ChangeOvertaken,
    DamagedMessage,
    NotAFounder,
    RivalChanges,
    TooFewSigned,
    UnknownKind,
)
from tocsin.core.ledger.record import NO_TAG, ROLL, Header, make_record
from tocsin.core.ledger.roll import read_roll_change
from tocsin.core.ledger.succession import (
    add_device,
    change_duties,
    change_founders,
    change_relay,
    describe_changes,
    founder_words,
    next_roll,
    remove_device,
)
from tocsin.core.ledger.words import confirm_words
from tocsin.core.seal import SigningKey
from tocsin.terms import Day

RELAYS = [RelayEntry(bytes(32), "relay.invalid")]
LATER = Day(FOUNDED + 20)
FOUNDER_KEYS = {number: SigningKey(bytes([number]) * 32) for number in range(1, 6)}
DEVICE_KEYS = {number: SigningKey(bytes([100 + number]) * 32) for number in range(1, 6)}
some_founders = st.lists(st.sampled_from(sorted(FOUNDER_KEYS)), unique=True, max_size=5)


def card(number: int) -> FounderCard:
    return make_card(
        number=number,
        organisation=number % 2 + 1,
        founder=FOUNDER_KEYS[number],
        device=DEVICE_KEYS[number],
    )


CARDS = [card(number) for number in FOUNDER_KEYS]


@cache
def first(threshold: int = 3) -> Roll:
    return roll_of_cards(CARDS, threshold=threshold, relays=RELAYS, duties=Duties(duties={}), day=FOUNDED)


COALITION = b"c" * 32


@cache
def ground() -> Ground:
    return Ground(COALITION, first())


@cache
def change(number: int = 2) -> Proposal:
    return propose(remove_device(first(), number, day=LATER), ground())


def signed_by(founders: list[int], proposal: Proposal | None = None) -> Proposal:
    proposal = proposal or change()
    for number in founders:
        proposal = add_signature(proposal, FOUNDER_KEYS[number], ground(), number=number, today=LATER)
    return proposal


# cards ---


def test_a_card_comes_back_from_its_bytes_with_the_same_words() -> None:
    data = card(1).to_bytes()

    assert len(data) == CARD_SIZE
    assert read_card(data) == card(1)
    confirm_words(read_card(data).words.upper(), card(1).words)


@given(at=st.integers(0, CARD_SIZE - 1), bit=st.integers(0, 7))
def test_a_card_with_any_flipped_bit_is_refused(at: int, bit: int) -> None:
    changed = bytearray(card(1).to_bytes())
    changed[at] ^= 1 << bit

    with pytest.raises((DamagedMessage, UnknownKind)):
        read_card(bytes(changed))


def test_cards_that_differ_in_anything_have_different_words() -> None:
    others = [
        make_card(number=2, organisation=2, founder=FOUNDER_KEYS[1], device=DEVICE_KEYS[1]),
        make_card(number=1, organisation=1, founder=FOUNDER_KEYS[1], device=DEVICE_KEYS[1]),
        make_card(number=1, organisation=2, founder=FOUNDER_KEYS[2], device=DEVICE_KEYS[1]),
        make_card(number=1, organisation=2, founder=FOUNDER_KEYS[1], device=DEVICE_KEYS[2]),
    ]

    assert len({card(1).words, *(other.words for other in others)}) == 5


def test_a_first_roll_with_a_founder_nobody_confirmed_is_not_signed() -> None:
    stranger = make_card(number=5, organisation=2, founder=SigningKey(b"s" * 32), device=DEVICE_KEYS[5])
    intruded = roll_of_cards(
        [*CARDS[:4], stranger], threshold=3, relays=RELAYS, duties=Duties(duties={}), day=FOUNDED
    )

    check_cards(first(), CARDS)
    for confirmed in (CARDS, CARDS[:4]):
        with pytest.raises(BadRoll, match="whose words you compared"):
            check_cards(intruded, confirmed)


def test_a_first_roll_with_another_device_of_a_founder_is_not_signed() -> None:
    other = replace(first().devices[0], key=b"o" * 32)
    swapped = replace(first(), devices=(other, *first().devices[1:]))

    with pytest.raises(BadRoll, match="device"):
        check_cards(swapped, CARDS)


@pytest.mark.parametrize("threshold", [0, 1, 5, 6])
def test_no_coalition_begins_with_one_signature_or_with_all(threshold: int) -> None:
    with pytest.raises(BadRoll):
        roll_of_cards(CARDS, threshold=threshold, relays=RELAYS, duties=Duties(duties={}), day=FOUNDED)


# founding ---


def founding_signed(founders: list[int]) -> Proposal:
    start = propose(first(), Ground())
    copies = [
        add_signature(start, FOUNDER_KEYS[number], Ground(), number=number, today=FOUNDED)
        for number in founders
    ]
    return combine_proposals([start, *copies], Ground())


def post(proposal: Proposal, *, poster: int = 1, today: Day = FOUNDED) -> Record:
    return found_together(proposal, poster=poster, key=DEVICE_KEYS[poster], today=today, fresh=bytes)


@given(founders=some_founders, poster=st.sampled_from(sorted(DEVICE_KEYS)))
def test_a_coalition_is_founded_by_k_of_n_and_by_no_fewer(founders: list[int], poster: int) -> None:
    proposal = founding_signed(founders)

    if len(founders) < 3:
        with pytest.raises(TooFewSigned) as refusal:
            post(proposal, poster=poster)
        assert (refusal.value.have, refusal.value.need) == (len(founders), 3)
    else:
        assert read_founding(post(proposal, poster=poster)) == first()


def test_a_founding_lapses_after_fourteen_days() -> None:
    proposal = founding_signed([1, 2, 3])

    post(proposal, today=Day(FOUNDED + 14))
    with pytest.raises(ChangeLapsed):
        post(proposal, today=Day(FOUNDED + 15))


# signing together ---


@given(founders=some_founders)
def test_progress_says_who_has_signed_and_how_many_are_missing(founders: list[int]) -> None:
    so_far = progress_of(signed_by(founders), ground(), today=LATER)

    assert so_far.signed == tuple(sorted(founders))
    assert so_far.n_missing == max(3 - len(founders), 0)


@given(groups=st.lists(some_founders, min_size=1, max_size=4), data=st.data())
def test_merging_copies_is_free_of_order_and_repetition(groups: list[list[int]], data: st.DataObject) -> None:
    copies = [signed_by(group) for group in groups]
    shuffled = data.draw(st.permutations([*copies, data.draw(st.sampled_from(copies))]))

    merged = combine_proposals(copies, ground())

    assert combine_proposals(shuffled, ground()) == merged == combine_proposals([merged, merged], ground())
    assert progress_of(merged, ground(), today=LATER).signed == tuple(sorted(set().union(*groups)))


@given(founders=some_founders)
def test_fewer_than_k_signatures_are_never_a_roll_record(founders: list[int]) -> None:
    proposal = signed_by(founders)
    body = SignedRoll(proposal.roll, proposal.signatures).to_bytes()
    header = Header(1, ROLL, 1, 1, bytes(32), 1, 0, bytes(32), LATER, len(body), bytes(16))
    record = make_record(header, tag=NO_TAG, body=body, key=DEVICE_KEYS[1], coalition=COALITION)

    if len(founders) < 3:
        with pytest.raises(TooFewSigned):
            finish_proposal(proposal, ground(), today=LATER)
        with pytest.raises(BadRoll):
            read_roll_change(record, first(), COALITION)
    else:
        assert finish_proposal(proposal, ground(), today=LATER).to_bytes() == body
        assert read_roll_change(record, first(), COALITION) == proposal.proposed


def test_signing_twice_counts_once() -> None:
    assert signed_by([1, 1, 1]) == signed_by([1])


def test_a_signature_that_does_not_fit_is_left_out_and_spoils_nothing() -> None:
    spoiled = replace(change(), signatures=((1, bytes(64)), (2, b""), (77, bytes(64))))

    merged = combine_proposals([spoiled, signed_by([1, 3])], ground())

    assert merged == signed_by([3, 1])


@given(data=st.data())
def test_a_proposal_with_any_flipped_bit_is_refused_or_counts_one_signature_less(data: st.DataObject) -> None:
    whole = signed_by([1, 2, 4]).to_bytes()
    at = data.draw(st.integers(0, 8 * len(whole) - 1))
    changed = bytearray(whole)
    changed[at // 8] ^= 1 << at % 8

    with pytest.raises((DamagedMessage, BadRoll, TooFewSigned, ChangeOvertaken, ChangeAhead, ChangeLapsed)):
        finish_proposal(read_proposal(bytes(changed)), ground(), today=LATER)


@given(junk=st.binary(max_size=300))
def test_junk_is_no_proposal(junk: bytes) -> None:
    with pytest.raises(DamagedMessage):
        read_proposal(junk)


def test_a_proposal_for_another_coalition_is_refused() -> None:
    with pytest.raises(BadRoll, match="another coalition"):
        progress_of(change(), Ground(b"d" * 32, first()), today=LATER)


def test_a_change_lapses_after_fourteen_days_and_none_is_made_to_last_longer() -> None:
    last = Day(LATER + 14)
    finish_proposal(signed_by([1, 2, 3]), ground(), today=last)

    with pytest.raises(ChangeLapsed):
        finish_proposal(signed_by([1, 2, 3]), ground(), today=Day(last + 1))
    with pytest.raises(ChangeLapsed):
        add_signature(change(), FOUNDER_KEYS[1], ground(), number=1, today=Day(last + 1))
    with pytest.raises(BadRoll, match="fourteen days"):
        add_signature(change(), FOUNDER_KEYS[1], ground(), number=1, today=Day(LATER - 1))


def test_only_a_founder_of_the_roll_in_force_signs() -> None:
    for number, key in ((1, DEVICE_KEYS[1]), (2, FOUNDER_KEYS[1]), (9, FOUNDER_KEYS[1])):
        with pytest.raises(NotAFounder):
            add_signature(change(), key, ground(), number=number, today=LATER)


def test_a_change_that_was_overtaken_is_in_force_or_ahead_says_so() -> None:
    moved = Ground(COALITION, change(4).proposed)

    with pytest.raises(ChangeOvertaken) as overtaken:
        progress_of(change(2), moved, today=LATER)
    with pytest.raises(ChangeOvertaken) as done:
        progress_of(change(4), moved, today=LATER)
    with pytest.raises(ChangeAhead):
        progress_of(propose(remove_device(change(4).proposed, 2, day=LATER), moved), ground(), today=LATER)

    assert (overtaken.value.is_in_force, done.value.is_in_force) == (False, True)


def test_founders_who_sign_different_changes_are_told_who_signed_which() -> None:
    with pytest.raises(RivalChanges) as refusal:
        combine_proposals([signed_by([2, 1]), signed_by([3], change(4)), signed_by([1, 5])], ground())

    assert sorted(refusal.value.signers) == [(1, 2, 5), (3,)]
    assert "signed by founders 1, 2, 5" in str(refusal.value)
    assert "Agree on one" in str(refusal.value)


# the next roll ---


def test_each_change_says_what_it_changes_and_nothing_else() -> None:
    roll = first()
    duties = Duties(duties={6: (Duty.ANALYST,)})
    newcomer = add_device(roll, organisation=7, key=b"k" * 32, day=LATER, may_take_duty=True, duties=duties)

    assert newcomer.devices[-1] == DeviceEntry(6, 7, b"k" * 32, True, False)
    assert describe_changes(roll, newcomer) == ("Device 6 of organisation 7 is added.", "Duties change.")
    assert describe_changes(roll, remove_device(roll, 3, day=LATER)) == ("Device 3 is removed.",)
    assert describe_changes(roll, change_duties(roll, duties, day=LATER)) == ("Duties change.",)
    moved = change_relay(roll, [RelayEntry(b"r" * 32, "other.invalid")], day=LATER)
    assert describe_changes(roll, moved) == ("The relay changes: other.invalid.",)
    fewer = change_founders(roll, roll.founders[:4], threshold=3, day=LATER)
    assert describe_changes(roll, fewer) == ("3 of 4 founders sign from now on.", "Founder 5 leaves.")
    anew = Founder(1, b"n" * 32)
    replaced = change_founders(roll, [anew, *roll.founders[1:]], threshold=roll.threshold, day=LATER)
    assert describe_changes(roll, replaced)[1:] == (
        f"Founder 1 has a new key; their desk shows: {founder_words(anew)}.",
    )
    (said,) = describe_changes(None, roll)
    assert said.startswith("A coalition begins: 5 devices of 2 organisations")


def test_a_number_is_never_given_again() -> None:
    gone = remove_device(first(), 5, day=LATER)

    assert (
        add_device(gone, organisation=1, key=b"k" * 32, day=LATER, may_take_duty=True).devices[-1].number == 6
    )
    with pytest.raises(NotOnRoll):
        remove_device(gone, 5, day=LATER)


def test_an_unlawful_roll_is_not_even_proposed() -> None:
    with pytest.raises(BadRoll):
        change_founders(first(), first().founders, threshold=1, day=LATER)
    with pytest.raises(BadRoll):
        next_roll(first(), day=LATER, devices=first().devices[1:])
    with pytest.raises(BadRoll):
        add_device(first(), organisation=1, key=DEVICE_KEYS[1].public, day=LATER, may_take_duty=True)


def test_a_change_of_founders_needs_more_than_half_of_them() -> None:
    roll = first(2)
    stand = Ground(COALITION, roll)
    proposal = propose(
        change_founders(roll, [*roll.founders, Founder(6, b"f" * 32)], threshold=2, day=LATER), stand
    )

    assert progress_of(proposal, stand, today=LATER).n_needed == 3


def test_duties_go_along_with_a_first_roll_that_names_their_hash() -> None:
    duties = Duties(duties={1: (Duty.FOUNDER, Duty.KEEPER), 2: (Duty.FOUNDER,)})
    cards = [card(number) for number in (1, 2, 3)]
    roll = roll_of_cards(cards, threshold=2, relays=RELAYS, duties=duties, day=FOUNDED)
    other = msgspec.msgpack.encode(Duties(duties={1: (Duty.FOUNDER,)}))

    assert read_duties(msgspec.msgpack.encode(duties), roll) == duties
    assert [entry.keeper for entry in roll.devices] == [True, False, False]
    for data in (other, b"", b"\xc1", msgspec.msgpack.encode(duties) + b"\x00"):
        with pytest.raises(DamagedMessage):
            read_duties(data, roll)


def test_of_two_changes_signed_at_once_the_ledger_takes_the_first() -> None:
    coalition = Gathering()
    poster = coalition[1]
    stand = Ground(coalition.coalition, poster.world.history.now.roll)
    readings = []
    for number in (2, 3):
        assert stand.roll is not None
        proposal = propose(remove_device(stand.roll, number, day=coalition.day), stand)
        for founder in (1, 2):
            proposal = add_signature(
                proposal, coalition.founders[founder], stand, number=founder, today=coalition.day
            )
        signed = finish_proposal(proposal, stand, today=coalition.day)
        record = change_roll(poster.member, signed, coalition.moment())
        poster.post(Outgoing([record], []))
        readings.append(poster.readings[coalition.log.index(record)].status)

    assert len(proposal.signatures) == THRESHOLD
    assert readings == [Status.COUNTS, Status.REFUSED]
    with pytest.raises(ChangeOvertaken):
        progress_of(proposal, Ground(coalition.coalition, poster.world.history.now.roll), today=coalition.day)
