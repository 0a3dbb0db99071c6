"""A passphrase file opens with its passphrase only; a keyring forgets, and holds eight cases at most."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.seal import (
    CASELOAD_CAP,
    CaseloadFull,
    DamagedFile,
    DamagedKey,
    EmptyPassphrase,
    Identity,
    KeyErased,
    Keyring,
    NewerVersion,
    PassphraseFile,
    SigningKey,
    Tip,
    WorkFactorTooHigh,
    WrongKey,
    WrongPassphrase,
    deal,
    seal,
)
from tocsin.core.seal.header import Stanza, write_header
from tocsin.errors import SealError
from tocsin.terms import date_of, day_of, first_day_of, week_of

PASSPHRASE = "pebble otter zwqxil canary drum"
KEPT = PassphraseFile.create(PASSPHRASE, log_n=10)
FILE = KEPT.reseal(b"keys")
CASES = [f"case/c{n}/file" for n in range(CASELOAD_CAP)]


@given(plaintext=st.binary(max_size=500))
def test_a_passphrase_file_opens_and_is_saved_again(plaintext: bytes) -> None:
    kept, first = PassphraseFile.open(FILE, PASSPHRASE)

    assert first == b"keys"
    assert PassphraseFile.open(kept.reseal(plaintext), PASSPHRASE)[1] == plaintext


def test_saving_again_never_repeats_a_payload_nonce() -> None:
    again = KEPT.reseal(b"keys")

    assert again != FILE
    assert again[: -len(b"keys") - 32] == FILE[: -len(b"keys") - 32]


def test_another_passphrase_is_said_to_be_wrong() -> None:
    with pytest.raises(WrongPassphrase):
        PassphraseFile.open(FILE, PASSPHRASE + " ")


def test_a_passphrase_composed_otherwise_opens() -> None:
    kept = PassphraseFile.create("şəhər café", log_n=10)

    assert PassphraseFile.open(kept.reseal(b"keys"), "şəhər cafe\N{COMBINING ACUTE ACCENT}")[1] == b"keys"


@given(place=st.integers(0, len(FILE) * 8 - 1))
def test_any_flipped_bit_of_a_passphrase_file_refuses(place: int) -> None:
    changed = bytearray(FILE)
    changed[place // 8] ^= 1 << place % 8

    # A flipped bit of the work factor's digits may ask for 2^19 and half a gigabyte: leave those two out.
    if not FILE.index(b" 10\n") <= place // 8 < FILE.index(b" 10\n") + 4:
        with pytest.raises(SealError):
            PassphraseFile.open(bytes(changed), PASSPHRASE)


@given(n_kept=st.integers(0, len(FILE) - 1))
def test_a_cut_passphrase_file_refuses(n_kept: int) -> None:
    with pytest.raises(DamagedFile):
        PassphraseFile.open(FILE[:n_kept], PASSPHRASE)


@pytest.mark.parametrize("log_n", ["21", "22", "64", "99999999999999999999"])
def test_a_work_factor_above_two_to_the_twenty_is_not_tried(log_n: str) -> None:
    stanza = Stanza("scrypt", ("A" * 22, log_n), bytes(32))

    with pytest.raises(WorkFactorTooHigh):
        PassphraseFile.open(write_header([stanza], bytes(16)) + bytes(32), PASSPHRASE)


@pytest.mark.parametrize("log_n", [0, 9, 19, 20])
def test_no_file_is_written_with_a_work_factor_out_of_bounds(log_n: int) -> None:
    with pytest.raises(ValueError, match="work factor"):
        PassphraseFile.create(PASSPHRASE, log_n=log_n)


def test_a_file_is_written_with_two_to_the_seventeen_when_nothing_is_said() -> None:
    assert b" 17\n" in PassphraseFile.create(PASSPHRASE).reseal(b"")


def test_a_file_sealed_to_devices_is_no_passphrase_file() -> None:
    with pytest.raises(WrongKey):
        PassphraseFile.open(seal(b"", [Identity.from_seed(bytes(32)).recipient]), PASSPHRASE)


def test_an_empty_passphrase_is_refused() -> None:
    with pytest.raises(EmptyPassphrase):
        PassphraseFile.create("")


def full_keyring() -> Keyring:
    keyring = Keyring(signing_seed=bytes(32), coalition=bytes([1]) * 32, device=7, founder_number=2)
    keyring.founder_seed = bytes([5]) * 32
    keyring.tip = Tip(chain=12, previous=bytes([3]) * 32)
    keyring.grant_keys = {week: bytes([week]) * 32 for week in range(100, 105)}
    keyring.intake_keys = {20_000: bytes([6]) * 32}
    for n, compartment in enumerate(CASES):
        keyring.hold(compartment, bytes([n]) * 16, bytes([n]) * 32)
    keyring.hold_share("c9", deal(bytes(64), label=b"c9")[0])
    return keyring


def test_a_keyring_survives_being_written_down() -> None:
    keyring = full_keyring()

    again = Keyring.from_bytes(keyring.to_bytes())

    assert again == keyring
    assert list(again.compartments) == CASES


@given(raw=st.binary(max_size=80))
def test_junk_is_no_keyring(raw: bytes) -> None:
    with pytest.raises(DamagedFile):
        Keyring.from_bytes(raw)


def test_a_keyring_of_a_newer_version_is_refused_not_misread() -> None:
    raw = full_keyring().to_bytes()
    version, fields = msgspec.msgpack.decode(raw)
    with_more = msgspec.msgpack.encode((version, {**fields, "a_later_key": bytes(32)}))

    for newer in (raw[:1] + b"\x02" + raw[2:], with_more):
        with pytest.raises(NewerVersion):
            Keyring.from_bytes(newer)


@given(gone=st.sets(st.sampled_from(["founder_number", "file_keys", "shares", "tip"])))
def test_a_keyring_from_before_a_field_is_read_without_it(gone: set[str]) -> None:
    keyring = full_keyring()
    version, fields = msgspec.msgpack.decode(keyring.to_bytes())
    older = {name: value for name, value in fields.items() if name not in gone}

    read = Keyring.from_bytes(msgspec.msgpack.encode((version, older)))

    assert read.compartments == keyring.compartments
    fresh = Keyring.fresh()
    for name in gone:
        assert getattr(read, name) == getattr(fresh, name)


def test_a_keyring_written_otherwise_than_we_write_it_is_damaged() -> None:
    version, fields = msgspec.msgpack.decode(full_keyring().to_bytes())
    turned = dict(reversed(fields.items()))

    with pytest.raises(DamagedFile):
        Keyring.from_bytes(msgspec.msgpack.encode((version, turned)))


def test_a_ninth_case_is_refused_in_any_capacity() -> None:
    keyring = full_keyring()

    with pytest.raises(CaseloadFull) as refusal:
        keyring.hold("case/ninth/identity", bytes(16), bytes(32))

    assert (refusal.value.have, refusal.value.cap) == (8, 8)
    assert len(keyring.open_cases()) == 8


def test_a_full_keyring_still_takes_other_keys_of_its_cases_and_other_compartments() -> None:
    keyring = full_keyring()

    keyring.hold("case/c0/identity", bytes(16), bytes(32))
    keyring.hold(CASES[0], bytes([77]) * 16, bytes([77]) * 32)
    keyring.hold("watch", bytes(16), bytes(32))

    assert list(keyring.compartments[CASES[0]].values()) == [bytes(32), bytes([77]) * 32]
    assert len(keyring.open_cases()) == 8


def test_closing_a_case_makes_room_for_another_and_leaves_no_key() -> None:
    keyring = full_keyring()

    keyring.forget(CASES[3])
    keyring.hold("case/ninth/file", bytes([90]) * 16, bytes([90]) * 32)

    with pytest.raises(KeyErased):
        keyring.key(CASES[3], bytes([3]) * 16)
    assert bytes([3]) * 32 not in keyring.to_bytes().replace(keyring.tip.previous, b"")


def test_a_second_key_for_an_epoch_does_not_replace_the_first() -> None:
    keyring = full_keyring()

    with pytest.raises(DamagedKey):
        keyring.hold(CASES[0], bytes(16), bytes([1]) * 32)

    assert keyring.key(CASES[0], bytes(16)) == bytes(32)


@given(week=st.integers(0, 3000), late=st.integers(0, 30))
def test_grant_keys_go_two_weeks_after_their_week(week: int, late: int) -> None:
    keyring = Keyring(signing_seed=bytes(32), grant_keys={week: bytes(32)})
    day = first_day_of(week_of(first_day_of(week))) + late  # type: ignore[arg-type]  # a plain week is a Week

    keyring.erase_old(week=week_of(day), day=day, month=0)  # type: ignore[arg-type]  # a plain day is a Day

    assert (week in keyring.grant_keys) == (late < 21)


@given(month=st.integers(0, 1200), late=st.integers(-40, 80))
def test_file_keys_go_thirty_five_days_after_their_month(month: int, late: int) -> None:
    from datetime import UTC, datetime

    after = day_of(datetime(1970 + (month + 1) // 12, (month + 1) % 12 + 1, 1, tzinfo=UTC))
    day = max(0, after + late)
    today = date_of(day)  # type: ignore[arg-type]  # a plain day is a Day
    keyring = Keyring(signing_seed=bytes(32), file_keys={month: bytes(32)})

    keyring.erase_old(week=0, day=day, month=(today.year - 1970) * 12 + today.month - 1)

    assert (month in keyring.file_keys) == (late < 35)


def test_intake_keys_go_when_their_folders_are_drained() -> None:
    keyring = full_keyring()

    keyring.erase_old(week=9999, day=99_999, month=999)
    assert keyring.identities("intake")
    keyring.forget_intake(20_000)

    assert not keyring.identities("intake")
    assert not keyring.identities("grant")


def test_the_newest_key_is_tried_first() -> None:
    seeds = [identity.seed for identity in full_keyring().identities("grant")]

    assert seeds == [bytes([week]) * 32 for week in range(104, 99, -1)]


def test_keys_of_device_and_founder_are_those_of_their_seeds() -> None:
    keyring = full_keyring()

    assert keyring.signing_key.public == SigningKey.from_seed(bytes(32)).public
    assert keyring.founder_key.public == SigningKey.from_seed(bytes([5]) * 32).public
    with pytest.raises(KeyErased):
        _ = Keyring.fresh().founder_key


def test_neither_keyring_nor_file_shows_anything_of_itself() -> None:
    assert repr(full_keyring()) == str(full_keyring()) == "Keyring(...)"
    assert repr(KEPT) == str(KEPT) == "PassphraseFile(...)"
    assert repr(full_keyring().shares["c9"]) == "Share(number=1, ...)"
