"""Append records, and read them since a number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from django.conf import settings
from django.http.response import HttpResponseBase

from tocsin.core.ledger import HEADER_SIZE, DeviceEntry, Header, Taken, read_records
from tocsin.relay.api.answers import answer
from tocsin.relay.api.door import Visit
from tocsin.relay.errors import Malformed
from tocsin.relay.store import hot
from tocsin.relay.store.append import Append, Refill, append, find_known, number_if_known, verify_records
from tocsin.relay.store.models import BodyRow, Coalition, HeaderRow, RollPlace
from tocsin.relay.store.writer import writer

MOST_AT_ONCE = 100
MOST_READ = 2000
MOST_FILLED = 1000
_FILL_LEAD = 40
_READ_OVERHEAD = 247  # number, flags and the clear part

Stored = bytes | memoryview  # As SQLite and PostgreSQL give a column of bytes.


def take(visit: Visit, caller: DeviceEntry) -> HttpResponseBase:
    """Append records: check all signatures in this request's thread, and leave order to the writer."""
    records = read_records(visit.request.body)
    if not 1 <= len(records) <= MOST_AT_ONCE:
        raise Malformed(f"1 to {MOST_AT_ONCE} records go at once")
    known = find_known(visit.coalition, records)
    # What is here already was checked when it came, and may stand under an older roll.
    fresh = [record for record in records if number_if_known(record, known) is None]
    verify_records(fresh, visit.roll, visit.name)
    done = writer.do(append, Append(visit.coalition, caller.number, tuple(records), visit.roll.version))
    head = done.head
    return answer(Taken(head.size, head.root, head.day, done.signature, done.numbers))


def fill(visit: Visit, caller: int) -> HttpResponseBase:
    """Take records of a lost ledger where they stood: `first (8) ‖ root before it (32) ‖ records`."""
    body = visit.request.body
    records = read_records(body[_FILL_LEAD:])
    first = int.from_bytes(body[:8], "big")
    if not 1 <= len(records) <= MOST_FILLED or not 0 < first < 1 << 62:
        raise Malformed(f"1 to {MOST_FILLED} records go at once, and none is the founding record")
    known = find_known(visit.coalition, records)
    fresh = [record for record in records if number_if_known(record, known) is None]
    verify_records(fresh, visit.roll, visit.name)
    refill = Refill(first, body[8:_FILL_LEAD])
    job = Append(visit.coalition, caller, tuple(records), visit.roll.version, refill)
    done = writer.do(append, job)
    return answer(Taken(done.head.size, done.head.root, done.head.day, done.signature, done.numbers))


def give(visit: Visit, _caller: DeviceEntry) -> HttpResponseBase:
    """Give records from a number on; fewer than asked for when their bodies are large."""
    since = visit.number("since")
    limit = min(visit.number("limit", default=MOST_READ), MOST_READ)
    return answer(b"".join(read_since(visit.coalition, since, limit)))


def give_rolls(visit: Visit) -> HttpResponseBase:
    """Give the records that brought rolls: who was invited finds its own number in them, and checks every one."""
    places = RollPlace.objects.filter(coalition=visit.coalition, number__gte=visit.number("since", default=0))
    numbers = places.order_by("number").values_list("number", flat=True)[:MOST_READ]
    rows = HeaderRow.objects.filter(coalition=visit.coalition, number__in=list(numbers)).order_by("number")
    headers = _as_many_as_fit(rows.values_list("number", "clear"))
    bodies = BodyRow.objects.filter(coalition=visit.coalition, number__in=[number for number, _ in headers])
    return answer(b"".join(_join(headers, dict(bodies.values_list("number", "content")))))


def read_since(coalition: Coalition, since: int, limit: int) -> Iterator[bytes]:
    """Read records from a number on, each as the answer has it."""
    headers = _as_many_as_fit(hot.headers_from(coalition.pk, since, limit))
    if not headers:
        return iter(())
    return _join(headers, dict(hot.bodies_between(coalition.pk, headers[0][0], headers[-1][0])))


def _join(headers: Iterable[tuple[int, bytes]], bodies: Mapping[int, Stored]) -> Iterator[bytes]:
    for number, clear in headers:
        body = bodies.get(number)
        yield number.to_bytes(8, "big") + bytes([body is not None]) + clear
        if body is not None:
            yield bytes(body)


def _as_many_as_fit(rows: Iterable[tuple[int, Stored]]) -> list[tuple[int, bytes]]:
    total, headers = 0, [(number, bytes(clear)) for number, clear in rows]
    for count, (_, clear) in enumerate(headers):
        total += _READ_OVERHEAD + Header.from_bytes(clear[:HEADER_SIZE]).size
        if total > settings.PAGE_BYTES and count:
            return headers[:count]
    return headers
