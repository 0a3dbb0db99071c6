"""Serve the bundle: files that were there at the start, under a policy that lets nothing else in."""

from __future__ import annotations

import gzip
import mimetypes
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from tocsin.relay.errors import NoPage, NoSuchPath

# No markup is ever parsed by the page's code, so Trusted Types can be forbidden altogether. Pictures that are being cleaned
# are blobs; the icon is an empty `data:`.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
# The one page with a form that a browser sends by itself: it takes files that are sealed already.
_UPLOAD = "sealed.html"
_UPLOAD_POLICY = _POLICY.replace("form-action 'none'", "form-action 'self'")
_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Vary": "Accept-Encoding",
}
# What an earlier version of this page, or another behind the same address, may have left in the browser.
_FORGET = '"cache", "cookies", "storage"'
_FIRST = "index.html"


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file as it is sent: never per request, so that its size says nothing about who asks."""

    kind: str
    plain: bytes
    zipped: bytes


@lru_cache(maxsize=1)
def _files() -> dict[str, PageFile]:
    folder = settings.PAGE_BUNDLE
    return {
        path.relative_to(folder).as_posix(): _read(path.name, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def _read(name: str, plain: bytes) -> PageFile:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind.endswith(("javascript", "json")):
        kind += "; charset=utf-8"
    return PageFile(kind, plain, gzip.compress(plain, compresslevel=9, mtime=0))


def give_file(request: HttpRequest, file: str = _FIRST) -> HttpResponseBase:
    """Give one file of the page."""
    files = _files()
    if not files:
        raise NoPage
    if file not in files:
        raise NoSuchPath
    found = files[file]
    takes_zipped = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(found.zipped if takes_zipped else found.plain, content_type=found.kind)
    if takes_zipped:
        response.headers["Content-Encoding"] = "gzip"
    for name, value in _HEADERS.items():
        response.headers[name] = value
    response.headers["Content-Security-Policy"] = _UPLOAD_POLICY if file == _UPLOAD else _POLICY
    if file == _FIRST:
        response.headers["Clear-Site-Data"] = _FORGET
    return response


def give_upload(request: HttpRequest, **_path: object) -> HttpResponseBase:
    """Give the page for browsers without script, below a coalition's path: its form goes where the page lies."""
    return give_file(request, _UPLOAD)
