"""The witness's page, seen from a desk: its charter, its words by language, and who has signed them."""

from __future__ import annotations

import json
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.bundle import bundle_path
from tocsin.core.intake import PHRASES
from tocsin.core.ledger.parts import NO_LANGUAGE
from tocsin.core.ledger.questions import FORM, label_of, read_questions
from tocsin.desk.intake import page_texts
from tocsin.desk.ledger.changes import founder_key
from tocsin.desk.site import forms
from tocsin.desk.site.errors import BadField
from tocsin.desk.site.session import session, unlocked

MOST_LABELS = 1000
OWN = "A question of your own, not in words yet"
LANGUAGES = {
    "en": "English", "az": "Azerbaijani", "ru": "Russian", "tr": "Turkish", "ka": "Georgian", "ar": "Arabic",
    "fa": "Persian", "uk": "Ukrainian", NO_LANGUAGE: "no language",
}  # fmt: skip
"""What the desk calls them; the page itself says each in its own words."""


@lru_cache(maxsize=1)
def built_in() -> dict[str, dict[str, str]]:
    words: dict[str, dict[str, str]] = json.loads((bundle_path() / "words.json").read_text(encoding="utf-8"))
    return words


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show the charter that stands and the one that is wanted, and every part with its signatures."""
    desk = unlocked()
    with desk.lock:
        charter, wanted = page_texts.charter_in_force(desk), page_texts.wanted_charter(desk)
        open_ones = [
            (text, each) for text, each in page_texts.charters(desk) if page_texts.is_current(each, wanted)
        ]
        shown = {
            "charter": charter,
            "is_current": charter is not None and page_texts.is_current(charter, wanted),
            "wanted": wanted,
            "open": open_ones[-1] if open_ones else None,
            "address": desk.relay.address,
            "pin": page_texts.pin(desk),
            "is_founder": founder_key(desk) is not None,
            "parts": [
                (text, part, LANGUAGES.get(part.part, part.part), signed, page_texts.may_sign(desk, text))
                for text, part, signed in page_texts.parts(desk)
            ],
            "languages": {code: LANGUAGES.get(code, code) for code in sorted(built_in())},
            "device": desk.device,
        }
    return render(request, "witness_page.html", shown)


@require_POST
def propose(request: HttpRequest) -> HttpResponseBase:  # noqa: ARG001 - Django's form
    """Propose the charter that is wanted; a founder signs with it."""
    page_texts.propose_charter(unlocked())
    session.sync_now()
    return redirect("witness_page")


@require_POST
def sign(request: HttpRequest) -> HttpResponseBase:
    """Sign a charter as a founder, or words as somebody who speaks them."""
    page_texts.sign(unlocked(), forms.code(request, "text", n_bytes=32))
    session.sync_now()
    return redirect("witness_page")


@require_POST
def edit(request: HttpRequest) -> HttpResponse:
    """Show a part's words beside the page's own English, to be changed."""
    desk, part = unlocked(), _part(request)
    changed: dict[str, str] = {}
    for _, each, signed in page_texts.parts(desk):
        if each.part == part and (not signed or not changed):
            changed = dict(each.words)
    english = built_in().get("en", {}) | {f"phrase.{code}": text for code, text in PHRASES.items()}
    own = built_in().get(part, {})
    for question in read_questions(page_texts.newest_words(desk, NO_LANGUAGE).get(FORM, "")):
        if question.startswith("own."):
            english |= {label_of(question): page_texts.newest_words(desk, "en").get(label_of(question), OWN)}
    labels = (
        english
        if part != NO_LANGUAGE
        else {"exit": "Where quick exit goes", "contacts": "Whom else to turn to"}
    )
    rows = [
        (label, text, changed.get(label, own.get(label, "")))
        for label, text in labels.items()
        if isinstance(text, str)
    ]
    return render(request, "words.html", {"part": part, "name": LANGUAGES.get(part, part), "rows": rows})


def _part(request: HttpRequest) -> str:
    part = forms.text(request, "part")
    if part != NO_LANGUAGE and not (part.isascii() and part.isalpha() and len(part) in (2, 3)):
        raise BadField("part")
    return part.lower()


@require_POST
def change(request: HttpRequest) -> HttpResponseBase:
    """Propose the words that were changed."""
    desk, part = unlocked(), _part(request)
    own = built_in().get(part, {})
    said = {name[2:]: str(text).strip() for name, text in request.POST.items() if name.startswith("w:")}
    words = {label: text for label, text in said.items() if text and text != own.get(label)}
    if len(words) > MOST_LABELS:
        raise BadField("part")
    page_texts.change_words(desk, part, words)
    session.sync_now()
    return redirect("witness_page")
