"""What a record says, once opened: the base of every kind, and the envelope it travels in.

A room declares each kind it writes as a `Content` subclass with `KIND`, `SCHEMA` and `WRITERS`; nothing else needs to be
registered. `Kinds` is the table of all kinds a program knows; a record of a kind or schema it does not know is kept
unopened and shown, never dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar

import msgspec

from tocsin.core.ledger.errors import DamagedRecord, UnknownKind

UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What hostile bytes make msgspec raise: besides its own errors, text that is no UTF-8, and nesting without end."""


class Duty(StrEnum):
    """What a device may do; who holds which duty stands sealed in `people`, pinned by the roll."""

    ANALYST = "analyst"
    ASSESSOR = "assessor"
    COUNTER = "counter"
    INTAKE = "intake"
    HANDLER = "handler"
    PLANNER = "planner"
    SEAT = "seat"
    CUSTODIAN = "custodian"
    FOUNDER = "founder"
    KEEPER = "keeper"
    SENTRY = "sentry"


ANYBODY: frozenset[Duty] = frozenset(Duty)
"""Writers of a kind that every device on the roll may write."""


class Older(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An earlier schema of a kind, with the fields it had then. It stands before its kind in the room's `records`.

    Not for kinds whose content is hashed or signed elsewhere (duties, protocols, tallies, what an alarm or a plan was
    computed from): the hash is of what was written. Such a kind, changed, is a new kind.
    """

    SCHEMA: ClassVar[int] = 1

    def newer(self) -> Older | Content:
        """Say the same by the next schema; what nobody asked then is unknown, never no."""
        raise NotImplementedError


class Content(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of record. Subclasses are frozen msgspec structs of plain values, times as UTC seconds, days as `Day`."""

    KIND: ClassVar[str]
    SCHEMA: ClassVar[int] = 1
    WRITERS: ClassVar[frozenset[Duty]]
    WHERE: ClassVar[str] = "*"
    """The compartments it may stand in, as a shell pattern (`watch`, `case/*/file`); elsewhere it changes nothing."""
    ABOUT: ClassVar[str] = ""
    """Field with a code that says nothing, by which a desk finds such records without opening them; empty for none."""
    DUE: ClassVar[str] = ""
    """Field with the UTC seconds by which it finds them."""
    URGENT: ClassVar[bool] = False
    """Leaves at once instead of at the next fixed hour; the page says what that shows."""
    OLDER: ClassVar[tuple[type[Older], ...]] = ()
    """Every earlier schema of this kind: records written then are read for ever. New ones are written by this one."""


class Envelope(msgspec.Struct, frozen=True, array_like=True):
    """The sealed part of a record (docs/formats.md section 2)."""

    kind: str
    schema: int
    at: int
    compartment: str
    epoch: bytes
    id: bytes
    based_on: bytes | None
    content: msgspec.Raw


class Kinds:
    """The kinds a program knows, by name and schema."""

    def __init__(self, kinds: Iterable[type[Content]]) -> None:
        self._types: dict[tuple[str, int], type[Content]] = {}
        self._decoders: dict[tuple[str, int], msgspec.msgpack.Decoder[Content | Older]] = {}
        for kind in kinds:
            forms: tuple[type[Content | Older], ...] = (kind, *kind.OLDER)
            for form in forms:
                self._types[kind.KIND, form.SCHEMA] = kind
                self._decoders[kind.KIND, form.SCHEMA] = msgspec.msgpack.Decoder(form)

    def type_of(self, envelope: Envelope) -> type[Content]:
        """Look up the kind of an envelope: its `WRITERS` and `WHERE` say whether it counts.

        Raises
        ------
        UnknownKind
            Written by a newer version: keep the record unopened and show that it is there.
        """
        try:
            return self._types[envelope.kind, envelope.schema]
        except KeyError:
            raise UnknownKind(kind=envelope.kind, schema=envelope.schema) from None

    def is_urgent(self, kind: str, schema: int) -> bool:
        """Say whether a kind leaves at once; one that this program does not know does not."""
        known = self._types.get((kind, schema))
        return known is not None and known.URGENT

    def read(self, envelope: Envelope) -> Content:
        """Decode the content of an envelope; what an earlier schema said, by the newest.

        Raises
        ------
        UnknownKind
            The kind or schema is newer than this program.
        DamagedRecord
            The bytes are not what that kind writes.
        """
        kind = self.type_of(envelope)
        try:
            said = self._decoders[kind.KIND, envelope.schema].decode(envelope.content)
        except UNDECODABLE as trouble:
            raise DamagedRecord("its content does not decode") from trouble
        if msgspec.msgpack.encode(said) != bytes(envelope.content):
            raise DamagedRecord("its content is not in the one encoding")
        while isinstance(said, Older):
            said = said.newer()
        return said
