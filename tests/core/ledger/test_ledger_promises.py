"""Order, heads, rolls, duties, caps and custody: what counts, from when, and what a failed act leaves behind."""

from __future__ import annotations

from collections.abc import Callable

import hypothesis.strategies as st
import pytest
from gathering import (
    FOUNDED,
    Device,
    Gathering,
    Note,
    Verdict,
    canary,
    case_compartments,
    close_case,
    open_case,
    successor,
    without,
)
from hypothesis import given, settings
from msgspec.structs import replace
from snapshots import fresh_view, snapshot

from tocsin.core.ledger import (
    BAR_DAYS,
    BadRoll,
    BarLifted,
    Barred,
    Cosignature,
    DeviceEntry,
    Duties,
    Duty,
    EpochOpened,
    Founder,
    Head,
    Load,
    Member,
    NoKey,
    NotEntitled,
    NotOnRoll,
    NotSealedTo,
    Outgoing,
    PublishedKey,
    Roll,
    StaleGrantKey,
    Status,
    World,
    acknowledgements,
    ask_for_case,
    cases_to_release,
    deal_case,
    duties_hash,
    firm_size,
    head_words,
    is_recoverable,
    make_record,
    recover_case,
    refuse_share,
    release_share,
    requests_for,
    sign_head,
    take_up_case,
    verify_cosignature,
    verify_head,
    verify_published_key,
)
from tocsin.core.seal import CASELOAD_CAP, BadSignature, CaseloadFull, SigningKey, TooFewShares

EVERYTHING = tuple(duty for duty in Duty if duty is not Duty.CUSTODIAN)


@pytest.fixture
def world() -> Gathering:
    return Gathering()


# heads ---


def words(*said: tuple[int, int]) -> list[Cosignature]:
    return [Cosignature(device, size, bytes([size]) * 32, b"") for device, size in said]


def firm(*said: tuple[int, int], organisations: dict[int, int], n: int) -> int:
    return firm_size(
        words(*said),
        organisation_of=organisations.get,
        n_organisations=n,
        tree_size=9,
        tree_root=lambda size: bytes([size]) * 32,
    )


def test_a_head_is_firm_once_two_organisations_vouch_for_it() -> None:
    organisations = {1: 1, 2: 1, 3: 2, 4: 3}

    assert firm((1, 9), (2, 9), organisations=organisations, n=3) == 0
    assert firm((1, 9), (3, 5), organisations=organisations, n=3) == 5
    assert firm((1, 9), (3, 5), (4, 7), organisations=organisations, n=3) == 7
    assert firm((1, 9), (9, 9), organisations=organisations, n=3) == 0
    assert firm((1, 9), (3, 10), organisations=organisations, n=3) == 0
    assert firm(organisations=organisations, n=3) == 0


def test_while_there_is_one_organisation_its_own_word_is_firm() -> None:
    assert firm((1, 4), (2, 6), organisations={1: 1, 2: 1}, n=1) == 6


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 9))))
def test_firmness_does_not_depend_on_order_or_repetition(said: list[tuple[int, int]]) -> None:
    organisations = {1: 1, 2: 1, 3: 2, 4: 2, 5: 3}

    size = firm(*said, organisations=organisations, n=3)

    assert firm(*reversed(said), *said, organisations=organisations, n=3) == size


def test_heads_and_cosignatures_hold_for_their_signer_and_coalition_only(world: Gathering) -> None:
    relay = SigningKey(bytes(32))
    head = Head(7, bytes(range(32)), FOUNDED)
    signature = sign_head(relay, world.coalition, head)
    word = world[1].member.cosign()

    verify_head(relay.public, world.coalition, Head.from_bytes(head.to_bytes()), signature)
    verify_cosignature(
        world[1].keyring.signing_key.public, world.coalition, Cosignature.from_bytes(word.to_bytes())
    )
    assert head.words == head_words(head.root) == head_words(bytes(range(32)))
    assert len(set(head.words.split())) <= len(head.words.split()) == 6
    for wrong in (replaced(head, size=8), replaced(head, day=1)):
        with pytest.raises(BadSignature):
            verify_head(relay.public, world.coalition, wrong, signature)
    with pytest.raises(BadSignature):
        verify_cosignature(world[2].keyring.signing_key.public, world.coalition, word)


def replaced(head: Head, **changed: int) -> Head:
    return Head(**{"size": head.size, "root": head.root, "day": head.day, **changed})  # type: ignore[arg-type] # ints


def test_a_clean_split_shows_as_age_and_the_first_leak_as_a_fork() -> None:
    one, other = Gathering(organisations=(1, 2, 3, 1)), Gathering(organisations=(1, 2, 3, 1))
    assert one.coalition == other.coalition
    for half, inside in ((one, (1, 4)), (other, (2, 3))):
        half[inside[0]].write(f"seen by {inside[0]}", to="watch")
        for number in set(half.devices) - set(inside):
            half[number].is_lost = True
        half.cosignatures.clear()
        before = half[inside[0]].world.firm
        for _ in range(3):
            half.wait(1)
            half.sync_all()
        assert all(not half[number].world.split for number in inside)
        if half is one:
            assert (
                half[1].world.firm == before < half[1].world.size
            )  # one organisation alone: nothing is firm

    other[2].write("under a head of the other half", to="watch")
    leaked = other.log[-1]
    assert one[1].world.take(leaked).status is Status.REFUSED
    one[4].world.take_cosignatures([other[2].member.cosign()])
    one[4].world.take_cosignatures([replace_size(other[2].member.cosign(), one[4].world, other)])

    assert [seen.device for seen in one[1].world.split] == [2]
    assert [seen.device for seen in one[4].world.split] == [2]
    for number in (1, 4):
        with pytest.raises(Exception, match="two versions"):
            one[number].member.cosign()


def replace_size(word: Cosignature, world: World, other: Gathering) -> Cosignature:
    """Give the co-signature that the same desk made when it had as many records as we have."""
    return Cosignature(word.device, world.size, other[2].world.tree.root(world.size), word.signature)


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


# custody ---


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


# late keys and rebuilding ---


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
