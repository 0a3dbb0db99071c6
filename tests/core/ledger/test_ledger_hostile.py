"""What one hostile member, with valid keys, may do to the others: stop a single record, and be seen."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis.strategies as st
import msgspec
import pytest
from gathering import Device, Gathering, Note, Verdict, canary, case_compartments, close_case, open_case
from hypothesis import given, settings
from snapshots import snapshot

from tocsin.core.ledger import (
    NO_HASH,
    BarLifted,
    Barred,
    DamagedRecord,
    Duties,
    Duty,
    EpochOpened,
    ForkSeen,
    Grant,
    GrantedKey,
    GrantsMade,
    HandedOver,
    Header,
    NotEntitled,
    Outgoing,
    Record,
    Shut,
    Status,
    TooManyBars,
    UnknownKind,
    grant_hash,
    make_record,
)
from tocsin.core.ledger.compartments import epoch_id
from tocsin.core.ledger.content import Envelope
from tocsin.core.ledger.grants import GrantedShare, seal_grant
from tocsin.core.ledger.kinds import Admitted, SharesDealt
from tocsin.core.seal import BadSignature, Identity, Share, body_size_for, seal, seal_body

HOSTILE = 3


@pytest.fixture
def world() -> Gathering:
    return Gathering()


def hostile_record(author: Device, key: bytes, plain: bytes, **changed: object) -> Record:
    """Make a record that is signed and chained well, whatever it says."""
    world, tip = author.world, author.world.tips[author.number]
    header = Header(
        1, 0, author.number, tip.chain, tip.previous, world.history.now.roll.version, 0, NO_HASH,
        author.gathering.day, body_size_for(len(plain)), author.gathering.fresh(16),
    )._replace(**changed)  # fmt: skip
    tag, body = seal_body(key, header.to_bytes(), plain, size=header.size)
    return make_record(
        header, tag=tag, body=body, key=author.keyring.signing_key, coalition=author.gathering.coalition
    )


def watch_key(device: Device) -> tuple[bytes, bytes]:
    return next(iter(device.keyring.compartments["watch"].items()))


def envelope(device: Device, content: bytes, **changed: object) -> bytes:
    epoch, _ = watch_key(device)
    made = Envelope("test.note", 1, 0, "watch", epoch, bytes(16), None, msgspec.Raw(content))
    return msgspec.msgpack.encode(msgspec.structs.replace(made, **changed))


def send(device: Device, plain: bytes) -> int:
    return device.post(Outgoing([hostile_record(device, watch_key(device)[1], plain)], []))[0]


GOOD = msgspec.msgpack.encode(Note(text="hello"))
UNREADABLE = {
    "nothing": b"",
    "no msgpack": b"\xc1",
    "no UTF-8": b"\x98\xa1\xff\x01\x00\xa5watch\xc4\x00\xc4\x00\xc0\x80",
    "nested without end": b"\x91" * 1500,
    "an array too short": b"\x91\xa1a",
}


@pytest.mark.parametrize("plain", UNREADABLE.values(), ids=UNREADABLE)
def test_a_record_that_does_not_decode_stops_that_one_record(world: Gathering, plain: bytes) -> None:
    number = send(world[HOSTILE], plain)
    after = world[HOSTILE].write("after", to="watch")[0]
    world[1].pull()

    assert world[1].readings[number].status is Status.DAMAGED
    assert world[1].readings[after].status is Status.COUNTS


@pytest.mark.parametrize(
    "content",
    [
        b"\x81\xa4text\xa1\xff",
        b"\x81\xa4text" + b"\x91" * 1500,
        b"\x82\xa4text\xa0\xa4text\xa0",
        b"\x81\xa4texu\xa0",
    ],
    ids=["no UTF-8", "nested", "named twice", "another field"],
)
def test_a_content_that_does_not_decode_stops_that_one_record(world: Gathering, content: bytes) -> None:
    number = send(world[HOSTILE], envelope(world[HOSTILE], content))
    world[1].pull()

    assert world[1].readings[number].status is Status.DAMAGED


def test_content_in_another_encoding_of_the_same_words_is_refused(world: Gathering) -> None:
    long_form = b"\x81\xa4text\xd9\x05hello"
    assert msgspec.msgpack.decode(long_form, type=Note) == Note(text="hello")

    number = send(world[HOSTILE], envelope(world[HOSTILE], long_form))
    world[1].pull()

    assert isinstance(world[1].readings[number].trouble, DamagedRecord)


def test_an_unknown_schema_is_kept_unopened_and_shown(world: Gathering) -> None:
    number = send(world[HOSTILE], envelope(world[HOSTILE], GOOD, schema=7))
    world[1].pull()

    reading = world[1].readings[number]
    assert reading.status is Status.UNKNOWN
    assert isinstance(reading.trouble, UnknownKind)
    assert reading.envelope is not None
    assert reading.content is None


@pytest.mark.parametrize("changed", [{"compartment": "people"}, {"epoch": bytes(16)}, {"id": bytes(15)}])
def test_a_record_that_says_it_belongs_elsewhere_changes_nothing(
    world: Gathering, changed: dict[str, object]
) -> None:
    number = send(world[HOSTILE], envelope(world[HOSTILE], GOOD, **changed))
    world[1].pull()

    assert world[1].readings[number].status is Status.DAMAGED


def test_bodies_cannot_be_swapped_between_headers(world: Gathering) -> None:
    one, two = world[1].say(Note(text="a"), Note(text="b"), to="watch").records
    swapped = Record(one.header_bytes, one.tag, two.body, one.body_hash, one.signature)
    signed_again = make_record(
        one.header,
        tag=one.tag,
        body=two.body or b"",
        key=world[1].keyring.signing_key,
        coalition=world.coalition,
    )
    before = snapshot(world[2].world)

    with pytest.raises(BadSignature):
        world[2].world.take(swapped)
    assert snapshot(world[2].world) == before
    assert world[2].world.take(signed_again).status is Status.DAMAGED


def test_a_record_of_nobody_on_the_roll_is_the_relays_lie_and_leaves_no_trace(world: Gathering) -> None:
    record = hostile_record(world[1], watch_key(world[1])[1], b"", device=77)
    before = snapshot(world[2].world)

    with pytest.raises(BadSignature):
        world[2].world.take(record)

    assert snapshot(world[2].world) == before


any_value = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=4) | st.integers(0, 9), inner, max_size=4)
    ),
    max_leaves=8,
)
LEDGER_NAMES = ["ledger.duties", "ledger.epoch", "ledger.admitted", "ledger.grants", "ledger.erased", "ledger.load",
                "ledger.bar", "ledger.bar-lifted", "ledger.shares-dealt", "ledger.share-held", "ledger.share-asked",
                "ledger.share-released", "ledger.shut", "ledger.handed-over", "test.note"]  # fmt: skip
FIELDS = ["duties", "languages", "parent", "grantees", "device", "to", "parked", "hashes", "epochs", "held", "reason",
          "case", "deal", "custodians", "text"]  # fmt: skip


@st.composite
def plains(draw: st.DrawFn) -> bytes:
    """Draw envelopes, from nearly right to noise."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.binary(max_size=200))
    content = draw(st.dictionaries(st.sampled_from(FIELDS), any_value, max_size=4))
    parts = [draw(st.sampled_from(LEDGER_NAMES)), 1, 0, "watch", None, draw(st.binary(min_size=16, max_size=16)),
             draw(st.none() | st.binary(max_size=20)), content]  # fmt: skip
    if draw(st.integers(0, 4)) == 0:
        parts[draw(st.integers(0, 7))] = draw(any_value)
    return msgspec.msgpack.encode(parts)


