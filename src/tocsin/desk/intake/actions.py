"""Intake on the desk: take in what came, and end it: a case, a refusal, an erasure, an answer noted."""

from __future__ import annotations

from collections.abc import Iterable

from tocsin.core.intake import (
    Call,
    Ending,
    Order,
    Quarantined,
    Sending,
    Settled,
    Trouble,
    order_queue,
    take_submission,
)
from tocsin.core.ledger import Duty, Note, case_compartments
from tocsin.core.protect import CaseCode, Identity
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere
from tocsin.desk.intake.opening import (
    Sealed,
    find_sealed,
    finish,
    look_of,
    openable,
    reread,
    taken_here_or_there,
    waiting,
)
from tocsin.desk.intake.pockets import answers_waiting, known_threads, note_answer
from tocsin.terms import Week, week_of


def compartment_of(week: Week) -> str:
    """Name the compartment of the desks on duty in a week."""
    return f"intake/{week}"


def ordered(desk: Desk, sealed: Iterable[Sealed]) -> Order:
    """Put submissions in the order in which a person should see them; what cannot be read stands last."""
    looks, unread = [], []
    for each in sealed:
        look = look_of(desk, each.digest)
        if look is None:
            unread.append(each.digest)
        else:
            looks.append(look)
    order = order_queue(looks, known=known_threads(desk))
    return Order((*order.digests, *unread), order.n_alike)


def take_calls(desk: Desk, *, most: int = 1000) -> int:
    """Take the first of the queue in: drills are noted, trouble is set apart, calls and testimony are written down."""
    here = {sealed.digest: sealed for sealed in waiting(desk)}
    first = ordered(desk, here.values()).digests[:most]
    _take(desk, [here[digest] for digest in first])
    return len(first)


def take_one(desk: Desk, digest: bytes) -> None:
    """Take one submission in, unless somebody has; raises NotHere."""
    sealed = find_sealed(desk, digest)
    if digest not in taken_here_or_there(desk):
        _take(desk, [sealed])


def _take(desk: Desk, sealed: list[Sealed]) -> None:
    if not sealed:
        return
    to = open_week(desk)
    marks = {identity.locator for identity in desk.contents(Identity)}
    for each in sealed:
        submission, contents = take_submission(
            each.open_at(desk), digest=each.digest, day=each.day, marks=marks
        )
        if submission is not None:
            marks.add(submission.mark)
        # As one: taken without its call, a call for help would be lost.
        desk.append_all(contents, to=to)


def open_week(desk: Desk) -> str:
    """Name this week's compartment; open it if this desk has no key of it."""
    name = compartment_of(week_of(desk.today))
    if name not in desk.keyring.compartments:
        on_duty = desk.sealed_to(desk.world.history.now.devices_with(Duty.INTAKE))
        desk.do(lambda member, moment: member.open_compartments([name], on_duty, moment))
    return name


def calls_without_case(desk: Desk, among: Iterable[Sealed] | None = None) -> list[Call]:
    """List the calls that this desk took and can still make a case of, oldest first; of all it can open, or some."""
    here = {sealed.digest for sealed in (openable(desk) if among is None else among)}
    mine = [version.content for version in desk.versions(Call) if version.entry.device == desk.device]
    return [call for call in mine if call.submission in here]


def same_receipt(desk: Desk, digest: bytes) -> tuple[bytes, ...]:
    """Name all submissions here of one receipt, oldest first."""
    look = look_of(desk, digest)
    if look is None or not look.thread:
        return (digest,)
    others = [
        each for each in openable(desk) if (seen := look_of(desk, each.digest)) and seen.thread == look.thread
    ]
    return tuple(each.digest for each in sorted(others, key=lambda each: each.day))


def put_aside(desk: Desk, digest: bytes) -> None:
    """Park a submission: it stays, and nothing follows from it until somebody comes back to it."""
    sealed = find_sealed(desk, digest)
    desk.append(Quarantined(submission=digest, day=sealed.day, trouble=Trouble.PARKED), to=open_week(desk))


def settle(desk: Desk, digest: bytes, ending: Ending) -> None:
    """Be done with a submission: colleagues drop their copies, and this desk its own."""
    find_sealed(desk, digest)
    desk.append(Settled(submission=digest, ending=ending), to=open_week(desk))
    finish(desk, digest)


def erase(desk: Desk, digest: bytes) -> int:
    """Erase all that came under one receipt, as its owner asked; say how much that was."""
    together = same_receipt(desk, digest)
    for each in together:
        settle(desk, each, Ending.ERASED)
    return len(together)


def case_of_thread(desk: Desk, thread: bytes) -> CaseCode | None:
    """Say which case of this desk a receipt belongs to."""
    found = [identity.case for identity in desk.contents(Identity) if thread and identity.thread == thread]
    return found[-1] if found else None


def put_into_case(desk: Desk, digest: bytes) -> CaseCode:
    """Move more words of somebody whose case this desk holds into the case.

    Raises
    ------
    NotHere
        This desk holds no case of that receipt.
    """
    submission = reread(desk, digest)
    case = case_of_thread(desk, submission.thread)
    if case is None:
        raise NotHere
    desk.append(Note(text=submission.narrative.text), to=case_compartments(case)[1])
    settle(desk, digest, Ending.FORWARDED)
    return case


def note_pockets(desk: Desk) -> None:
    """Write down what pockets have answered, by itself: a check-in at night must not wait for a person here."""
    if Duty.INTAKE not in desk.world.history.now.duties.get(desk.device, ()):
        return
    for pocket, sealed, submission in answers_waiting(desk):
        if submission.kind is Sending.CALL:
            continue  # Somebody used a pocket's receipt to call for help: a person reads that.
        take_one(desk, sealed.digest)
        note_answer(desk, pocket, submission, sealed)
        settle(desk, sealed.digest, Ending.ANSWERED)
