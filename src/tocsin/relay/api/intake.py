"""For witnesses and those who answer them: what the page fetches first, submissions, mailboxes, the page's texts.

Everybody asks in the same way for the same bytes; nothing of who asks is looked at, and nothing is kept.
"""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from tocsin.core.ledger import Cosignature, Purpose, Roll
from tocsin.core.ledger import witness as sections
from tocsin.core.ledger.signed_text import SignedText
from tocsin.core.ledger.witness import MOST_DEVICES, write_sections
from tocsin.core.seal import DamagedFile, dearmor
from tocsin.core.seal.mailbox import read_keys, read_posting
from tocsin.relay.api.answers import BINARY, answer
from tocsin.relay.api.beside import check_submission, file_submission
from tocsin.relay.api.door import Visit
from tocsin.relay.api.flow import bits_now, let_in, let_in_without_work
from tocsin.relay.api.heads import signed_head
from tocsin.relay.clock import steady_seconds
from tocsin.relay.errors import Malformed
from tocsin.relay.identity import make_challenge
from tocsin.relay.shape import check_age_file
from tocsin.relay.store import mailboxes, page_texts
from tocsin.relay.store.beside import cosignatures_of
from tocsin.relay.store.models import KeyRow
from tocsin.relay.store.writer import writer

FRESH_SECONDS = 2.0
"""Everybody gets the same file for so long."""
MOST_UPLOADED = 64_000
_THANKS = (
    b"<!doctype html><meta charset=utf-8><title>Notes</title>"
    b"<p>It was taken. You can close this page.</p><p>OK</p>"
)


@dataclass(frozen=True, slots=True)
class _File:
    until: float
    plain: bytes
    zipped: bytes


_files: dict[int, _File] = {}
_gate = threading.Lock()


def give_witness(visit: Visit) -> HttpResponseBase:
    """Give all that the page needs before it can seal."""
    with _gate:
        file = _files.get(visit.coalition.pk)
        if file is None or file.until < time.monotonic():
            plain = write_sections(_sections(visit))
            zipped = gzip.compress(plain, mtime=0)
            file = _files[visit.coalition.pk] = _File(time.monotonic() + FRESH_SECONDS, plain, zipped)
    wants_zip = "gzip" in visit.request.headers.get("Accept-Encoding", "")
    response = HttpResponse(file.zipped if wants_zip else file.plain, content_type=BINARY)
    if wants_zip:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    return response


def _forget_file(visit: Visit) -> None:
    with _gate:
        _files.pop(visit.coalition.pk, None)


def _sections(visit: Visit) -> Iterator[tuple[int, bytes]]:
    coalition = visit.coalition
    for text in page_texts.charters(coalition):
        yield sections.CHARTER, text.to_bytes()
    head, signature = signed_head(coalition, visit.day)
    yield sections.HEAD, head.to_bytes() + signature
    yield sections.COSIGNATURES, b"".join(map(Cosignature.to_bytes, cosignatures_of(coalition)))
    yield sections.INTAKE_KEYS, b"".join(_duty_keys(visit))
    yield sections.DAY, visit.day.to_bytes(4, "big")
    for words in page_texts.words(coalition):
        yield sections.PART, words
    yield sections.WORK, _work(visit)
    yield sections.FILE_KEYS, b"".join(_file_keys(visit))


def _keys(visit: Visit, purpose: int) -> list[tuple[int, int, bytes]]:
    able = [entry.number for entry in visit.roll.active if entry.may_take_duty]
    rows = KeyRow.objects.filter(coalition=visit.coalition, purpose=purpose, device__in=able)
    listed = rows.order_by("period", "device").values_list("period", "device", "content")
    return [(period, device, bytes(content)) for period, device, content in listed]


