"""What the protect room writes, and where. A person's identity stands in one compartment only.

- `case/<id>/identity`: Identity
- `case/<id>/file`: CaseOpened, Triaged, CaseParked, CaseReleased, Placed, Arrived, CaseClosed
- `planning`: Case, LotteryCommitted, Plan
- `offers`: Offer, Guide
- `leg/<id>`: Leg, and a new version of it once done or stopped

Cases, offers, guides and legs meet by random codes.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, NewType

import msgspec

from tocsin.core.intake import Facts
from tocsin.core.ledger.content import Content, Duty, Older
from tocsin.terms import Day, DeviceNumber, Period, Place

CaseCode = NewType("CaseCode", str)
"""Random code of a household's case; says nothing about it."""

OfferCode = NewType("OfferCode", str)
"""Random code of an offer of beds; host and address stand in `host/<id>` only."""

GuideCode = NewType("GuideCode", str)
"""Random code of somebody who accompanies people."""

LegCode = NewType("LegCode", str)
"""Random code of one stretch of a journey."""

Beds = Annotated[int, msgspec.Meta(ge=1, le=2000)]


class Tier(StrEnum):
    """How soon somebody must act: emergency within days, urgent within weeks, normal within a year."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    NORMAL = "normal"


class LegState(StrEnum):
    """Where a leg stands."""

    PLANNED = "planned"
    DONE = "done"
    STOPPED = "stopped"


class Outcome(StrEnum):
    """Why a case was closed."""

    ARRIVED = "arrived"
    WITHDRAWN = "withdrawn"
    REFERRED = "referred"
    LOST_CONTACT = "lost_contact"


class Why(StrEnum):
    """What binds: why a household could not be placed, or a leg not be laid."""

    NO_OFFER = "no_offer"
    NOT_OPEN_THEN = "not_open_then"
    TOO_SMALL = "too_small"
    NO_CHILDREN = "no_children"
    STAIRS = "stairs"
    FULL = "full"
    NO_GUIDE = "no_guide"


class IdentityWithoutThread(Older, frozen=True, kw_only=True):
    """An identity as it was written before anybody could reply."""

    case: CaseCode
    name: str
    reach: str
    locator: bytes
    write_token: bytes
    answer_key: bytes

    def newer(self) -> Identity:
        """Say the same by the next schema; nobody asked what must not be asked, nor whom to warn."""
        return Identity(**msgspec.structs.asdict(self))


class Identity(Content, frozen=True, kw_only=True):
    """Hold who a case is about: `case/<id>/identity`, read by the handler and one alternate."""

    KIND = "protect.identity"
    SCHEMA = 2
    OLDER = (IdentityWithoutThread,)
    WRITERS = frozenset({Duty.INTAKE, Duty.HANDLER})
    WHERE = "case/*/identity"
    # Opening a case is a burst already; the alternate must be able to step in from the first hour.
    URGENT = True

    case: CaseCode
    """Which case; handler and alternate."""
    name: str
    """What the person wants to be called; handler and alternate."""
    reach: str
    """How they said they can be reached besides the mailbox, empty if not; handler and alternate."""
    locator: bytes
    """First locator of their reply mailbox, 32 bytes; handler and alternate."""
    write_token: bytes
    """What lets us write into it, 32 bytes; handler and alternate."""
    answer_key: bytes
    """Key that replies to them are sealed with, 32 bytes; handler and alternate."""
    thread: bytes = b""
    """What all their sendings have in common, 32 bytes; empty if they have no receipt; handler and alternate."""
    reply: bytes = b""
    """Public key that replies are sealed to, 1216 bytes; handler and alternate."""
    not_ask: str = ""
    """What they do not want to be asked; handler and alternate."""
    to_warn: str = ""
    """Who must be warned because they were named; handler and alternate."""


class CaseOpened(Content, frozen=True, kw_only=True):
    """Open a case for a household: `case/<id>/file`, read by the handler and one alternate."""

    KIND = "protect.opened"
    WRITERS = frozenset({Duty.INTAKE, Duty.HANDLER})
    WHERE = "case/*/file"
    URGENT = True

    case: CaseCode
    """Random code; handler and alternate."""
    submission: bytes
    """SHA-256 of the submission it began with; handler and alternate."""
    opened_on: Day
    """Day of opening; handler and alternate."""
    waiting_since: Day
    """Day the call came in; handler and alternate."""
    handler: DeviceNumber
    """Device of the worker who has the case; handler and alternate."""
    alternate: DeviceNumber
    """Device of the one colleague who can step in; handler and alternate."""
    facts: Facts
    """The coded facts as taken; handler and alternate."""


class Triaged(Content, frozen=True, kw_only=True):
    """Set a case's tier and deadline, with the rules behind them: `case/<id>/file`."""

    KIND = "protect.triaged"
    WRITERS = frozenset({Duty.HANDLER})
    WHERE = "case/*/file"
    URGENT = True

    case: CaseCode
    """Which case; handler and alternate."""
    triaged_on: Day
    """Day of triage; handler and alternate."""
    tier: Tier
    """The tier a person set; handler and alternate."""
    advised: Tier
    """The tier the rules advise; handler and alternate."""
    deadline: Day
    """Day by which the household must be out; handler and alternate."""
    fired: tuple[str, ...]
    """Names of the rules that spoke, strongest first; handler and alternate."""
    unknown: tuple[str, ...]
    """Questions not answered, to be asked next; handler and alternate."""
    rules_version: int
    """Version of the decision list; handler and alternate."""
    reason: str
    """Why the set tier differs from the advised one, empty if it does not; handler and alternate."""


