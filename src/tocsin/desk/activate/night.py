"""The night page: a worker's own phone shows tonight's check-ins, and says without a desk that they have happened.

It shows codes, times and what each waits for, in the words of whoever set it. What it answers is noted by whoever is on
intake duty, and counts at the next sync of the desk whose check-ins they are.
"""

from __future__ import annotations

from tocsin.core.intake import Asking, PocketAnswered, PocketIssued
from tocsin.desk.activate.deadlines import check_ins, end_check_in
from tocsin.desk.desk import Desk
from tocsin.desk.intake.pockets import compartment_of, find_pocket
from tocsin.desk.intake.replying import mailboxes_of, reply
from tocsin.terms import Day

NIGHT_S = 14 * 3600
"""How far ahead it looks."""
MOST_SHOWN = 12
ROLE = "night"


def send_night(desk: Desk, code: str) -> int:
    """Put tonight's check-ins of this desk before its worker's own phone; say how many there are.

    Raises
    ------
    NotHere
        This desk can write to no such pocket.
    """
    pocket = find_pocket(desk, code)
    tonight = [each for each in check_ins(desk) if each.is_mine and each.is_open][:MOST_SHOWN]
    near = [each for each in tonight if each.due_at < desk.now + NIGHT_S]
    rows = [{"code": each.code, "due_at": each.due_at, "waits_for": each.what[:80]} for each in near]
    chains = [each.code for each in near]
    reply(
        desk,
        mailboxes_of(pocket),
        to=compartment_of(code),
        asking=Asking.NIGHT,
        until=Day(desk.today + 1),
        content={"check_ins": rows, "chains": chains},
    )
    return len(rows)


def meet_answered(desk: Desk) -> None:
    """End this desk's check-ins that its worker's phone said have happened; every sync asks for it."""
    mine = {
        pocket.pocket
        for pocket in desk.contents(PocketIssued)
        if pocket.issued_by == desk.device and pocket.role == ROLE
    }
    answers = [each for each in desk.contents(PocketAnswered) if each.pocket in mine] if mine else []
    said = {each.text.strip() for each in answers if each.choice == "checked-in"}
    for each in check_ins(desk) if said else ():
        if each.is_mine and each.is_open and each.code in said:
            end_check_in(desk, each.code)