def _duty_keys(visit: Visit) -> list[bytes]:
    """Today's and tomorrow's keys of at most four devices; where nobody has one for today, the newest of each."""
    keys = _keys(visit, Purpose.INTAKE)
    today = [device for period, device, _ in keys if period == visit.day]
    if today:
        chosen = spread(today, visit.roll, visit.day)
        near = (visit.day, visit.day + 1)
        return [content for period, device, content in keys if device in chosen and period in near]
    newest = {device: (period, content) for period, device, content in keys if period <= visit.day}
    latest = sorted(newest.values(), reverse=True)[:MOST_DEVICES]
    return [content for _, content in latest]


def spread(devices: list[int], roll: Roll, day: int) -> set[int]:
    """Choose at most four devices, of as many organisations as there are; others on another day."""
    by_organisation: dict[int, list[int]] = {}
    for entry in roll.active:
        if entry.number in devices:
            by_organisation.setdefault(entry.organisation, []).append(entry.number)
    turned = [those[day % len(those) :] + those[: day % len(those)] for those in by_organisation.values()]
    in_turn = [
        those[place] for place in range(max(map(len, turned))) for those in turned if place < len(those)
    ]
    return set(in_turn[:MOST_DEVICES])


def _file_keys(visit: Visit) -> list[bytes]:
    keys = _keys(visit, Purpose.FILE)
    chosen = spread([device for _, device, _ in keys], visit.roll, 0) if keys else set()
    return [content for _, device, content in keys if device in chosen][-2 * MOST_DEVICES :]


def _work(visit: Visit) -> bytes:
    return make_challenge(steady_seconds()) + bytes([bits_now(visit.coalition.pk)])


def give_work(visit: Visit) -> HttpResponseBase:
    """Give a challenge, and say how much work is asked now."""
    return answer(_work(visit))


def take_submission(visit: Visit) -> HttpResponseBase:
    """File a submission under today; from whom is not known, asked or kept."""
    if visit.request.content_type == "multipart/form-data":
        return _take_upload(visit)
    data = visit.request.body
    check_submission(data)
    let_in(visit.coalition.pk, visit.request, data)
    file_submission(visit, data)
    return answer()


def _take_upload(visit: Visit) -> HttpResponseBase:
    """Take a ready-made age file from a browser that runs no script."""
    data = _uploaded(visit.request)
    check_submission(data)
    let_in_without_work(visit.coalition.pk)
    file_submission(visit, data)
    return HttpResponse(_THANKS, content_type="text/html; charset=utf-8")


def _uploaded(request: HttpRequest) -> bytes:
    file = request.FILES.get("file")
    if file is None or file.size is None or file.size > MOST_UPLOADED:
        raise Malformed("one file, named file, goes with this form")
    data: bytes = file.read()
    if data.lstrip().startswith(b"-----BEGIN AGE"):
        try:
            return dearmor(data.decode("ascii"))
        except (DamagedFile, UnicodeDecodeError) as trouble:
            raise Malformed("its armor is damaged") from trouble
    return data


def read_mailboxes(visit: Visit) -> HttpResponseBase:
    """Give eight slots, whatever lies there."""
    return answer(b"".join(mailboxes.read(visit.coalition, read_keys(visit.request.body))))


def take_reply(visit: Visit) -> HttpResponseBase:
    """Put a sealed message into one place of a mailbox."""
    body = visit.request.body
    posting = read_posting(body)
    check_age_file(posting.file, "a message", max_recipients=1)
    let_in(visit.coalition.pk, visit.request, body)
    writer.do(mailboxes.post, mailboxes.Reply(visit.coalition, visit.day, posting))
    return answer()


def take_charter(visit: Visit) -> HttpResponseBase:
    """Keep a charter that enough founders signed."""
    text = page_texts.Text(visit.coalition, visit.roll, SignedText.from_bytes(visit.request.body))
    writer.do(page_texts.keep_charter, text)
    _forget_file(visit)
    return answer()


def take_words(visit: Visit) -> HttpResponseBase:
    """Keep words for the page that a device signed which may sign words."""
    text = page_texts.Text(visit.coalition, visit.roll, SignedText.from_bytes(visit.request.body))
    writer.do(page_texts.keep_words, text)
    _forget_file(visit)
    return answer()
