"""A report is one statement as a feed read it; a claim is the same statement entered into the ledger."""

from __future__ import annotations

import msgspec

from tocsin.core.watch.records import Claim, Qualifier, Stance
from tocsin.terms import Day, Place, Source


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of a published item, as read from outside: coded, cited, without its text.

    Fields are those of `Claim`, except that nobody has yet said when the coalition came to know it.
    """

    claim: str
    item: str
    published: Day
    place: Place
    source: Source
    language: str
    origin: str
    derives_from: tuple[str, ...] = ()
    predicate: str
    qualifier: Qualifier | None = None
    number: int | None = None
    number_to: int | None = None
    window_first: Day | None = None
    window_last: Day | None = None
    stance: Stance = Stance.ASSERTS
    about: str | None = None
    first_hand: bool = False


def claim_from(report: Report, *, known_on: Day) -> Claim:
    """Enter a report as a claim known since `known_on`, which is never before its publication."""
    facts = msgspec.structs.asdict(report)
    return Claim(known_on=max(known_on, report.published), **facts)
