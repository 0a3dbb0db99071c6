"""Count on the desk: a counter states a tally, an assessor of another organisation recomputes and signs it."""

from __future__ import annotations

from tocsin.core.count import Tally, assess_tally, make_tally
from tocsin.core.watch import Claim
from tocsin.desk.desk import Desk, Version
from tocsin.desk.errors import NotHere
from tocsin.terms import Place

COUNT = "count"


def state_tally(desk: Desk, place: Place) -> Tally:
    """State what is claimed of a place as of today."""
    tally = make_tally(desk.contents(Claim), place, as_of=desk.today)
    desk.append(tally, to=COUNT)
    return tally


def find_tally(desk: Desk, tally: bytes) -> Version[Tally]:
    """Find a tally by its record id.

    Raises
    ------
    NotHere
        This desk cannot read it.
    """
    for version in desk.versions(Tally):
        if version.entry.draft == tally:
            return version
    raise NotHere


def assess(desk: Desk, tally: bytes) -> None:
    """Recompute a tally from this desk's own claims and sign it if it is the same."""
    found = find_tally(desk, tally)
    desk.append(assess_tally(found.content, desk.contents(Claim), record=tally), to=COUNT)
