"""What the activate room writes: the protocol in `watch`, deadlines in `clock`, all else in `response/<activation>`;
in `count`, beside what it is about, that a seat lets an estimate out; and in `pings/<random>`, for the sentries alone, how
somebody wants to be pinged.

No person at risk is ever in these records: activation and caseload meet only through counts. A deadline is a code and a
time: every desk can read it, and what it waits for stands elsewhere, under another key.
"""

from __future__ import annotations

from typing import Annotated, Literal, NewType

import msgspec

from tocsin.core.ledger.content import Content, Duty
from tocsin.terms import DeviceNumber, OrganisationNumber, Place

ActivationCode = NewType("ActivationCode", str)
"""Random code of one activation; part of its compartment's name, says nothing."""

DeadlineCode = NewType("DeadlineCode", str)
"""Random code of one deadline; says nothing, and stands beside what it waits for only where that is sealed."""

CodeText = Annotated[DeadlineCode, msgspec.Meta(min_length=1, max_length=32)]

Hours = Annotated[int, msgspec.Meta(ge=1, le=24 * 366)]


class Seat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place at the table, held by one device of one organisation."""

    seat: str
    """Code of the seat; all desks."""
    organisation: OrganisationNumber
    """Whose seat it is; all desks."""
    device: DeviceNumber
    """The device whose signature is the seat's vote; all desks."""


