"""The pages before there is a desk: each post saves a step and goes on; what goes wrong stands on the same page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.core.ledger import Duty, WordsDiffer
from tocsin.desk.site import forms
from tocsin.desk.site.errors import BadField, status_of
from tocsin.desk.site.session import session, started
from tocsin.desk.start import cards, founding, joining, proposing, queries
from tocsin.desk.start.errors import TrialNeedsExercise
from tocsin.desk.start.passphrase import LEAST, check_passphrase, six_words
from tocsin.desk.start.state import Founding, Stage, Start
from tocsin.errors import TocsinError


@require_GET
def show(request: HttpRequest) -> HttpResponseBase:
    """Show the next step, or go where there is one."""
    if session.desk is not None:
        return redirect("home")
    if session.start is None and session.stage is not Stage.EMPTY:
        return redirect("unlock")
    return _show(request)


def _show(request: HttpRequest, trouble: str = "", status: int = 200) -> HttpResponse:
    start = session.start
    shown: dict[str, object] = {
        "trouble": trouble,
        "typed": request.POST,
        "waiting": "" if trouble else _trouble_of_waiting(),
    }
    if start is not None and start.setup is not None:
        with start.lock:
            if isinstance(start.setup, Founding):
                shown["page"] = queries.founding_page(start)
                return render(request, "founding.html", shown, status=status)
            shown["page"] = queries.joining_page(start)
            return render(request, "joining.html", shown, status=status)
    shown |= {"has_keyring": start is not None, "offered": six_words(), "least": LEAST, "duties": list(Duty)}
    return render(request, "start.html", shown, status=status)


def _trouble_of_waiting() -> str:
    return "" if session.trouble is None else str(session.trouble)


def _step(request: HttpRequest, act: Callable[[Start], None]) -> HttpResponseBase:
    """Take a step and go on; what goes wrong is said where it was tried."""
    if session.desk is not None:
        return redirect("home")
    try:
        start = started()
        with start.lock:
            act(start)
    except TocsinError as trouble:
        return _show(request, str(trouble), status_of(trouble.code))
    return redirect("start")


@require_GET
def stage(_request: HttpRequest) -> HttpResponse:
    """Say in a word where this machine stands, for a page that waits."""
    return HttpResponse("start" if session.start is not None else "elsewhere", content_type="text/plain")


# beginning ---


@require_POST
def found(request: HttpRequest) -> HttpResponseBase:
    """Choose a passphrase and make a founder's card."""

    def act(start: Start) -> None:
        cards.make_own_card(
            start,
            number=forms.number(request, "number"),
            organisation=forms.number(request, "organisation"),
        )

    return _begin(request, act)


@require_POST
def join(request: HttpRequest) -> HttpResponseBase:
    """Choose a passphrase and answer an invitation."""

    def act(start: Start) -> None:
        joining.answer(
            start,
            words=forms.text(request, "words"),
            text=forms.pasted(request),
            wishes=_wishes(request),
            is_second="second" in request.POST,
        )

    return _begin(request, act)


def _wishes(request: HttpRequest) -> Iterable[Duty]:
    try:
        return [Duty(name) for name in request.POST.getlist("duty")]
    except ValueError:
        raise BadField("duty") from None


def _begin(request: HttpRequest, act: Callable[[Start], None]) -> HttpResponseBase:
    if session.start is None and session.stage is Stage.EMPTY:
        passphrase = request.POST.get("passphrase", "")
        try:
            check_passphrase(passphrase, request.POST.get("again", ""))
            session.begin_start(passphrase)
        except TocsinError as trouble:
            return _show(request, str(trouble), status_of(trouble.code))
    return _step(request, act)


@require_POST
def begin_again(_request: HttpRequest) -> HttpResponseBase:
    """Forget keys and steps, and begin anew."""
    session.begin_again()
    return redirect("start")


@require_POST
def look(_request: HttpRequest) -> HttpResponseBase:
    """Ask the relay whether the wait is over."""
    session.look(started())
    return redirect("start")


# founding ---


@require_POST
def take(request: HttpRequest) -> HttpResponseBase:
    """Take what another founder sent."""

    def act(start: Start) -> None:
        desk = founding.take_text(start, forms.pasted(request))
        if desk is not None:
            session.become(start, desk)

    return _step(request, act)


@require_POST
def differ(request: HttpRequest) -> HttpResponseBase:
    """Let go of a card whose words differ, and say what that means."""
    number = forms.number(request, "differs")

    def act(start: Start) -> None:
        cards.drop_card(start, number)
        raise WordsDiffer

    return _step(request, act)


def _compared(request: HttpRequest, start: Start) -> None:
    """Note which words were typed as heard, or ticked as the same."""
    heard: dict[int, str | None] = {}
    for card in cards.other_cards(cards.setup_of(start)):
        typed = request.POST.get(f"heard-{card.number}", "").strip()
        if typed or f"same-{card.number}" in request.POST:
            heard[card.number] = typed or None
    cards.confirm(start, heard)


@require_POST
def propose(request: HttpRequest) -> HttpResponseBase:
    """Note the comparison, propose the coalition, and sign."""

    def act(start: Start) -> None:
        _compared(request, start)
        exercise_date = _exercise_date(request)
        address, code = _relay(request, is_exercise=exercise_date is not None)
        proposing.make_proposal(
            start,
            threshold=forms.number(request, "threshold"),
            address=address,
            code=code,
            duties=_duties(request, start),
            exercise_date=exercise_date,
        )

    return _step(request, act)


def _exercise_date(request: HttpRequest) -> date | None:
    if "exercise" not in request.POST:
        return None
    try:
        return date.fromisoformat(forms.text(request, "date"))
    except ValueError:
        raise BadField("date") from None


def _relay(request: HttpRequest, *, is_exercise: bool) -> tuple[str, str]:
    if request.POST.get("where") != "here":
        return forms.text(request, "address"), forms.text(request, "code")
    if not is_exercise:
        raise TrialNeedsExercise
    trial = session.begin_trial()
    return trial.address, trial.code


def _duties(request: HttpRequest, start: Start) -> dict[int, list[Duty]]:
    setup = cards.setup_of(start)
    numbers = [cards.own_card(setup).number, *(card.number for card in cards.other_cards(setup))]
    try:
        return {number: [Duty(name) for name in request.POST.getlist(f"duty-{number}")] for number in numbers}
    except ValueError:
        raise BadField("duty") from None


@require_POST
def sign(request: HttpRequest) -> HttpResponseBase:
    """Note the comparison and sign the proposal; or, where it was founded already, take part."""

    def act(start: Start) -> None:
        _compared(request, start)
        if cards.setup_of(start).record:
            session.become(start, founding.accept_founding(start))
        else:
            proposing.sign(start)

    return _step(request, act)


@require_POST
def lodge(request: HttpRequest) -> HttpResponseBase:
    """Lodge the coalition with its relay, and go on as its first desk."""

    def act(start: Start) -> None:
        session.become(
            start, founding.lodge_founding(start, code=request.POST.get("code", "").strip() or None)
        )

    return _step(request, act)


@require_POST
def let_go(request: HttpRequest) -> HttpResponseBase:
    """Let go of the proposal here, for another."""
    return _step(request, proposing.let_go)
