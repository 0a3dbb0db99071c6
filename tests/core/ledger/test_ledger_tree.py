"""The tree of RFC 6962: published roots, a brute-force reference for every small size, and proofs that must refuse."""

from __future__ import annotations

import hashlib

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tocsin.core.ledger import (
    EMPTY_ROOT,
    BadProof,
    Peaks,
    Tree,
    consistency_proof,
    inclusion_proof,
    root_of,
    verify_consistency,
    verify_inclusion,
)

MOST = 70

# The eight leaf inputs and the roots of their first n, from certificate-transparency's merkletree tests
# (merkle_tree_test.cc and google/trillian's testonly/reference data), which implement RFC 6962 section 2.1.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def brute(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, as it stands there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + brute(leaves[:k]) + brute(leaves[k:])).digest()


def brute_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962 section 2.1.1: PATH(m, D[n])."""
    if len(leaves) <= 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*brute_path(m, leaves[:k]), brute(leaves[k:])]
    return [*brute_path(m - k, leaves[k:]), brute(leaves[:k])]


def brute_proof(m: int, leaves: list[bytes], *, whole: bool = True) -> list[bytes]:
    """RFC 6962 section 2.1.2: SUBPROOF(m, D[n], b)."""
    n = len(leaves)
    if m == n:
        return [] if whole else [brute(leaves)]
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        return [*brute_proof(m, leaves[:k], whole=whole), brute(leaves[k:])]
    return [*brute_proof(m - k, leaves[k:], whole=False), brute(leaves[:k])]


LEAVES = [leaf(bytes([n])) for n in range(MOST)]
TREE = Tree()
for each in LEAVES:
    TREE.append(each)
ROOTS_HERE = [brute(LEAVES[:n]) for n in range(MOST + 1)]

sizes = st.integers(1, MOST)


def test_the_published_roots_are_met() -> None:
    tree = Tree()
    for text, root in zip(INPUTS, ROOTS, strict=True):
        tree.append(leaf(bytes.fromhex(text)))

        assert tree.root().hex() == root

    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_every_small_size_has_the_root_of_the_reference() -> None:
    assert [TREE.root(n) for n in range(MOST + 1)] == ROOTS_HERE
    assert [root_of(TREE.node, n) for n in range(1, MOST + 1)] == ROOTS_HERE[1:]
    with pytest.raises(BadProof):
        TREE.root(MOST + 1)


@given(sizes, st.integers(0, MOST))
def test_the_root_with_more_leaves_is_told_beforehand(size: int, n_more: int) -> None:
    tree = Tree()
    for each in LEAVES[:size]:
        tree.append(each)

    assert tree.root_with(LEAVES[size : size + n_more]) == ROOTS_HERE[min(size + n_more, MOST)]
    assert (tree.size, tree.root()) == (size, ROOTS_HERE[size])


def test_peaks_survive_being_written_down_at_every_size() -> None:
    peaks = Peaks()
    for n, each in enumerate(LEAVES, 1):
        peaks.push(each)
        peaks = Peaks.from_bytes(peaks.to_bytes())

        assert (peaks.size, peaks.root()) == (n, ROOTS_HERE[n])

    with pytest.raises(BadProof):
        Peaks(3, LEAVES[:1])


def test_every_inclusion_proof_is_the_references_and_holds() -> None:
    for size in range(1, MOST + 1):
        for number in range(size):
            proof = inclusion_proof(TREE.node, number, size)

            assert proof == brute_path(number, LEAVES[:size])
            verify_inclusion(LEAVES[number], number, size, proof, ROOTS_HERE[size])


def test_every_consistency_proof_is_the_references_and_holds() -> None:
    for new in range(1, MOST + 1):
        for old in range(1, new + 1):
            proof = consistency_proof(TREE.node, old, new)

            assert proof == brute_proof(old, LEAVES[:new])
            verify_consistency(old, ROOTS_HERE[old], new, ROOTS_HERE[new], proof)


@given(sizes, st.data())
def test_a_wrong_inclusion_proof_is_refused(size: int, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(TREE.node, number, size)
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != number) if size > 1 else st.just(size))
    wrong = [
        (LEAVES[number], other, size, proof, ROOTS_HERE[size]),
        (LEAVES[(number + 1) % MOST], number, size, proof, ROOTS_HERE[size]),
        (LEAVES[number], number, size, [*proof, bytes(32)], ROOTS_HERE[size]),
        (LEAVES[number], number, size, proof, ROOTS_HERE[size - 1]),
        (LEAVES[number], -1, size, proof, ROOTS_HERE[size]),
    ]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        wrong.append((LEAVES[number], number, size, proof[:at] + proof[at + 1 :], ROOTS_HERE[size]))
        flipped = [*proof[:at], bytes(32), *proof[at + 1 :]]
        wrong.append((LEAVES[number], number, size, flipped, ROOTS_HERE[size]))

    for case in wrong:
        with pytest.raises(BadProof):
            verify_inclusion(*case)


@given(sizes, st.data())
def test_a_wrong_consistency_proof_is_refused(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    proof = consistency_proof(TREE.node, old, new)
    right = (old, ROOTS_HERE[old], new, ROOTS_HERE[new])
    wrong = [
        (*right, [*proof, bytes(32)]),
        (old, bytes(32), new, ROOTS_HERE[new], proof),
        (old, ROOTS_HERE[old], new, bytes(32), proof),
        (new + 1, ROOTS_HERE[old], new, ROOTS_HERE[new], proof),
        (0, EMPTY_ROOT, new, ROOTS_HERE[new], proof),
    ]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        wrong.append((*right, proof[:at] + proof[at + 1 :]))
        wrong.append((*right, [*proof[:at], bytes(32), *proof[at + 1 :]]))

    for case in wrong:
        with pytest.raises(BadProof):
            verify_consistency(*case)


@pytest.mark.parametrize(("number", "size"), [(-1, 5), (5, 5), (0, 0)])
def test_no_proof_is_made_for_a_leaf_that_is_not_there(number: int, size: int) -> None:
    with pytest.raises(BadProof):
        inclusion_proof(TREE.node, number, size)


@pytest.mark.parametrize(("old", "new"), [(0, 5), (6, 5)])
def test_no_proof_is_made_that_a_tree_shrank(old: int, new: int) -> None:
    with pytest.raises(BadProof):
        consistency_proof(TREE.node, old, new)