class Quorum(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many signatures make an activation."""

    seats: Annotated[int, msgspec.Meta(ge=2)]
    """Distinct seats that must sign; all desks."""
    organisations: Annotated[int, msgspec.Meta(ge=2)]
    """Distinct organisations they must come from: never one alone; all desks."""


class Clocks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours counted from the raising, except the last."""

    assess_hours: Hours = 12
    """By when somebody other than the raiser must have looked; all desks."""
    vote_hours: Hours = 24
    """By when the quorum must stand, else the activation lapses; all desks."""
    first_leg_hours: Hours = 72
    """By when the first person should be on the way, shown and never a guard; all desks."""
    active_hours: Hours = 24 * 45
    """How long an activation lasts, counted from the quorum; all desks."""


class Protocol(Content, frozen=True, kw_only=True):
    """Set who decides, by which quorum and clocks, on which alarm. Change it by writing a new version."""

    KIND = "activate.protocol"
    WRITERS = frozenset({Duty.FOUNDER})
    WHERE = "watch"

    name: str
    """What the coalition calls it; all desks."""
    version: int
    """Counted from 1; all desks."""
    seats: tuple[Seat, ...]
    """Who sits at the table; all desks."""
    quorum: Quorum
    """How many must sign; all desks."""
    clocks: Clocks
    """The hours; all desks."""
    needs_alarm: tuple[str, ...]
    """Detector methods whose alarm it takes, and what rings in their place now (`takes_alarm`); empty if it may be raised
    without one; all desks."""


class Raised(Content, frozen=True, kw_only=True):
    """Ask the seats for an activation and put the brief before them."""

    KIND = "activate.raised"
    WRITERS = frozenset({Duty.SEAT, Duty.ANALYST})
    WHERE = "response/*"
    URGENT = True

    activation: ActivationCode
    """Random code; seats."""
    place: Place
    """Country or first-level area; seats."""
    alarm: bytes | None
    """Record id (16 bytes) of the alarm behind it; seats."""
    tally: bytes | None
    """Record id (16 bytes) of the tally the brief quotes; seats."""
    protocol_hash: bytes
    """SHA-256 of the protocol it is raised under; seats."""
    brief: str
    """What the seats are asked to sign: text without names; seats."""
    brief_hash: bytes
    """SHA-256 of the brief's UTF-8; seats."""
    raised_at: int
    """UTC seconds from which the clocks run; seats."""


class Assessed(Content, frozen=True, kw_only=True):
    """Say that somebody other than the raiser checked the evidence; stops the first clock."""

    KIND = "activate.assessed"
    WRITERS = frozenset({Duty.ANALYST, Duty.ASSESSOR, Duty.SEAT})
    WHERE = "response/*"
    URGENT = True

    activation: ActivationCode
    """Which activation; seats."""
    brief_hash: bytes
    """The brief that was checked; seats."""
    assessed_at: int
    """UTC seconds; seats."""


class Vote(Content, frozen=True, kw_only=True):
    """Sign one brief for one seat. Silence is not consent, so there is no vote against."""

    KIND = "activate.vote"
    WRITERS = frozenset({Duty.SEAT})
    WHERE = "response/*"
    URGENT = True

    activation: ActivationCode
    """Which activation; seats."""
    seat: str
    """The seat that signs; seats."""
    protocol_hash: bytes
    """The protocol it signs under; seats."""
    brief_hash: bytes
    """The brief it signs; seats."""
    signature: bytes
    """Ed25519 with use `vote` over `vote_message`, by the seat's device; seats."""
    voted_at: int
    """UTC seconds, inside what is signed; seats."""


class Activated(Content, frozen=True, kw_only=True):
    """Say that the quorum stands under a firm head, and from when the activation runs."""

    KIND = "activate.activated"
    WRITERS = frozenset({Duty.SEAT, Duty.ANALYST, Duty.SENTRY})
    WHERE = "response/*"
    URGENT = True

    activation: ActivationCode
    """Which activation; seats."""
    brief_hash: bytes
    """The brief that was signed; seats."""
    seats: tuple[str, ...]
    """Seats whose votes made the quorum, sorted; seats."""
    activated_at: int
    """UTC seconds from which it runs; seats."""


class StoodDown(Content, frozen=True, kw_only=True):
    """End an activation before or at its end; never silently."""

    KIND = "activate.stood-down"
    WRITERS = frozenset({Duty.SEAT})
    WHERE = "response/*"

    activation: ActivationCode
    """Which activation; seats."""
    seat: str
    """The seat that ends it: as many organisations must as made the quorum; seats."""
    stood_down_at: int
    """UTC seconds; seats."""
    reason: str
    """Why, in a sentence without names; seats."""


class Release(Content, frozen=True, kw_only=True):
    """Let out, for one seat, what stands assessed in `count`; it is out once the protocol's quorum of seats has said so."""

    KIND = "activate.release"
    WRITERS = frozenset({Duty.SEAT})
    WHERE = "count"
    URGENT = True

    what: bytes
    """Record id (16 bytes) of what is let out; holders of `count`."""
    content_hash: bytes
    """SHA-256 of its content, as the assessor signed it; holders of `count`."""
    protocol_hash: bytes
    """The protocol under which the seat says so; holders of `count`."""
    seat: str
    """The seat; holders of `count`."""
    is_exact: bool
    """Whether figures may leave as they were counted, and not rounded to two; holders of `count`."""


class DeadlineSet(Content, frozen=True, kw_only=True):
    """Ask the sentries to see that something happens in time; written again with its code, it moves the time."""

    KIND = "activate.deadline-set"
    WRITERS = frozenset({Duty.SEAT, Duty.HANDLER})
    WHERE = "clock"
    ABOUT = "code"
    DUE = "due_at"
    URGENT = True

    code: CodeText
    """Random code; all desks."""
    due_at: int
    """UTC seconds; all desks."""


class DeadlineMet(Content, frozen=True, kw_only=True):
    """Say that it has happened; counts from the device that set the deadline only."""

    KIND = "activate.deadline-met"
    WRITERS = frozenset({Duty.SEAT, Duty.HANDLER})
    WHERE = "clock"
    ABOUT = "code"
    URGENT = True

    code: CodeText
    """Which deadline; all desks."""


class DeadlinePassed(Content, frozen=True, kw_only=True):
    """Say that a deadline passed unmet; the first one counts, of however many sentries."""

    KIND = "activate.deadline-passed"
    WRITERS = frozenset({Duty.SENTRY})
    WHERE = "clock"
    ABOUT = "code"
    URGENT = True

    code: CodeText
    """Which deadline; all desks."""


class Awake(Content, frozen=True, kw_only=True):
    """Break a long quiet, so that the other sentries have something to vouch for, and show that they are awake."""

    KIND = "activate.awake"
    WRITERS = frozenset({Duty.SENTRY})
    WHERE = "clock"
    # Said late it is silence, and people are woken.
    URGENT = True


class Awaited(Content, frozen=True, kw_only=True):
    """Say what a deadline waits for, in the case or the activation that it belongs to: `case/<id>/file`, `response/<id>`."""

    KIND = "activate.awaited"
    WRITERS = frozenset({Duty.SEAT, Duty.HANDLER})
    WHERE = "*/*"
    URGENT = True

    deadline: CodeText
    """Its code, which stands in `clock` with its time; who holds the case, or the seats."""
    what: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    """What must have happened; who holds the case, or the seats."""


class PingChoice(Content, frozen=True, kw_only=True):
    """Choose how to be pinged: `pings/<random>`, read by the sentries and nobody else; they try whatever is new."""

    KIND = "activate.ping-choice"
    WRITERS = frozenset({Duty.SEAT, Duty.HANDLER, Duty.INTAKE, Duty.FOUNDER})
    WHERE = "pings/*"
    # Part of the burst that opening `pings/...` is; and its person waits to see whether it works.
    URGENT = True

    by: Literal["mail", "webhook", "ntfy", "none"]
    """The way; the sentries."""
    to: Annotated[str, msgspec.Meta(max_length=500)]
    """Mail address, or address of a hook or of an ntfy topic, empty for none; the sentries."""


class PingTried(Content, frozen=True, kw_only=True):
    """Say whether the first ping after a choice was taken: `pings/<random>`."""

    KIND = "activate.ping-tried"
    WRITERS = frozenset({Duty.SENTRY})
    WHERE = "pings/*"
    URGENT = True

    choice: bytes
    """Record id (16 bytes) of the choice; its device and the sentries."""
    taken: bool
    """Whether a server took it; its device and the sentries."""
