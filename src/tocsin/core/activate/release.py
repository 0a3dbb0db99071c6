"""What may leave: a number that two organisations have signed, and that the protocol's quorum of seats lets out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tocsin.core.activate.protocol import find_seat, hash_protocol
from tocsin.core.activate.records import Protocol, Release, Seat
from tocsin.core.activate.state import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """Who lets something out, and how."""

    seats: tuple[Seat, ...]
    """Seats whose word counts, in the order of the ledger."""
    is_out: bool
    """Whether they are a quorum."""
    is_exact: bool
    """Whether those that let figures out unrounded are a quorum by themselves."""


def let_out(what: bytes, content_hash: bytes, protocol: Protocol, *, seat: str, is_exact: bool) -> Release:
    """Let something out for a seat.

    Parameters
    ----------
    what, content_hash
        Id of its record (16 bytes), and the hash that the assessor signed.
    protocol : Protocol
        The one in force.
    seat : the seat's code
    is_exact : whether figures may leave unrounded

    Raises
    ------
    NoSuchSeat
    """
    return Release(
        what=what,
        content_hash=content_hash,
        protocol_hash=hash_protocol(protocol),
        seat=find_seat(protocol, seat).seat,
        is_exact=is_exact,
    )


def released(
    entries: Iterable[Entry], what: bytes, content_hash: bytes, protocol: Protocol, *, firm_size: int
) -> Released:
    """Say whether something is out.

    Parameters
    ----------
    entries : records of `count` in any order, others are left aside
    what, content_hash
        Id of its record (16 bytes), and the hash that the assessor signed.
    protocol : Protocol
        The one in force; a word given under another does not count.
    firm_size : int
        Records with a lower number stand under a firm head; only those count.
    """
    wanted = (what, content_hash, hash_protocol(protocol))
    seat_of = {(seat.device, seat.seat): seat for seat in protocol.seats}
    said: dict[str, tuple[Seat, bool]] = {}
    for entry in sorted(entries, key=lambda each: each.number):
        word = entry.content
        if not isinstance(word, Release) or entry.number >= firm_size:
            continue
        seat = seat_of.get((entry.author, word.seat))
        if seat is not None and (word.what, word.content_hash, word.protocol_hash) == wanted:
            # A seat's newest word stands, in the place of its first.
            said[seat.seat] = (seat, word.is_exact)
    seats = tuple(seat for seat, _ in said.values())
    exact = [seat for seat, is_exact in said.values() if is_exact]
    return Released(seats=seats, is_out=_is_quorum(seats, protocol), is_exact=_is_quorum(exact, protocol))


def _is_quorum(seats: Iterable[Seat], protocol: Protocol) -> bool:
    there = list(seats)
    organisations = {seat.organisation for seat in there}
    return len(there) >= protocol.quorum.seats and len(organisations) >= protocol.quorum.organisations
