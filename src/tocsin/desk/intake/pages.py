"""Intake: the queue; one submission, read by a form so that no address leads to it; what follows from it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.core.intake import PHRASES, Ending
from tocsin.desk.desk import Desk
from tocsin.desk.intake import actions, pockets, queries, replying, sending
from tocsin.desk.intake.opening import reread
from tocsin.desk.site import forms
from tocsin.desk.site.errors import BadField
from tocsin.desk.site.session import session, unlocked
from tocsin.terms import Day

INTERPRETED_WITHIN_DAYS = 3


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show what waits and what was taken."""
    return render(request, "intake.html", {"page": queries.intake_page(unlocked())})


@require_POST
def take(request: HttpRequest) -> HttpResponseBase:
    """Take the first of the queue in, as many as the form says; they can be read once they have gone through the ledger."""
    actions.take_calls(unlocked(), most=forms.number(request, "most"))
    session.sync_now()
    return redirect("intake")


@require_POST
def drill(request: HttpRequest) -> HttpResponseBase:  # noqa: ARG001 - Django's form
    """Send a drill by the witnesses' way."""
    sending.send_drill(unlocked())
    session.sync_now()
    return redirect("intake")


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Take one submission in and show it."""
    desk, digest = unlocked(), _submission(request)
    actions.take_one(desk, digest)
    session.sync_now()
    return _show_one(request, desk, digest)


def _submission(request: HttpRequest) -> bytes:
    return forms.code(request, "submission", n_bytes=32)


def _show_one(request: HttpRequest, desk: Desk, digest: bytes, said: str = "") -> HttpResponse:
    page = queries.submission_page(desk, digest)
    return render(request, "submission.html", {"page": page, "phrases": PHRASES, "just_done": said})


@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """Reply by phrasebook or in own words; it leaves with this sync."""
    desk, digest = unlocked(), _submission(request)
    _reply(request, desk, digest)
    session.sync_now()
    return _show_one(request, desk, digest, "Your reply is on its way.")


def _reply(request: HttpRequest, desk: Desk, digest: bytes, *, also: tuple[str, ...] = ()) -> None:
    phrases = [code for code in request.POST.getlist("phrase") if code in PHRASES]
    text = request.POST.get("words", "").strip()
    chosen = list(dict.fromkeys([*also, *phrases]))
    if not chosen and not text:
        raise BadField("words")
    mailbox = replying.mailbox_of(reread(desk, digest))
    replying.reply(desk, [mailbox], to=actions.open_week(desk), text=text, phrases=chosen)


@require_POST
def put_aside(request: HttpRequest) -> HttpResponseBase:
    """Park a submission."""
    actions.put_aside(unlocked(), _submission(request))
    session.sync_now()
    return redirect("intake")


@require_POST
def refuse(request: HttpRequest) -> HttpResponseBase:
    """Refuse with words, and be done with it."""
    desk, digest = unlocked(), _submission(request)
    _reply(request, desk, digest, also=("not-us",))
    actions.settle(desk, digest, Ending.REFUSED)
    session.sync_now()
    return redirect("intake")


@require_POST
def erase(request: HttpRequest) -> HttpResponseBase:
    """Erase what came on a receipt, as its owner asked, and say so in the mailbox."""
    desk, digest = unlocked(), _submission(request)
    said = reread(desk, digest)
    if said.recipient is not None:
        replying.reply(desk, [replying.mailbox_of(said)], to=actions.open_week(desk), phrases=["erased"])
    actions.erase(desk, digest)
    session.sync_now()
    return redirect("intake")


@require_POST
def into_case(request: HttpRequest) -> HttpResponseBase:
    """Move more words into the case of this desk that they belong to."""
    case = actions.put_into_case(unlocked(), _submission(request))
    session.sync_now()
    return redirect("protect_case", case=case)


@require_POST
def interpret(request: HttpRequest) -> HttpResponse:
    """Give the words, and nothing else, to an interpreter's pocket."""
    desk, digest = unlocked(), _submission(request)
    said = reread(desk, digest)
    pockets.ask_to_interpret(
        desk,
        forms.text(request, "pocket"),
        said.narrative.text,
        language=said.narrative.language or "",
        into=forms.text(request, "into"),
        until=Day(desk.today + INTERPRETED_WITHIN_DAYS),
    )
    session.sync_now()
    return _show_one(
        request, desk, digest, "The words are on their way to the interpreter, without name or place."
    )
