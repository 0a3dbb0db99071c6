"""A coalition moves in."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tocsin.core.ledger import Lodged, read_founding, read_records
from tocsin.relay.api.answers import answer
from tocsin.relay.api.records import read_since
from tocsin.relay.errors import Malformed, NotThere
from tocsin.relay.identity import relay_key
from tocsin.relay.store.lodging import MovingIn, hash_code, lodge, lodged_with
from tocsin.relay.store.writer import writer


def take_founding(request: HttpRequest) -> HttpResponseBase:
    """Take a founding record with a lodging code; the same two are answered the same again."""
    return _move_in(request, refills=False)


def take_lost(request: HttpRequest) -> HttpResponseBase:
    """Take the founding record of a ledger that was lost elsewhere and is to be filled again here."""
    return _move_in(request, refills=True)


def _move_in(request: HttpRequest, *, refills: bool) -> HttpResponseBase:
    records = read_records(request.body)
    if len(records) != 1:
        raise Malformed("one founding record goes with a lodging code")
    read_founding(records[0])
    code_hash = hash_code(request.headers.get("Tocsin-Lodging", ""))
    name = writer.do(lodge, MovingIn(code_hash, records[0], refills))
    return answer(Lodged(name, relay_key().public))


def give_founding(request: HttpRequest) -> HttpResponseBase:
    """Give the founding record of the coalition that lodges here with a roll, to whoever signed that roll."""
    coalition = lodged_with(request.body)
    if coalition is None:
        raise NotThere
    return answer(b"".join(read_since(coalition, 0, 1)))
