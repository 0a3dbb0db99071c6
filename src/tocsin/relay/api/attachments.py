"""Attachments over HTTP: ask how much is there, add a chunk, fetch the whole or a part."""

from __future__ import annotations

import re

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from tocsin.core.ledger import DeviceEntry
from tocsin.relay.api.answers import answer, stream
from tocsin.relay.api.door import Visit
from tocsin.relay.errors import Malformed, NotEntitledHere, WrongRange
from tocsin.relay.store.attachments import Place, add_chunk, list_attachments, read_attachment, whole_size

MOST_LISTED = 4096

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def ask(visit: Visit, address: str) -> HttpResponseBase:
    """Say how many bytes are here, and whether that is all."""
    return _with_state(answer(), *Place(visit.coalition, address).state())


def give_list(visit: Visit, caller: DeviceEntry) -> HttpResponseBase:
    """Tell a keeper what complete attachments are here, by address, so that it can keep them: `address (32) ‖ size (8)`."""
    if not caller.keeper:
        raise NotEntitledHere
    after = visit.request.GET.get("after", "")
    if not re.fullmatch("([0-9a-f]{64})?", after):
        raise Malformed("after must be an address")
    listed = list_attachments(visit.coalition, after=after, most=MOST_LISTED)
    return answer(b"".join(bytes.fromhex(address) + size.to_bytes(8, "big") for address, size in listed))


def add(visit: Visit, address: str) -> HttpResponseBase:
    """Add a chunk where the last one ended."""
    place, headers = Place(visit.coalition, address), visit.request.headers
    offset, last = headers.get("Upload-Offset", ""), headers.get("Upload-Complete", "0")
    if not (offset.isascii() and offset.isdecimal()) or len(offset) > 18 or last not in ("0", "1"):
        raise Malformed("Upload-Offset and Upload-Complete must be numbers")
    have = add_chunk(place, visit.request.body, offset=int(offset), is_last=last == "1", day=visit.day)
    return _with_state(answer(), have, last == "1")


def _with_state(response: HttpResponse, have: int, complete: bool) -> HttpResponse:
    response.headers["Upload-Offset"] = str(have)
    response.headers["Upload-Complete"] = str(int(complete))
    return response


def fetch(visit: Visit, address: str) -> HttpResponseBase:
    """Give a complete attachment, or the part of it that was asked for."""
    place = Place(visit.coalition, address)
    size = whole_size(place)
    asked = visit.request.headers.get("Range")
    first, last = _read_range(asked, size) if asked else (0, size - 1)
    response = stream(read_attachment(place, first, last))
    response.headers["Content-Length"] = str(last + 1 - first)
    response.headers["Accept-Ranges"] = "bytes"
    if asked:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response


def _read_range(asked: str, size: int) -> tuple[int, int]:
    """Read one range of bytes: from-to, from-, or -how many at the end."""
    match = _RANGE.fullmatch(asked)
    if match is None or not any(match.groups()):
        raise WrongRange
    start, end = match.groups()
    first = int(start) if start else max(size - int(end), 0)
    last = min(int(end), size - 1) if start and end else size - 1
    if first > last:
        raise WrongRange
    return first, last
