"""What the intake room writes, all of it in the compartment `intake/<week>`, read by the desks on duty then.

Who a submission comes from is not written here: identity and the reply mailbox go straight from the opened
submission into `case/<id>/identity` (tocsin.core.protect).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from tocsin.core.ledger.content import Content, Duty
from tocsin.terms import CalendarDay, Day, Place

Count = Annotated[int, msgspec.Meta(ge=0, le=200)]
Household = Annotated[int, msgspec.Meta(ge=1, le=200)]
Narrative = Annotated[str, msgspec.Meta(max_length=12000)]
Language = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2,3}\Z")]
PlaceCode = Annotated[Place, msgspec.Meta(pattern=r"^[a-z]{2}[a-z0-9]{0,8}(-[a-z0-9]{1,3})?\Z")]


class Facts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The coded part of a submission. `None` means not answered: unknown, never no."""

    place: PlaceCode
    """Where the caller is, country or first-level area; desks on duty, then the case's handler."""
    people: Household = 1
    """People who must stay together, caller included; desks on duty, handler, planner."""
    n_children: Count | None = None
    """How many of them are under 18; desks on duty, handler, planner."""
    danger_now: bool | None = None
    """Whether someone is looking for them, or could be at the door, today; desks on duty, handler."""
    held: bool | None = None
    """Whether one of them is in custody; desks on duty, handler."""
    tortured: bool | None = None
    """Whether one of them was beaten or tortured; desks on duty, handler."""
    named_others: bool | None = None
    """Whether somebody was made to give names or addresses; desks on duty, handler."""
    n_to_warn: Count | None = None
    """People who must be warned because they were named; desks on duty, handler."""
    needs_care: bool | None = None
    """Whether one of them needs a doctor or medicine within days; desks on duty, handler."""
    needs_step_free: bool | None = None
    """Whether one of them cannot take stairs; desks on duty, handler, planner."""
    must_leave_by: CalendarDay | None = None
    """Last day they can stay (a summons, a lease, a visa), if known; desks on duty, handler, planner."""
    languages: Annotated[tuple[Language, ...], msgspec.Meta(max_length=12)] = ()
    """Languages they speak, ISO 639-1, best first; desks on duty, handler, planner."""


class Trouble(StrEnum):
    """Why a submission was set apart for a person to look at."""

    UNREADABLE = "unreadable"
    REPEATED = "repeated"
    CONTRADICTORY = "contradictory"


class Taken(Content, frozen=True, kw_only=True):
    """Say that a submission was opened and by which day; what it says stands in other records."""

    KIND = "intake.taken"
    WRITERS = frozenset({Duty.INTAKE})
    WHERE = "intake/*"
    # Until colleagues know of it they take the same call in, and two of us approach one person.
    URGENT = True

    submission: bytes
    """SHA-256 of the age file as it lay in the day folder; desks on duty that week."""
    day: Day
    """The day folder it lay in; desks on duty that week."""
    drill: bool
    """Whether it is one of our own drills; desks on duty that week."""


class Call(Content, frozen=True, kw_only=True):
    """Hold the coded facts of a call for help, without identity and without words."""

    KIND = "intake.call"
    WRITERS = frozenset({Duty.INTAKE})
    WHERE = "intake/*"
    URGENT = True

    submission: bytes
    """SHA-256 of the age file it came in; desks on duty that week."""
    day: Day
    """The day folder it lay in, from which waiting time counts; desks on duty that week."""
    facts: Facts
    """The coded facts; desks on duty that week."""


class Testimony(Content, frozen=True, kw_only=True):
    """Hold the words of a submission."""

    KIND = "intake.testimony"
    WRITERS = frozenset({Duty.INTAKE})
    WHERE = "intake/*"

    submission: bytes
    """SHA-256 of the age file it came in; desks on duty that week."""
    narrative: Narrative
    """What the person wrote, in their language, opened when read; desks on duty that week."""
    n_attachments: Count
    """How many files came with it; desks on duty that week."""


class Quarantined(Content, frozen=True, kw_only=True):
    """Say that a submission was set apart: nothing follows from it until a person has looked."""

    KIND = "intake.quarantined"
    WRITERS = frozenset({Duty.INTAKE})
    WHERE = "intake/*"

    submission: bytes
    """SHA-256 of the age file; desks on duty that week."""
    day: Day
    """The day folder it lay in; desks on duty that week."""
    trouble: Trouble
    """What is wrong with it; desks on duty that week."""