@settings(max_examples=25)
@given(st.lists(plains(), min_size=1, max_size=12), st.data())
def test_no_record_of_a_member_ever_stops_a_desk(several: list[bytes], data: st.DataObject) -> None:
    world = Gathering()
    hostile, reader = world[HOSTILE], world[1]
    epoch, key = watch_key(hostile)
    for plain in several:
        fitted = plain.replace(b"\xa5watch\xc0", b"\xa5watch\xc4\x10" + epoch, 1)
        changed: dict[str, object] = {}
        if data.draw(st.integers(0, 5)) == 0:
            changed = {
                "seen_size": data.draw(st.integers(0, 2**64 - 1)),
                "day": data.draw(st.integers(0, 2**32 - 1)),
            }
        hostile.post(Outgoing([hostile_record(hostile, key, fitted, **changed)], []))

    reader.take_all(world.log)

    assert reader.world.size == len(world.log)
    number = world[2].write("still heard", to="watch")[-1]
    reader.take_all(world.log)
    assert reader.readings[number].status is Status.COUNTS


FUZZED = Gathering()


def notes_after(world: Gathering) -> Iterator[Status]:
    for number in (1, 2):
        written = world[number].write("goes on", to="watch")[-1]
        for device in world.devices.values():
            device.pull()
        yield world[1].readings[written].status


