"""What the witness's page believes: founders whom its address names, and those whom they named after them."""

from __future__ import annotations

import pytest

from tocsin.core.ledger import (
    Cosignature,
    DamagedRecord,
    DeviceEntry,
    Founder,
    Head,
    PublishedKey,
    Purpose,
    RelayEntry,
    Roll,
    cosign,
    publish_key,
    sign_head,
    witness,
)
from tocsin.core.ledger.charter import SIGNS_WORDS, check_chain, draw_up, read_charter
from tocsin.core.ledger.errors import BadCharter
from tocsin.core.ledger.parts import Part, is_signed, read_part
from tocsin.core.ledger.signed_text import SignedText, sign_text
from tocsin.core.seal import BadSignature, Identity, SigningKey
from tocsin.terms import Day

COALITION = bytes(range(32))
DAY = Day(17400)
FOUNDERS = [SigningKey(bytes([n]) * 32) for n in range(1, 6)]
DEVICES = [SigningKey(bytes([n]) * 32) for n in range(11, 15)]
RELAY = SigningKey(bytes([99]) * 32)


def roll(founders: tuple[int, ...] = (1, 2, 3), *, threshold: int = 2, version: int = 1) -> Roll:
    return Roll(
        version=version,
        previous=bytes(32),
        lapses_on=DAY,
        threshold=threshold,
        founders=tuple(Founder(number, FOUNDERS[number - 1].public) for number in founders),
        devices=tuple(
            DeviceEntry(number, 1 + number % 2, key.public, number <= 3, False)
            for number, key in enumerate(DEVICES, 1)
        ),
        relays=(RelayEntry(RELAY.public, "relay.invalid"),),
        duties_hash=bytes(32),
        exercise=False,
        offset_days=0,
    )


def charter(by: tuple[int, ...] = (1, 2), *, serial: int = 1, of: Roll | None = None) -> SignedText:
    made = draw_up(
        of or roll(), COALITION, serial=serial, day=DAY, page={"seal.js": "0" * 64}, speakers=[1, 2, 4]
    )
    text = SignedText(made.to_bytes())
    for number in by:
        signature = sign_text(text.payload, "page", FOUNDERS[number - 1], COALITION)
        text = text.with_signature(number, signature)
    return text


PIN = read_charter(charter().payload).pin


def words(*by: int) -> SignedText:
    part = Part(
        coalition=COALITION.hex(), part="az", serial=1, day=DAY, words={"phrase.received": "Qeyd etdik, ağ"}
    )
    text = SignedText(part.to_bytes())
    for number in by:
        text = text.with_signature(number, sign_text(text.payload, "words", DEVICES[number - 1], COALITION))
    return text


def day_key(device: int, day: int) -> PublishedKey:
    return publish_key(
        DEVICES[device - 1],
        COALITION,
        purpose=Purpose.INTAKE,
        device=device,
        period=day,
        roll_version=1,
        public=Identity.from_seed(bytes([device]) * 32).recipient.public,
    )


def file(*, keys: list[PublishedKey], cosigned_by: tuple[int, ...] = (1, 2)) -> bytes:
    head = Head(9, bytes(32), DAY)
    words_of_devices = [
        cosign(DEVICES[n - 1], COALITION, device=n, size=9, root=bytes(32)) for n in cosigned_by
    ]
    return witness.write_sections(
        [
            (witness.CHARTER, charter().to_bytes()),
            (witness.HEAD, head.to_bytes() + sign_head(RELAY, COALITION, head)),
            (witness.COSIGNATURES, b"".join(map(Cosignature.to_bytes, words_of_devices))),
            (witness.INTAKE_KEYS, b"".join(map(PublishedKey.to_bytes, keys))),
            (witness.DAY, DAY.to_bytes(4, "big")),
            (200, b"what a newer relay says besides"),
            (witness.WORK, bytes(41)),
        ]
    )


def test_a_charter_of_the_pinned_founders_is_believed() -> None:
    assert check_chain([charter()], PIN).keys_with(SIGNS_WORDS).keys() == {1, 2, 4}


