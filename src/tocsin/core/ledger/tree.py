"""The Merkle tree of RFC 6962 section 2.1 over record leaves: peaks to append, nodes to prove.

A *node* (level, index) is the hash over the 2**level leaves from index * 2**level on; only complete nodes exist, and a
complete node never changes. The relay keeps peaks in its head row and nodes in a table; a desk keeps the whole `Tree`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from tocsin.core.ledger.errors import BadProof

EMPTY_ROOT = hashlib.sha256(b"").digest()

Node = Callable[[int, int], bytes]
"""Look up a complete node by level and index."""


def _join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Peaks:
    """The at most 64 complete subtrees that make up a tree: all that appending needs."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        """Take the size and the peaks, largest subtree first."""
        self.size = size
        self._hashes = list(hashes)
        if len(self._hashes) != size.bit_count():
            raise BadProof

    def push(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Append a leaf; return the nodes (level, index, hash) completed by it, the leaf itself first."""
        made = [(0, self.size, leaf)]
        node, level, index = leaf, 0, self.size
        while index & 1:
            node, level, index = _join(self._hashes.pop(), node), level + 1, index >> 1
            made.append((level, index, node))
        self._hashes.append(node)
        self.size += 1
        return made

    def root(self) -> bytes:
        """Hash the peaks into the root."""
        return _bag(self._hashes)

    def to_bytes(self) -> bytes:
        """Write size (8) and peaks joined."""
        return self.size.to_bytes(8, "big") + b"".join(self._hashes)

    @classmethod
    def from_bytes(cls, data: bytes) -> Peaks:
        """Read what `to_bytes` wrote."""
        return cls(int.from_bytes(data[:8], "big"), (data[at : at + 32] for at in range(8, len(data), 32)))


def _bag(peaks: list[bytes]) -> bytes:
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = _join(peak, root)
    return root


def _peak_nodes(start: int, end: int) -> list[tuple[int, int]]:
    """Name the complete nodes, largest first, whose leaves are exactly start..end-1.

    `start` is a multiple of the largest power of two in `end - start`, as it is in every split of RFC 6962.
    """
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def root_of(node: Node, size: int) -> bytes:
    """Compute the root of the first `size` leaves."""
    return _range_hash(node, 0, size)


def _range_hash(node: Node, start: int, end: int) -> bytes:
    return _bag([node(level, index) for level, index in _peak_nodes(start, end)])


def _split(n: int) -> int:
    """Say the largest power of two below n (RFC 6962 names it k)."""
    return 1 << ((n - 1).bit_length() - 1)


def inclusion_proof(node: Node, number: int, size: int) -> list[bytes]:
    """Make the audit path of a leaf, nearest sibling first (RFC 6962 section 2.1.1).

    Raises
    ------
    BadProof
        The leaf is not among the first `size`.
    """
    if not 0 <= number < size:
        raise BadProof
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if number < middle:
            path.append(_range_hash(node, middle, end))
            end = middle
        else:
            path.append(_range_hash(node, start, middle))
            start = middle
    return path[::-1]


def consistency_proof(node: Node, old: int, new: int) -> list[bytes]:
    """Make the proof that the first `old` leaves are a prefix of the first `new` (RFC 6962 section 2.1.2).

    Raises
    ------
    BadProof
        `old` is zero or larger than `new`.
    """
    if not 0 < old <= new:
        raise BadProof
    path: list[bytes] = []
    start, end, whole = 0, new, True
    while old - start != end - start:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range_hash(node, middle, end))
            end = middle
        else:
            path.append(_range_hash(node, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(_range_hash(node, start, end))
    return path[::-1]


def verify_inclusion(leaf: bytes, number: int, size: int, proof: list[bytes], root: bytes) -> None:
    """Check an audit path (RFC 9162 section 2.1.3.2).

    Raises
    ------
    BadProof
        It leads to another root.
    """
    if not 0 <= number < size:
        raise BadProof
    first, last, node = number, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise BadProof
        if first & 1 or first == last:
            node = _join(sibling, node)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            node = _join(node, sibling)
        first, last = first >> 1, last >> 1
    if last or node != root:
        raise BadProof


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> None:
    """Check that a tree only grew (RFC 9162 section 2.1.4.2).

    Raises
    ------
    BadProof
        The old tree is not a prefix of the new one.
    """
    if not 0 < old <= new:
        raise BadProof
    if old == new:
        if proof or old_root != new_root:
            raise BadProof
        return
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise BadProof
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise BadProof
        if first & 1 or first == last:
            before, after = _join(sibling, before), _join(sibling, after)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            after = _join(after, sibling)
        first, last = first >> 1, last >> 1
    if last or before != old_root or after != new_root:
        raise BadProof


class Tree:
    """The whole tree in memory, 64 bytes a leaf: what a desk checks heads against."""

    def __init__(self) -> None:
        self._peaks = Peaks()
        self._levels: list[bytearray] = []

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return self._peaks.size

    def append(self, leaf: bytes) -> None:
        """Add a leaf at the end."""
        for level, _, node in self._peaks.push(leaf):
            if level == len(self._levels):
                self._levels.append(bytearray())
            self._levels[level] += node

    def node(self, level: int, index: int) -> bytes:
        """Look up a complete node."""
        return bytes(self._levels[level][index * 32 : index * 32 + 32])

    def root(self, size: int | None = None) -> bytes:
        """Say the root now, or when the tree had `size` leaves.

        Raises
        ------
        BadProof
            It never had that many.
        """
        if size is None or size == self.size:
            return self._peaks.root()
        if size > self.size:
            raise BadProof
        return root_of(self.node, size)

    def root_with(self, leaves: Iterable[bytes]) -> bytes:
        """Say what the root would be with more leaves at the end; the tree stays as it is."""
        peaks = Peaks.from_bytes(self._peaks.to_bytes())
        for leaf in leaves:
            peaks.push(leaf)
        return peaks.root()

    def freeze(self) -> list[bytearray]:
        """Give all complete nodes, level by level: the tree's own, not a copy."""
        return self._levels

    @classmethod
    def thaw(cls, levels: list[bytearray]) -> Tree:
        """Make the tree again of what `freeze` gave."""
        tree = cls()
        tree._levels = levels
        size = len(levels[0]) // 32 if levels else 0
        tree._peaks = Peaks(size, [tree.node(level, index) for level, index in _peak_nodes(0, size)])
        return tree
