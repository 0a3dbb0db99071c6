"""Activate on the desk: raise, assess, sign, announce, stand down. A vote counts once a firm head holds it."""

from __future__ import annotations

import secrets

from tocsin.core.activate import (
    ActivationCode,
    Assessed,
    NoSuchSeat,
    Protocol,
    Raised,
    Seat,
    State,
    StoodDown,
    cast_vote,
    raise_activation,
    write_brief,
)
from tocsin.core.activate import (
    announce as announced,
)
from tocsin.core.ledger import WATCH
from tocsin.core.watch import Alarm
from tocsin.desk.activate.reading import activation_state, compartment_of, protocol_in_force
from tocsin.desk.count.actions import find_tally
from tocsin.desk.desk import Desk, Version
from tocsin.desk.errors import NotHere


def write_protocol(desk: Desk, protocol: Protocol) -> None:
    """Set who decides, by which quorum and clocks."""
    desk.append(protocol, to=WATCH)


def raise_alarm(desk: Desk, alarm: bytes | None, tally: bytes) -> ActivationCode:
    """Put a brief before the seats: what rang, what is claimed, and what they are asked.

    Raises
    ------
    NotHere
        This desk cannot read the alarm or the tally.
    AlarmNeeded, BadProtocol
        The protocol does not allow it.
    """
    protocol = protocol_in_force(desk)
    rung = _find_alarm(desk, alarm) if alarm is not None else None
    counted = find_tally(desk, tally).content
    code = ActivationCode(secrets.token_hex(4))
    raised = raise_activation(
        code,
        write_brief(rung.content if rung else None, counted, protocol),
        protocol,
        place=counted.place,
        alarm=rung.content if rung else None,
        alarm_record=alarm,
        tally_record=tally,
        at=desk.now,
    )
    seats = desk.sealed_to(int(seat.device) for seat in protocol.seats)
    desk.do(lambda member, moment: member.open_compartments([compartment_of(code)], seats, moment))
    desk.append(raised, to=compartment_of(code))
    return code


def _find_alarm(desk: Desk, alarm: bytes) -> Version[Alarm]:
    for version in desk.versions(Alarm):
        if version.entry.draft == alarm:
            return version
    raise NotHere


def _raised(state: State) -> Raised:
    if state.raised is None:
        raise NotHere
    return state.raised


def my_seat(desk: Desk, protocol: Protocol) -> Seat:
    """Find the seat that this desk holds.

    Raises
    ------
    NoSuchSeat
        It holds none.
    """
    for seat in protocol.seats:
        if seat.device == desk.device:
            return seat
    raise NoSuchSeat


def assess(desk: Desk, activation: ActivationCode) -> None:
    """Say that the evidence behind a brief was checked here."""
    raised = _raised(activation_state(desk, activation))
    said = Assessed(activation=activation, brief_hash=raised.brief_hash, assessed_at=desk.now)
    desk.append(said, to=compartment_of(activation))


def sign(desk: Desk, activation: ActivationCode) -> State:
    """Add this desk's seat to the brief; it counts once a firm head holds it."""
    state = activation_state(desk, activation)
    seat = my_seat(desk, state.protocol)
    vote = cast_vote(
        _raised(state),
        state.protocol,
        seat=seat.seat,
        key=desk.keyring.signing_key,
        coalition=desk.world.coalition,
        at=desk.now,
    )
    desk.append(vote, to=compartment_of(activation))
    return state


def announce(desk: Desk, activation: ActivationCode) -> None:
    """Say that the quorum stands.

    Raises
    ------
    QuorumNotMet
        It does not, or not under a firm head.
    """
    desk.append(announced(activation_state(desk, activation)), to=compartment_of(activation))


def stand_down(desk: Desk, activation: ActivationCode, reason: str) -> None:
    """End an activation for this desk's seat; as many organisations must as began it."""
    seat = my_seat(desk, protocol_in_force(desk))
    said = StoodDown(activation=activation, seat=seat.seat, stood_down_at=desk.now, reason=reason)
    desk.append(said, to=compartment_of(activation))
