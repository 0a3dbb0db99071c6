"""Where activations stand, computed from the records this desk can read."""

from __future__ import annotations

from tocsin.core.activate import (
    Activated,
    ActivationCode,
    Assessed,
    Entry,
    Protocol,
    Raised,
    State,
    StoodDown,
    Vote,
    state_of,
)
from tocsin.core.protect import Plan
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere
from tocsin.terms import DeviceNumber

KINDS = (Raised, Assessed, Vote, Activated, StoodDown)


def compartment_of(activation: ActivationCode) -> str:
    """Name the compartment of an activation's seats."""
    return f"response/{activation}"


def protocol_in_force(desk: Desk) -> Protocol:
    """Find the newest protocol.

    Raises
    ------
    NotHere
        No founder has written one.
    """
    protocols = desk.contents(Protocol)
    if not protocols:
        raise NotHere
    return max(protocols, key=lambda protocol: protocol.version)


def activations(desk: Desk) -> list[ActivationCode]:
    """List the activations this desk has a seat in, oldest first."""
    return [raised.activation for raised in desk.contents(Raised)]


def activation_state(desk: Desk, activation: ActivationCode) -> State:
    """Say where an activation stands; what a barred device signed is left aside."""
    compartment = compartment_of(activation)
    entries = [
        Entry(number=version.entry.number, author=DeviceNumber(version.entry.device), content=version.content)
        for kind in KINDS
        for version in desk.versions(kind, compartment=compartment)
        if not version.entry.barred
    ]
    keys = {DeviceNumber(entry.number): entry.key for entry in desk.world.history.now.roll.active}
    return state_of(
        entries,
        activation,
        protocol_in_force(desk),
        firm_size=desk.world.firm,
        keys=keys,
        coalition=desk.world.coalition,
        now=desk.now,
        first_leg_at=_first_leg_at(desk),
    )


def _first_leg_at(desk: Desk) -> int | None:
    """When the first household had a place, whose legs are laid with the plan; None for who may not read plans."""
    return next((plan.entry.at for plan in desk.versions(Plan) if plan.content.placements), None)
