"""What the protect pages show: this desk's cases by code, one case, offers, the plan, the legs this desk may see.

No list shows who anybody is; `identity_of` alone does, for one case, when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.core.intake import Facts, Testimony
from tocsin.core.ledger import can_recover, case_compartments, is_recoverable
from tocsin.core.protect import (
    Arrived,
    Case,
    CaseClosed,
    CaseCode,
    CaseOpened,
    CaseParked,
    CaseReleased,
    CaseStage,
    Guide,
    Identity,
    Leg,
    LegState,
    LotteryCommitted,
    Offer,
    Outcome,
    Placed,
    Plan,
    Tier,
    Triaged,
    Unplaced,
    stage_of,
)
from tocsin.core.seal import CASELOAD_CAP
from tocsin.desk.activate.deadlines import CheckIn, check_ins, may_set
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere
from tocsin.desk.intake.queries import alternates
from tocsin.desk.protect.actions import cases_to_place, legs_of, offers_left, placements, tier_of, way_of
from tocsin.terms import Day, Period

FILE_KINDS = (CaseOpened, Triaged, CaseParked, CaseReleased, Placed, Arrived, CaseClosed)

QUESTIONS = {
    "danger_now": "Is someone looking for them, or could be at the door, today?",
    "held": "Is one of them in custody?",
    "tortured": "Was one of them beaten or tortured?",
    "named_others": "Was somebody made to give names or addresses?",
    "needs_care": "Does one of them need a doctor or medicine within days?",
}

RULES_SAID = {
    "danger_now": "in danger today",
    "held": "one of them is in custody",
    "leaves_in_7_days": "must leave within 7 days",
    "danger_not_known": "nobody knows whether they are in danger",
    "custody_not_known": "nobody knows whether one of them is held",
    "tortured": "one of them was beaten or tortured",
    "named_others": "others were named under duress",
    "others_to_warn": "there are others to warn",
    "needs_care": "one of them needs care within days",
    "leaves_in_42_days": "must leave within six weeks",
    "asked_for_help": "asked for help",
}

WHY_SAID = {
    "no_offer": "no offer is left",
    "not_open_then": "no offer is open in time",
    "too_small": "no offer takes a household of this size",
    "no_children": "no offer takes children",
    "stairs": "no offer is free of stairs",
    "full": "all that would fit are full",
    "no_guide": "nobody can accompany them in time",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One line of this desk's caseload."""

    code: CaseCode
    stage: CaseStage
    tier: Tier | None
    deadline: Day | None
    days_left: int | None
    people: int
    is_handler: bool
    next_step: str
    waits: bool
    """Whether the next step is somebody else's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwayRow:
    """A case that only custodians together can open."""

    code: CaseCode
    n_released: int
    n_refused: int
    n_needed: int
    is_asked_here: bool
    can_take_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRow:
    """Capacity facts of an offer, with the beds that are left."""

    offer: Offer
    n_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnplacedRow:
    """A household without a place, and what binds."""

    code: CaseCode
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRow:
    """A leg that this desk may see."""

    leg: Leg
    days: Period
    may_stop: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectPage:
    """The whole page."""

    cases: tuple[CaseRow, ...]
    cap: int
    away: tuple[AwayRow, ...]
    n_away: int
    offers: tuple[OfferRow, ...]
    n_beds: int
    n_beds_left: int
    guides: tuple[Guide, ...]
    plan: Plan | None
    plan_number: int | None
    n_placed: int
    n_to_place: int
    unplaced: tuple[UnplacedRow, ...]
    missing: tuple[UnplacedRow, ...]
    legs: tuple[LegRow, ...]
    may_plan: bool
    has_lottery: bool
    alternates: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """One case, without who it is about."""

    row: CaseRow
    opened: CaseOpened
    facts: Facts
    triaged: Triaged | None
    fired: tuple[str, ...]
    to_ask: tuple[str, ...]
    placed: Placed | None
    legs: tuple[LegRow, ...]
    has_identity: bool
    has_testimony: bool
    may_ask_for_place: bool
    may_place: bool
    may_arrive: bool
    is_dealt: bool
    may_park: bool
    outcomes: tuple[Outcome, ...]
    compartment: str
    check_ins: tuple[CheckIn, ...]
    may_set: bool
    """Whether this desk may set a check-in here."""


def protect_page(desk: Desk, *, missing: Sequence[Unplaced] = ()) -> ProtectPage:
    """Gather the page; `missing` names households for whom legs were wanted just now and could not be laid."""
    plans = desk.versions(Plan)
    newest = plans[-1] if plans else None
    left = {offer.offer: offer.beds for offer in offers_left(desk)}
    away = _away(desk)
    may_plan = desk.world.history.now.may_write(desk.device, Plan.WRITERS) and _holds(desk, "planning")
    return ProtectPage(
        cases=case_rows(desk),
        cap=CASELOAD_CAP,
        away=tuple(row for row in away if row.is_asked_here or row.can_take_up),
        n_away=len(away),
        offers=tuple(
            OfferRow(offer=offer, n_left=left.get(offer.offer, 0)) for offer in desk.contents(Offer)
        ),
        n_beds=sum(offer.beds for offer in desk.contents(Offer)),
        n_beds_left=sum(left.values()),
        guides=tuple(sorted(desk.contents(Guide), key=lambda guide: guide.guide)),
        plan=newest.content if newest else None,
        plan_number=newest.entry.number if newest else None,
        n_placed=len(placements(desk)),
        n_to_place=len({need.case for need in cases_to_place(desk)} - {row.code for row in away}),
        unplaced=tuple(_unplaced(each) for each in (newest.content.unplaced if newest else ())),
        missing=tuple(_unplaced(each) for each in missing),
        legs=tuple(leg_row(desk, version.content) for version in desk.versions(Leg)),
        may_plan=may_plan,
        has_lottery=bool(desk.contents(LotteryCommitted)),
        alternates=alternates(desk),
    )


def _holds(desk: Desk, compartment: str) -> bool:
    return compartment in desk.keyring.compartments


def _unplaced(each: Unplaced) -> UnplacedRow:
    return UnplacedRow(code=each.case, why=WHY_SAID.get(each.why, each.why))


def leg_row(desk: Desk, leg: Leg) -> LegRow:
    """Show a leg; whoever may write it may stop it until it is done."""
    may_write = desk.world.history.now.may_write(desk.device, Leg.WRITERS)
    return LegRow(leg=leg, days=leg.window, may_stop=may_write and leg.state is LegState.PLANNED)


def case_rows(desk: Desk) -> tuple[CaseRow, ...]:
    """List this desk's cases, the most urgent first: by tier and deadline, then code. Never more than eight."""
    rows = [_row(desk, opened) for opened in desk.contents(CaseOpened) if _holds(desk, _file(opened.case))]
    return tuple(sorted(rows, key=lambda row: (row.deadline is None, row.deadline, row.code)))


