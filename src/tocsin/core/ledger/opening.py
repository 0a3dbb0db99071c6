"""Finding the compartment key that opens a record, and opening it.

A record does not say which compartment it belongs to. A key fits if its HMAC of the header is the record's tag, which costs
about a microsecond a key; the keys shared with the record's author are tried, the one that fitted last time first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from tocsin.core.ledger.compartments import EPOCH_SIZE, Compartment
from tocsin.core.ledger.content import UNDECODABLE, Envelope
from tocsin.core.ledger.errors import DamagedRecord
from tocsin.core.ledger.record import HEADER_SIZE, TAG_SIZE, Record
from tocsin.core.seal import open_body, tag_and_key

_ENVELOPE = msgspec.msgpack.Decoder(Envelope)
_ENCODE = msgspec.msgpack.Encoder().encode
_SEAL = HEADER_SIZE + TAG_SIZE

Keys = Mapping[str, Mapping[bytes, bytes]]
"""Compartment keys as the keyring holds them: name -> epoch -> key."""


class Key(NamedTuple):
    """A compartment key to try."""

    compartment: str
    epoch: bytes
    key: bytes


class Opener:
    """The keys of one device, and the seals of all records, to try a key that comes later."""

    def __init__(self, keys: Keys, compartments: Mapping[str, Compartment]) -> None:
        """Begin before the founding record; both are read live, and a key whose epoch leaves an author out is not tried."""
        self._keys = keys
        self._compartments = compartments
        self.seals = bytearray()
        """Header and tag of every record taken, one behind the other."""
        self._to_try: dict[int, list[Key]] = {}
        self._known: tuple[list[str], list[tuple[bytes, ...]]] | None = None

    def remember(self, record: Record) -> None:
        """Keep the next record's header and tag: all it takes to see whether a key fits."""
        self.seals += record.header_bytes + record.tag

    def choose_anew(self) -> None:
        """Epochs or their members changed: which keys to try with which author is asked again."""
        self._known = None
        self._to_try.clear()

    def find(self, record: Record) -> tuple[Key, bytes] | None:
        """Find the compartment key that made the tag; return it with the key used once."""
        keys = self._to_try.get(record.header.device)
        found = _first_fitting(keys, record) if keys else None
        if found is not None and self._is_held(found[0]):
            return found
        # Only now, for it takes as long as there are keys: has one come or gone since?
        newest = self._keys_for(record.header.device)
        return None if newest is keys else _first_fitting(newest, record)

    def fitting(self, numbers: Iterable[int], compartment: str) -> list[int]:
        """Keep the records that a key held of this compartment opens."""
        keys = list(self._keys.get(compartment, {}).values())
        return [number for number in numbers if any(self._fits(number, key) for key in keys)]

    def under(self, numbers: Iterable[int], key: bytes) -> list[int]:
        """Keep the records that a key opens, held or not."""
        return [number for number in numbers if self._fits(number, key)]

    def open(self, record: Record, key: Key, once: bytes) -> Envelope:
        """Open a record's body with the key found.

        Raises
        ------
        DamagedFile
            The body is not what its author sealed.
        DamagedRecord
            Its envelope does not decode, or names another compartment or epoch than the key's.
        """
        plain = open_body(once, record.header_bytes, record.tag, record.body or b"")
        try:
            envelope = _ENVELOPE.decode(plain)
        except UNDECODABLE as trouble:
            raise DamagedRecord("its envelope does not decode") from trouble
        if _ENCODE(envelope) != plain or len(envelope.id) != EPOCH_SIZE:
            raise DamagedRecord("its envelope is not in the one encoding")
        # Asked by name: a hostile member may have granted us a known key again under a name of its own.
        if self._keys.get(envelope.compartment, {}).get(envelope.epoch) != key.key:
            raise DamagedRecord("it says it belongs elsewhere")
        return envelope

    def _fits(self, number: int, key: bytes) -> bool:
        at = number * _SEAL
        header, tag = self.seals[at : at + HEADER_SIZE], self.seals[at + HEADER_SIZE : at + _SEAL]
        return tag_and_key(key, bytes(header))[0] == tag

    def _is_held(self, key: Key) -> bool:
        return self._keys.get(key.compartment, {}).get(key.epoch) == key.key

    def _keys_for(self, device: int) -> list[Key]:
        known = [*self._keys], [*map(tuple, self._keys.values())]
        if known != self._known:
            self._to_try, self._known = {}, known
        if device not in self._to_try:
            self._to_try[device] = list(self._shared_with(device))
        return self._to_try[device]

    def _shared_with(self, device: int) -> Iterable[Key]:
        """Keys whose epoch this author may hold, and those whose opening record was not read yet."""
        for name, epochs in self._keys.items():
            known = self._compartments.get(name)
            for epoch, key in epochs.items():
                state = known.epochs.get(epoch) if known else None
                if state is None or device in state.members or device in state.relieved:
                    yield Key(name, epoch, key)


def _first_fitting(keys: list[Key], record: Record) -> tuple[Key, bytes] | None:
    for at, key in enumerate(keys):
        tag, once = tag_and_key(key.key, record.header_bytes)
        if tag == record.tag:
            if at:
                # Records come in runs of one compartment: try first what opened last.
                keys.insert(0, keys.pop(at))
            return key, once
    return None
