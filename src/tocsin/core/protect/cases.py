"""A case from opening to closing.

At most 8 are open in anybody's hands (the keyring counts that); the rest wait, parked with the custodians.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from tocsin.core.intake import Call, Submission
from tocsin.core.ledger.content import Content
from tocsin.core.protect.errors import SameWorker
from tocsin.core.protect.records import (
    Arrived,
    Case,
    CaseClosed,
    CaseCode,
    CaseOpened,
    CaseParked,
    CaseReleased,
    Identity,
    Placed,
    Triaged,
)
from tocsin.terms import Day, DeviceNumber, Place


class CaseStage(StrEnum):
    """Where a case stands."""

    OPENED = "opened"
    TRIAGED = "triaged"
    PARKED = "parked"
    PLACED = "placed"
    ARRIVED = "arrived"
    CLOSED = "closed"


def open_case(
    code: CaseCode, call: Call, *, today: Day, handler: DeviceNumber, alternate: DeviceNumber
) -> CaseOpened:
    """Open a case for the household that called.

    Parameters
    ----------
    code : CaseCode
        Fresh and random.
    call : Call
    today : Day
    handler, alternate : the two devices that will hold its keys

    Raises
    ------
    SameWorker
    """
    if handler == alternate:
        raise SameWorker
    return CaseOpened(
        case=code,
        submission=call.submission,
        opened_on=today,
        waiting_since=call.day,
        handler=handler,
        alternate=alternate,
        facts=call.facts,
    )


def keep_identity(code: CaseCode, submission: Submission) -> Identity:
    """Take out of a submission what only `case/<id>/identity` may hold."""
    return Identity(
        case=code,
        name=submission.identity.name,
        reach=submission.identity.reach,
        locator=submission.locator,
        write_token=submission.write_token,
        answer_key=submission.answer_key,
        thread=submission.thread,
        reply=submission.reply,
        not_ask=submission.identity.not_ask,
        to_warn=submission.identity.to_warn,
    )


def code_need(opened: CaseOpened, triaged: Triaged) -> Case:
    """Say what the planner may know of a case."""
    facts = opened.facts
    return Case(
        case=opened.case,
        tier=triaged.tier,
        deadline=triaged.deadline,
        waiting_since=opened.waiting_since,
        people=facts.people,
        n_children=facts.n_children,
        needs_step_free=facts.needs_step_free,
        languages=facts.languages,
        place=country_of(facts.place),
        handler=opened.handler,
        alternate=opened.alternate,
    )


def country_of(place: Place) -> Place:
    """Leave only the country of a place code."""
    return Place(place[:2])


def stage_of(contents: Iterable[Content]) -> CaseStage:
    """Say where a case stands.

    Parameters
    ----------
    contents : contents of `case/<id>/file`, in the order of the ledger
        A case that was closed stays closed; one that was released goes on where it was parked.
    """
    reached, is_parked = CaseStage.OPENED, False
    for content in contents:
        if isinstance(content, CaseClosed):
            return CaseStage.CLOSED
        reached = _STAGES.get(type(content), reached)
        is_parked = isinstance(content, CaseParked) or (is_parked and not isinstance(content, CaseReleased))
    return CaseStage.PARKED if is_parked else reached


_STAGES: dict[type[Content], CaseStage] = {
    CaseOpened: CaseStage.OPENED,
    Triaged: CaseStage.TRIAGED,
    Placed: CaseStage.PLACED,
    Arrived: CaseStage.ARRIVED,
}
