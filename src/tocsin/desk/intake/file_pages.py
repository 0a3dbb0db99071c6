"""Look at a file that came with a submission, in a frame without rights."""

from __future__ import annotations

import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from tocsin.desk.errors import NotHere
from tocsin.desk.intake.attachments import OpenedFile, open_file
from tocsin.desk.site import forms
from tocsin.desk.site.session import unlocked

_opened: dict[str, OpenedFile] = {}
"""The one file that is being looked at."""


@require_POST
def open_one(request: HttpRequest) -> HttpResponse:
    """Fetch and open one file; the page says what it is before anything shows it."""
    digest = forms.code(request, "submission", n_bytes=32)
    file = open_file(unlocked(), digest, forms.number(request, "number"))
    _opened.clear()
    key = secrets.token_hex(8)
    _opened[key] = file
    return render(request, "file.html", {"key": key, "file": file, "submission": digest.hex()})


@require_GET
def give(request: HttpRequest, key: str) -> HttpResponse:  # noqa: ARG001 - Django's form
    """Give its bytes, once: a picture to be shown, anything else to be saved."""
    unlocked()
    file = _opened.pop(key, None)
    if file is None:
        raise NotHere
    response = HttpResponse(file.content, content_type=file.kind or "application/octet-stream")
    if not file.kind:
        response.headers["Content-Disposition"] = "attachment; filename=file.bin"
    return response
