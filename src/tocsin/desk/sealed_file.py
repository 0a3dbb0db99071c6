"""A file beside the keyring that only the keyring opens: sealed to an identity derived from the device's signing key."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import msgspec

from tocsin.core.ledger import UNDECODABLE
from tocsin.core.seal import Identity, Keyring, open_sealed, seal
from tocsin.desk.errors import DamagedNotes
from tocsin.desk.keyfile import write_whole
from tocsin.errors import SealError

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)


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


class Keeper(Protocol):
    """A desk, as far as its files go."""

    folder: Path

    @property
    def keyring(self) -> Keyring:
        """What opens them."""


class Notes(Generic[S]):
    """Notes of one kind in such a file: what a page asked last, and what came of it. They begin as the kind does."""

    def __init__(self, name: str, kind: type[S]) -> None:
        self.name, self.kind = name, kind

    def read(self, desk: Keeper) -> S:
        """Read a desk's; raises DamagedNotes."""
        return SealedFile(desk.folder, self.name, desk.keyring).read_as(self.kind) or self.kind()

    def change(self, desk: Keeper, **changes: object) -> None:
        """Change some fields of a desk's; raises DamagedNotes, and DiskFull, and then the old ones stand."""
        noted = msgspec.structs.replace(self.read(desk), **changes)
        SealedFile(desk.folder, self.name, desk.keyring).write(msgspec.msgpack.encode(noted))
