"""Custody on the desk: who asks for cases whose share this desk keeps, and a person's answer. Nothing releases by itself."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.core.ledger import SHARES_NEEDED, WATCH, Request, refuse_share, release_share, requests_for
from tocsin.desk.count.signing import organisation_of
from tocsin.desk.desk import Desk
from tocsin.desk.errors import RequestChanged
from tocsin.terms import Day

REASONS = {
    "unpark": "there is room for it again",
    "holder-lost": "whoever held it is lost, or in danger",
}
"""Why a case may be asked for: code → what people read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """One request, as a custodian reads it."""

    case: str
    by: int
    number: int
    organisation: int
    is_barred: bool
    """Whether who asks may be sealed nothing to: barred or removed."""
    why: str
    asked_on: Day
    release_from: Day
    is_firm: bool
    may_release: bool
    n_released: int
    n_refused: int
    answer: str
    """What this desk said: `released`, `refused`, or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyPage:
    """The whole page."""

    to_answer: tuple[RequestRow, ...]
    answered: tuple[RequestRow, ...]
    n_shares: int
    n_needed: int


def custody_page(desk: Desk) -> CustodyPage:
    """Gather the page."""
    rows = [_row(desk, request) for request in requests_for(desk.member)]
    return CustodyPage(
        to_answer=tuple(row for row in rows if not row.answer),
        answered=tuple(row for row in rows if row.answer),
        n_shares=len(desk.keyring.shares),
        n_needed=SHARES_NEEDED,
    )


def _row(desk: Desk, request: Request) -> RequestRow:
    is_barred = not desk.sealed_to([request.by])
    return RequestRow(
        case=request.case,
        by=request.by,
        number=request.number,
        organisation=organisation_of(desk, request.by),
        is_barred=is_barred,
        why=REASONS.get(request.reason, "another reason; ask them"),
        asked_on=request.asked_on,
        release_from=request.release_from,
        is_firm=request.is_firm,
        may_release=request.may_be_released(today=desk.today) and not is_barred,
        n_released=len(request.released),
        n_refused=len(request.refused),
        answer=_answer(desk.device, request),
    )


def _answer(device: int, request: Request) -> str:
    if device in request.released:
        return "released"
    return "refused" if device in request.refused else ""


def release(desk: Desk, case: str, *, number: int) -> None:
    """Release this desk's share of a case to the device that asked in record `number`.

    Raises
    ------
    RequestChanged
        That is not the request that stands.
    NoKey
        It is not firm, or not a day old.
    NotSealedTo, StaleGrantKey
        Nothing may be granted to who asked, or it published no key for two weeks.
    """
    request = _standing(desk, case, number)
    if desk.device in request.released:
        raise RequestChanged
    desk.do(lambda member, moment: release_share(member, case, moment))


def refuse(desk: Desk, case: str, *, number: int) -> None:
    """Say in everyone's sight that this desk does not give its share to the device that asked in record `number`.

    Raises
    ------
    RequestChanged
        That is not the request that stands, or it was answered.
    """
    request = _standing(desk, case, number)
    if desk.device in request.released | request.refused:
        raise RequestChanged
    desk.append(refuse_share(desk.member, case), to=WATCH)


def _standing(desk: Desk, case: str, number: int) -> Request:
    for request in requests_for(desk.member):
        if (request.case, request.number) == (case, number):
            return request
    raise RequestChanged
