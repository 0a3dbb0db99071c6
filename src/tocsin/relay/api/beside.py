"""Published keys, day folders and the challenge."""

from __future__ import annotations

import msgspec
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tocsin.core.ledger import PUBLISHED_KEY_SIZE, Beside, DeviceEntry, PublishedKey
from tocsin.core.seal import GRANT_SIZE, sealed_size
from tocsin.relay.api.answers import answer, stream
from tocsin.relay.api.door import Visit
from tocsin.relay.api.heads import newest_head
from tocsin.relay.clock import steady_seconds
from tocsin.relay.errors import Malformed, NotEntitledHere
from tocsin.relay.identity import make_challenge, relay_key
from tocsin.relay.shape import check_age_file
from tocsin.relay.store.attachments import count_attachments
from tocsin.relay.store.beside import Publishing, check_key, keys_since, name_keys, publish
from tocsin.relay.store.folders import Deposit, check_day, count_folders, file_away, read_folder
from tocsin.relay.store.models import FolderItem
from tocsin.relay.store.writer import writer
from tocsin.terms import Day

MOST_AT_ONCE = 64
SUBMISSION_PLAIN = 16_384
SUBMISSION_RECIPIENTS = 4


def give_challenge(_request: HttpRequest, **_path: object) -> HttpResponseBase:
    """Give a challenge, whatever coalition was named: the answer says nothing about who lodges here."""
    return answer(make_challenge(steady_seconds()) + relay_key().public)


def cut(data: bytes, size: int, what: str) -> list[bytes]:
    """Cut a body into its 1 to 64 parts of one size."""
    if len(data) % size or not 1 <= len(data) // size <= MOST_AT_ONCE:
        raise Malformed(f"1 to {MOST_AT_ONCE} {what} of {size} bytes go at once")
    return [data[at : at + size] for at in range(0, len(data), size)]


def take_keys(visit: Visit) -> HttpResponseBase:
    """Publish keys that their devices signed."""
    keys = tuple(
        PublishedKey.from_bytes(part) for part in cut(visit.request.body, PUBLISHED_KEY_SIZE, "keys")
    )
    for key in keys:
        check_key(key, visit.coalition, visit.roll)
    writer.do(publish, Publishing(visit.coalition, visit.day, keys))
    return answer()


def give_keys(visit: Visit) -> HttpResponseBase:
    """Give published keys whose period ends on a day or later."""
    return answer(b"".join(keys_since(visit.coalition, visit.number("since"))))


def give_overview(visit: Visit, caller: DeviceEntry) -> HttpResponseBase:
    """Say in one answer what may be fetched; how many called for help, only those learn who may take their calls."""
    may_see = caller.may_take_duty or caller.keeper
    folders = tuple(
        (day, kinds.get(FolderItem.GRANT, 0), kinds.get(FolderItem.SUBMISSION, 0) if may_see else 0)
        for day, kinds in count_folders(visit.coalition, today=visit.day).items()
    )
    keys = name_keys(visit.coalition, visit.number("since"))
    n_attachments = count_attachments(visit.coalition) if caller.keeper else 0
    head = msgspec.structs.asdict(newest_head(visit))
    return answer(Beside(**head, keys=keys, folders=folders, attachments=n_attachments))


def take_grants(visit: Visit, caller: DeviceEntry) -> HttpResponseBase:
    """File grants under today."""
    grants = cut(visit.request.body, GRANT_SIZE, "grants")
    for grant in grants:
        check_age_file(grant, "a grant", max_recipients=1)
    writer.do(file_away, Deposit(visit.coalition, visit.day, FolderItem.GRANT, tuple(grants), caller.number))
    return answer()


def give_grants(visit: Visit, _caller: DeviceEntry, day: int) -> HttpResponseBase:
    """Give a day's grants, whole: which of them are for the caller, the relay does not learn."""
    return stream(read_folder(visit.coalition, day, FolderItem.GRANT, today=visit.day))


def file_submission(visit: Visit, data: bytes) -> None:
    """File a submission under today; the same again lies there once."""
    writer.do(file_away, Deposit(visit.coalition, visit.day, FolderItem.SUBMISSION, (data,)))


def check_submission(data: bytes) -> None:
    """Check that it looks like every other: raises LooksPlain, Malformed."""
    n_recipients = check_age_file(data, "a submission", max_recipients=SUBMISSION_RECIPIENTS)
    if len(data) != sealed_size(SUBMISSION_PLAIN, n_recipients):
        raise Malformed("a submission must have exactly the size of every other")


def give_submissions(visit: Visit, caller: DeviceEntry, day: int) -> HttpResponseBase:
    """Give a day's submissions, whole, to duty and keeper desks."""
    if not (caller.may_take_duty or caller.keeper):
        raise NotEntitledHere
    files = read_folder(visit.coalition, day, FolderItem.SUBMISSION, today=visit.day)
    return stream(len(file).to_bytes(4, "big") + file for file in files)


def refill_grants(visit: Visit, caller: DeviceEntry, day: int) -> HttpResponseBase:
    """Put grants back into the folder of the day on which they came, from a keeper."""
    grants = cut(visit.request.body, GRANT_SIZE, "grants")
    for grant in grants:
        check_age_file(grant, "a grant", max_recipients=1)
    return _put_back(visit, caller, day, FolderItem.GRANT, grants)


def refill_submissions(visit: Visit, caller: DeviceEntry, day: int) -> HttpResponseBase:
    """Put submissions back into the folder of the day on which they came, from a keeper."""
    files: list[bytes] = []
    rest = visit.request.body
    while rest and len(files) <= MOST_AT_ONCE:
        size = int.from_bytes(rest[:4], "big")
        files.append(rest[4 : 4 + size])
        rest = rest[4 + size :]
    if not 1 <= len(files) <= MOST_AT_ONCE:
        raise Malformed(f"1 to {MOST_AT_ONCE} submissions go back at once")
    for file in files:
        check_submission(file)
    return _put_back(visit, caller, day, FolderItem.SUBMISSION, files)


def _put_back(visit: Visit, caller: DeviceEntry, day: int, kind: int, items: list[bytes]) -> HttpResponseBase:
    if not caller.keeper:
        raise NotEntitledHere
    check_day(day, today=visit.day)
    writer.do(file_away, Deposit(visit.coalition, Day(day), kind, tuple(items), caller.number))
    return answer()
