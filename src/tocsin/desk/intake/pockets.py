"""Pockets: the witness's page opened with a receipt that a desk issued, for whoever installs nothing.

The desk makes the receipt, shows its words once, and keeps what writes to it: never the receipt. What a pocket answers comes
as any submission does, to whoever is on duty, who notes it where the issuer reads it.
"""

from __future__ import annotations

import secrets

from tocsin.core.intake import (
    Asking,
    PocketAnswered,
    PocketIssued,
    Replied,
    Submission,
    is_choice,
)
from tocsin.core.ledger import Duty
from tocsin.core.protect import Identity
from tocsin.core.seal import Receipt
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere
from tocsin.desk.intake.opening import Sealed, openable, reread
from tocsin.desk.intake.replying import mailboxes_of, reply
from tocsin.errors import IntakeError
from tocsin.terms import Day

N_SENDINGS = 8
"""Sendings whose mailboxes are kept: 64 messages at a time."""
ROLES = {
    "interpreter": "somebody who interprets",
    "night": "this desk's worker, for the night",
}
"""What a pocket may be issued for now; later rooms have more."""


def compartment_of(code: str) -> str:
    """Name a pocket's compartment: desks on duty, and its issuer."""
    return f"pocket/{code}"


def issue(desk: Desk, role: str) -> tuple[str, Receipt]:
    """Make a pocket; give its code, and the receipt to be shown once and never kept.

    Raises
    ------
    NotHere
        There is no such role.
    """
    if role not in ROLES:
        raise NotHere
    receipt, code = Receipt.fresh(), secrets.token_hex(4)
    on_duty = desk.sealed_to(desk.world.history.now.devices_with(Duty.INTAKE))
    name = compartment_of(code)
    desk.do(lambda member, moment: member.open_compartments([name], on_duty, moment))
    mailboxes = tuple(
        (receipt.locator(i), receipt.write_token(i), receipt.answer_key(i)) for i in range(N_SENDINGS)
    )
    desk.append(
        PocketIssued(
            pocket=code,
            role=role,
            issued_by=desk.device,
            issued_on=desk.today,
            thread=receipt.thread,
            reply=receipt.reply_identity().recipient.public,
            mailboxes=mailboxes,
        ),
        to=name,
    )
    return code, receipt


def find_pocket(desk: Desk, code: str) -> PocketIssued:
    """Find a pocket that this desk can write to; raises NotHere."""
    for pocket in desk.contents(PocketIssued):
        if pocket.pocket == code:
            return pocket
    raise NotHere


def pocket_of(desk: Desk, thread: bytes) -> PocketIssued | None:
    """Say which pocket a submission comes from."""
    return next((each for each in desk.contents(PocketIssued) if thread and each.thread == thread), None)


def take_back(desk: Desk, code: str) -> None:
    """End a pocket: nobody can write to it any more, and its messages expire."""
    name = compartment_of(find_pocket(desk, code).pocket)
    desk.do(lambda member, moment: member.shut([name], moment, parked=False))


def known_threads(desk: Desk) -> frozenset[bytes]:
    """Name the receipts that we issued or have a case of: they stand first in every queue."""
    issued = {pocket.thread for pocket in desk.contents(PocketIssued)}
    cases = {identity.thread for identity in desk.contents(Identity) if identity.thread}
    return frozenset(issued | cases)


def ask_to_interpret(desk: Desk, code: str, text: str, *, language: str, into: str, until: Day) -> str:
    """Give an interpreter words to interpret, without who said them; give the message's id."""
    pocket = find_pocket(desk, code)
    return reply(
        desk,
        mailboxes_of(pocket),
        to=compartment_of(code),
        asking=Asking.INTERPRET,
        text=text,
        language=language or None,
        until=until,
        content={"from": language, "to": into},
    )


def note_answer(desk: Desk, pocket: PocketIssued, submission: Submission, sealed: Sealed) -> None:
    """Write down what a pocket answered, where its issuer reads it; a choice that it was not given counts as none."""
    answer = submission.answer
    choice = answer.choice if answer and _was_asked(desk, answer.to, answer.choice) else ""
    desk.append(
        PocketAnswered(
            pocket=pocket.pocket,
            submission=sealed.digest,
            message=answer.to if answer else "",
            choice=choice,
            text=submission.narrative.text,
            day=sealed.day,
        ),
        to=compartment_of(pocket.pocket),
    )


def _was_asked(desk: Desk, message: str, choice: str) -> bool:
    asked = [said.asking for said in desk.contents(Replied) if said.message == message]
    return any(is_choice(asking, choice) for asking in asked)


def answers_waiting(desk: Desk) -> list[tuple[PocketIssued, Sealed, Submission]]:
    """List what pockets have answered and nobody has noted yet."""
    found = []
    threads = {pocket.thread: pocket for pocket in desk.contents(PocketIssued)}
    for sealed in openable(desk) if threads else []:
        call = desk.tried.get(sealed.digest)
        if call is None or call.look is None or call.look.thread not in threads:
            continue
        try:
            found.append((threads[call.look.thread], sealed, reread(desk, sealed.digest)))
        except IntakeError:
            continue  # It stands in the queue as what cannot be read.
    return found
