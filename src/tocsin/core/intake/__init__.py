"""Intake: an opened submission comes in, a call (facts) and a testimony (words) go out, or it is set apart.

Read in this order: `submission` (the bytes the witness's page writes), `records` (what is written of it),
`taking` (which of it, and when it is set apart), `replies` (what goes back into a mailbox).
"""

from tocsin.core.intake.errors import TooLong, UnreadableReply, UnreadableSubmission
from tocsin.core.intake.records import Call, Facts, Quarantined, Taken, Testimony, Trouble
from tocsin.core.intake.replies import (
    CHOICES,
    Asking,
    Mailbox,
    Message,
    in_parts,
    is_choice,
    message_id,
    read_message_id,
    read_reply,
    write_reply,
)
from tocsin.core.intake.submission import (
    SIZE,
    Account,
    Attachment,
    PocketAnswer,
    Sending,
    Submission,
    TakenBy,
    Who,
    Whose,
    read_submission,
    write_submission,
)
from tocsin.core.intake.taking import find_trouble, is_contradictory, take_submission

__all__ = [
    "CHOICES",
    "SIZE",
    "Account",
    "Asking",
    "Attachment",
    "Call",
    "Facts",
    "Mailbox",
    "Message",
    "PocketAnswer",
    "Quarantined",
    "Sending",
    "Submission",
    "Taken",
    "TakenBy",
    "Testimony",
    "TooLong",
    "Trouble",
    "UnreadableReply",
    "UnreadableSubmission",
    "Who",
    "Whose",
    "find_trouble",
    "in_parts",
    "is_choice",
    "is_contradictory",
    "message_id",
    "read_message_id",
    "read_reply",
    "read_submission",
    "take_submission",
    "write_reply",
    "write_submission",
]