@pytest.mark.parametrize(
    "content", [Shut(parked=False), Shut(parked=True), HandedOver(to=(HOSTILE,)), HandedOver(to=())]
)
def test_nobody_shuts_or_takes_what_everybody_holds(world: Gathering, content: Shut | HandedOver) -> None:
    hostile = world[HOSTILE]
    number = hostile.post(hostile.say(content, to="watch"))[-1]
    world.sync_all()

    assert world[1].readings[number].status is Status.REFUSED
    assert set(notes_after(world)) == {Status.COUNTS}


@pytest.mark.parametrize(
    "content", [Shut(parked=False), HandedOver(to=(HOSTILE,)), Admitted(device=HOSTILE), Note(text="x")]
)
def test_who_is_no_member_changes_nothing_even_with_the_key(
    world: Gathering, content: Shut | HandedOver | Admitted | Note
) -> None:
    open_case(world, "abcd", handler=1, alternate=2)
    world.sync_all()
    name = "case/abcd/file"
    (epoch, key) = next(iter(world[1].keyring.compartments[name].items()))
    stolen = envelope(
        world[HOSTILE], msgspec.msgpack.encode(content), kind=content.KIND, compartment=name, epoch=epoch
    )
    before = snapshot(world[1].world).compartments

    world[HOSTILE].post(Outgoing([hostile_record(world[HOSTILE], key, stolen)], []))
    world.sync_all()

    assert snapshot(world[1].world).compartments == before
    assert canary(name) in world[1].read()


def open_epoch(
    device: Device, name: str, *, key: bytes, parent: bytes | None, grantees: tuple[int, ...]
) -> int:
    """Write an opening record as a hostile member would."""
    content = msgspec.msgpack.encode(EpochOpened(parent=parent, grantees=grantees))
    plain = envelope(device, content, kind=EpochOpened.KIND, compartment=name, epoch=epoch_id(key))
    return device.post(Outgoing([hostile_record(device, key, plain)], []))[0]


def grant(device: Device, to: int, *keys: GrantedKey, shares: tuple[GrantedShare, ...] = ()) -> bytes:
    recipient = device.gathering.moment().keys[to]
    return seal_grant(Grant(device.gathering.coalition, device.number, keys, shares), recipient)


def give(device: Device, *files: bytes) -> None:
    """Put grants into the folder and name them."""
    named = device.say(GrantsMade(hashes=tuple(grant_hash(file) for file in files)), to="watch")
    device.post(Outgoing(named.records, list(files)))


def test_a_key_of_ours_granted_again_under_another_name_damages_nothing(world: Gathering) -> None:
    epoch, key = watch_key(world[1])
    give(world[HOSTILE], grant(world[HOSTILE], 1, GrantedKey("response/evil", epoch, key)))
    world.sync_all()
    before_watch = dict(world[1].keyring.compartments)
    before_watch["watch"] = before_watch.pop("watch")
    world[1].keyring.compartments.clear()
    world[1].keyring.compartments.update(before_watch)

    assert "response/evil" in world[1].keyring.compartments
    assert set(notes_after(world)) == {Status.COUNTS}


