"""Protect on the desk: cases, parking, places, plan, legs, arrivals. Each action appends; order and keys do the rest."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection, Iterator, Sequence

from msgspec.structs import replace

from tocsin.core.intake import Call
from tocsin.core.ledger import (
    Duty,
    ask_for_case,
    can_recover,
    case_compartments,
    deal_case,
    is_recoverable,
    recover_case,
    take_up_case,
)
from tocsin.core.protect import (
    ArrivalCounted,
    Arrived,
    Case,
    CaseClosed,
    CaseCode,
    CaseOpened,
    CaseParked,
    CaseReleased,
    Guide,
    Identity,
    Leg,
    LegCode,
    LegState,
    LotteryCommitted,
    Offer,
    Outcome,
    Placed,
    Placement,
    Plan,
    Route,
    SameWorker,
    Triaged,
    check_plan,
    code_need,
    commit_seed,
    keep_identity,
    set_tier,
    triage,
)
from tocsin.core.protect import (
    lay_legs as laid_legs,
)
from tocsin.core.protect import (
    make_plan as planned,
)
from tocsin.core.protect import (
    open_case as opened,
)
from tocsin.core.protect import (
    stop_leg as stopped_leg,
)
from tocsin.desk.activate.deadlines import end_all
from tocsin.desk.desk import Desk, Version
from tocsin.desk.errors import NotHere, NotRecoverable
from tocsin.desk.intake.opening import finish, reread
from tocsin.desk.intake.replying import mailbox_of
from tocsin.desk.intake.replying import reply as write_reply
from tocsin.terms import Day, DeviceNumber, Period

PLANNING, OFFERS = "planning", "offers"


def open_case(desk: Desk, submission: bytes, alternate: int) -> CaseCode:
    """Make a case of a call: its own keys, held by this desk and one alternate.

    Raises
    ------
    CaseloadFull
        This desk or the alternate holds eight already.
    NotHere
        The call is not readable here.
    """
    call = next((call for call in desk.contents(Call) if call.submission == submission), None)
    if call is None:
        raise NotHere
    said = reread(desk, submission)
    code = CaseCode(secrets.token_hex(4))
    case = opened(
        code, call, today=desk.today, handler=DeviceNumber(desk.device), alternate=DeviceNumber(alternate)
    )
    identity, file = case_compartments(code)
    desk.do(lambda member, moment: member.open_compartments([identity, file], [alternate], moment))
    desk.append(case, to=file)
    desk.append(keep_identity(code, said), to=identity)
    _triage(desk, case)
    finish(desk, submission)
    return code


def _triage(desk: Desk, case: CaseOpened) -> None:
    advised = triage(case.facts, today=desk.today)
    tier = set_tier(case.case, case.facts, advised, tier=advised.tier, reason="", today=desk.today)
    desk.append(tier, to=_file(case.case))


def triage_case(desk: Desk, case: CaseCode) -> None:
    """Triage again, with the facts as they stand, from today."""
    _triage(desk, find_case(desk, case))


def ask_for_place(desk: Desk, case: CaseCode) -> None:
    """Put a household's coded need before the planner; asked again, the newer need stands.

    Raises
    ------
    NotHere
        This desk does not hold the case, or it has no tier yet.
    """
    tier = tier_of(desk, case)
    if tier is None:
        raise NotHere
    before = [version.entry.draft for version in desk.versions(Case) if version.content.case == case]
    need = code_need(find_case(desk, case), tier)
    desk.append(need, to=PLANNING, based_on=before[-1] if before else None)


def _file(case: CaseCode) -> str:
    return case_compartments(case)[1]


def find_case(desk: Desk, case: CaseCode) -> CaseOpened:
    """Find an open case of this desk.

    Raises
    ------
    NotHere
        This desk does not hold it.
    """
    found = desk.contents(CaseOpened, compartment=_file(case))
    if not found:
        raise NotHere
    return found[-1]


# parked with custodians ---


def deal(desk: Desk, case: CaseCode) -> None:
    """Split a case's keys among the custodians, who acknowledge at their next sync."""
    custodians = desk.world.history.now.devices_with(Duty.CUSTODIAN)
    desk.do(lambda member, moment: deal_case(member, case, custodians, moment))


