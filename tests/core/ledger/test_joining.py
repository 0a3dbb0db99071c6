"""Invited by twelve words, confirmed by eight, and let in: nothing that was changed or used up gets through."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

import pytest
from gathering import FOUNDED, Gathering
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.ledger import (
    FOUNDING,
    ROLL,
    Duty,
    Moment,
    Outgoing,
    Record,
    RelayEntry,
    change_roll,
    newest_grant_keys,
    verify_published_key,
)
from tocsin.core.ledger.ceremony import (
    Ground,
    add_signature,
    combine_proposals,
    finish_proposal,
    propose,
    read_proposal,
)
from tocsin.core.ledger.errors import (
    CodeExpired,
    CodeUsed,
    DamagedMessage,
    OtherCoalition,
    OtherLedger,
    UnknownKind,
    WordsDiffer,
    WrongCode,
)
from tocsin.core.ledger.joining import (
    ANSWER_SIZE,
    OFFER_SIZE,
    Code,
    Invitation,
    Offer,
    answer_offer,
    follow_rolls,
    invite,
    joining_words,
    open_offer,
    publish_first,
    take_answer,
)
from tocsin.core.ledger.succession import add_device
from tocsin.core.ledger.words import confirm_words
from tocsin.core.seal import BadCode, Keyring, Receipt, SigningKey
from tocsin.errors import TocsinError
from tocsin.terms import Day, week_of

RELAY = RelayEntry(bytes(range(32)), "relay.invalid")
keys = st.binary(min_size=32, max_size=32)


class Drawer:
    """Bytes that are the same in every run."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - keys of invented people

    def __call__(self, n: int) -> bytes:
        return self._chance.randbytes(n)


@cache
def founding(seed: int = 20170901) -> Record:
    return Gathering(seed=seed).log[0]


def invitation(seed: int = 1, *, of: int = 20170901) -> Invitation:
    return invite(founding(of), RELAY, firm=(3, bytes(32)), today=FOUNDED, fresh=Drawer(seed))


def newcomer() -> Keyring:
    return Keyring(signing_seed=bytes(31) + b"n")


@cache
def answer_to(seed: int = 1, *, day: Day = FOUNDED, key: int = 7) -> bytes:
    made = invitation(seed)
    keyring = Keyring(signing_seed=bytes([key]) * 32)
    return answer_offer(
        made.offer, made.code, keyring, wishes=[Duty.INTAKE, Duty.SEAT], today=day, fresh=Drawer(9)
    )


def test_the_offer_says_to_the_newcomer_what_the_inviter_put_in() -> None:
    made = invitation()
    typed = Code.parse(" ".join(made.code.words))

    offer = open_offer(made.offer, typed, today=FOUNDED)

    assert (offer.relay, offer.firm_size, offer.expires_on) == (RELAY, 3, FOUNDED + 7)
    assert offer.check_founding(founding()).version == 1
    assert len(made.offer) == OFFER_SIZE


def test_the_answer_says_to_the_inviter_what_the_newcomer_put_in() -> None:
    made, keyring = invitation(), newcomer()
    data = answer_offer(made.offer, made.code, keyring, wishes=[Duty.COUNTER], today=FOUNDED, fresh=Drawer(2))

    _, answer = take_answer(made, data, today=FOUNDED)

    assert len(data) == ANSWER_SIZE
    assert answer.signing_key == keyring.signing_key.public
    assert answer.wishes == {Duty.COUNTER}
    assert sorted(answer.grant_keys) == sorted(keyring.grant_keys) == [week_of(FOUNDED) + n for n in range(3)]


@given(at=st.integers(0, OFFER_SIZE - 1), bit=st.integers(0, 7))
def test_an_offer_with_any_flipped_bit_is_refused(at: int, bit: int) -> None:
    made = invitation()
    changed = bytearray(made.offer)
    changed[at] ^= 1 << bit

    with pytest.raises((WrongCode, UnknownKind)):
        open_offer(bytes(changed), made.code, today=FOUNDED)


@given(at=st.integers(0, ANSWER_SIZE - 1), bit=st.integers(0, 7))
def test_an_answer_with_any_flipped_bit_is_refused_and_uses_nothing_up(at: int, bit: int) -> None:
    made = invitation()
    changed = bytearray(answer_to())
    changed[at] ^= 1 << bit

    with pytest.raises((WrongCode, UnknownKind)):
        take_answer(made, bytes(changed), today=FOUNDED)
    assert take_answer(made, answer_to(), today=FOUNDED)[0].answered is not None