@pytest.mark.parametrize("parent", [None, "real"])
def test_a_stranger_neither_makes_nor_follows_a_compartment_that_exists(
    world: Gathering, parent: str | None
) -> None:
    open_case(world, "abcd", handler=1, alternate=2)
    world.sync_all()
    name, key, hostile = "case/abcd/file", bytes(32), world[HOSTILE]
    real = next(iter(world[1].keyring.compartments[name]))
    shut = msgspec.msgpack.encode(Shut(parked=False))
    shutting = envelope(hostile, shut, kind=Shut.KIND, compartment=name, epoch=epoch_id(key))

    number = open_epoch(hostile, name, key=key, parent=real if parent else None, grantees=(1, 2))
    give(hostile, grant(hostile, 1, GrantedKey(name, epoch_id(key), key)))
    ended = hostile.post(Outgoing([hostile_record(hostile, key, shutting)], []))[0]
    world.sync_all()

    assert [world[1].readings[each].status for each in (number, ended)] == [Status.REFUSED] * 2
    assert canary(name) in world[1].read()


def test_two_members_who_begin_one_compartment_at_once_read_each_other_and_write_with_the_first(
    world: Gathering,
) -> None:
    made = [world[n].member.open_compartments(["planning"], [1, 2], world.moment()) for n in (1, 2)]
    for n, outgoing in zip((1, 2), made, strict=True):
        world.post(outgoing)
        world[n].pull()
    world.sync_all()
    for n in (1, 2):
        world[n].write(f"from {n}", to="planning")
    world.sync_all()

    first = world[1].world.compartments["planning"].current()
    assert first is not None
    assert first.maker == 1
    assert world[1].read() == world[2].read() == {"from 1", "from 2"}


def test_an_epoch_is_opened_once(world: Gathering) -> None:
    open_case(world, "abcd", handler=HOSTILE, alternate=2)
    world.sync_all()
    name = "case/abcd/file"
    (epoch, key) = next(iter(world[HOSTILE].keyring.compartments[name].items()))

    number = open_epoch(world[HOSTILE], name, key=key, parent=epoch, grantees=())
    world.sync_all()

    assert world[2].readings[number].status is Status.REFUSED
    assert world[2].world.compartments[name].epochs[epoch].members == {2, HOSTILE}


def test_who_is_left_out_of_an_epoch_is_named_by_those_who_are_not(world: Gathering) -> None:
    epoch, _ = watch_key(world[HOSTILE])
    key = bytes(31) + b"k"
    number = open_epoch(world[HOSTILE], "watch", key=key, parent=epoch, grantees=(1,))
    give(world[HOSTILE], grant(world[HOSTILE], 1, GrantedKey("watch", epoch_id(key), key)))
    world[1].sync()

    assert world[1].member.left_out("watch") == {2}
    assert world[1].world.compartments["watch"].epochs[epoch_id(key)].maker == HOSTILE
    world[1].post(world[1].member.admit(2, ["watch"], world.moment()))
    world.sync_all()
    assert world[2].readings[number].status is Status.COUNTS
    assert set(notes_after(world)) == {Status.COUNTS}


POISON = {
    "not a grant": lambda to: seal(bytes(4096), [to]),
    "no UTF-8": lambda to: seal((2).to_bytes(4, "big") + b"\xa1\xff" + bytes(4090), [to]),
    "a short key": lambda to: seal_grant(
        Grant(FUZZED.coalition, HOSTILE, (GrantedKey("case/x/file", epoch_id(b"short"), b"short"),)), to
    ),
    "another coalition": lambda to: seal_grant(Grant(bytes(32), HOSTILE), to),
    "a key under another's epoch": lambda to: seal_grant(
        Grant(FUZZED.coalition, HOSTILE, (GrantedKey("case/x/file", bytes(16), bytes(32)),)), to
    ),
}


