"""Compartments are keys: their epochs, who holds which, which one is written with (DESIGN section 4).

An epoch's id commits to its key. The record that opens it names its parent and grantees. Of two children of one parent
the ledger's earlier is written with and both are read. Nobody seals under a key that a removed, barred or relieved
device holds: the next writer makes a new epoch first.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from tocsin.core.ledger.kinds import EpochOpened

EPOCH_SIZE = 16
KEY_SIZE = 32


def epoch_id(key: bytes) -> bytes:
    """Name an epoch by its key: the first 16 bytes of SHA-256 over a label and the key."""
    return hashlib.sha256(b"tocsin/1 epoch\n" + key).digest()[:EPOCH_SIZE]


@dataclass
class Epoch:
    """One key's time in a compartment, as its opening record tells it."""

    id: bytes
    number: int
    maker: int
    parent: bytes | None
    members: set[int]
    relieved: set[int] = field(default_factory=set)


@dataclass
class Compartment:
    """The epochs of one compartment whose opening records this device could read, in ledger order."""

    name: str
    epochs: dict[bytes, Epoch] = field(default_factory=dict)
    is_shut: bool = False
    is_parked: bool = False

    def open_epoch(
        self, epoch: bytes, opened: EpochOpened, *, maker: int, number: int, recovered: bool = False
    ) -> bool:
        """Take in an opening record; False if its maker could not lawfully make it.

        The parent must be known here and its maker a member of it. A parent that this device was never granted
        cannot be judged: the first epoch it can read stands on the grant that brought it. Two members may begin one
        compartment at once; a stranger to it may not, for what its members say of it holds for all its epochs. A maker
        to whom custodians released the case's shares (`recovered`) is as good as a member.
        """
        if epoch in self.epochs:
            return False
        parent = self.epochs.get(opened.parent) if opened.parent is not None else None
        if parent is not None and not (maker in parent.members or recovered):
            return False
        if parent is None and self.epochs and (opened.parent is not None or not self._is_known(maker)):
            return False
        self.epochs[epoch] = Epoch(epoch, number, maker, opened.parent, {maker, *opened.grantees})
        self.is_shut = self.is_parked = False
        return True

    def _is_known(self, device: int) -> bool:
        return any(device in epoch.members for epoch in self.epochs.values())

    def current(self) -> Epoch | None:
        """The epoch to write with: from the first known one always to the earliest child."""
        if not self.epochs:
            return None
        at = min(self.epochs.values(), key=lambda epoch: epoch.number)
        while True:
            children = [epoch for epoch in self.epochs.values() if epoch.parent == at.id]
            if not children:
                return at
            at = min(children, key=lambda epoch: epoch.number)

    def is_member(self, device: int, epoch: bytes) -> bool:
        """Say whether a device was given the key of an epoch and has not been relieved of it."""
        known = self.epochs.get(epoch)
        return known is not None and device in known.members

    def admit(self, device: int) -> None:
        """The keys were granted to one device more."""
        for epoch in self.epochs.values():
            epoch.members.add(device)
            epoch.relieved.discard(device)

    def relieve_all_but(self, keep: frozenset[int]) -> None:
        """Holders not in `keep` give the compartment up; their knowledge of the keys forces a new epoch."""
        for epoch in self.epochs.values():
            epoch.relieved |= epoch.members - keep
            epoch.members &= keep
