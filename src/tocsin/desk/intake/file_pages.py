"""Look at a file that came with a submission, in a frame without rights."""

from __future__ import annotations

import base64

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from tocsin.desk.errors import NotHere
from tocsin.desk.intake.attachments import OpenedFile, open_file
from tocsin.desk.intake.documents import draw_pages
from tocsin.desk.site import forms
from tocsin.desk.site.between import Between
from tocsin.desk.site.session import unlocked

MOST_SHOWN = 48 << 20
"""Bytes that are put into a frame; a longer film is only handed out."""

_opened: Between[OpenedFile] = Between()
"""The one file that is being looked at."""


@require_POST
def open_one(request: HttpRequest) -> HttpResponse:
    """Fetch and open one file; the page says what it is before anything shows it."""
    digest = forms.code(request, "submission", n_bytes=32)
    desk = unlocked()
    file = open_file(desk, digest, forms.number(request, "number"))
    shown = {
        "key": _opened.keep(desk, file),
        "size": len(file.content),
        "what": file.kind.partition("/")[0],
        "is_shown": bool(file.kind) and len(file.content) <= MOST_SHOWN,
        "submission": digest.hex(),
    }
    return render(request, "file.html", shown)


@require_GET
def look(request: HttpRequest, key: str) -> HttpResponse:
    """Show it in the frame: everything is inside this one answer, which may load nothing and run nothing."""
    file = _taken(key)
    n_pages, pictures = 0, [_inline(file.kind, file.content)]
    if file.kind == "application/pdf":
        n_pages, pages = draw_pages(file.content)
        pictures = [_inline("image/png", page) for page in pages]
    shown = {
        "film": pictures[0] if file.kind.startswith("video/") else "",
        "pictures": pictures,
        "n_pages": n_pages,
    }
    return render(request, "file_frame.html", shown)


@require_GET
def give(request: HttpRequest, key: str) -> HttpResponse:  # noqa: ARG001 - Django's form
    """Give its bytes, once, to be saved."""
    file = _taken(key)
    response = HttpResponse(file.content, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = "attachment; filename=file.bin"
    return response


def _taken(key: str) -> OpenedFile:
    """Give the file that is looked at, once: whoever wants more opens it again."""
    file = _opened.take(unlocked(), key)
    if file is None:
        raise NotHere
    return file


def _inline(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