@pytest.mark.parametrize("make", POISON.values(), ids=POISON)
def test_a_poisoned_grant_stops_no_other(world: Gathering, make: object) -> None:
    assert world.coalition == FUZZED.coalition
    poison = make(world.moment().keys[1])  # type: ignore[operator] # a table of lambdas
    world[HOSTILE].post(Outgoing([], [poison]))
    open_case(world, "abcd", handler=2, alternate=1)

    world.sync_all()

    assert list(world[1].member.received.bad) == [grant_hash(poison)]
    assert canary("case/abcd/file") in world[1].read()


def test_a_file_that_is_no_grant_is_passed_over(world: Gathering) -> None:
    classical = (
        b"age-encryption.org/v1\n-> X25519 " + b"A" * 43 + b"\n" + b"A" * 43 + b"\n--- " + b"A" * 43 + b"\n"
    )
    world[HOSTILE].post(Outgoing([], [b"", b"noise", classical, seal(b"x", [Identity(bytes(32)).recipient])]))
    open_case(world, "abcd", handler=2, alternate=1)

    world.sync_all()

    assert canary("case/abcd/file") in world[1].read()


def test_a_grant_counts_only_when_its_giver_names_it(world: Gathering) -> None:
    key = bytes(32)
    file = grant(world[2], 1, GrantedKey("case/abcd/file", epoch_id(key), key))
    hostile = world[HOSTILE]
    named = hostile.say(GrantsMade(hashes=(grant_hash(file),)), to="watch")
    hostile.post(Outgoing(named.records, [file]))
    world.sync_all()
    assert "case/abcd/file" not in world[1].keyring.compartments

    world[2].post(world[2].say(GrantsMade(hashes=(grant_hash(file),)), to="watch"))
    world.sync_all()

    assert "case/abcd/file" in world[1].keyring.compartments


def test_a_withheld_grant_is_noticed_by_everyone(world: Gathering) -> None:
    seen = {grant_hash(file) for file in world.folders()}
    made = world[2].member.open_compartments(case_compartments("abcd"), [1], world.moment())
    withheld = made.grants[0]
    world[2].post(Outgoing(made.records, made.grants[1:]))
    world.sync_all()
    seen |= {grant_hash(file) for file in made.grants[1:]}

    assert world[3].world.missing_grants(seen, since=world.day) == {grant_hash(withheld): frozenset({2})}
    assert world[3].world.missing_grants(seen | {grant_hash(withheld)}, since=world.day) == {}
    assert world[3].world.missing_grants(seen, since=world.day + 1) == {}


def test_a_stranger_cannot_replace_the_shares_of_a_case(world: Gathering) -> None:
    deal = bytes(15) + b"1"
    world[1].post(world[1].say(SharesDealt(case="abcd", deal=deal, custodians=(2,)), to="watch"))
    share = Share(1, 3, deal, bytes(64))
    give(world[1], grant(world[1], 2, shares=(GrantedShare("abcd", share),)))
    world.sync_all()

    hostile = world[HOSTILE]
    number = hostile.post(
        hostile.say(SharesDealt(case="abcd", deal=bytes(15) + b"2", custodians=(2,)), to="watch")
    )[-1]
    junk = Share(1, 3, deal, bytes(63) + b"j")
    give(hostile, grant(hostile, 2, shares=(GrantedShare("abcd", junk),)))
    world.sync_all()

    assert world[1].readings[number].status is Status.REFUSED
    assert world[2].keyring.shares == {"abcd": share}


def test_who_lies_about_a_head_is_named_and_once_removed_stops_nothing(world: Gathering) -> None:
    hostile = world[HOSTILE]
    lie = hostile_record(
        hostile, watch_key(hostile)[1], envelope(hostile, GOOD), seen_size=2, seen_root=bytes(32)
    )
    hostile.post(Outgoing([lie], []))
    world[1].pull()

    with pytest.raises(ForkSeen) as caught:
        world[1].member.cosign()
    assert caught.value.device == HOSTILE

    world.remove(HOSTILE, by=world[1])
    assert world[1].member.cosign().size == len(world.log)


