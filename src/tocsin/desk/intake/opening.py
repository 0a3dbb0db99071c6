"""Open what was sealed to this desk's day keys and file keys: each file once, remembering only what its place needs."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import lru_cache

from tocsin.bundle import bundle_path
from tocsin.core.intake import (
    Call,
    Look,
    Quarantined,
    Settled,
    Submission,
    Taken,
    Tongue,
    Trouble,
    UnreadableSubmission,
    learn_tongue,
    look_at,
    read_submission,
)
from tocsin.core.seal import Identity as DayKey
from tocsin.core.seal import WrongKey, open_sealed
from tocsin.desk.desk import Desk, OpenCall
from tocsin.desk.errors import NotHere
from tocsin.desk.site.waiting import waiting_contents
from tocsin.terms import Day


@dataclass(frozen=True, slots=True)
class Sealed:
    """A submission in a folder that this desk can open."""

    digest: bytes
    day: Day

    def open_at(self, desk: Desk) -> bytes:
        """Open it: 16384 bytes."""
        identities = [*desk.keyring.identities("intake"), *desk.keyring.identities("file")]
        return open_sealed(desk.replica.submission(self.digest), identities)


def waiting(desk: Desk) -> list[Sealed]:
    """Open what lies in the folders for this desk and was taken by nobody, nor here while the relay was away."""
    here = openable(desk)
    leave_to_colleagues(desk)
    taken = taken_here_or_there(desk)
    return [sealed for sealed in here if sealed.digest not in taken]


def taken_here_or_there(desk: Desk) -> set[bytes]:
    """Name what somebody has taken, here too while it waits to be sent."""
    said = [*desk.contents(Taken), *waiting_contents(desk)]
    return {each.submission for each in said if isinstance(each, Taken)}


def leave_to_colleagues(desk: Desk) -> None:
    """Drop this desk's copies of what colleagues took or are done with."""
    here = {digest for digest, _, is_finished in desk.replica.submission_days() if not is_finished}
    theirs = [each.content.submission for each in desk.versions(Taken) if each.entry.device != desk.device]
    theirs += [each.content.submission for each in desk.versions(Settled) if each.entry.device != desk.device]
    for digest in here.intersection(theirs):
        desk.replica.finish_submission(digest)


def openable(desk: Desk, *, seconds: float | None = None) -> list[Sealed]:
    """List what lies here for this desk; what was never tried is tried, for so many seconds at most."""
    keys: dict[int, DayKey] = {}
    end = None if seconds is None else time.monotonic() + seconds
    found = []
    for digest, day, is_finished in desk.replica.submission_days():
        if is_finished:
            continue
        if digest not in desk.tried:
            if end is not None and time.monotonic() > end:
                break
            keys = keys or _keys(desk)
            desk.tried[digest] = _try(desk.replica.submission(digest), digest, day, keys)
        if desk.tried[digest] is not None:
            found.append(Sealed(digest, Day(day)))
    return found


def n_unopened(desk: Desk) -> int:
    """Count what lies here and was not tried yet."""
    days = desk.replica.submission_days()
    return sum(not is_finished and digest not in desk.tried for digest, _, is_finished in days)


def _keys(desk: Desk) -> dict[int, DayKey]:
    days = {day: DayKey.from_seed(seed) for day, seed in desk.keyring.intake_keys.items()}
    return days | {-1 - month: DayKey.from_seed(seed) for month, seed in desk.keyring.file_keys.items()}


def _try(file: bytes, digest: bytes, filed_on: int, keys: dict[int, DayKey]) -> OpenCall | None:
    """Try the keys, that of the folder's day first: the likeliest."""
    for day in sorted(keys, key=lambda day: abs(day - filed_on)):
        try:
            plain = open_sealed(file, [keys[day]])
        except WrongKey:
            # Sealed to another day's key, or to colleagues on duty.
            continue
        return _look(plain, digest, Day(filed_on), day)
    return None


def _look(plain: bytes, digest: bytes, filed_on: Day, key: int) -> OpenCall:
    try:
        submission = read_submission(plain)
    except UnreadableSubmission:
        # Whoever wrote it may have said who they are.
        return OpenCall(key, 1)
    look = look_at(submission, digest=digest, day=filed_on, tongues=tongues())
    return OpenCall(key, 0 if submission.drill else submission.facts.people, look)


@lru_cache(maxsize=1)
def tongues() -> tuple[Tongue, ...]:
    """Learn the languages of the page from its own words."""
    words = json.loads((bundle_path() / "words.json").read_text(encoding="utf-8"))
    return tuple(
        learn_tongue(" ".join(text for text in each.values() if isinstance(text, str)))
        for each in words.values()
    )


def look_of(desk: Desk, digest: bytes) -> Look | None:
    """Give what is remembered of a submission; None where it cannot be read, or is not for this desk."""
    call = desk.tried.get(digest)
    return call.look if call else None


def named_by_day_keys(desk: Desk) -> dict[bytes, int]:
    """Say which calls a day key held here opens, finished ones too: by hash, for how many people."""
    # A finished one still lies in the relay's folder.
    openable(desk)
    keys, tried = (
        desk.keyring.intake_keys.keys() | {-1 - month for month in desk.keyring.file_keys},
        desk.tried,
    )
    drills = {each.submission for each in desk.contents(Taken) if each.drill}
    known = {call.submission: call.facts.people for call in desk.contents(Call)}
    named: dict[bytes, int] = {}
    for digest, day, _ in desk.replica.submission_days():
        call = tried.get(digest)
        if call is not None and call.people and call.day_key in keys:
            named[digest] = call.people
        elif digest not in tried and digest not in drills and {day, day - 1, day - 2} & keys:
            # Finished before this desk was unlocked: whether it was for us is not known any more.
            named[digest] = known.get(digest, 1)
    return named


def _key_of(desk: Desk, digest: bytes) -> int | None:
    call = desk.tried.get(digest)
    return call.day_key if call else None


def find_sealed(desk: Desk, digest: bytes) -> Sealed:
    """Find a submission that lies here for this desk; raises NotHere."""
    for sealed in openable(desk):
        if sealed.digest == digest:
            return sealed
    raise NotHere


def reread(desk: Desk, submission: bytes) -> Submission:
    """Read a submission again, to show it or to move its identity into a case.

    Raises
    ------
    NotHere
        It is not here any more, or not for this desk.
    UnreadableSubmission
        Its parts are none that this version reads.
    """
    return read_submission(find_sealed(desk, submission).open_at(desk))


def finish(desk: Desk, submission: bytes) -> None:
    """Drop a submission that became a case, and every day key whose folders are drained."""
    desk.replica.finish_submission(submission)
    forget_drained(desk)


def forget_drained(desk: Desk) -> None:
    """Erase the day keys whose own folder and the two after hold nothing more for this desk."""
    over = [
        day for day in desk.keyring.intake_keys if day + 2 < desk.today and not desk.is_last_intake_key(day)
    ]
    if not over:
        return
    openable(desk)
    leave_to_colleagues(desk)
    apart = {each.submission for each in desk.contents(Quarantined) if each.trouble is not Trouble.PARKED}
    drills = {each.submission for each in desk.contents(Taken) if each.drill}
    left = [sealed for sealed in openable(desk) if sealed.digest not in apart | drills]
    days, keys = {sealed.day for sealed in left}, {_key_of(desk, sealed.digest) for sealed in left}
    drained = [day for day in over if day not in keys and not days & {Day(day), Day(day + 1), Day(day + 2)}]
    if not drained:
        return
    with desk.all_or_nothing():
        for day in drained:
            desk.keyring.forget_intake(day)
        desk.keyfile.save()
