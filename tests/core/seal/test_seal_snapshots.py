"""A snapshot opens under exactly the keys it was sealed under, and only whole."""

from __future__ import annotations

import io
from collections.abc import Callable

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tocsin.core.seal import (
    SNAPSHOT_LEAD,
    DamagedFile,
    Keyring,
    WrongKey,
    fits_snapshot,
    open_snapshot,
    seal_snapshot,
    snapshot_key,
)

HELD = {
    "watch": {b"w" * 16: b"1" * 32, b"x" * 16: b"2" * 32},
    "case/canary-siskin/file": {b"c" * 16: b"3" * 32},
}


def keyring(held: dict[str, dict[bytes, bytes]] = HELD, *, seed: bytes = bytes(32)) -> Keyring:
    """A device that holds these keys."""
    return Keyring(signing_seed=seed, compartments={name: dict(epochs) for name, epochs in held.items()})


def sealed(ring: Keyring, plain: bytes) -> bytes:
    sink = io.BytesIO()
    seal_snapshot(ring, io.BytesIO(plain), sink)
    return sink.getvalue()


def opened(ring: Keyring, file: bytes) -> bytes:
    sink = io.BytesIO()
    open_snapshot(ring, io.BytesIO(file), sink)
    return sink.getvalue()


@pytest.mark.parametrize("size", [0, 1, 65_536, 200_000])
def test_it_opens_under_the_keys_it_was_sealed_under_in_whatever_order_they_came(size: int) -> None:
    plain = (b"canary-siskin" * size)[:size]
    turned = {name: dict(reversed(HELD[name].items())) for name in reversed(HELD)}

    file = sealed(keyring(), plain)

    assert opened(keyring(turned), file) == plain
    assert fits_snapshot(keyring(turned), file[:SNAPSHOT_LEAD])
    assert b"canary-siskin" not in file
    assert sealed(keyring(), plain)[: len(file) // 2] != file[: len(file) // 2]


def erase_one(ring: Keyring) -> None:
    del ring.compartments["watch"][b"w" * 16]


def erase_a_compartment(ring: Keyring) -> None:
    ring.forget("case/canary-siskin/file")


def hold_one_more(ring: Keyring) -> None:
    ring.hold("clock", b"k" * 16, b"4" * 32)


def hold_it_elsewhere(ring: Keyring) -> None:
    ring.compartments["case/canary-siskin/identity"] = ring.compartments.pop("case/canary-siskin/file")


def be_another_device(ring: Keyring) -> None:
    ring.signing_seed = b"s" * 32


@pytest.mark.parametrize(
    "change", [erase_one, erase_a_compartment, hold_one_more, hold_it_elsewhere, be_another_device]
)
def test_one_key_less_or_more_and_it_opens_no_more(change: Callable[[Keyring], None]) -> None:
    file = sealed(keyring(), b"canary-siskin")
    ring = keyring()

    change(ring)

    assert not fits_snapshot(ring, file[:SNAPSHOT_LEAD])
    with pytest.raises(WrongKey):
        opened(ring, file)


COMPARTMENTS = st.dictionaries(
    st.text(max_size=5),
    st.dictionaries(st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32), max_size=3),
    max_size=4,
)


@given(COMPARTMENTS, COMPARTMENTS)
def test_two_sets_of_keys_give_one_key_only_if_they_are_the_same(
    one: dict[str, dict[bytes, bytes]], other: dict[str, dict[bytes, bytes]]
) -> None:
    def held(compartments: dict[str, dict[bytes, bytes]]) -> dict[str, dict[bytes, bytes]]:
        return {name: epochs for name, epochs in compartments.items() if epochs}

    assert (snapshot_key(keyring(one)) == snapshot_key(keyring(other))) == (held(one) == held(other))


@given(st.data())
def test_changed_cut_or_lengthened_anywhere_it_is_refused(data: st.DataObject) -> None:
    file = sealed(keyring(), b"canary-siskin" * 6000)
    at = data.draw(st.integers(0, len(file) - 1), label="at")
    how = data.draw(st.sampled_from(["flip", "cut", "add"]), label="how")
    damaged = {
        "flip": file[:at] + bytes([file[at] ^ 0x20]) + file[at + 1 :],
        "cut": file[:at],
        "add": file + file[at:],
    }[how]

    with pytest.raises((DamagedFile, WrongKey)):
        opened(keyring(), damaged)
