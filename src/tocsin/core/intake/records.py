"""What the intake room writes, all of it in the compartment `intake/<week>`, read by the desks on duty then.

Who a submission comes from is not written here: identity and the reply mailbox go straight from the opened
submission into `case/<id>/identity` (tocsin.core.protect).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from tocsin.core.ledger.content import ANYBODY, Content, Duty
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
    PARKED = "parked"
    """Somebody put it aside, to come back to it."""


class Ending(StrEnum):
    """How a submission was done with, other than by a case."""

    ANSWERED = "answered"
    REFUSED = "refused"
    ERASED = "erased"
    FORWARDED = "forwarded"
    """Given to whoever has the case that it belongs to."""


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


class Settled(Content, frozen=True, kw_only=True):
    """Say that a submission is done with and its sealed copy may go from every desk."""

    KIND = "intake.settled"
    WRITERS = frozenset({Duty.INTAKE})
    WHERE = "intake/*"
    URGENT = True

    submission: bytes
    """SHA-256 of the age file; desks on duty that week."""
    ending: Ending
    """How; desks on duty that week."""


class DrillSent(Content, frozen=True, kw_only=True):
    """Say that a drill was handed in: one that never comes back was dropped on the way."""

    KIND = "intake.drill-sent"
    WRITERS = frozenset({Duty.INTAKE})
    WHERE = "intake/*"

    submission: bytes
    """SHA-256 of the age file; desks on duty that week."""
    day: Day
    """When; desks on duty that week."""


class Replied(Content, frozen=True, kw_only=True):
    """Hold a message for a mailbox: its words for colleagues, and the sealed posting, which leaves with a sync."""

    KIND = "intake.replied"
    WRITERS = frozenset({Duty.INTAKE, Duty.HANDLER})
    WHERE = "*/*"
    URGENT = True
    ABOUT = "to"

    to: str
    """A code for the thread that it goes to, which says nothing: desks with the compartment's key."""
    message: str
    """The message's id; desks with the compartment's key."""
    asking: str
    """What it is; desks with the compartment's key."""
    phrases: tuple[str, ...]
    """Codes of the phrasebook; desks with the compartment's key."""
    text: Annotated[str, msgspec.Meta(max_length=12000)]
    """Own words, or what is to be interpreted; desks with the compartment's key."""
    place: int
    """Which place of the mailbox; desks with the compartment's key."""
    day: Day
    """When; desks with the compartment's key."""
    posting: bytes
    """What is posted: opened by the receipt alone."""


class PocketIssued(Content, frozen=True, kw_only=True):
    """Hold what lets desks write to somebody who installs nothing: `pocket/<code>`."""

    KIND = "intake.pocket"
    WRITERS = frozenset({Duty.INTAKE, Duty.HANDLER})
    WHERE = "pocket/*"
    URGENT = True
    ABOUT = "pocket"

    pocket: str
    """Random code; desks on duty and the one that issued it."""
    role: str
    """What it is for: `interpreter`, `night`, or a later room's; the same."""
    issued_by: int
    """Device that made the receipt and forgot it; the same."""
    issued_on: Day
    """When; the same."""
    thread: bytes
    """What its answers have in common, 32 bytes; the same."""
    reply: bytes
    """Public key that messages are sealed to, 1216 bytes; the same."""
    mailboxes: tuple[tuple[bytes, bytes, bytes], ...]
    """Locator, write token and answer key of its sendings; the same."""


class PocketAnswered(Content, frozen=True, kw_only=True):
    """Hold what a pocket answered: `pocket/<code>`."""

    KIND = "intake.pocket-answered"
    WRITERS = frozenset({Duty.INTAKE})
    WHERE = "pocket/*"
    URGENT = True
    ABOUT = "pocket"

    pocket: str
    """Its code; desks on duty and the one that issued it."""
    submission: bytes
    """SHA-256 of the age file it came in; the same."""
    message: str
    """Id of the message that it answers, empty if it just writes; the same."""
    choice: str
    """What was chosen, empty if it just writes; the same."""
    text: Narrative
    """Its words; the same."""
    day: Day
    """The day folder it lay in; the same."""


class TextProposed(Content, frozen=True, kw_only=True):
    """Propose a charter or words for the witness's page, as they would be signed. Public once signed."""

    KIND = "intake.text-proposed"
    WRITERS = ANYBODY
    WHERE = "watch"
    URGENT = True

    use: Annotated[str, msgspec.Meta(pattern=r"^(page|words)\Z")]
    """Who signs it: founders (`page`) or speakers (`words`); all desks."""
    payload: bytes
    """The JSON; all desks."""


class TextSigned(Content, frozen=True, kw_only=True):
    """Sign a text that was proposed: a founder's signature, or a device's."""

    KIND = "intake.text-signed"
    WRITERS = ANYBODY
    WHERE = "watch"
    URGENT = True

    text: bytes
    """SHA-256 of the payload; all desks."""
    number: int
    """The founder's number, or the device's; all desks."""
    signature: bytes
    """Ed25519, use `page` or `words`; all desks."""
