"""What a relay answers in msgpack (docs/formats.md section 6): written by the relay, read by desks, declared once.

Reading checks every size: what a hostile relay sends must fail here, and not where it is packed or compared.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from tocsin.core.ledger.head import Cosignature, Head

_Long = Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]
_Short = Annotated[int, msgspec.Meta(ge=0, lt=1 << 32)]
_Hash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
_Signature = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]


class Refusal(msgspec.Struct, frozen=True):
    """Every answer with a status of 400 or more."""

    code: str
    sentence: str


class Lodged(msgspec.Struct, frozen=True):
    """A coalition moved in: its id, and the key that the relay signs with."""

    coalition: _Hash
    relay_key: _Hash


class _SignedHead(msgspec.Struct, frozen=True):
    size: _Long
    root: _Hash
    day: _Short
    signature: _Signature

    @property
    def head(self) -> Head:
        """The head that the relay signed."""
        return Head(self.size, self.root, self.day)


class Taken(_SignedHead, frozen=True):
    """Records were kept: the head over them, and their numbers."""

    numbers: tuple[_Long, ...]


class HeadAnswer(_SignedHead, frozen=True):
    """The newest head, and each device's newest co-signature as device, size, root, signature."""

    cosignatures: tuple[tuple[_Short, _Long, _Hash, _Signature], ...]
    filling: bool = False
    """The relay lost this ledger, or has lost its newest records, and is being filled again: it takes nothing new."""

    @property
    def words(self) -> list[Cosignature]:
        """The co-signatures, none of them checked."""
        return [Cosignature(*row) for row in self.cosignatures]


class Beside(HeadAnswer, frozen=True, kw_only=True):
    """The head, and what lies beside the ledger: a name for the keys published, and each folder's counts."""

    keys: _Hash
    folders: tuple[tuple[_Short, _Long, _Long], ...]
    """Day, grants, submissions."""
    attachments: _Long = 0
    """How many complete attachments there are; 0 to whoever is no keeper."""
