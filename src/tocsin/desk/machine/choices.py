"""Choices for this machine: each is one form, and holds from the next time it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.desk.desk import Desk
from tocsin.desk.keeping import GIGABYTE, is_keeper, kept_attachments
from tocsin.desk.site import forms
from tocsin.desk.site.errors import BadField
from tocsin.desk.site.idle import MINUTES_OFFERED, lock_seconds
from tocsin.desk.site.session import session, unlocked


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoicesPage:
    """What is chosen now, and what may be."""

    lock_minutes: int
    """After how many minutes without a page it locks itself; 0 for never."""
    minutes_offered: tuple[int, ...]
    budget: int | None
    """Millions of bytes a day at most."""
    sends_at_once: bool
    is_keeper: bool
    keeper_gigabytes: int
    kept_gigabytes: float


def choices_page(desk: Desk) -> ChoicesPage:
    """Gather the page."""
    keeps = is_keeper(desk)
    return ChoicesPage(
        lock_minutes=round((lock_seconds(desk) or 0) / 60),
        minutes_offered=minutes_offered(desk),
        budget=desk.settings.daily_megabytes,
        sends_at_once=desk.settings.sends_at_once,
        is_keeper=keeps,
        keeper_gigabytes=desk.settings.keeper_gigabytes,
        kept_gigabytes=sum(kept_attachments(desk.folder).values()) / GIGABYTE if keeps else 0,
    )


def minutes_offered(desk: Desk) -> tuple[int, ...]:
    """After how many minutes it may lock itself; 0, for never, only in an exercise."""
    return (*MINUTES_OFFERED, 0) if desk.world.history.now.roll.exercise else MINUTES_OFFERED


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show the choices."""
    return render(request, "choices.html", {"page": choices_page(unlocked())})


@require_POST
def choose_lock(request: HttpRequest) -> HttpResponseBase:
    """Choose after how long the desk locks itself."""
    minutes, desk = forms.number(request, "minutes"), unlocked()
    if minutes not in minutes_offered(desk):
        raise BadField("minutes")
    desk.choose(lock_minutes=minutes or None)
    return redirect("machine_choices")


@require_POST
def choose_budget(request: HttpRequest) -> HttpResponseBase:
    """Choose how much is fetched a day at most, and go on with the sync if that lets it; 0 for as much as there is."""
    unlocked().choose(daily_megabytes=forms.number(request, "megabytes") or None)
    session.sync_soon()
    return redirect("machine_choices")


@require_POST
def choose_sending(request: HttpRequest) -> HttpResponseBase:
    """Choose whether what can wait does."""
    when = forms.text(request, "when")
    if when not in ("hours", "once"):
        raise BadField("when")
    unlocked().choose(sends_at_once=when == "once")
    return redirect("machine_choices")


@require_POST
def choose_keeping(request: HttpRequest) -> HttpResponseBase:
    """Choose how much of the attachments a keeper keeps."""
    unlocked().choose(keeper_gigabytes=forms.number(request, "gigabytes"))
    return redirect("machine_choices")