def park(desk: Desk, case: CaseCode) -> None:
    """Park a case: once this is ordered, its holders erase its keys and only three custodians together open it.

    Raises
    ------
    NotRecoverable
        Not every custodian has acknowledged its share.
    """
    if not is_recoverable(desk.member, case):
        raise NotRecoverable
    end_all(desk, _file(case))
    desk.append(CaseParked(case=case, parked_on=desk.today), to=_file(case))
    desk.do(lambda member, moment: member.shut(case_compartments(case), moment, parked=True))


def reply(desk: Desk, case: CaseCode, *, text: str, phrases: Sequence[str]) -> None:
    """Write to the person of a case; noted in the case, and posted with the next sync.

    Raises
    ------
    NotHere
        This desk does not hold the case.
    NoMailbox
        They have no receipt, or their mailbox is full.
    """
    identity, file = case_compartments(case)
    found = desk.contents(Identity, compartment=identity)
    if not found:
        raise NotHere
    write_reply(desk, [mailbox_of(found[-1])], to=file, text=text, phrases=phrases)


def hand_over(desk: Desk, case: CaseCode, *, to: int, alternate: int) -> None:
    """Give a case to a colleague and another alternate; once this is ordered, this desk erases its keys.

    Raises
    ------
    SameWorker
        One device cannot be both.
    CaseloadFull
        One of them holds eight cases already.
    """
    if to == alternate:
        raise SameWorker
    find_case(desk, case)
    end_all(desk, _file(case))
    desk.do(lambda member, moment: member.hand_over(case_compartments(case), [to, alternate], moment))


def ask_back(desk: Desk, case: CaseCode, *, reason: str = "unpark") -> None:
    """Ask the custodians for a parked case; each decides for itself, and may release its share after a day."""
    desk.append(ask_for_case(desk.member, case, reason=reason), to="watch")


def is_released(desk: Desk, case: CaseCode) -> bool:
    """Say whether enough custodians have released their shares to this desk."""
    return can_recover(desk.member, case)


def take_up(desk: Desk, case: CaseCode, alternate: int) -> None:
    """Open a released case again, under new keys, with an alternate.

    Raises
    ------
    TooFewShares, BadShare
        Not enough custodians have released, or one gave a wrong share.
    CaseloadFull
        This desk or the alternate holds eight already.
    """
    desk.member.check_loads([alternate])
    desk.reopen(recover_case(desk.member, case))
    desk.do(lambda member, moment: take_up_case(member, case, [alternate], moment))
    _say_again(desk, case, DeviceNumber(alternate))
    released = CaseReleased(
        case=case,
        released_on=desk.today,
        handler=DeviceNumber(desk.device),
        alternate=DeviceNumber(alternate),
    )
    desk.append(released, to=_file(case))


def _say_again(desk: Desk, case: CaseCode, alternate: DeviceNumber) -> None:
    """Say what stands of a case under its new keys: the alternate is given no other, and may have erased the old ones."""
    identity, file = case_compartments(case)
    for opening in desk.versions(CaseOpened, compartment=file):
        ours = replace(opening.content, handler=DeviceNumber(desk.device), alternate=alternate)
        desk.append(ours, to=file, based_on=opening.entry.draft)
    for kind, where in ((Identity, identity), (Triaged, file), (Placed, file)):
        for version in desk.versions(kind, compartment=where):
            desk.append(version.content, to=where, based_on=version.entry.draft)


# places and plan ---


def add_offer(desk: Desk, offer: Offer) -> None:
    """Offer beds: capacity facts only."""
    desk.append(offer, to=OFFERS)


