"""A tally states what stands: counted by one, recomputed and signed by an assessor of another."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import msgspec

from tocsin.core.count.errors import NothingToCount, SameOrganisation, TallyDiffers
from tocsin.core.count.records import Tally, TallyAssessed, TallyRow
from tocsin.core.count.standing import Row, Standing, who_claims_what
from tocsin.core.watch import PERSECUTION, Claim, Stance, known_by, lies_in
from tocsin.terms import Day, Grade, OrganisationNumber, Period, Place

WORST_FIRST = (Grade.DISPUTED, Grade.REPORTED, Grade.CORROBORATED, Grade.CONFIRMED)


def make_tally(claims: Iterable[Claim], place: Place, *, as_of: Day) -> Tally:
    """State all claims of acts in a place, each with the grade of its group.

    Parameters
    ----------
    claims : claims in any order
    place : Place
        Country or area, with all its parts.
    as_of : Day
        Only what was known by then is used.

    Raises
    ------
    NothingToCount
        No act is claimed there.
    """
    near = [claim for claim in known_by(claims, as_of) if lies_in(claim.place, place)]
    standing = who_claims_what(near, upto=as_of)
    said = [row for row in standing.rows if row.group in PERSECUTION and row.stance is not Stance.DENIES]
    if not said:
        raise NothingToCount
    rows = tuple(_tally_row(row, standing) for row in said)
    return Tally(
        place=place,
        period=_period(said, as_of),
        as_of=as_of,
        rows=rows,
        grade=max((row.grade for row in rows), key=WORST_FIRST.index),
        inputs_hash=sha256(msgspec.msgpack.encode(near)).digest(),
    )


def hash_tally(tally: Tally) -> bytes:
    """Hash what an assessor signs."""
    return sha256(msgspec.msgpack.encode(tally)).digest()


def assess_tally(tally: Tally, claims: Iterable[Claim], *, record: bytes) -> TallyAssessed:
    """Recompute a tally from the claims and sign it if it is the same.

    Parameters
    ----------
    tally : Tally
    claims : the assessor's own, in any order
    record : bytes, 16
        Id of the tally's record.

    Raises
    ------
    TallyDiffers
    """
    if make_tally(claims, tally.place, as_of=tally.as_of) != tally:
        raise TallyDiffers
    return TallyAssessed(tally=record, tally_hash=hash_tally(tally))


def check_assessed(
    tally: Tally, assessed: TallyAssessed, *, counter: OrganisationNumber, assessor: OrganisationNumber
) -> None:
    """Check that two organisations stand behind the same tally.

    Raises
    ------
    SameOrganisation, TallyDiffers
    """
    check_two(counter, assessor)
    if assessed.tally_hash != hash_tally(tally):
        raise TallyDiffers


def check_two(counter: OrganisationNumber, assessor: OrganisationNumber) -> None:
    """Check that they are two.

    Raises
    ------
    SameOrganisation
    """
    if counter == assessor:
        raise SameOrganisation


def _tally_row(row: Row, standing: Standing) -> TallyRow:
    fact = standing.fact(row.place, row.group)
    return TallyRow(
        predicate=row.predicate,
        group=row.group,
        origins=row.origins,
        qualifier=row.qualifier,
        number=row.number,
        number_to=row.number_to,
        window_first=row.window[0],
        window_last=row.window[1],
        grade=fact.grade if fact else Grade.REPORTED,
        items=row.items,
    )


def _period(rows: list[Row], as_of: Day) -> Period:
    days = [day for row in rows for day in row.window if day is not None]
    return Period(min(days, default=as_of), max(days, default=as_of))
