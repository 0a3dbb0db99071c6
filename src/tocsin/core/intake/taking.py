"""Take a submission in: what is written of it, and when it is set apart instead."""

from __future__ import annotations

from collections.abc import Collection

from tocsin.core.intake.errors import UnreadableSubmission
from tocsin.core.intake.records import Call, Facts, Quarantined, Taken, Testimony, Trouble
from tocsin.core.intake.submission import Sending, Submission, read_submission
from tocsin.core.ledger.content import Content
from tocsin.terms import Day


def find_trouble(submission: Submission, *, marks: Collection[bytes]) -> Trouble | None:
    """Say why a submission must be set apart, `None` if it need not.

    Parameters
    ----------
    submission : Submission
    marks : collection of bytes
        What no two sendings have in common (`Submission.mark`), of those taken before: one seen again is a copy,
        sent by somebody who has the words of it.
    """
    if submission.mark in marks:
        return Trouble.REPEATED
    return Trouble.CONTRADICTORY if is_contradictory(submission.facts) else None


def is_contradictory(facts: Facts) -> bool:
    """Say whether the facts exclude one another."""
    too_many_children = facts.n_children is not None and facts.n_children > facts.people
    named_nobody = facts.named_others is False and bool(facts.n_to_warn)
    return too_many_children or named_nobody


def take_submission(
    plaintext: bytes, *, digest: bytes, day: Day, marks: Collection[bytes]
) -> tuple[Submission | None, tuple[Content, ...]]:
    """Read a submission and say what to write of it into `intake/<week>`.

    Parameters
    ----------
    plaintext : bytes, 16384
        The opened age file.
    digest : bytes, 32
        SHA-256 of the age file as it lay in the folder.
    day : Day
        The folder's day.
    marks : collection of bytes
        Those of submissions taken before.

    Returns
    -------
    Submission or None
        `None` if it cannot be read.
    tuple of Content
        A drill is only taken, and so is an answer or a wish to be erased: the desk acts on it; a submission in
        trouble is set apart and kept; a call brings its facts, and a call or a message with words or files a
        testimony.
    """
    try:
        submission = read_submission(plaintext)
    except UnreadableSubmission:
        apart = Quarantined(submission=digest, day=day, trouble=Trouble.UNREADABLE)
        return None, (Taken(submission=digest, day=day, drill=False), apart)
    taken = Taken(submission=digest, day=day, drill=submission.drill)
    if submission.drill:
        return submission, (taken,)
    if trouble := find_trouble(submission, marks=marks):
        return submission, (taken, Quarantined(submission=digest, day=day, trouble=trouble))
    if submission.kind in (Sending.ANSWER, Sending.ERASE):
        return submission, (taken,)
    if submission.kind is Sending.MESSAGE:
        return submission, (taken, *_testimony(submission, digest))
    call = Call(submission=digest, day=day, facts=submission.facts)
    return submission, (taken, call, *_testimony(submission, digest))


def _testimony(submission: Submission, digest: bytes) -> tuple[Testimony, ...]:
    if not submission.narrative.text and not submission.attachments:
        return ()
    n_attachments = len(submission.attachments)
    return (Testimony(submission=digest, narrative=submission.narrative.text, n_attachments=n_attachments),)
