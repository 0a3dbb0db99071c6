"""Serve the bundle: files that were there at the start, under a policy that lets nothing else in."""

from __future__ import annotations

import mimetypes
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from tocsin.relay.errors import NoPage, NoSuchPath

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@lru_cache(maxsize=1)
def _files() -> dict[str, bytes]:
    folder = settings.PAGE_BUNDLE
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def give_file(_request: HttpRequest, file: str = "index.html") -> HttpResponseBase:
    """Give one file of the page."""
    files = _files()
    if not files:
        raise NoPage
    if file not in files:
        raise NoSuchPath
    kind = mimetypes.guess_type(file)[0] or "application/octet-stream"
    response = HttpResponse(files[file], content_type=kind)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return response