@given(cut=st.integers(0, ANSWER_SIZE - 1))
def test_what_is_cut_short_is_refused(cut: int) -> None:
    made = invitation()

    with pytest.raises(DamagedMessage):
        take_answer(made, answer_to()[:cut], today=FOUNDED)
    with pytest.raises(DamagedMessage):
        open_offer(made.offer[: cut % OFFER_SIZE], made.code, today=FOUNDED)


@given(secret=st.binary(min_size=16, max_size=16))
def test_another_code_opens_no_offer(secret: bytes) -> None:
    with pytest.raises(WrongCode):
        open_offer(invitation().offer, Code(secret), today=FOUNDED)


def test_an_answer_to_another_invitation_is_refused() -> None:
    with pytest.raises(WrongCode):
        take_answer(invitation(1), answer_to(2), today=FOUNDED)


def vouched(code: Code, direction: str, data: bytes, *, at: int, new: bytes) -> bytes:
    """Change a message as somebody can who knows the code."""
    changed = data[:at] + new + data[at + len(new) : -32]
    return changed + code.mac(direction, changed)


@pytest.mark.parametrize(
    ("at", "new"),
    [(33, bytes(32)), (33, b"k" * 32), (65, b"\x00\x01"), (65, b"\xff\xff"), (70, b"\x00"), (71, b"g")],
)
def test_who_knows_the_code_but_holds_no_signing_key_cannot_change_an_answer(at: int, new: bytes) -> None:
    made = invitation()

    with pytest.raises(DamagedMessage):
        take_answer(made, vouched(made.code, "answer", answer_to(), at=at, new=new), today=FOUNDED)


def test_an_answer_to_an_altered_offer_of_the_same_code_is_refused() -> None:
    made = invitation()
    later = vouched(made.code, "offer", made.offer, at=137, new=bytes(2) + b"\xff\xff")
    answer = answer_offer(later, made.code, newcomer(), wishes=[], today=FOUNDED, fresh=Drawer(3))

    with pytest.raises(WrongCode):
        take_answer(made, answer, today=FOUNDED)


@pytest.mark.parametrize(("at", "new"), [(141, b"\xff\xff"), (143, b"\xff"), (398, b"x")])
def test_an_address_that_is_none_is_refused(at: int, new: bytes) -> None:
    made = invitation()

    with pytest.raises(DamagedMessage):
        open_offer(vouched(made.code, "offer", made.offer, at=at, new=new), made.code, today=FOUNDED)


def test_an_address_too_long_for_its_field_is_refused() -> None:
    with pytest.raises(DamagedMessage):
        invite(founding(), RelayEntry(bytes(32), "x" * 257), firm=(0, bytes(32)), today=FOUNDED, fresh=bytes)


@given(secret=st.binary(min_size=16, max_size=16), message=st.binary(max_size=64))
def test_what_vouches_for_an_offer_never_vouches_for_an_answer(secret: bytes, message: bytes) -> None:
    assert Code(secret).mac("offer", message) != Code(secret).mac("answer", message)


def test_a_code_is_good_on_its_seventh_day_and_not_after() -> None:
    made = invitation()
    last = Day(FOUNDED + 7)

    open_offer(made.offer, made.code, today=last)
    take_answer(made, answer_to(day=last), today=last)

    with pytest.raises(CodeExpired):
        open_offer(made.offer, made.code, today=Day(last + 1))
    with pytest.raises(CodeExpired):
        take_answer(made, answer_to(), today=Day(last + 1))


def test_a_code_is_used_up_by_the_first_answer_which_may_come_again() -> None:
    used, first = take_answer(invitation(), answer_to(), today=FOUNDED)

    again, same = take_answer(used, answer_to(), today=Day(FOUNDED + 30))

    assert (again, same) == (used, first)
    with pytest.raises(CodeUsed):
        take_answer(used, answer_to(key=8), today=FOUNDED)
    with pytest.raises(CodeUsed):
        _ = used.code
    assert used.secret == b""


def test_answering_again_after_a_crash_says_the_same() -> None:
    made, keyring = invitation(), newcomer()
    first = answer_offer(made.offer, made.code, keyring, wishes=[], today=FOUNDED, fresh=Drawer(3))
    restored = Keyring.from_bytes(keyring.to_bytes())

    assert first == answer_offer(made.offer, made.code, restored, wishes=[], today=FOUNDED, fresh=Drawer(4))


