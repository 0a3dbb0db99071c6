"""Send in what somebody else took down: a call by phone, a pasted chat, a friend's report, a row of a table.

It goes the same way as a witness's own: sealed to whoever is on duty, handed in unsigned, opened from the folder. So it
needs no other rights, and what one worker hears lies nowhere in clear.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.core.intake import (
    Account,
    DrillSent,
    Facts,
    Submission,
    TakenBy,
    Who,
    call_by,
    write_submission,
)
from tocsin.core.ledger import PublishedKey, Purpose
from tocsin.core.ledger.witness import choose_keys
from tocsin.core.seal import Receipt, Recipient, dearmor, seal
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NobodyOnDuty
from tocsin.desk.intake.actions import open_week
from tocsin.desk.replica import FOLDER_DAYS
from tocsin.terms import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenDown:
    """What was taken down. Shows nothing of itself."""

    channel: str
    consent: bool
    who: Who
    account: Account
    facts: Facts

    def __repr__(self) -> str:
        return "TakenDown(...)"


def hand_in(desk: Desk, taken: TakenDown) -> Receipt:
    """Seal it to whoever is on duty and hand it in; give a receipt for the person, to be read to them once.

    Raises
    ------
    NobodyOnDuty, TooLong, RelayAway, RelayRefused
    """
    receipt = Receipt.fresh()
    with desk.lock:
        desk.wire().post_submission(
            seal(write_submission(_submission(desk, taken, receipt)), recipients(desk))
        )
    return receipt


def _submission(desk: Desk, taken: TakenDown, receipt: Receipt) -> Submission:
    return call_by(
        receipt,
        nonce=secrets.token_bytes(16),
        who=taken.who,
        account=taken.account,
        facts=taken.facts,
        taken_by=TakenBy(device=desk.device, channel=taken.channel, consent=taken.consent),
    )


def recipients(desk: Desk) -> list[Recipient]:
    """Say to whom to seal today, as the page would.

    Raises
    ------
    NobodyOnDuty
    """
    standing = desk.world.history.now
    able = {*desk.sealed_to([entry.number for entry in standing.roll.active if entry.may_take_duty])}
    keys: Sequence[PublishedKey] = [
        key for key in desk.published() if key.purpose == Purpose.INTAKE and key.device in able
    ]
    chosen = choose_keys(keys, desk.today)
    if not chosen:
        raise NobodyOnDuty
    return [Recipient(key.public) for key in chosen]


def hand_in_sealed(desk: Desk, text: str) -> None:
    """Hand in what somebody sealed with the one-file page and passed on as text.

    Raises
    ------
    DamagedFile
        It is no armored age file.
    """
    with desk.lock:
        desk.wire().post_submission(dearmor(text))


def send_drill(desk: Desk) -> None:
    """Send a drill by the witnesses' way, and note that it was sent: a relay that drops submissions is found out by it."""
    made = call_by(
        Receipt.fresh(),
        nonce=secrets.token_bytes(16),
        who=Who(),
        account=Account(),
        facts=Facts(place=Place("zz")),
        drill=True,
    )
    with desk.lock:
        file = seal(write_submission(made), recipients(desk))
        desk.wire().post_submission(file)
        desk.append(DrillSent(submission=hashlib.sha256(file).digest(), day=desk.today), to=open_week(desk))


def drills(desk: Desk) -> tuple[int, int]:
    """Count the drills that were sent in the last fortnight, and those of them that came back in a folder."""
    here = {digest for digest, _, _ in desk.replica.submission_days()}
    sent = [each for each in desk.contents(DrillSent) if each.day >= desk.today - FOLDER_DAYS]
    return len(sent), sum(each.submission in here for each in sent)
