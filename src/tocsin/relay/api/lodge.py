"""A coalition moves in."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tocsin.core.ledger import Lodged, read_founding, read_records
from tocsin.relay.api.answers import answer
from tocsin.relay.errors import Malformed
from tocsin.relay.identity import relay_key
from tocsin.relay.store.lodging import MovingIn, hash_code, lodge
from tocsin.relay.store.writer import writer


def take_founding(request: HttpRequest) -> HttpResponseBase:
    """Take a founding record with a lodging code; the same two are answered the same again."""
    records = read_records(request.body)
    if len(records) != 1:
        raise Malformed("one founding record goes with a lodging code")
    read_founding(records[0])
    code_hash = hash_code(request.headers.get("Tocsin-Lodging", ""))
    name = writer.do(lodge, MovingIn(code_hash, records[0]))
    return answer(Lodged(name, relay_key().public))