def test_one_signing_key_answers_one_coalition() -> None:
    made, keyring = invitation(), newcomer()
    answer_offer(made.offer, made.code, keyring, wishes=[], today=FOUNDED, fresh=Drawer(3))
    other = invitation(of=5)

    with pytest.raises(OtherCoalition):
        answer_offer(other.offer, other.code, keyring, wishes=[], today=FOUNDED, fresh=Drawer(3))


def test_an_invitation_shows_nothing_of_its_code() -> None:
    made = invitation()
    shown = f"{made!r} {made.code!r}"

    assert made.secret.hex() not in shown
    assert not any(word in shown for word in made.code.words)


def test_no_refusal_shows_the_code() -> None:
    made = invitation()
    sentences = []
    for attempt in (
        lambda: open_offer(made.offer[:-1], made.code, today=FOUNDED),
        lambda: open_offer(made.offer, made.code, today=Day(FOUNDED + 8)),
        lambda: take_answer(made, answer_to(2), today=FOUNDED),
        lambda: Code.parse(" ".join(made.code.words[:11])),
        lambda: Code.parse(" ".join((*made.code.words[:11], "zzzzz"))),
    ):
        with pytest.raises(TocsinError) as refusal:
            attempt()
        sentences.append(str(refusal.value))

    assert not any(word in sentence for word in made.code.words for sentence in sentences)


def test_a_code_of_eleven_words_says_how_many_there_were() -> None:
    with pytest.raises(BadCode, match="11 were entered"):
        Code.parse(" ".join(invitation().code.words[:11]))


@given(secret=st.binary(min_size=16, max_size=16))
def test_a_code_and_a_receipt_of_the_same_bits_share_no_derived_key(secret: bytes) -> None:
    code, receipt = Code(secret), Receipt(secret)

    assert Code.parse(" ".join(code.words)).secret == secret
    assert code.derive(b"tocsin/1 invitation offer\n") != receipt.locator(0)


# the eight words ---


@given(one=st.tuples(keys, keys), other=st.tuples(keys, keys))
def test_joining_words_are_equal_iff_coalition_and_key_are(
    one: tuple[bytes, bytes], other: tuple[bytes, bytes]
) -> None:
    assert (joining_words(*one) == joining_words(*other)) == (one == other)
    assert len(joining_words(*one).split()) == 8