@pytest.mark.parametrize("by", [(), (1,), (4, 5)])
def test_too_few_founders_make_no_charter(by: tuple[int, ...]) -> None:
    with pytest.raises(BadCharter):
        check_chain([charter(by)], PIN)


def test_other_founders_are_believed_only_from_more_than_half_of_those_before() -> None:
    other = roll((3, 4, 5), version=2)

    follows = check_chain([charter(), charter((2, 3), serial=2, of=other)], PIN)

    assert set(follows.founder_keys) == {3, 4, 5}
    for wrong in ([charter((4, 5), serial=2, of=other)], [charter(), charter((4, 5), serial=2, of=other)]):
        with pytest.raises(BadCharter):
            check_chain(wrong, PIN)


def test_an_address_that_names_later_founders_is_followed_from_them() -> None:
    other = charter((2, 3), serial=2, of=roll((3, 4, 5), version=2))
    later = read_charter(other.payload).pin
    signed_by_themselves = charter((4, 5), serial=2, of=roll((3, 4, 5), version=2))

    assert check_chain([charter(), signed_by_themselves], later).serial == 2
    with pytest.raises(BadCharter):
        check_chain([charter(), signed_by_themselves], PIN)


def test_an_older_charter_does_not_come_after_a_newer_one() -> None:
    with pytest.raises(BadCharter):
        check_chain([charter(serial=2), charter(serial=2)], PIN)
    with pytest.raises(BadCharter):
        check_chain([], PIN)


def test_words_are_signed_by_two_speakers_of_two_organisations() -> None:
    believed = read_charter(charter().payload)

    assert is_signed(words(1, 2), believed)
    assert not is_signed(words(1), believed)
    assert not is_signed(words(2, 4), believed)  # of one organisation
    assert not is_signed(words(1, 3), believed)  # device 3 signs no words
    assert read_part(words().payload).phrasebook == {"received": "Qeyd etdik, ağ"}


def test_a_signed_text_that_was_changed_or_cut_is_nobodys() -> None:
    text = charter()
    changed = SignedText(text.payload.replace(b"seal.js", b"evil.js"), text.signatures)

    assert SignedText.from_bytes(text.to_bytes()) == text
    with pytest.raises(BadCharter):
        check_chain([changed], PIN)
    for wrong in (b"", text.to_bytes()[:-1], text.to_bytes() + b"x", b"\xff" * 9):
        with pytest.raises(DamagedRecord):
            SignedText.from_bytes(wrong)
    with pytest.raises(DamagedRecord):
        read_charter(b"{}")


def test_a_page_seals_to_who_is_on_duty_today() -> None:
    read = witness.read_witness(file(keys=[day_key(1, DAY), day_key(2, DAY), day_key(2, DAY + 1)]), PIN)

    assert [recipient.public for recipient in read.recipients] == [day_key(n, DAY).public for n in (1, 2)]
    assert read.firm
    assert read.days_without_duty == 0


def test_where_nobody_is_on_duty_the_newest_key_is_used_and_it_is_said_since_when() -> None:
    read = witness.read_witness(
        file(keys=[day_key(1, DAY - 9), day_key(2, DAY - 5)], cosigned_by=(1, 3)), PIN
    )

    assert len(read.recipients) == 2
    assert read.days_without_duty == 5
    assert not read.firm  # devices 1 and 3 are of one organisation


def test_a_key_that_its_device_did_not_sign_refuses_all() -> None:
    forged = PublishedKey(Purpose.INTAKE, 2, DAY, 1, day_key(1, DAY).public, day_key(1, DAY).signature)

    with pytest.raises(BadSignature):
        witness.read_witness(file(keys=[forged]), PIN)


def test_what_was_cut_short_is_refused_and_another_pin_too() -> None:
    whole = file(keys=[day_key(1, DAY)])

    for wrong in (b"", whole[:60], whole[:-200], whole.replace(b"witness", b"witnezz")):
        with pytest.raises((DamagedRecord, BadCharter)):
            witness.read_witness(wrong, PIN)
    with pytest.raises(BadCharter):
        witness.read_witness(whole, PIN[:-1] + ("0" if PIN[-1] != "0" else "1"))