def _file(case: CaseCode) -> str:
    return case_compartments(case)[1]


def _row(desk: Desk, opened: CaseOpened) -> CaseRow:
    case = opened.case
    triaged = tier_of(desk, case)
    deadline = triaged.deadline if triaged else None
    stage = _stage(desk, case)
    step = _next_step(desk, case, stage)
    return CaseRow(
        code=case,
        stage=stage,
        tier=triaged.tier if triaged else None,
        deadline=deadline,
        days_left=None if deadline is None else deadline - desk.today,
        people=opened.facts.people,
        is_handler=opened.handler == desk.device,
        next_step=step,
        waits=step.startswith("wait") or stage is CaseStage.CLOSED,
    )


def _stage(desk: Desk, case: CaseCode) -> CaseStage:
    versions = [each for kind in FILE_KINDS for each in desk.versions(kind, compartment=_file(case))]
    return stage_of(each.content for each in sorted(versions, key=lambda each: each.entry.number))


def _next_step(desk: Desk, case: CaseCode, stage: CaseStage) -> str:
    match stage:
        case CaseStage.OPENED:
            return "set a tier"
        case CaseStage.TRIAGED if _is_planned(desk, case):
            return "enter the place the plan found"
        case CaseStage.TRIAGED if _is_asked(desk, case):
            return "wait for a place"
        case CaseStage.TRIAGED:
            return "ask for a place"
        case CaseStage.PLACED if _has_new_place(desk, case):
            return "enter the place the plan found"
        case CaseStage.PLACED if _may_arrive(desk, case):
            return "enter the arrival"
        case CaseStage.PLACED if _is_off(desk, case) and not _is_planned(desk, case):
            return "wait for a place"
        case CaseStage.PLACED if _is_off(desk, case):
            return "speak with them, then ask for another place: their journey was stopped"
        case CaseStage.PLACED:
            return "wait for the journey"
        case CaseStage.ARRIVED:
            return "close it, so that its keys go"
        case CaseStage.PARKED:
            return "wait: its keys leave this desk"
        case _:
            return "closed"


def _is_planned(desk: Desk, case: CaseCode) -> bool:
    return any(placement.case == case for placement in placements(desk))


def _is_asked(desk: Desk, case: CaseCode) -> bool:
    return any(need.case == case for need in desk.contents(Case))


