"""Changes of the roll on the desk: anybody proposes, k founders sign on their own desks, and then it is in force.

A founder who proposes signs with it. Whoever completes the signatures posts the change; if that desk is cut off before, any
founder's desk does at its next sync.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from tocsin.core.ledger import (
    PEOPLE,
    ROLL,
    ChangeProposed,
    Changes,
    ChangeSigned,
    ChangeWithdrawn,
    DeviceEntry,
    Duties,
    Duty,
    Founder,
    Ground,
    Member,
    Moment,
    NoKey,
    Outgoing,
    Proposed,
    RelayEntry,
    Roll,
    StandingChange,
    add_device,
    change_again,
    change_founders,
    change_relay,
    change_to,
    duties_hash,
    duties_with,
    next_roll,
    post_change,
    read_changes,
    remove_device,
    sign_change,
)
from tocsin.core.seal import SigningKey
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere
from tocsin.desk.site.waiting import waiting_words


def all_changes(desk: Desk) -> Changes:
    """Read every proposal, those that wait here to leave too, and how far each has come."""
    with desk.lock:
        waiting = [(id_, content) for id_, content in waiting_words(desk) if isinstance(content, _OURS)]
        proposals = [
            Proposed(version.entry.draft, version.entry.device, version.entry.number, version.content)
            for version in desk.versions(ChangeProposed, compartment=PEOPLE)
        ]
        proposals += [
            Proposed(id_, desk.device, None, said)
            for id_, said in waiting
            if isinstance(said, ChangeProposed)
        ]
        withdrawn = [
            (version.entry.device, version.content)
            for version in desk.versions(ChangeWithdrawn, compartment=PEOPLE)
        ]
        return read_changes(
            proposals,
            [
                *desk.contents(ChangeSigned, compartment=PEOPLE),
                *(said for _, said in waiting if isinstance(said, ChangeSigned)),
            ],
            [*withdrawn, *((desk.device, said) for _, said in waiting if isinstance(said, ChangeWithdrawn))],
            standing=desk.world.history.now,
            duties=duties_in_force(desk),
            coalition=desk.world.coalition,
            today=desk.today,
        )


_OURS = (ChangeProposed, ChangeSigned, ChangeWithdrawn)


def duties_in_force(desk: Desk) -> Duties:
    """Give the duties that the roll names.

    Raises
    ------
    NoKey
        This desk has not read them yet.
    """
    duties = desk.world.history.duties
    if duties is None:
        raise NoKey
    return duties


def founder_key(desk: Desk) -> tuple[int, SigningKey] | None:
    """Give this desk's founder's number and key, if it is a founder's on the roll."""
    number, seed = desk.keyring.founder_number, desk.keyring.founder_seed
    if number is None or seed is None:
        return None
    key = SigningKey.from_seed(seed)
    return (number, key) if Founder(number, key.public) in desk.world.history.now.roll.founders else None


# proposing ---


def propose(desk: Desk, after: Roll, duties: Duties | None = None) -> bytes:
    """Propose a lawful next roll; give the proposal's id. A founder signs with it.

    Raises
    ------
    NoKey
        This desk cannot read `people` yet.
    """
    change = change_to(after, desk.world.history.now.roll, duties_in_force(desk), duties)
    return _say(desk, change)


def _say(desk: Desk, change: ChangeProposed) -> bytes:
    id_ = desk.append(change, to=PEOPLE).id
    if founder_key(desk) is not None:
        sign(desk, id_)
    return id_


def propose_device(
    desk: Desk, *, organisation: int, key: bytes, duties: Iterable[Duty], languages: Iterable[str] = ()
) -> bytes:
    """Propose to let a newcomer in, with these duties from the start."""
    before, held = desk.world.history.now.roll, tuple(sorted(set(duties)))
    number = max(entry.number for entry in before.devices) + 1
    after = duties_with(duties_in_force(desk), {number: held}, {number: tuple(languages)})
    roll = add_device(
        before,
        organisation=organisation,
        key=key,
        day=desk.today,
        may_take_duty=Duty.INTAKE in held,
        keeper=Duty.KEEPER in held,
        duties=after,
    )
    return propose(desk, roll, after)


