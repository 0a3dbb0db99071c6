"""Heads: which are firm, whose word counts, and how a split shows."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from gathering import (
    FOUNDED,
    Gathering,
)
from hypothesis import given

from tocsin.core.ledger import (
    Cosignature,
    Head,
    Status,
    World,
    firm_size,
    head_words,
    sign_head,
    verify_cosignature,
    verify_head,
)
from tocsin.core.seal import BadSignature, SigningKey


@pytest.fixture
def world() -> Gathering:
    return Gathering()


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
