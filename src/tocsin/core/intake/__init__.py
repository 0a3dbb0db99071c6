"""Intake: an opened submission comes in, a call (facts) and a testimony (words) go out, or it is set apart.

Read in this order: `submission` (the bytes the witness's page writes), `records` (what is written of it),
`taking` (which of it, and when it is set apart).
"""

from tocsin.core.intake.errors import TooLong, UnreadableSubmission
from tocsin.core.intake.records import Call, Facts, Quarantined, Taken, Testimony, Trouble
from tocsin.core.intake.submission import (
    SIZE,
    Account,
    Attachment,
    Submission,
    Who,
    read_submission,
    write_submission,
)
from tocsin.core.intake.taking import find_trouble, is_contradictory, take_submission

__all__ = [
    "SIZE",
    "Account",
    "Attachment",
    "Call",
    "Facts",
    "Quarantined",
    "Submission",
    "Taken",
    "Testimony",
    "TooLong",
    "Trouble",
    "UnreadableSubmission",
    "Who",
    "find_trouble",
    "is_contradictory",
    "read_submission",
    "take_submission",
    "write_submission",
]