def add_guide(desk: Desk, guide: Guide) -> None:
    """Say that somebody can accompany people."""
    desk.append(guide, to=OFFERS)


def _seed(desk: Desk, n_before: int) -> bytes:
    """The lottery's seed: fixed by the commitment, kept nowhere but in the keyring."""
    return hmac.digest(
        desk.keyring.signing_seed, b"tocsin/1 lottery\n" + n_before.to_bytes(4, "big"), "sha256"
    )


def commit_lottery(desk: Desk) -> None:
    """Bind this desk to a seed before the cases of the next plan are known."""
    n_before = len(desk.contents(LotteryCommitted))
    desk.append(commit_seed(_seed(desk, n_before)), to=PLANNING)


def make_plan(desk: Desk, *, leave_out: Collection[CaseCode] = ()) -> Plan:
    """Say who goes where: households without a place yet, over the beds that are left.

    `leave_out` names cases that wait with custodians: nobody could tell them.

    Raises
    ------
    NotHere
        This desk has committed to no lottery.
    """
    committed = desk.contents(LotteryCommitted)
    if not committed:
        raise NotHere
    seed = _seed(desk, len(committed) - 1)
    cases = [case for case in cases_to_place(desk) if case.case not in leave_out]
    offers = offers_left(desk)
    guides = desk.contents(Guide)
    plan = planned(cases, offers, guides, day=desk.today, seed=seed, committed=committed[-1])
    check_plan(plan, cases, offers, committed=committed[-1])
    desk.append(plan, to=PLANNING)
    return plan


def placements(desk: Desk) -> list[Placement]:
    """Each household's newest placement, in order; none for those who have asked anew since, as after a stopped journey."""
    asked = {need.content.case: need.entry.number for need in desk.versions(Case)}
    placed: dict[CaseCode, Placement] = {}
    for plan in desk.versions(Plan):
        for placement in plan.content.placements:
            placed.pop(placement.case, None)
            if plan.entry.number > asked.get(placement.case, -1):
                placed[placement.case] = placement
    return list(placed.values())


def cases_to_place(desk: Desk) -> list[Case]:
    """The newest need of every household that no plan has placed."""
    placed = {placement.case for placement in placements(desk)}
    newest = {case.case: case for case in desk.contents(Case)}
    return [case for case in newest.values() if case.case not in placed]


def offers_left(desk: Desk) -> list[Offer]:
    """Offers with the beds that earlier plans have left."""
    taken: dict[str, int] = {}
    for placement in placements(desk):
        taken[placement.offer] = taken.get(placement.offer, 0) + placement.people
    left = [(offer, offer.beds - taken.get(offer.offer, 0)) for offer in desk.contents(Offer)]
    return [replace(offer, beds=beds) for offer, beds in left if beds > 0]


def place(desk: Desk, case: CaseCode) -> None:
    """Enter into a case where the plan puts it.

    Raises
    ------
    NotHere
        No plan has placed it.
    """
    for placement in placements(desk):
        if placement.case == case:
            desk.append(Placed(case=case, offer=placement.offer, placed_on=desk.today), to=_file(case))
            return
    raise NotHere


# legs ---


def lay_legs(desk: Desk, plan: Plan) -> Route:
    """Lay the legs of a plan, each under its own key for the case's handler; this desk gives them up at once."""
    cases = {case.case: case for case in desk.contents(Case)}
    guides = desk.versions(Guide)
    route = laid_legs(
        plan.placements,
        cases.values(),
        desk.contents(Offer),
        [guide.content for guide in guides],
        day=desk.today,
        codes=_leg_codes(),
    )
    for leg in route.legs:
        handler = cases[leg.case].handler
        name = f"leg/{leg.leg}"
        holders = {int(handler)} | ({int(leg.device)} if leg.device is not None else set())
        _lay_leg(desk, name, leg, sorted(holders))
    _shorten(desk, guides, route.legs)
    return route


