"""Read what a form sent: one function a kind of field, each with one way to say no."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest

from tocsin.desk.site.errors import BadField
from tocsin.terms import Day, Place, day_from_date

MOST_LETTERS = 2_000
MOST_PASTED = 500_000


def text(request: HttpRequest, field: str) -> str:
    """Read a line that must not be empty.

    Raises
    ------
    BadField
    """
    value = request.POST.get(field, "").strip()
    if not value or len(value) > MOST_LETTERS:
        raise BadField(field)
    return value


def pasted(request: HttpRequest) -> str:
    """Read a long text that was pasted, or came as a file, or both.

    Raises
    ------
    BadField
    """
    parts = [request.POST.get("pasted", "")]
    files = request.FILES.getlist("file")
    parts += [file.read(MOST_PASTED + 1).decode("utf-8", errors="replace") for file in files]
    text = "\n".join(parts).strip()
    if not text or len(text) > MOST_PASTED:
        raise BadField("pasted")
    return text


def number(request: HttpRequest, field: str, *, most: int = 999_999_999) -> int:
    """Read a whole number from 0 up to the most there can be.

    Raises
    ------
    BadField
    """
    value = text(request, field)
    if not value.isascii() or not value.isdigit() or len(value) > 9 or int(value) > most:
        raise BadField(field)
    return int(value)


def code(request: HttpRequest, field: str, *, n_bytes: int = 16) -> bytes:
    """Read a random id or a hash that a page wrote in hexadecimal.

    Raises
    ------
    BadField
    """
    try:
        value = bytes.fromhex(text(request, field))
    except ValueError:
        raise BadField(field) from None
    if len(value) != n_bytes:
        raise BadField(field)
    return value


def day(request: HttpRequest, field: str) -> Day:
    """Read a date.

    Raises
    ------
    BadField
    """
    try:
        return day_from_date(date.fromisoformat(text(request, field)))
    except ValueError:
        raise BadField(field) from None


def place(request: HttpRequest, field: str = "place") -> Place:
    """Read a place code.

    Raises
    ------
    BadField
    """
    value = text(request, field).lower()
    if not value.isascii() or not value.replace("-", "").isalnum() or not 2 <= len(value) <= 14:
        raise BadField(field)
    return Place(value)