def test_a_duty_is_needed_where_a_kind_asks_for_one(world: Gathering) -> None:
    limited = Gathering(duties={1: (Duty.ASSESSOR,), 2: (Duty.HANDLER,), 3: ()})
    open_case(limited, "abcd", handler=1, alternate=2)
    limited.sync_all()
    name = "case/abcd/file"
    by_assessor = limited[1].post(limited[1].say(Verdict(text="a"), to=name))[-1]
    elsewhere = limited[1].post(limited[1].say(Verdict(text="b"), to="watch"))[-1]
    with pytest.raises(NotEntitled):
        limited[2].say(Verdict(text="c"), to=name)
    forced = limited[2].member.batch(limited.moment())
    forced.say(Verdict(text="c"), to=name)
    by_handler = limited[2].post(forced.outgoing)[-1]
    limited.sync_all()

    status = {number: limited[1].readings[number].status for number in (by_assessor, elsewhere, by_handler)}
    assert status == {by_assessor: Status.COUNTS, elsewhere: Status.REFUSED, by_handler: Status.REFUSED}


def test_duties_count_only_while_the_roll_names_them(world: Gathering) -> None:
    before = world[1].world.history.now.duties
    world[HOSTILE].post(world[HOSTILE].say(Duties(duties={HOSTILE: ()}), to="people"))
    world.sync_all()

    assert world[1].world.history.now.duties == before


def test_a_key_freed_by_closing_is_not_taken_back_from_an_old_folder(world: Gathering) -> None:
    open_case(world, "abcd", handler=1, alternate=2)
    world.sync_all()
    close_case(world, "abcd", by=1)
    world.sync_all()
    world[2].tried.clear()

    world.sync_all()

    assert world[2].keyring.open_cases() == set()
    assert world[1].world.erased[next(iter(world[1].world.erased))] >= {1, 2}


def test_a_third_bar_in_a_week_changes_nothing_also_when_the_first_were_lifted() -> None:
    world = Gathering(organisations=(1, 2, 3, 1))
    hostile = world[HOSTILE]
    bars = [
        hostile.post(hostile.say(Barred(device=each, reason="suspect"), to="watch"))[-1] for each in (2, 4)
    ]
    for founder in (1, HOSTILE):
        world[founder].pull()
        world[founder].post(world[founder].say(BarLifted(device=2), to="watch"))
    third = hostile.post(hostile.say(Barred(device=2, reason="suspect"), to="watch"))[-1]
    world[1].pull()

    assert [world[1].readings[number].status for number in (*bars, third)] == [
        Status.COUNTS,
        Status.COUNTS,
        Status.REFUSED,
    ]
    assert [bar.device for bar in world[1].world.history.now.bars] == [4]
    with pytest.raises(TooManyBars):
        hostile.member.bar(2, reason="suspect", day=world.day)
    world.wait(7)
    assert hostile.member.bar(2, reason="suspect", day=world.day) == Barred(device=2, reason="suspect")


def test_bars_dated_ahead_make_no_room_for_more() -> None:
    world = Gathering(organisations=(1, 2, 3, 1))
    hostile = world[HOSTILE]
    drafts = [
        hostile.member.draft(Barred(device=each, reason="suspect"), to="watch", at=0) for each in (2, 4, 1)
    ]
    ahead = world.moment()._replace(day=world.day + 2)

    numbers = hostile.post(hostile.member.finish(drafts[:2], ahead))
    numbers += hostile.post(hostile.member.finish(drafts[2:], world.moment()))
    world[1].pull()

    statuses = {world[1].readings[number].status for number in numbers[:-1]}
    assert statuses == {Status.COUNTS}
    assert world[1].readings[numbers[-1]].status is Status.REFUSED
