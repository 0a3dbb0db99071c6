"""Any k of n custodians give a key back, fewer give nothing, and a wrong share is named."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.seal import BadShare, Share, TooFewShares, check, deal, join

SECRET = bytes(range(64))
SHARES = deal(SECRET, label=b"case zwqxil")

three_of_five = st.permutations(SHARES).map(lambda shares: shares[:3])


@given(secret=st.binary(min_size=16, max_size=96), n=st.integers(1, 7), data=st.data())
def test_any_k_of_n_shares_join(secret: bytes, n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, n))
    shares = deal(secret, label=b"any", n=n, k=k)

    chosen = data.draw(st.permutations(shares))[: data.draw(st.integers(k, n))]

    assert join(chosen) == secret


@given(chosen=three_of_five, n=st.integers(0, 2))
def test_fewer_than_the_threshold_do_not_join(chosen: list[Share], n: int) -> None:
    with pytest.raises(TooFewShares) as refusal:
        join([*chosen[:n], *chosen[:n]])

    assert refusal.value.have == n


@given(number=st.integers(0, 4), place=st.integers(0, 63), flip=st.integers(1, 255), n=st.integers(4, 5))
def test_a_wrong_share_among_more_than_the_threshold_is_named(
    number: int, place: int, flip: int, n: int
) -> None:
    shares = list(SHARES)
    value = bytearray(shares[number].value)
    value[place] ^= flip
    shares[number] = msgspec.structs.replace(shares[number], value=bytes(value))
    others = [share for i, share in enumerate(shares) if i != number]

    with pytest.raises(BadShare) as refusal:
        join([shares[number], *others[: n - 1]])

    assert refusal.value.numbers == (number + 1,)


def test_two_wrong_shares_of_five_are_both_named() -> None:
    wrong = [msgspec.structs.replace(share, value=bytes(64)) for share in SHARES[1:3]]

    with pytest.raises(BadShare) as refusal:
        join([SHARES[0], *wrong, *SHARES[3:]])

    assert refusal.value.numbers == (2, 3)


@given(chosen=three_of_five, which=st.integers(0, 2))
def test_a_wrong_share_among_exactly_enough_is_noticed_though_not_which(
    chosen: list[Share], which: int
) -> None:
    damaged = [*chosen]
    damaged[which] = msgspec.structs.replace(chosen[which], value=bytes(64))

    with pytest.raises(BadShare) as refusal:
        join(damaged)

    assert refusal.value.numbers == tuple(sorted(share.number for share in chosen))


def test_a_share_of_another_deal_is_named() -> None:
    stray = deal(bytes(64), label=b"case zwqxil")[4]

    with pytest.raises(BadShare) as refusal:
        join([*SHARES[:3], stray])

    assert refusal.value.numbers == (5,)


def test_one_custodian_answering_twice_with_two_shares_counts_once() -> None:
    second = msgspec.structs.replace(SHARES[0], value=bytes(64))

    with pytest.raises(TooFewShares):
        join([SHARES[0], second, SHARES[1]])
    with pytest.raises(BadShare) as refusal:
        join([SHARES[0], second, SHARES[1], SHARES[2]])

    assert refusal.value.numbers == (1,)


@given(number=st.integers(-1, 256), threshold=st.integers(-1, 256))
def test_impossible_numbers_are_refused(number: int, threshold: int) -> None:
    share = msgspec.structs.replace(SHARES[0], number=number, threshold=threshold)

    if (number, threshold) != (1, 3):
        with pytest.raises(BadShare):
            check(share, SECRET, b"case zwqxil")
        with pytest.raises((BadShare, TooFewShares)):
            join([share, SHARES[1], SHARES[2]])


def test_any_holder_deals_again_byte_for_byte() -> None:
    assert deal(SECRET, label=b"case zwqxil") == SHARES
    assert [share.commitment for share in deal(SECRET, label=b"case zwqxil", n=9)][:5] == [
        share.commitment for share in SHARES
    ]
    for share in SHARES:
        check(share, SECRET, b"case zwqxil")


def test_another_label_secret_or_threshold_gives_unrelated_shares() -> None:
    label = b"case zwqxil"
    others = [deal(SECRET, label=b"b"), deal(bytes(64), label=label), deal(SECRET, label=label, k=4)]

    for other in others:
        assert not {share.value for share in other} & {share.value for share in SHARES}
    for other in others[:2]:
        with pytest.raises(BadShare):
            check(other[0], SECRET, label)


def test_junk_from_a_dealer_is_found_before_it_is_needed() -> None:
    junk = msgspec.structs.replace(SHARES[2], value=SHARES[3].value)

    with pytest.raises(BadShare):
        check(junk, SECRET, b"case zwqxil")


@pytest.mark.parametrize(("n", "k"), [(2, 3), (5, 0), (256, 3)])
def test_impossible_deals_are_refused(n: int, k: int) -> None:
    with pytest.raises(ValueError, match="k <= n"):
        deal(SECRET, label=b"", n=n, k=k)


def test_a_share_shows_nothing_of_itself_and_its_commitment_does_not_either() -> None:
    assert SHARES[0].value.hex()[:8] not in repr(SHARES[0])
    assert SHARES[0].value not in SHARES[0].commitment
    assert len({share.commitment for share in SHARES}) == 5