def _has_new_place(desk: Desk, case: CaseCode) -> bool:
    """Say whether a plan has placed them since the last place was entered."""
    numbers = [
        plan.entry.number
        for plan in desk.versions(Plan)
        if any(placement.case == case for placement in plan.content.placements)
    ]
    entered = [version.entry.number for version in desk.versions(Placed, compartment=_file(case))]
    return _is_planned(desk, case) and max(numbers, default=-1) > max(entered, default=-1)


def _is_off(desk: Desk, case: CaseCode) -> bool:
    """Say whether their journey was stopped and no other was laid."""
    return bool(legs_of(desk, case)) and not way_of(desk, case)


def _may_arrive(desk: Desk, case: CaseCode) -> bool:
    legs = way_of(desk, case)
    return bool(legs) and legs[-1].content.window.last <= desk.today


def case_page(desk: Desk, case: CaseCode) -> CasePage:
    """Gather one case.

    Raises
    ------
    NotHere
        This desk does not hold it.
    """
    opened = _opened(desk, case)
    row = _row(desk, opened)
    triaged = tier_of(desk, case)
    placed = desk.contents(Placed, compartment=_file(case))
    is_triaged = row.stage is CaseStage.TRIAGED
    is_new = _has_new_place(desk, case)
    is_off = row.stage is CaseStage.PLACED and _is_off(desk, case)
    return CasePage(
        row=row,
        opened=opened,
        facts=opened.facts,
        triaged=triaged,
        fired=tuple(RULES_SAID.get(rule, rule) for rule in triaged.fired) if triaged else (),
        to_ask=tuple(QUESTIONS.get(question, question) for question in triaged.unknown) if triaged else (),
        placed=placed[-1] if placed else None,
        legs=tuple(leg_row(desk, version.content) for version in legs_of(desk, case)),
        has_identity=bool(desk.versions(Identity, compartment=case_compartments(case)[0])),
        has_testimony=any(each.submission == opened.submission for each in desk.contents(Testimony)),
        may_ask_for_place=_holds(desk, "planning")
        and (
            (is_triaged and not _is_asked(desk, case)) or (is_off and _is_planned(desk, case) and not is_new)
        ),
        may_place=is_new if row.stage is CaseStage.PLACED else is_triaged and _is_planned(desk, case),
        may_arrive=row.stage is CaseStage.PLACED and _may_arrive(desk, case) and not is_new,
        is_dealt=case in desk.world.deals.standing,
        may_park=is_recoverable(desk.member, case) and row.stage in (CaseStage.OPENED, CaseStage.TRIAGED),
        outcomes=(Outcome.ARRIVED,) if row.stage is CaseStage.ARRIVED else tuple(Outcome)[1:],
        compartment=_file(case),
        check_ins=check_ins(desk, compartment=_file(case)),
        may_set=may_set(desk),
    )


def _opened(desk: Desk, case: CaseCode) -> CaseOpened:
    found = desk.contents(CaseOpened, compartment=_file(case))
    if not found:
        raise NotHere
    return found[-1]


def identity_of(desk: Desk, case: CaseCode) -> Identity:
    """Read who a case is about.

    Raises
    ------
    NotHere
    """
    found = desk.contents(Identity, compartment=case_compartments(case)[0])
    if not found:
        raise NotHere
    return found[-1]


def testimony_of(desk: Desk, case: CaseCode) -> Testimony:
    """Read the words a case began with.

    Raises
    ------
    NotHere
        There were none, or this desk was not on duty that week.
    """
    opened = _opened(desk, case)
    for testimony in desk.contents(Testimony):
        if testimony.submission == opened.submission:
            return testimony
    raise NotHere


def cases_away(desk: Desk) -> set[CaseCode]:
    """Name the cases that wait with custodians: nobody could tell them where to go."""
    return {row.code for row in _away(desk)}


def _away(desk: Desk) -> list[AwayRow]:
    """Cases whose keys were dealt to custodians and that nobody has taken back since."""
    deals = desk.world.deals
    rows = []
    for code, custody in deals.standing.items():
        asked = deals.asked.get(code)
        asker = asked.by if asked is not None else None
        n_released = len(deals.released.get((custody.deal, asker), ())) if asker is not None else 0
        n_needed = min(3, len(custody.custodians))
        is_ours = asker == desk.device
        if _holds(desk, _file(CaseCode(code))) or (n_released >= n_needed and not is_ours):
            continue
        row = AwayRow(
            code=CaseCode(code),
            n_released=n_released,
            n_refused=len(deals.refused.get((custody.deal, desk.device), ())) if is_ours else 0,
            n_needed=n_needed,
            is_asked_here=is_ours,
            can_take_up=is_ours and can_recover(desk.member, code),
        )
        rows.append(row)
    return rows