@given(coalition=keys, key=keys, at=st.integers(0, 511))
def test_one_flipped_bit_of_either_changes_the_words(coalition: bytes, key: bytes, at: int) -> None:
    both = bytearray(coalition + key)
    both[at // 8] ^= 1 << at % 8

    with pytest.raises(WordsDiffer):
        confirm_words(joining_words(bytes(both[:32]), bytes(both[32:])), joining_words(coalition, key))


@given(coalition=keys, key=keys)
def test_words_written_down_with_numbers_and_capitals_match(coalition: bytes, key: bytes) -> None:
    said = joining_words(coalition, key)

    confirm_words(", ".join(f"{n}. {word.upper()}" for n, word in enumerate(said.split(), 1)), said)


# what the relay then shows ---


def test_a_founding_record_of_another_coalition_is_refused() -> None:
    offer = open_offer(invitation().offer, invitation().code, today=FOUNDED)

    with pytest.raises(OtherLedger):
        offer.check_founding(founding(5))


def test_a_founding_record_signed_anew_is_refused() -> None:
    offer = open_offer(invitation().offer, invitation().code, today=FOUNDED)

    with pytest.raises(OtherLedger):
        offer.check_founding(replace(founding(), signature=bytes(64)))


@pytest.mark.parametrize(("size", "root"), [(2, bytes(32)), (3, bytes(31) + b"x"), (4, bytes(31) + b"x")])
def test_a_shorter_or_other_ledger_than_the_offers_is_refused(size: int, root: bytes) -> None:
    offer = open_offer(invitation().offer, invitation().code, today=FOUNDED)

    with pytest.raises(OtherLedger):
        offer.check_head({3: root}.__getitem__, size)
    offer.check_head({3: bytes(32)}.__getitem__, 4)


def rolls_shown() -> tuple[Offer, list[Record]]:
    """Two changes of the roll, and what a newcomer was told of the coalition before them."""
    coalition = Gathering()
    coalition.sync_all()
    made = invite(coalition.log[0], RELAY, firm=(0, bytes(32)), today=coalition.day, fresh=Drawer(3))
    for key in (newcomer().signing_key, SigningKey(bytes(32))):
        poster = coalition[1]
        ground = Ground(coalition.coalition, poster.world.history.now.roll)
        roll = add_device(
            poster.world.history.now.roll,
            organisation=2,
            key=key.public,
            day=coalition.day,
            may_take_duty=True,
        )
        proposal = propose(roll, ground)
        for number in (1, 2):
            founder = coalition.founders[number]
            proposal = add_signature(proposal, founder, ground, number=number, today=coalition.day)
        coalition.change_roll(poster, finish_proposal(proposal, ground, today=coalition.day))
        coalition.sync_all()
    rolls = [record for record in coalition.log if record.header.mark in (FOUNDING, ROLL)]
    return open_offer(made.offer, made.code, today=coalition.day), rolls


def test_a_newcomer_finds_its_number_by_its_key_in_rolls_it_has_checked() -> None:
    offer, rolls = rolls_shown()

    roll = follow_rolls(offer, rolls)

    assert len(rolls) == 3
    assert roll.device(max(entry.number for entry in roll.devices) - 1).key == newcomer().signing_key.public
    assert follow_rolls(offer, rolls[:1]).version == 1


def test_rolls_left_out_forged_or_of_another_ledger_are_refused() -> None:
    offer, rolls = rolls_shown()
    forged = replace(rolls[1], signature=rolls[2].signature)

    for shown in ([], rolls[1:], [rolls[0], rolls[2]], [rolls[0], forged], [founding(5)]):
        with pytest.raises(OtherLedger):
            follow_rolls(offer, shown)


def test_invited_answered_confirmed_signed_and_admitted_the_newcomer_reads_watch() -> None:
    coalition = Gathering()
    inviter = coalition[2]
    inviter.write("canary of the first week", to="watch")
    coalition.sync_all()

    # Twelve words by hand, an offer and an answer as files.
    world = inviter.world
    made = invite(
        coalition.log[0],
        world.history.now.roll.relays[0],
        firm=(world.firm, world.tree.root(world.firm)),
        today=coalition.day,
        fresh=coalition.fresh,
    )
    keyring = Keyring(signing_seed=coalition.fresh(32))
    typed = Code.parse(" ".join(made.code.words))
    offer = open_offer(made.offer, typed, today=coalition.day)
    data = answer_offer(
        made.offer, typed, keyring, wishes=[Duty.ANALYST], today=coalition.day, fresh=coalition.fresh
    )
    made, answer = take_answer(made, data, today=coalition.day)

    # Eight words, each side from what it has.
    confirm_words(
        joining_words(offer.coalition, keyring.signing_key.public),
        joining_words(coalition.coalition, answer.signing_key),
    )

    # Two founders sign on their own machines, from copies of one file.
    ground = Ground(coalition.coalition, world.history.now.roll)
    roll = add_device(
        world.history.now.roll,
        organisation=2,
        key=answer.signing_key,
        day=coalition.day,
        may_take_duty=False,
    )
    passed_on = propose(roll, ground).to_bytes()
    signed = [
        add_signature(
            read_proposal(passed_on), coalition.founders[number], ground, number=number, today=coalition.day
        )
        for number in (1, 3)
    ]
    whole = finish_proposal(combine_proposals(signed, ground), ground, today=coalition.day)
    record = change_roll(inviter.member, whole, coalition.moment())
    inviter.post(Outgoing([record], []))
    entry = world.history.now.roll.devices[-1]
    assert entry.key == keyring.signing_key.public

    # A day later it is admitted, with the grant keys of its answer.
    coalition.wait(1)
    coalition.sync_all()
    recipient = answer.recipient(week_of(coalition.day))
    assert recipient is not None
    known = newest_grant_keys(coalition.published, today=coalition.day)
    moment = Moment(coalition.day, 0, {**known, entry.number: recipient})
    inviter.post(inviter.member.admit(entry.number, ["watch"], moment))

    # The newcomer checks what the relay shows, and reads.
    offer.check_founding(coalition.log[0])
    device = coalition._add(entry.number, keyring)
    offer.check_head(device.world.tree.root, device.world.size)
    for key in publish_first(keyring, roll_version=roll.version):
        verify_published_key(key, device.world.history.now.roll, coalition.coalition)
        coalition.published.append(key)
    coalition.sync_all()

    assert "canary of the first week" in device.read()
    device.write("canary of the newcomer", to="watch")
    coalition.sync_all()
    assert "canary of the newcomer" in coalition[3].read()
