"""Where an activation stands, computed from its records alone.

raised → assessed → active → expired or stood down; or raised → lapsed, if the quorum does not stand in time.
Nothing renews itself, and nothing is activated by a record that says so: only by votes that verify.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tocsin.core.activate.brief import hash_brief
from tocsin.core.activate.errors import QuorumNotMet
from tocsin.core.activate.protocol import hash_protocol
from tocsin.core.activate.records import (
    Activated,
    ActivationCode,
    Assessed,
    Protocol,
    Raised,
    Seat,
    StoodDown,
    Vote,
)
from tocsin.core.activate.votes import vote_message
from tocsin.core.ledger.content import Content
from tocsin.core.seal import BadSignature, verify
from tocsin.terms import DeviceNumber

HOUR_S = 3600


class Stage(StrEnum):
    """Where an activation stands."""

    NONE = "none"
    RAISED = "raised"
    ASSESSED = "assessed"
    ACTIVE = "active"
    LAPSED = "lapsed"
    EXPIRED = "expired"
    STOOD_DOWN = "stood_down"


class Refusal(StrEnum):
    """Why a vote does not count."""

    NOT_FIRM = "not_firm"
    OTHER_BRIEF = "other_brief"
    NO_SUCH_SEAT = "no_such_seat"
    BAD_SIGNATURE = "bad_signature"
    SAME_SEAT = "same_seat"
    TOO_LATE = "too_late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record as the ledger gives it."""

    number: int
    """Its number in the ledger: order decides."""
    author: DeviceNumber
    """The device that wrote it."""
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One clock of the protocol."""

    name: str
    due_at: int
    """UTC seconds."""
    is_stopped: bool
    """Whether what it waits for has happened."""
    is_missed: bool
    """Whether it ran out before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where an activation stands and why."""

    stage: Stage
    raised: Raised | None
    seats: tuple[Seat, ...]
    """Seats whose votes count, in the order of the ledger."""
    refused: tuple[tuple[int, Refusal], ...]
    """Numbers of the votes that do not count (yet), and why."""
    active_from: int | None
    """UTC seconds at which the quorum stood."""
    active_until: int | None
    """UTC seconds at which it ends by itself."""
    clocks: tuple[Clock, ...]
    protocol: Protocol

    @property
    def n_organisations(self) -> int:
        """Distinct organisations whose seats have signed."""
        return len({seat.organisation for seat in self.seats})


def state_of(
    entries: Iterable[Entry],
    activation: ActivationCode,
    protocol: Protocol,
    *,
    firm_size: int,
    keys: Mapping[DeviceNumber, bytes],
    coalition: bytes,
    now: int,
    first_leg_at: int | None = None,
) -> State:
    """Say where an activation stands.

    Parameters
    ----------
    entries : records of `response/<activation>` in any order, others are left aside
    activation : ActivationCode
    protocol : Protocol
        The one in force; an activation raised under another is not seen.
    firm_size : int
        Records with a lower number stand under a firm head; only those count as votes.
    keys : mapping of device number to its Ed25519 public key, by the roll
    coalition : bytes, 32
    now : UTC seconds
    first_leg_at : UTC seconds, or None
        When the first person was on the way: it stops the last clock and guards nothing.
    """
    mine = sorted(
        (entry for entry in entries if getattr(entry.content, "activation", None) == activation),
        key=lambda entry: entry.number,
    )
    raised = _find_raised(mine, protocol)
    if raised is None:
        return State(
            stage=Stage.NONE,
            raised=None,
            seats=(),
            refused=(),
            active_from=None,
            active_until=None,
            clocks=(),
            protocol=protocol,
        )
    good, refused = _count_votes(mine, raised, protocol, firm_size, keys, coalition)
    active_from = _quorum_at(good, protocol)
    active_until = None if active_from is None else active_from + protocol.clocks.active_hours * HOUR_S
    assessed = _assessed_at(mine, raised)
    return State(
        stage=_stage(mine, protocol, raised, assessed, active_until, firm_size, now),
        raised=raised,
        seats=tuple(seat for seat, _ in good),
        refused=tuple(refused),
        active_from=active_from,
        active_until=active_until,
        clocks=_clocks(raised, protocol, assessed, active_from, first_leg_at, now),
        protocol=protocol,
    )


def announce(state: State) -> Activated:
    """Say that the quorum stands.

    Raises
    ------
    QuorumNotMet
    """
    if state.active_from is None or state.raised is None:
        quorum = state.protocol.quorum
        raise QuorumNotMet(
            seats=len(state.seats),
            need=quorum.seats,
            organisations=state.n_organisations,
            need_organisations=quorum.organisations,
        )
    return Activated(
        activation=state.raised.activation,
        brief_hash=state.raised.brief_hash,
        seats=tuple(sorted(seat.seat for seat in state.seats)),
        activated_at=state.active_from,
    )


def _find_raised(mine: list[Entry], protocol: Protocol) -> Raised | None:
    for entry in mine:
        raised = entry.content
        if (
            isinstance(raised, Raised)
            and raised.protocol_hash == hash_protocol(protocol)
            and raised.brief_hash == hash_brief(raised.brief)
        ):
            return raised
    return None


def _count_votes(
    mine: list[Entry],
    raised: Raised,
    protocol: Protocol,
    firm_size: int,
    keys: Mapping[DeviceNumber, bytes],
    coalition: bytes,
) -> tuple[list[tuple[Seat, int]], list[tuple[int, Refusal]]]:
    seats = {seat.seat: seat for seat in protocol.seats}
    good: dict[str, tuple[Seat, int]] = {}
    refused: list[tuple[int, Refusal]] = []
    for entry in mine:
        vote = entry.content
        if not isinstance(vote, Vote):
            continue
        seat = seats.get(vote.seat)
        if seat is None:
            refused.append((entry.number, Refusal.NO_SUCH_SEAT))
        elif (reason := _refuse(vote, seat, raised, protocol, keys, coalition)) is not None:
            refused.append((entry.number, reason))
        elif entry.number >= firm_size:
            refused.append((entry.number, Refusal.NOT_FIRM))
        elif vote.seat in good:
            refused.append((entry.number, Refusal.SAME_SEAT))
        else:
            good[vote.seat] = seat, vote.voted_at
    return list(good.values()), refused


def _refuse(
    vote: Vote,
    seat: Seat,
    raised: Raised,
    protocol: Protocol,
    keys: Mapping[DeviceNumber, bytes],
    coalition: bytes,
) -> Refusal | None:
    if (vote.brief_hash, vote.protocol_hash) != (raised.brief_hash, raised.protocol_hash):
        return Refusal.OTHER_BRIEF
    if not raised.raised_at <= vote.voted_at <= raised.raised_at + protocol.clocks.vote_hours * HOUR_S:
        return Refusal.TOO_LATE
    try:
        key = keys[seat.device]
        verify(key, vote.signature, "vote", coalition=coalition, message=vote_message(vote))
    except (KeyError, BadSignature):
        # A seat whose device has left the roll has no key, and no vote.
        return Refusal.BAD_SIGNATURE
    return None


def _quorum_at(good: list[tuple[Seat, int]], protocol: Protocol) -> int | None:
    organisations, latest = set(), 0
    for n_seats, (seat, voted_at) in enumerate(good, start=1):
        organisations.add(seat.organisation)
        latest = max(latest, voted_at)
        if n_seats >= protocol.quorum.seats and len(organisations) >= protocol.quorum.organisations:
            return latest
    return None


def _assessed_at(mine: list[Entry], raised: Raised) -> int | None:
    raiser = next(entry.author for entry in mine if entry.content is raised)
    return next(
        (
            entry.content.assessed_at
            for entry in mine
            if isinstance(entry.content, Assessed)
            and entry.author != raiser
            and entry.content.brief_hash == raised.brief_hash
        ),
        None,
    )


def _stage(
    mine: list[Entry],
    protocol: Protocol,
    raised: Raised,
    assessed: int | None,
    active_until: int | None,
    firm_size: int,
    now: int,
) -> Stage:
    if active_until is None:
        if now > raised.raised_at + protocol.clocks.vote_hours * HOUR_S:
            return Stage.LAPSED
        return Stage.RAISED if assessed is None else Stage.ASSESSED
    if _has_stood_down(mine, protocol, firm_size):
        return Stage.STOOD_DOWN
    return Stage.ACTIVE if now < active_until else Stage.EXPIRED


def _has_stood_down(mine: list[Entry], protocol: Protocol, firm_size: int) -> bool:
    # As many organisations as began it must end it: one coerced seat cannot call the help off.
    seats = {(seat.seat, seat.device): seat.organisation for seat in protocol.seats}
    ended = {
        seats[entry.content.seat, entry.author]
        for entry in mine
        if isinstance(entry.content, StoodDown)
        and entry.number < firm_size
        and (entry.content.seat, entry.author) in seats
    }
    return len(ended) >= protocol.quorum.organisations


def _clocks(
    raised: Raised,
    protocol: Protocol,
    assessed: int | None,
    active_from: int | None,
    first_leg_at: int | None,
    now: int,
) -> tuple[Clock, ...]:
    waits = [
        ("assess", protocol.clocks.assess_hours, assessed),
        ("vote", protocol.clocks.vote_hours, active_from),
        ("first_leg", protocol.clocks.first_leg_hours, first_leg_at),
    ]
    return tuple(
        _clock(name, raised.raised_at + hours * HOUR_S, done_at, now) for name, hours, done_at in waits
    )


def _clock(name: str, due_at: int, done_at: int | None, now: int) -> Clock:
    is_missed = (now if done_at is None else done_at) > due_at
    return Clock(name=name, due_at=due_at, is_stopped=done_at is not None, is_missed=is_missed)