def propose_removal(desk: Desk, device: int) -> bytes:
    """Propose to remove a device for good, and its duties with it.

    Raises
    ------
    NotOnRoll
        It is not there.
    """
    after = duties_with(duties_in_force(desk), {device: ()}, {device: ()})
    return propose(
        desk, remove_device(desk.world.history.now.roll, device, day=desk.today, duties=after), after
    )


def propose_duties(desk: Desk, device: int, duties: Iterable[Duty], languages: Iterable[str]) -> bytes:
    """Propose other duties and languages for a device; the roll says with it whether it takes intake duty and keeps copies.

    Raises
    ------
    NotOnRoll
        It is not there.
    """
    before, held = desk.world.history.now.roll, tuple(sorted(set(duties)))
    known = before.device(device)
    entry = DeviceEntry(device, known.organisation, known.key, Duty.INTAKE in held, Duty.KEEPER in held)
    after = duties_with(duties_in_force(desk), {device: held}, {device: tuple(languages)})
    roll = next_roll(
        before,
        day=desk.today,
        devices=tuple(entry if each.number == device else each for each in before.devices),
        duties_hash=duties_hash(after),
    )
    return propose(desk, roll, after)


def propose_relays(desk: Desk, relays: Iterable[RelayEntry]) -> bytes:
    """Propose other relays."""
    return propose(desk, change_relay(desk.world.history.now.roll, tuple(relays), day=desk.today))


def propose_founders(desk: Desk, founders: Iterable[Founder], *, threshold: int) -> bytes:
    """Propose other founders, or another number of signatures; more than half of the present ones must sign."""
    before = desk.world.history.now.roll
    return propose(desk, change_founders(before, tuple(founders), threshold=threshold, day=desk.today))


def propose_again(desk: Desk, id_: bytes) -> bytes:
    """Propose anew, on the roll as it is now, what was overtaken or has lapsed.

    Raises
    ------
    NotHere
        No such proposal fell.
    BadRoll
        It fits the roll no more.
    """
    for fallen in all_changes(desk).fallen:
        if fallen.proposed.id == id_ and not fallen.is_done:
            before = desk.world.history.now.roll
            return _say(desk, change_again(fallen.proposed.change, before, day=desk.today))
    raise NotHere


def withdraw(desk: Desk, id_: bytes) -> None:
    """Take back what this desk proposed.

    Raises
    ------
    NotHere
        It proposed no such change.
    """
    if find(desk, id_).proposed.by != desk.device:
        raise NotHere
    desk.append(ChangeWithdrawn(change=id_), to=PEOPLE)


# signing ---


def find(desk: Desk, id_: bytes) -> StandingChange:
    """Look up a proposal that stands.

    Raises
    ------
    NotHere
        None does under this id.
    """
    for change in all_changes(desk).standing:
        if change.proposed.id == id_:
            return change
    raise NotHere


def sign(desk: Desk, id_: bytes) -> None:
    """Sign a proposal as this desk's founder; with the last signature that it needs it is posted.

    Raises
    ------
    NotHere
        No such proposal stands, or this is no founder's desk.
    """
    founder = founder_key(desk)
    if founder is None:
        raise NotHere
    number, key = founder
    change = find(desk, id_)
    if number not in change.progress.signed:
        ground = Ground(desk.world.coalition, desk.world.history.now.roll)
        desk.append(sign_change(change, key, number=number, ground=ground, today=desk.today), to=PEOPLE)
    post_signed(desk)


def post_signed(desk: Desk) -> None:
    """Post a change that enough founders have signed, if this desk is a founder's and it was not posted yet."""
    if founder_key(desk) is None or desk.world.history.duties is None:
        return
    if any(record.header.mark == ROLL for record in desk.replica.leaving().records):
        return
    signed = [change for change in all_changes(desk).standing if change.is_signed]
    if signed:
        desk.do(partial(_post, signed[0]))


def _post(change: StandingChange, member: Member, moment: Moment) -> Outgoing:
    return post_change(member, change, moment)
