"""What the page of invitations shows."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.core.ledger import Duty
from tocsin.desk.desk import Desk
from tocsin.desk.ledger import inviting
from tocsin.desk.ledger.changes import founder_key
from tocsin.desk.ledger.roll_queries import MEANING, DutyRow
from tocsin.terms import Day


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRow:
    """One open invitation."""

    id: str
    organisation: int
    is_second: bool
    last_day: Day
    code_words: str
    """The twelve to hand over; empty once they are used up."""
    offer: str
    words: str
    """The eight to compare; empty until an answer came."""
    duties: tuple[DutyRow, ...]
    """Ticked are those that the newcomer wishes, or that the first device has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitePage:
    """The whole page."""

    waiting: tuple[InvitationRow, ...]
    answered: tuple[InvitationRow, ...]
    organisation: int
    organisations: tuple[int, ...]
    languages: str
    can_propose: bool
    is_founder: bool
    threshold: int
    waits_a_day: bool


def invite_page(desk: Desk) -> InvitePage:
    """Gather the page."""
    now, history = desk.world.history.now, desk.world.history
    rows = [_row(desk, each) for each in inviting.invitations(desk)]
    spoken = history.duties.languages.get(desk.device, ()) if history.duties else ()
    return InvitePage(
        waiting=tuple(row for row in rows if not row.words),
        answered=tuple(row for row in rows if row.words),
        organisation=now.roll.device(desk.device).organisation,
        organisations=tuple(sorted({entry.organisation for entry in now.roll.active})),
        languages=" ".join(spoken),
        can_propose=history.duties is not None,
        is_founder=founder_key(desk) is not None,
        threshold=now.roll.threshold,
        waits_a_day=desk.today > history.founded_on,
    )


def _row(desk: Desk, invited: inviting.Invited) -> InvitationRow:
    has_answer = bool(invited.answer)
    wishes = inviting.answer_of(desk, invited).wishes if has_answer else frozenset()
    held = desk.world.history.now.duties.get(desk.device, frozenset()) if invited.is_second else wishes
    return InvitationRow(
        id=invited.id,
        organisation=invited.organisation,
        is_second=invited.is_second,
        last_day=invited.last_day,
        code_words="" if has_answer else " ".join(invited.invitation.code.words),
        offer=inviting.offer_text(invited),
        words=inviting.words_of(desk, invited) if has_answer else "",
        duties=tuple(
            DutyRow(name=duty.value, meaning=meaning, is_held=duty in held and duty is not Duty.FOUNDER)
            for duty, meaning in MEANING.items()
        ),
    )
