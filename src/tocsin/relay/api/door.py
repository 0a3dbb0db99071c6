"""Who asks, and for which coalition. A stranger cannot tell an unknown coalition from an unknown device."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tocsin.core.ledger import DeviceEntry, NotOnRoll, Roll
from tocsin.core.seal import BadSignature, verify
from tocsin.relay.clock import steady_seconds, today
from tocsin.relay.errors import Malformed, UnknownHere, WrongMethod
from tocsin.relay.identity import check_challenge, relay_key
from tocsin.relay.store.filling import may_fill
from tocsin.relay.store.hot import find_coalition
from tocsin.relay.store.models import Coalition
from tocsin.relay.store.quotas import ANYBODY
from tocsin.relay.store.rolls import roll_in_force
from tocsin.relay.store.sweep import sweep_if_new_day
from tocsin.terms import Day


@dataclass(frozen=True, slots=True)
class Visit:
    """A request to one coalition's ledger, on its day."""

    request: HttpRequest
    coalition: Coalition
    roll: Roll
    day: Day

    @property
    def name(self) -> bytes:
        """The coalition id."""
        return bytes(self.coalition.name)

    def number(self, field: str, *, default: int | None = None) -> int:
        """Read a whole number from the query.

        Raises
        ------
        Malformed
            It is missing or no number that the relay could mean.
        """
        text = self.request.GET.get(field)
        if text is None and default is not None:
            return default
        if text is None or not (text.isascii() and text.isdecimal()) or len(text) > 18:
            raise Malformed(f"{field} must be a whole number")
        return int(text)


Page = Callable[..., HttpResponseBase]
Unsigned = Callable[..., HttpResponseBase]  # (Visit, **what the path holds)


def unsigned(page: Page) -> Page:
    """Let anybody in who knows the coalition's id."""

    def view(request: HttpRequest, name: bytes, **path: object) -> HttpResponseBase:
        return page(_visit(request, name), **path)

    return view


def signed(page: Page) -> Page:
    """Let devices on the roll in; the page is given the device too."""

    def view(request: HttpRequest, name: bytes, **path: object) -> HttpResponseBase:
        visit = _visit(request, name)
        return page(visit, _signer(visit), **path)

    return view


def filler(page: Page) -> Page:
    """Let in whoever fills a lost ledger: by the code it moved in with, as nobody, or as a device on the roll so far."""

    def view(request: HttpRequest, name: bytes, **path: object) -> HttpResponseBase:
        visit = _visit(request, name)
        code = request.headers.get("Tocsin-Lodging", "")
        if not code:
            return page(visit, _signer(visit).number, **path)
        if not may_fill(code, visit.coalition):
            raise UnknownHere
        return page(visit, ANYBODY, **path)

    return view


def endpoint(**by_method: Page) -> Page:
    """Serve one path by the request's method."""

    def view(request: HttpRequest, **path: object) -> HttpResponseBase:
        if request.method not in by_method:
            raise WrongMethod
        return by_method[request.method](request, **path)

    return view


def _visit(request: HttpRequest, name: bytes) -> Visit:
    coalition = find_coalition(name)
    if coalition is None:
        raise UnknownHere
    roll = roll_in_force(coalition)
    day = today(roll)
    sweep_if_new_day(coalition, day)
    return Visit(request, coalition, roll, day)


def _signer(visit: Visit) -> DeviceEntry:
    """Check a signed request (docs/formats.md section 6): path, query, body and this relay's key."""
    request = visit.request
    challenge = _from_base64(request.headers.get("Tocsin-Challenge", ""))
    check_challenge(challenge, steady_seconds())
    device = request.headers.get("Tocsin-Device", "")
    if not (device.isascii() and device.isdecimal()) or len(device) > 10:
        raise UnknownHere
    message = challenge + relay_key().public + _hash_of_line(request) + hashlib.sha256(request.body).digest()
    try:
        entry = visit.roll.device(int(device))
        signature = _from_base64(request.headers.get("Tocsin-Signature", ""))
        verify(entry.key, signature, "request", coalition=visit.name, message=message)
    except (NotOnRoll, BadSignature) as trouble:
        raise UnknownHere from trouble
    return entry


def _hash_of_line(request: HttpRequest) -> bytes:
    query = request.META.get("QUERY_STRING", "")
    target = request.path_info + ("?" + query if query else "")
    return hashlib.sha256(f"{request.method} {target}".encode()).digest()


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as trouble:
        raise Malformed("a header is not base64url") from trouble
