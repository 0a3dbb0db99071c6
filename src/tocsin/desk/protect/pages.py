"""Protect: the caseload, one case, places and plan. A step leads on to the case it was about."""

from __future__ import annotations

import secrets

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.core.intake import PHRASES
from tocsin.core.protect import CaseCode, Offer, OfferCode, Outcome
from tocsin.desk.intake.queries import alternates
from tocsin.desk.intake.replying import replies
from tocsin.desk.ledger.custody import REASONS
from tocsin.desk.protect import actions, queries
from tocsin.desk.site import forms
from tocsin.desk.site.errors import BadField
from tocsin.desk.site.session import session, unlocked
from tocsin.terms import Period


@require_GET
def show_all(request: HttpRequest) -> HttpResponse:
    """Show this desk's cases, the offers, the plan and its legs."""
    return render(request, "protect.html", {"page": queries.protect_page(unlocked())})


@require_GET
def show_case(request: HttpRequest, case: str) -> HttpResponse:
    """Show one case, without who it is about."""
    return render(
        request,
        "case.html",
        {"page": queries.case_page(unlocked(), CaseCode(case)), "others": alternates(unlocked())},
    )


@require_POST
def show_identity(request: HttpRequest, case: str) -> HttpResponse:
    """Show who a case is about: asked for by a form, so that no address leads here."""
    return _show_identity(request, case)


def _show_identity(request: HttpRequest, case: str, said: str = "") -> HttpResponse:
    desk, code = unlocked(), CaseCode(case)
    page, identity = queries.case_page(desk, code), queries.identity_of(desk, code)
    shown = {
        "page": page,
        "identity": identity,
        "testimony": queries.testimony_of(desk, code) if page.has_testimony else None,
        "replies": replies(desk, identity.locator),
        "phrases": PHRASES,
        "just_done": said,
    }
    return render(request, "identity.html", shown)


@require_POST
def reply(request: HttpRequest, case: str) -> HttpResponse:
    """Write to the person of a case, into their mailbox."""
    phrases = [code for code in request.POST.getlist("phrase") if code in PHRASES]
    actions.reply(unlocked(), CaseCode(case), text=request.POST.get("words", "").strip(), phrases=phrases)
    session.sync_now()
    return _show_identity(request, case, "Your reply is on its way.")


@require_POST
def open_case(request: HttpRequest) -> HttpResponseBase:
    """Make a case of a call."""
    submission = forms.code(request, "submission", n_bytes=32)
    code = actions.open_case(unlocked(), submission, forms.number(request, "alternate"))
    session.sync_now()
    return redirect("protect_case", case=code)


@require_POST
def act(request: HttpRequest, case: str, what: str) -> HttpResponseBase:
    """Take one step in a case, send it, and show what comes next."""
    desk, code = unlocked(), CaseCode(case)
    queries.case_page(desk, code)
    match what:
        case "triage":
            actions.triage_case(desk, code)
        case "ask":
            actions.ask_for_place(desk, code)
        case "place":
            actions.place(desk, code)
        case "arrive":
            actions.arrive(desk, code)
        case "deal":
            actions.deal(desk, code)
        case "park":
            actions.park(desk, code)
        case _:
            actions.close_case(desk, code, _outcome(request))
    session.sync_now()
    return redirect("protect") if what in ("park", "close") else redirect("protect_case", case=case)


@require_POST
def hand_over(request: HttpRequest, case: str) -> HttpResponseBase:
    """Give a case to a colleague, with another alternate."""
    actions.hand_over(
        unlocked(),
        CaseCode(case),
        to=forms.number(request, "to"),
        alternate=forms.number(request, "alternate"),
    )
    session.sync_now()
    return redirect("protect")


def _outcome(request: HttpRequest) -> Outcome:
    try:
        return Outcome(forms.text(request, "outcome"))
    except ValueError:
        raise BadField("outcome") from None


@require_POST
def ask_back(request: HttpRequest) -> HttpResponseBase:
    """Ask the custodians for a case by its code."""
    reason = forms.text(request, "reason")
    if reason not in REASONS:
        raise BadField("reason")
    actions.ask_back(unlocked(), CaseCode(forms.text(request, "case")), reason=reason)
    session.sync_now()
    return redirect("protect")


@require_POST
def take_up(request: HttpRequest) -> HttpResponseBase:
    """Hold a case again that enough custodians have released."""
    code = CaseCode(forms.text(request, "case"))
    actions.take_up(unlocked(), code, forms.number(request, "alternate"))
    session.sync_now()
    return redirect("protect_case", case=code)


@require_POST
def stop_leg(request: HttpRequest) -> HttpResponseBase:
    """Stop a leg at once, and go on to whoever was to travel, if this desk has their case."""
    desk = unlocked()
    code = actions.stop_leg(desk, forms.text(request, "leg"))
    session.sync_now()
    if any(row.code == code for row in queries.case_rows(desk)):
        return redirect("protect_case", case=code)
    return redirect("protect")


@require_POST
def add_offer(request: HttpRequest) -> HttpResponseBase:
    """Offer beds."""
    languages = forms.text(request, "languages").replace(",", " ").split()
    offer = Offer(
        offer=OfferCode(secrets.token_hex(4)),
        beds=max(1, forms.number(request, "beds")),
        country=forms.place(request, "country"),
        languages=tuple(language.lower() for language in languages),
        step_free="step_free" in request.POST,
        takes_children="takes_children" in request.POST,
        open=Period(forms.day(request, "from"), forms.day(request, "to")),
    )
    actions.add_offer(unlocked(), offer)
    session.sync_now()
    return redirect("protect")


@require_POST
def commit_lottery(_request: HttpRequest) -> HttpResponseBase:
    """Bind this desk to a lottery before the cases are known."""
    actions.commit_lottery(unlocked())
    session.sync_now()
    return redirect("protect")


@require_POST
def make_plan(request: HttpRequest) -> HttpResponse:
    """Say who goes where over what is left, lay the legs at once, and bind this desk to the next lottery.

    One step, so that nobody lays the legs of a plan twice. Households that nobody can accompany are named on this answer
    only: a leg that was not laid leaves no record.
    """
    desk = unlocked()
    plan = actions.make_plan(desk, leave_out=queries.cases_away(desk))
    session.sync_now()
    route = actions.lay_legs(desk, plan)
    actions.commit_lottery(desk)
    session.sync_now()
    return render(request, "protect.html", {"page": queries.protect_page(desk, missing=route.missing)})
