"""A file beside the keyring that only the keyring opens: sealed to an identity derived from the device's signing key."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import TypeVar

import msgspec

from tocsin.core.ledger import UNDECODABLE
from tocsin.core.seal import Identity, Keyring, open_sealed, seal
from tocsin.desk.errors import DamagedNotes
from tocsin.desk.keyfile import write_whole
from tocsin.errors import SealError

T = TypeVar("T")


class SealedFile:
    """One such file; each name has a key of its own."""

    def __init__(self, folder: Path, name: str, keyring: Keyring) -> None:
        self.path = folder / name
        seed = hmac.digest(keyring.signing_seed, f"tocsin/1 file {name}\n".encode(), "sha256")
        self._identity = Identity.from_seed(seed)

    def read(self) -> bytes | None:
        """Open it; None where there is none.

        Raises
        ------
        DamagedNotes
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return open_sealed(data, [self._identity])
        except SealError as trouble:
            raise DamagedNotes(self.path.name) from trouble

    def read_as(self, kind: type[T]) -> T | None:
        """Open it and decode it; None where there is none. Raises DamagedNotes."""
        plain = self.read()
        try:
            return None if plain is None else msgspec.msgpack.decode(plain, type=kind)
        except UNDECODABLE as trouble:
            raise DamagedNotes(self.path.name) from trouble

    def write(self, plain: bytes) -> None:
        """Replace it whole; raises DiskFull, and then the old one stands."""
        write_whole(self.path, seal(plain, [self._identity.recipient]))

    def remove(self) -> None:
        """Take it away, if it is there."""
        self.path.unlink(missing_ok=True)
