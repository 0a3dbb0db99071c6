"""A protocol is data. This module checks that it can work, and gives it the hash that every vote signs."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from tocsin.core.activate.errors import BadProtocol, NoSuchSeat
from tocsin.core.activate.records import Protocol, Seat


def check_protocol(protocol: Protocol) -> None:
    """Check that a protocol can be satisfied, and never by one organisation.

    Raises
    ------
    BadProtocol
    """
    seats = {seat.seat for seat in protocol.seats}
    if len(seats) != len(protocol.seats) or len({seat.device for seat in protocol.seats}) != len(seats):
        raise BadProtocol("two seats share a code or a device")
    if protocol.quorum.seats > len(seats):
        raise BadProtocol("its quorum needs more seats than there are")
    if protocol.quorum.organisations > len({seat.organisation for seat in protocol.seats}):
        raise BadProtocol("its quorum needs more organisations than hold a seat")
    if protocol.quorum.organisations < 2:
        raise BadProtocol("one organisation alone could activate")


TAKEN_FOR = {"acute": "ears_c1"}
"""Detector → the older one in whose place it rings now: a protocol that names that takes its alarms too (decision 0033)."""


def takes_alarm(protocol: Protocol, method: str) -> bool:
    """Say whether a protocol takes alarms of a detector; one that names none is not asked."""
    return method in protocol.needs_alarm or TAKEN_FOR.get(method) in protocol.needs_alarm


def hash_protocol(protocol: Protocol) -> bytes:
    """Hash what a vote is cast under."""
    return sha256(msgspec.msgpack.encode(protocol)).digest()


def find_seat(protocol: Protocol, seat: str) -> Seat:
    """Find a seat by its code.

    Raises
    ------
    NoSuchSeat
    """
    for found in protocol.seats:
        if found.seat == seat:
            return found
    raise NoSuchSeat
