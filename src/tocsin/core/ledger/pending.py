"""Epochs that this device made and has not read back: written with at once, dropped if they will never count."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tocsin.core.ledger.errors import NoKey
from tocsin.core.ledger.kinds import EpochOpened
from tocsin.core.ledger.record import Record
from tocsin.core.ledger.world import World
from tocsin.core.seal import Keyring


class PendingEpoch(NamedTuple):
    """An epoch that this device made and has not yet read back."""

    epoch: bytes
    parent: bytes | None
    members: frozenset[int]
    chain: int
    """This device's number for the opening record."""


class Pending:
    """The newest such epoch of each compartment, in `epochs`."""

    def __init__(self, keyring: Keyring, world: World) -> None:
        self.keyring = keyring
        self.world = world
        self.epochs: dict[str, PendingEpoch] = {}

    def is_opening(self, name: str) -> bool:
        """Say whether this device made a new epoch of a compartment that it has not read back yet."""
        return name in self.epochs

    def expect(self, records: Iterable[Record]) -> None:
        """Take up, after a restart, the epochs that finished records still waiting to leave will open."""
        for record in records:
            try:
                envelope, content = self.world.peek(record)
            except NoKey:
                continue
            if isinstance(content, EpochOpened):
                members = frozenset(content.grantees) | {self.keyring.device}
                chain = record.header.chain
                self.epochs[envelope.compartment] = PendingEpoch(
                    envelope.epoch, content.parent, members, chain
                )

    def take_back(self, chain: int) -> None:
        """Forget the epochs that finished records from number `chain` on would have opened: they will not be sent."""
        for name, pending in list(self.epochs.items()):
            if pending.chain >= chain:
                self._drop(name, pending.epoch)

    def settle(self, name: str) -> None:
        """Forget that an epoch of ours is pending once the ledger holds it; erase its key if it did not count."""
        known, pending = self.world.compartments.get(name), self.epochs.get(name)
        if pending is None:
            return
        if known is not None and pending.epoch in known.epochs:
            del self.epochs[name]
        elif self.world.tips[self.keyring.device].chain > pending.chain:
            self._drop(name, pending.epoch)

    def _drop(self, name: str, epoch: bytes) -> None:
        del self.epochs[name]
        held = self.keyring.compartments.get(name, {})
        held.pop(epoch, None)
        if not held:
            self.keyring.forget(name)
