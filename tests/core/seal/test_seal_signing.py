"""A signature serves one use, in one coalition, for one message."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.seal import NO_COALITION, BadSignature, SigningKey, Use, verify

KEY = SigningKey.from_seed(bytes(range(32)))
COALITION = bytes([7]) * 32

uses = st.sampled_from(get_args(Use))


@given(use=uses, message=st.binary(max_size=300))
def test_what_is_signed_verifies(use: Use, message: bytes) -> None:
    signature = KEY.sign(use, coalition=COALITION, message=message)

    verify(KEY.public, signature, use, coalition=COALITION, message=message)


@given(use=uses, other=uses, message=st.binary(max_size=40))
def test_a_signature_for_one_use_serves_no_other(use: Use, other: Use, message: bytes) -> None:
    signature = KEY.sign(use, coalition=COALITION, message=message)

    if other != use:
        with pytest.raises(BadSignature):
            verify(KEY.public, signature, other, coalition=COALITION, message=message)


def test_a_signature_of_one_coalition_serves_no_other() -> None:
    signature = KEY.sign("vote", coalition=COALITION, message=b"brief")

    with pytest.raises(BadSignature):
        verify(KEY.public, signature, "vote", coalition=NO_COALITION, message=b"brief")


@given(message=st.binary(min_size=1, max_size=80), data=st.data())
def test_any_flipped_bit_breaks_a_signature(message: bytes, data: st.DataObject) -> None:
    signature = KEY.sign("record", coalition=COALITION, message=message)
    joined = bytearray(signature + message)
    place = data.draw(st.integers(0, len(joined) * 8 - 1))
    joined[place // 8] ^= 1 << place % 8

    with pytest.raises(BadSignature):
        verify(KEY.public, bytes(joined[:64]), "record", coalition=COALITION, message=bytes(joined[64:]))


@given(n_bytes=st.integers(0, 70).filter(lambda n: n != 32))
def test_bytes_cannot_slide_between_coalition_and_message(n_bytes: int) -> None:
    with pytest.raises(BadSignature):
        KEY.sign("record", coalition=bytes(n_bytes), message=b"")


@given(public=st.binary(max_size=40), signature=st.binary(max_size=70))
def test_junk_keys_and_signatures_are_bad_signatures(public: bytes, signature: bytes) -> None:
    with pytest.raises(BadSignature):
        verify(public, signature, "roll", coalition=COALITION, message=b"roll")


def test_the_signed_bytes_are_those_of_the_format() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    signature = KEY.sign("head", coalition=COALITION, message=b"size and root")

    signed = b"tocsin/1 head\n" + COALITION + b"size and root"
    Ed25519PublicKey.from_public_bytes(KEY.public).verify(signature, signed)


def test_a_signing_key_shows_nothing_of_itself() -> None:
    assert KEY.seed.hex() not in repr(KEY)
    assert repr(KEY) == str(KEY) == "SigningKey(...)"
    assert SigningKey.fresh().seed != SigningKey.fresh().seed
