"""Comparing our tree with what other devices saw: which heads are firm, and whether two ledgers are about."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tocsin.core.ledger.errors import ForkSeen
from tocsin.core.ledger.head import Cosignature, check_against, firm_size
from tocsin.core.ledger.record import Header
from tocsin.core.ledger.roll import Roll
from tocsin.core.ledger.tree import Tree


class FrozenVouching(msgspec.Struct, frozen=True):
    """The same as plain values: splits by device and size."""

    firm: int
    split: list[tuple[int, int]]
    cosigned: dict[int, Cosignature]


class Vouching:
    """What the devices vouch for, held against one tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.firm = 0
        """The size up to which two organisations vouch for the ledger; it never shrinks."""
        self.split: list[ForkSeen] = []
        """Heads that cannot be true together with our tree, one for each device and size."""
        self._cosigned: dict[int, Cosignature] = {}
        self._roots: dict[int, bytes] = {}

    def root_at(self, size: int) -> bytes:
        """Say the root of our first `size` records; asked of the same few heads again and again."""
        root = self._roots.get(size)
        if root is None:
            root = self._roots[size] = self._tree.root(size)
        return root

    def compare(self, header: Header, number: int) -> None:
        """Hold the head that the author of record `number` saw against our tree; what does not fit is kept in `split`."""
        seen = header.seen_size
        # A head that has more records than stand before this one was signed over another ledger than ours.
        if seen > number or (seen and self.root_at(seen) != header.seen_root):
            self._see_split(ForkSeen(device=header.device, size=seen))

    def take(self, cosignatures: Iterable[Cosignature], roll: Roll) -> int:
        """Take verified co-signatures, the newest of each device; return the firm size, which never shrinks.

        A co-signature over another order of records than ours is a fork and kept in `split`.
        """
        for word in cosignatures:
            known = self._cosigned.get(word.device)
            if known is None or word.size >= known.size:
                self._cosigned[word.device] = word
            try:
                check_against(
                    self.root_at, self._tree.size, device=word.device, seen=word.size, root=word.root
                )
            except ForkSeen as trouble:
                self._see_split(trouble)
        organisation = {entry.number: entry.organisation for entry in roll.active}
        firm = firm_size(
            self._cosigned.values(),
            organisation_of=organisation.get,
            n_organisations=roll.n_organisations,
            tree_size=self._tree.size,
            tree_root=self.root_at,
        )
        self.firm = max(self.firm, firm)
        return self.firm

    def knows(self, word: Cosignature) -> bool:
        """Say whether a co-signature, to the byte, was taken already."""
        return self._cosigned.get(word.device) == word

    def standing_splits(self, roll: Roll) -> list[ForkSeen]:
        """The splits seen by devices that are on the roll: once a liar among them is removed, its word stops nothing."""
        active = {entry.number for entry in roll.active}
        return [seen for seen in self.split if seen.device in active]

    def _see_split(self, seen: ForkSeen) -> None:
        if all((known.device, known.size) != (seen.device, seen.size) for known in self.split):
            self.split.append(seen)

    def freeze(self) -> FrozenVouching:
        """Give it as plain values; roots are asked of the tree again."""
        split = [(seen.device, seen.size) for seen in self.split]
        return FrozenVouching(self.firm, split, self._cosigned)

    @classmethod
    def thaw(cls, frozen: FrozenVouching, tree: Tree) -> Vouching:
        """Make it again of what `freeze` gave, held against the same tree."""
        vouching = cls(tree)
        vouching.firm, vouching._cosigned = frozen.firm, frozen.cosigned
        vouching.split = [ForkSeen(device=device, size=size) for device, size in frozen.split]
        return vouching