class CaseParked(Content, frozen=True, kw_only=True):
    """Hand a case to the custodians' shares because nobody may hold more: `case/<id>/file`."""

    KIND = "protect.parked"
    WRITERS = frozenset({Duty.INTAKE, Duty.HANDLER})
    WHERE = "case/*/file"

    case: CaseCode
    """Which case; handler and alternate."""
    parked_on: Day
    """Day of parking; handler and alternate."""


class CaseReleased(Content, frozen=True, kw_only=True):
    """Take a parked case back from the custodians: `case/<id>/file`, a new epoch."""

    KIND = "protect.released"
    WRITERS = frozenset({Duty.HANDLER, Duty.CUSTODIAN})
    WHERE = "case/*/file"
    # Part of the burst that taking up a case is.
    URGENT = True

    case: CaseCode
    """Which case; handler and alternate."""
    released_on: Day
    """Day of release; handler and alternate."""
    handler: DeviceNumber
    """Device of the worker who has it now; handler and alternate."""
    alternate: DeviceNumber
    """Device of the alternate now; handler and alternate."""


class Placed(Content, frozen=True, kw_only=True):
    """Say that a plan found beds for the household: `case/<id>/file`."""

    KIND = "protect.placed"
    WRITERS = frozenset({Duty.HANDLER})
    WHERE = "case/*/file"

    case: CaseCode
    """Which case; handler and alternate."""
    offer: OfferCode
    """Which offer; handler and alternate."""
    placed_on: Day
    """Day of placement; handler and alternate."""


class CaseClosed(Content, frozen=True, kw_only=True):
    """Close a case; its keys are destroyed after this: `case/<id>/file`."""

    KIND = "protect.closed"
    WRITERS = frozenset({Duty.HANDLER})
    WHERE = "case/*/file"

    case: CaseCode
    """Which case; handler and alternate."""
    closed_on: Day
    """Day of closing; handler and alternate."""
    outcome: Outcome
    """Why; handler and alternate."""


class Case(Content, frozen=True, kw_only=True):
    """State a household's need, coded, for the planner: `planning`."""

    KIND = "protect.case"
    WRITERS = frozenset({Duty.HANDLER})
    WHERE = "planning"

    case: CaseCode
    """Random code; planner."""
    tier: Tier
    """How soon; planner."""
    deadline: Day
    """Day by which they must be out; planner."""
    waiting_since: Day
    """Day their call came in; planner."""
    people: Beds
    """Household size: never split; planner."""
    n_children: Annotated[int, msgspec.Meta(ge=0, le=2000)] | None
    """Children among them, `None` if not known: then the place must take children; planner."""
    needs_step_free: bool | None
    """Whether stairs are out of the question, `None` if not known: then they are; planner."""
    languages: tuple[str, ...]
    """Languages they speak, best first; planner."""
    place: Place
    """Country they leave, never finer; planner."""
    handler: DeviceNumber
    """Device of the worker who has the case; planner."""
    alternate: DeviceNumber
    """Device of the alternate; planner."""


class Offer(Content, frozen=True, kw_only=True):
    """Offer beds: capacity facts only, no host and no address: `offers`."""

    KIND = "protect.offer"
    WRITERS = frozenset({Duty.PLANNER, Duty.HANDLER})
    WHERE = "offers"

    offer: OfferCode
    """Random code; holders of `offers`."""
    beds: Beds
    """People it takes; holders of `offers`."""
    country: Place
    """Country it is in, never finer; holders of `offers`."""
    languages: tuple[str, ...]
    """Languages spoken there; holders of `offers`."""
    step_free: bool
    """Whether it can be reached without stairs; holders of `offers`."""
    takes_children: bool
    """Whether children are welcome; holders of `offers`."""
    open: Period
    """First and last day on which people may arrive; holders of `offers`."""


