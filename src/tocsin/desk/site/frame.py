"""What stands around every page: the exercise banner, the rooms, what the last sync said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language_bidi

from tocsin.desk.site.session import session
from tocsin.desk.site.settings import BESIDE, ROOMS
from tocsin.desk.site.waiting import n_leaving

DIRECTION_COOKIE = "dir"
"""Turns the page around for whoever tests it; otherwise the language decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The open desk in two lines."""

    device: int
    exercise_day: int | None
    """The coalition's day if this is an exercise, else None."""
    n_leaving: int
    """How many records leave at the next sync."""


_stood: dict[str, Frame] = {}
"""The frame as it stood last, for pages that do not wait while the desk is busy."""


def frame(request: HttpRequest) -> dict[str, Any]:
    """Give every template its frame; `frame` is None while the desk is locked."""
    turned = request.COOKIES.get(DIRECTION_COOKIE)
    return {
        "dir": turned if turned in ("rtl", "ltr") else ("rtl" if get_language_bidi() else "ltr"),
        "rooms": ROOMS,
        "here": here(request),
        "frame": _frame(),
        "trouble_now": "" if session.trouble is None else str(session.trouble),
    }


def here(request: HttpRequest) -> str:
    """Say in which room a page lies, by the folder of its address; a page below no room is named itself."""
    match = request.resolver_match
    route = match.route if match else ""
    folder = route.split("/")[1] if route.count("/") > 1 else ""
    return folder if folder in (*ROOMS, *BESIDE) else (match.url_name or "") if match else ""


def _frame() -> Frame | None:
    desk = session.desk
    if desk is None:
        return None
    if desk.lock.acquire(blocking=False):
        try:
            _stood["now"] = Frame(
                device=desk.device,
                exercise_day=desk.today if desk.world.history.now.roll.exercise else None,
                n_leaving=n_leaving(desk),
            )
        finally:
            desk.lock.release()
    return _stood.get("now")
