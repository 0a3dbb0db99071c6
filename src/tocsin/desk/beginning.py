"""The first days of a desk, and of those who come later: what sync does so that everybody can read what everybody reads.

Whoever lodged the coalition opens `watch`, `people` and `clock` once all founders' desks have published keys. After that,
whoever made a compartment's newest key admits to it those who belong in it and are not: newcomers once their day is over,
and desks that slept. `count`, `planning` and `offers` go by duties.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

import msgspec

from tocsin.core.ledger import (
    EVERYBODYS,
    WATCH,
    Duties,
    Duty,
    Member,
    Moment,
    Offer,
    Outgoing,
    open_everybodys,
    publish_first,
)
from tocsin.desk.desk import Desk
from tocsin.desk.start.founding import founding_text
from tocsin.desk.start.joining import offer_of
from tocsin.desk.start.state import NAME, Founding, Joining, read_setup, setup_file
from tocsin.terms import Day

SHARED: dict[str, frozenset[Duty]] = {
    "count": frozenset({Duty.COUNTER, Duty.ASSESSOR, Duty.ANALYST, Duty.SEAT}),
    "planning": frozenset({Duty.PLANNER, Duty.HANDLER}),
    "offers": frozenset({Duty.PLANNER, Duty.HANDLER}),
}
"""Standing compartments, and the duties whose holders belong in them: those who write there, and those who raise or sign by
what stands there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """How far a desk that has just begun has come; what is over is not there."""

    founding_text: str
    """For the other founders, from whoever lodged; empty elsewhere."""
    missing: tuple[int, ...]
    """Devices that have published no keys yet, while whoever lodged waits for them."""
    is_let_in: bool
    """This desk reads what everybody reads."""
    counts_from: Day | None
    """The day from which it may be let in, if that day is to come."""


def is_beginning(desk: Desk) -> bool:
    """Say whether this desk, or one that it waits for, has not been let in yet."""
    return WATCH not in desk.keyring.compartments or (desk.folder / NAME).is_file()


def beginning(desk: Desk) -> Beginning | None:
    """Say how far a desk that has just begun has come; None once it is let in and waits for nobody."""
    if not is_beginning(desk) or desk.keyring.is_quiet:
        return None
    setup = read_setup(desk.folder, desk.keyring)
    leads = isinstance(setup, Founding) and desk.replica.record(0).header.device == desk.device
    counts_from = desk.world.history.counts_from(desk.device)
    return Beginning(
        founding_text=founding_text(setup) if leads and isinstance(setup, Founding) else "",
        missing=missing(desk) if leads and WATCH not in desk.world.compartments else (),
        is_let_in=WATCH in desk.keyring.compartments,
        counts_from=Day(counts_from) if counts_from > desk.today else None,
    )


# a newcomer's first sync ---


def check_offered_ledger(desk: Desk) -> None:
    """Check what a newcomer has read against the firm head of its invitation; then publish the keys of its answer.

    Raises
    ------
    OtherLedger
        It is another ledger: nothing is published, sealed or signed, at this sync and all later ones.
    """
    setup = read_setup(desk.folder, desk.keyring)
    if not isinstance(setup, Joining):
        return
    offer_of(setup).check_head(desk.world.tree.root, desk.world.size)
    known = {key.slot for key in desk.published()}
    first = publish_first(desk.keyring, roll_version=desk.world.history.now.roll.version)
    desk.keep_published([key for key in first if key.slot not in known])


def offer_here(desk: Desk) -> Offer | None:
    """Give the offer of the invitation that a newcomer's desk still goes by, if it does."""
    setup = read_setup(desk.folder, desk.keyring)
    return offer_of(setup) if isinstance(setup, Joining) else None


def forget_joining(desk: Desk) -> None:
    """Forget the invitation, once the keys of its answer were published."""
    if isinstance(read_setup(desk.folder, desk.keyring), Joining):
        setup_file(desk.folder, desk.keyring).remove()


# opening ---


def open_to_all(desk: Desk) -> None:
    """Open what everybody reads, as whoever lodged, once every device on the roll has published keys."""
    setup = _founding_to_open(desk)
    if setup is not None and not missing(desk):
        _open(desk, setup, without=())


def open_without(desk: Desk, devices: Collection[int]) -> None:
    """Open what everybody reads without devices that are missing; they are admitted once they are here."""
    setup = _founding_to_open(desk)
    if setup is not None:
        _open(desk, setup, without=set(devices) & set(missing(desk)))


