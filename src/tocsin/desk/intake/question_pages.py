"""The questions that the witness's page asks beside its own: left out, moved, added, and proposed to be signed.

Nothing is kept until it is proposed: the order travels in the form, and going back to what stands is the undo.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.core.ledger.parts import NO_LANGUAGE
from tocsin.core.ledger.questions import FORM, OURS, free_own, label_of, read_questions, write_questions
from tocsin.desk.desk import Desk
from tocsin.desk.intake import page_texts
from tocsin.desk.intake.text_pages import OWN, built_in
from tocsin.desk.site import forms
from tocsin.desk.site.errors import BadField
from tocsin.desk.site.session import session, unlocked

ALWAYS = ("what", "whose", "danger", "named", "country")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question as the page will ask it in English."""

    code: str
    words: str
    is_own: bool
    is_choice: bool


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show the questions that stand, or were proposed last."""
    desk = unlocked()
    return _page(request, desk, read_questions(page_texts.newest_words(desk, NO_LANGUAGE).get(FORM, "")))


@require_POST
def move(request: HttpRequest) -> HttpResponse:
    """Move, leave out or add one, and show how it would be."""
    asked = list(read_questions(forms.text(request, "form")))
    act, _, which = forms.text(request, "act").partition(":")
    if act == "add":
        asked.append(_new(asked, which))
    elif which in asked and act == "up":
        at = asked.index(which)
        asked[max(at - 1, 0) : at + 1] = [which, *asked[max(at - 1, 0) : at]]
    elif which in asked and act == "leave":
        asked.remove(which)
    else:
        raise BadField("act")
    return _page(request, unlocked(), tuple(asked))


def _new(asked: list[str], which: str) -> str:
    if which in OURS and which not in asked:
        return which
    name = free_own(asked)
    if name is None or which not in ("own", "own?"):
        raise BadField("act")
    return name + which.removeprefix("own")


@require_POST
def propose(request: HttpRequest) -> HttpResponseBase:
    """Propose them; two speakers sign, and the page asks them without a new release."""
    asked = read_questions(forms.text(request, "form"))
    page_texts.change_words(unlocked(), NO_LANGUAGE, {FORM: write_questions(asked)})
    session.sync_now()
    return redirect("witness_page")


def _page(request: HttpRequest, desk: Desk, asked: tuple[str, ...]) -> HttpResponse:
    english = {**built_in()["en"], **page_texts.newest_words(desk, "en")}
    shown = {
        "always": [english[label_of(name)] for name in ALWAYS],
        "asked": [_asked(code, english) for code in asked],
        "form": write_questions(asked),
        "others": {name: english[label_of(name)] for name in OURS if name not in asked},
        "has_room": free_own(asked) is not None,
    }
    return render(request, "questions.html", shown)


def _asked(code: str, english: dict[str, str]) -> Asked:
    return Asked(
        code=code,
        words=english.get(label_of(code), OWN),
        is_own=code.startswith("own."),
        is_choice=code.endswith("?"),
    )