class Guide(Content, frozen=True, kw_only=True):
    """Say that somebody can accompany people on a stretch in a window: `offers`."""

    KIND = "protect.guide"
    WRITERS = frozenset({Duty.PLANNER, Duty.HANDLER})
    WHERE = "offers"

    guide: GuideCode
    """Random code; holders of `offers`."""
    device: DeviceNumber | None
    """Device or pocket the leg is sealed to, `None` until it has one; holders of `offers`."""
    leaves: Place
    """Country where they meet people; holders of `offers`."""
    reaches: Place
    """Country to which they bring them; holders of `offers`."""
    free: Period
    """Days they can travel; holders of `offers`."""
    trip_days: Annotated[int, msgspec.Meta(ge=1, le=60)]
    """Days one trip takes, the last being that of arrival; holders of `offers`."""
    people: Beds
    """How many they can take at once, one household a trip; holders of `offers`."""


class LotteryCommitted(Content, frozen=True, kw_only=True):
    """Bind the planner to a seed before the cases of a plan are known: `planning`."""

    KIND = "protect.lottery"
    WRITERS = frozenset({Duty.PLANNER})
    WHERE = "planning"

    commitment: bytes
    """SHA-256 of the 32-byte seed; planner."""


class Placement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One household in one offer."""

    case: CaseCode
    """Which household; planner."""
    offer: OfferCode
    """Which offer; planner."""
    people: int
    """Beds it takes; planner."""
    arrive_by: Day
    """Last day of arrival: the deadline if it can be kept, else the offer's last day; planner."""
    in_time: bool
    """Whether the offer is open before the household's deadline has passed; planner."""


class Unplaced(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One household without a place, and what binds."""

    case: CaseCode
    """Which household; planner."""
    why: Why
    """What the offers lack: the demand that the last remaining offers fail; planner."""


class Plan(Content, frozen=True, kw_only=True):
    """Say who goes where, and why somebody does not: `planning`."""

    KIND = "protect.plan"
    WRITERS = frozenset({Duty.PLANNER})
    WHERE = "planning"
    URGENT = True

    planned_on: Day
    """Day of planning; planner."""
    placements: tuple[Placement, ...]
    """Households with a place, in the order they were served; planner."""
    unplaced: tuple[Unplaced, ...]
    """Households without, in the order they were served; planner."""
    seed: bytes
    """The lottery's seed, opened: 32 bytes; planner."""
    inputs_hash: bytes
    """SHA-256 over cases and offers used; planner."""


class Leg(Content, frozen=True, kw_only=True):
    """Lay one stretch of one household's journey on one guide in one window: `leg/<id>`; no planner learns it."""

    KIND = "protect.leg"
    WRITERS = frozenset({Duty.HANDLER})
    WHERE = "leg/*"
    URGENT = True

    leg: LegCode
    """Random code; the guide and the handler."""
    case: CaseCode
    """Whose journey; the guide and the handler, who alone knows who that is."""
    guide: GuideCode
    """Who accompanies; the guide and the handler."""
    device: DeviceNumber | None
    """Device or pocket it is sealed to; the guide and the handler."""
    leaves: Place
    """Country it begins in; the guide and the handler."""
    reaches: Place
    """Country it ends in; the guide and the handler."""
    window: Period
    """Days it runs; the guide and the handler."""
    people: Beds
    """How many travel; the guide and the handler."""
    state: LegState
    """Planned, done or stopped; the guide and the handler."""


class Arrived(Content, frozen=True, kw_only=True):
    """Say that a household reached its place: `case/<id>/file`."""

    KIND = "protect.arrived"
    WRITERS = frozenset({Duty.HANDLER})
    WHERE = "case/*/file"

    case: CaseCode
    """Which case; handler and alternate."""
    offer: OfferCode
    """Which offer took them in; handler and alternate."""
    arrived_on: Day
    """Day of arrival; handler and alternate."""
    people: Beds
    """How many arrived; handler and alternate."""


class ArrivalCounted(Content, frozen=True, kw_only=True):
    """Keep the number when the case is gone: `planning`. Which case it was is in no record that stays readable."""

    KIND = "protect.arrival-counted"
    WRITERS = frozenset({Duty.HANDLER})
    WHERE = "planning"

    arrived_on: Day
    """Day of arrival; holders of `planning`."""
    people: Beds
    """How many arrived; holders of `planning`."""