def _founding_to_open(desk: Desk) -> Founding | None:
    """Give what whoever lodged has kept; forget it when all is open, or when somebody else lodged."""
    setup = read_setup(desk.folder, desk.keyring)
    if not isinstance(setup, Founding):
        return None
    is_ours = desk.replica.record(0).header.device == desk.device
    founders = {entry.number for entry in desk.world.history.founding.devices}
    if not is_ours or (WATCH in desk.world.compartments and not absent(desk, WATCH) & founders):
        setup_file(desk.folder, desk.keyring).remove()
        return None
    return None if WATCH in desk.world.compartments else setup


def _open(desk: Desk, setup: Founding, *, without: Collection[int]) -> None:
    if desk.member.pending.is_opening(WATCH):
        return  # It waits to leave already.
    duties = msgspec.msgpack.decode(setup.duties, type=Duties)
    desk.do(partial(_open_everybodys, duties, without))


def _open_everybodys(duties: Duties, without: Collection[int], member: Member, moment: Moment) -> Outgoing:
    return open_everybodys(member, duties, moment, without=without)


def missing(desk: Desk) -> tuple[int, ...]:
    """List the devices on the roll that have published no key to seal to."""
    keys = desk.moment().keys
    return tuple(entry.number for entry in desk.world.history.now.roll.active if entry.number not in keys)


# admitting ---


def admit_who_belongs(desk: Desk) -> None:
    """Grant what goes to all, or by duties, to those who do not hold it, once they can be granted to."""
    _open_shared(desk)
    for name in (*EVERYBODYS, *SHARED):
        # Nearly always nobody is: then no keys are looked up.
        waiting = absent(desk, name)
        if not waiting:
            continue
        keys = desk.moment().keys
        for device in desk.sealed_to(sorted(waiting & keys.keys())):
            if _is_next_to_admit(desk, name, device):
                desk.do(partial(_admit, device, name))


def _is_next_to_admit(desk: Desk, name: str, device: int) -> bool:
    """Leave it to whoever made the newest key; while a newcomer waits in vain, to one member more each day."""
    known, history = desk.world.compartments[name], desk.world.history
    current = known.current()
    if current is None or desk.device not in current.members:
        return False
    if current.maker == desk.device or any(device in epoch.members for epoch in known.epochs.values()):
        return current.maker == desk.device
    active = {entry.number for entry in history.now.roll.active}
    others = sorted((current.members & active) - {current.maker})
    n_days = desk.today - max(history.added_on(device), history.counts_from(device))
    return desk.device in others[: n_days + (current.maker not in active)]


def absent(desk: Desk, name: str) -> set[int]:
    """List who belongs in a compartment and does not hold its newest key."""
    known = desk.world.compartments.get(name)
    current = known.current() if known else None
    if current is None:
        return set()
    return belonging(desk, name) - current.members


def belonging(desk: Desk, name: str) -> set[int]:
    """List who belongs in what everybody reads, or in what goes by duties."""
    now = desk.world.history.now
    wanted = SHARED.get(name)
    return {
        entry.number
        for entry in now.roll.active
        if wanted is None or now.duties.get(entry.number, frozenset()) & wanted
    }


def _open_shared(desk: Desk) -> None:
    for name in SHARED:
        if name in desk.world.compartments or desk.member.pending.is_opening(name):
            continue
        if desk.device not in belonging(desk, name) or WATCH not in desk.world.compartments:
            continue
        if opener(desk, name) == desk.device:
            keys = desk.moment().keys
            members = desk.sealed_to(sorted(belonging(desk, name) & keys.keys()))
            desk.do(partial(_open_compartment, name, members))


def opener(desk: Desk, name: str) -> int | None:
    """Say whose desk opens what goes by duties: the lowest number of the first that ever belonged in it and still stand.

    All desks work out the same one, and it stays the same when others gain the duty later: two that open it at once would
    make two.
    """
    active = {entry.number for entry in desk.world.history.now.roll.active}
    for standing in desk.world.history.all:
        first = {
            entry.number
            for entry in standing.roll.active
            if standing.duties.get(entry.number, frozenset()) & SHARED[name]
        }
        if first & active:
            return min(first & active)
    return None


def _open_compartment(name: str, members: Collection[int], member: Member, moment: Moment) -> Outgoing:
    return member.open_compartments([name], members, moment)


def _admit(device: int, name: str, member: Member, moment: Moment) -> Outgoing:
    return member.admit(device, [name], moment)
