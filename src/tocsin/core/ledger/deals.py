"""What `watch` tells of parked cases: who dealt shares to whom, who keeps, asked for and released them.

`custody` says what a device may do about it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from tocsin.core.ledger.content import Content
from tocsin.core.ledger.errors import NotEntitled
from tocsin.core.ledger.kinds import ShareAsked, ShareHeld, ShareRefused, ShareReleased, SharesDealt
from tocsin.core.ledger.roll import Roll
from tocsin.core.seal import case_of

SHARES_NEEDED = 3
"""Of five: the number of custodians who open one case (DESIGN section 4)."""


class Custody(NamedTuple):
    """Whose shares of a case stand."""

    deal: bytes
    dealer: int
    custodians: tuple[int, ...]


class Asked(NamedTuple):
    """The newest request for a case."""

    by: int
    number: int
    day: int
    """The newest day in the ledger by then; a clock two days fast makes the wait longer, none makes it shorter."""
    reason: str
    """The code its author gave."""


@dataclass
class Deals:
    """Every deal there was, as far as the records taken tell. Feed it content in ledger order with `take`."""

    standing: dict[str, Custody] = field(default_factory=dict)
    """By case: the deal that stands."""
    void: set[bytes] = field(default_factory=set)
    """Deals taken back or dealt anew: custodians erase their shares."""
    held: dict[bytes, set[int]] = field(default_factory=dict)
    """By deal: the custodians who said that they keep their share."""
    asked: dict[str, Asked] = field(default_factory=dict)
    released: dict[tuple[bytes, int], set[int]] = field(default_factory=dict)
    """By deal and who asked: the custodians who released their share."""
    refused: dict[tuple[bytes, int], set[int]] = field(default_factory=dict)
    """By deal and who asked: the custodians who said no to the newest request."""
    recovered: dict[tuple[str, int], int] = field(default_factory=dict)
    """By case and device: the record by which enough custodians had released their shares to it."""

    def take(self, content: Content, *, number: int, device: int, day: int, roll: Roll) -> None:
        """Take what a device said of shares in record `number`; other content changes nothing.

        Raises
        ------
        NotEntitled
            Another's deal stands, or whoever answers for a share was dealt none.
        """
        match content:
            case SharesDealt():
                self._take_deal(device, content, roll)
            case ShareHeld():
                self.held.setdefault(content.deal, set()).add(device)
            case ShareAsked() if self._stands(content.case, content.deal):
                self.asked[content.case] = Asked(device, number, day, content.reason)
                self.refused.pop((content.deal, device), None)
            case ShareReleased() if self._stands(content.case, content.deal):
                self._take_release(number, device, content)
            case ShareRefused() if self._stands(content.case, content.deal):
                self._check_dealt(device, content)
                self.refused.setdefault((content.deal, content.to), set()).add(device)

    def may_deal(self, case: str, device: int, roll: Roll) -> bool:
        """Say whether a device's deal would count.

        A deal stands until its dealer deals again or takes it back, leaves the roll, or another recovered the case.
        """
        known = self.standing.get(case)
        if known is None or known.dealer == device:
            return True
        on_roll = any(entry.number == known.dealer for entry in roll.active)
        return not on_roll or len(self.released.get((known.deal, device), ())) >= SHARES_NEEDED

    def has_recovered(self, compartment: str, device: int, number: int) -> bool:
        """Say whether, before record `number`, enough custodians had released the shares of this case to a device."""
        case = case_of(compartment)
        released_by = self.recovered.get((case, device)) if case is not None else None
        return released_by is not None and released_by < number

    def _stands(self, case: str, deal: bytes) -> bool:
        return case in self.standing and self.standing[case].deal == deal

    def _take_deal(self, device: int, content: SharesDealt, roll: Roll) -> None:
        case = content.case
        if not self.may_deal(case, device, roll):
            raise NotEntitled(device=device, kind=content.KIND)
        known = self.standing.pop(case, None)
        if known is not None and known.deal != content.deal:
            self.void.add(known.deal)
            self.held.pop(known.deal, None)
        self.asked.pop(case, None)
        if content.custodians:
            self.void.discard(content.deal)
            self.standing[case] = Custody(content.deal, device, content.custodians)

    def _check_dealt(self, device: int, content: ShareReleased | ShareRefused) -> None:
        if device not in self.standing[content.case].custodians:
            raise NotEntitled(device=device, kind=content.KIND)

    def _take_release(self, number: int, device: int, content: ShareReleased) -> None:
        self._check_dealt(device, content)
        released = self.released.setdefault((content.deal, content.to), set())
        released.add(device)
        if len(released) >= SHARES_NEEDED:
            self.recovered.setdefault((content.case, content.to), number)