def _lay_leg(desk: Desk, name: str, leg: Leg, holders: Sequence[int]) -> None:
    desk.do(lambda member, moment: member.open_compartments([name], holders, moment))
    desk.append(leg, to=name)
    if desk.device not in holders:
        desk.do(lambda member, moment: member.hand_over([name], holders, moment))


def _leg_codes() -> Iterator[LegCode]:
    while True:
        yield LegCode(secrets.token_hex(4))


def _shorten(desk: Desk, guides: list[Version[Guide]], legs: Sequence[Leg]) -> None:
    """A guide's later days stay free; the days of a leg are taken without saying for whom."""
    for version in guides:
        last = max((leg.window.last for leg in legs if leg.guide == version.content.guide), default=None)
        if last is not None:
            free = Period(Day(last + 1), max(version.content.free.last, Day(last + 1)))
            desk.append(replace(version.content, free=free), to=OFFERS, based_on=version.entry.draft)


def legs_of(desk: Desk, case: CaseCode) -> list[Version[Leg]]:
    """The legs of a case that this desk holds, stopped ones too, in the order of the journey."""
    legs = [version for version in desk.versions(Leg) if version.content.case == case]
    return sorted(legs, key=lambda version: version.content.window.first)


def way_of(desk: Desk, case: CaseCode) -> list[Version[Leg]]:
    """The legs of a case that lead somewhere: none of a journey of which one leg was stopped."""
    legs = legs_of(desk, case)
    newest = max((version.entry.number for version in legs if is_stopped(version)), default=-1)
    return [version for version in legs if not is_stopped(version) and version.entry.number > newest]


def is_stopped(leg: Version[Leg]) -> bool:
    """Say whether a leg was stopped."""
    return leg.content.state is LegState.STOPPED


def stop_leg(desk: Desk, code: str) -> CaseCode:
    """Stop a leg that this desk holds, as its guide or handler; say whose journey it was.

    Raises
    ------
    NotHere
        This desk does not hold it.
    LegEnded
        It is done or stopped already.
    """
    for version in desk.versions(Leg):
        if version.content.leg == code:
            stopped = stopped_leg(version.content)
            desk.append(stopped, to=version.entry.compartment, based_on=version.entry.draft)
            return stopped.case
    raise NotHere


# arriving and closing ---


def arrive(desk: Desk, case: CaseCode) -> None:
    """Enter that a household arrived; its legs end here and their keys go.

    Raises
    ------
    NotHere
        It was not placed, or this desk holds no leg that brings it there.
    """
    legs = way_of(desk, case)
    placed = desk.contents(Placed, compartment=_file(case))
    if not legs or not placed or legs[-1].content.window.last > desk.today:
        raise NotHere
    people = find_case(desk, case).facts.people
    for leg in legs:
        done = replace(leg.content, state=LegState.DONE)
        desk.append(done, to=leg.entry.compartment, based_on=leg.entry.draft)
    names = [leg.entry.compartment for leg in legs_of(desk, case)]
    desk.do(lambda member, moment: member.shut(names, moment, parked=False))
    arrived = Arrived(case=case, offer=placed[-1].offer, arrived_on=desk.today, people=people)
    desk.append(arrived, to=_file(case))
    desk.append(ArrivalCounted(arrived_on=desk.today, people=people), to=PLANNING)


def close_case(desk: Desk, case: CaseCode, outcome: Outcome = Outcome.ARRIVED) -> None:
    """Close a case: once this is ordered, every holder erases its keys, and nobody opens it again."""
    end_all(desk, _file(case))
    desk.append(CaseClosed(case=case, closed_on=desk.today, outcome=outcome), to=_file(case))
    desk.do(lambda member, moment: member.shut(case_compartments(case), moment, parked=False))


def tier_of(desk: Desk, case: CaseCode) -> Triaged | None:
    """The newest triage of a case."""
    found = desk.contents(Triaged, compartment=_file(case))
    return found[-1] if found else None
