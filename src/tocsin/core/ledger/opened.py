"""What one device opened of the ledger: in which compartment each record stands, and why one changed nothing.

Four bytes a record, for there may be a million: an object for each would be most of what a desk holds in memory.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable

import msgspec

from tocsin.core.ledger.errors import (
    BadRoll,
    BrokenChain,
    DamagedRecord,
    NotEntitled,
    NotOnRoll,
    UnknownKind,
)
from tocsin.core.seal import DamagedFile

Verdict = BadRoll | BrokenChain | DamagedFile | DamagedRecord | NotEntitled | NotOnRoll | UnknownKind
"""Why a record must not count, or cannot be read."""

Told = tuple[str, dict[str, int | str]]
"""A verdict as plain values: its code and its facts."""

_AGAIN: dict[str, Callable[..., Verdict]] = {
    kind.code: kind
    for kind in (BadRoll, BrokenChain, DamagedFile, DamagedRecord, NotEntitled, NotOnRoll, UnknownKind)
}


def bare(verdict: Verdict) -> Verdict:
    """Take from an error what it came by: frames that hold the record, and sometimes what it says."""
    verdict.__cause__ = verdict.__context__ = None
    return verdict.with_traceback(None)


def tell(verdicts: dict[int, Verdict]) -> dict[int, Told]:
    """Give verdicts as plain values."""
    return {number: (verdict.code, vars(verdict)) for number, verdict in verdicts.items()}


def made_again(told: dict[int, Told]) -> dict[int, Verdict]:
    """Make verdicts of what `tell` gave."""
    return {number: _AGAIN[code](**facts) for number, (code, facts) in told.items()}


SEALED, CLEAR = 0, 1
"""Places of records that are in no compartment: not opened, or never sealed."""


class FrozenOpened(msgspec.Struct, frozen=True):
    """The same as plain values: each record's place (4 bytes as this machine orders them), and the names from place 2 on."""

    places: bytes
    names: list[str]
    troubles: dict[int, Told]


class Opened:
    """Grows by one place with every record taken."""

    def __init__(self) -> None:
        self._places = array("I")
        self._place_of: dict[str, int] = {}
        self._n_places = CLEAR + 1
        self._troubles: dict[int, Verdict] = {}

    def add(self, *, is_clear: bool) -> None:
        """The next record was taken; it is in the clear, or sealed as yet."""
        self._places.append(CLEAR if is_clear else SEALED)

    def note(self, number: int, compartment: str, trouble: Verdict | None) -> None:
        """A record was opened in a compartment; it counts, or there is a reason why not."""
        if compartment not in self._place_of:
            self._place_of[compartment] = self._n_places
            self._n_places += 1
        self._places[number] = self._place_of[compartment]
        if trouble is None:
            self._troubles.pop(number, None)
        else:
            self._troubles[number] = bare(trouble)

    def is_in(self, number: int, compartment: str) -> bool:
        """Say whether a record was opened in this compartment."""
        return self._places[number] == self._place_of.get(compartment, CLEAR)

    def trouble(self, number: int) -> Verdict | None:
        """Say why a record that was opened changed nothing, if so."""
        return self._troubles.get(number)

    def forget(self, compartment: str) -> None:
        """Take what was opened in a compartment for sealed again."""
        place = self._place_of.pop(compartment, None)
        if place is None:
            return
        for number, here in enumerate(self._places):
            if here == place:
                self._places[number] = SEALED
                self._troubles.pop(number, None)

    def sealed(self) -> list[int]:
        """List the records that are not opened."""
        return [number for number, place in enumerate(self._places) if place == SEALED]

    def sizes(self) -> dict[str, int]:
        """Say how many records were opened in each compartment."""
        counts = Counter(self._places)
        return {name: counts[place] for name, place in self._place_of.items() if counts[place]}

    # as plain values ---

    def freeze(self) -> FrozenOpened:
        """Give it as plain values: the same for the same records, in whatever order they were opened."""
        names = sorted(self.sizes())
        moved = {SEALED: SEALED, CLEAR: CLEAR}
        moved |= {self._place_of[name]: place for place, name in enumerate(names, CLEAR + 1)}
        places = array("I", map(moved.__getitem__, self._places))
        return FrozenOpened(places.tobytes(), names, tell(self._troubles))

    @classmethod
    def thaw(cls, frozen: FrozenOpened) -> Opened:
        """Make it again of what `freeze` gave."""
        opened = cls()
        opened._places.frombytes(frozen.places)
        opened._place_of = {name: place for place, name in enumerate(frozen.names, CLEAR + 1)}
        opened._n_places += len(frozen.names)
        opened._troubles = made_again(frozen.troubles)
        return opened
