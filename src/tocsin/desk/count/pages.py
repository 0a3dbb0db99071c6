"""Count: who claims what; stating a tally; signing another organisation's; how many were never listed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.core.count.mse import BadTable
from tocsin.desk.count import actions, estimating, queries
from tocsin.desk.count.estimating import ESTIMATE, Asked
from tocsin.desk.site import forms
from tocsin.desk.site.errors import BadField, status_of
from tocsin.desk.site.session import running_jobs, unlocked


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show what is claimed and the tallies."""
    desk = unlocked()
    shown = {"page": queries.count_page(desk), "estimate": estimating.estimate_page(desk)}
    return render(request, "count.html", shown)


@require_POST
def state_tally(request: HttpRequest) -> HttpResponseBase:
    """State what is claimed of a place."""
    actions.state_tally(unlocked(), forms.place(request))
    return redirect("count")


@require_POST
def assess(request: HttpRequest) -> HttpResponseBase:
    """Recompute a tally and sign it; next comes what it is for."""
    actions.assess(unlocked(), forms.code(request, "tally"))
    return redirect("activate")


@require_GET
def show_estimate(request: HttpRequest) -> HttpResponse:
    """Show what the last estimate came to, and what the next is to be of."""
    return render(request, "estimate.html", {"page": estimating.estimate_page(unlocked())})


@require_POST
def ask_estimate(request: HttpRequest) -> HttpResponseBase:
    """Keep the table, begin the estimate and watch it."""
    claimed = forms.number(request, "claimed") if request.POST.get("claimed", "").strip() else None
    if claimed == 0:
        raise BadField("claimed")
    asked = Asked(table=forms.pasted(request), claimed=claimed, is_quick="quick" in request.POST)
    try:
        estimating.ask(unlocked(), asked)
    except BadTable as trouble:
        shown = {
            "page": estimating.estimate_page(unlocked()),
            "trouble": str(trouble),
            "typed": asked.table,
        }
        return render(request, "estimate.html", shown, status=status_of(trouble.code))
    return redirect("machine_job", running_jobs().start(ESTIMATE.name).id)


@require_GET
def show_note(request: HttpRequest) -> HttpResponse:
    """Show the page that explains the estimate to whoever asks, with no more figures than may leave."""
    page = estimating.estimate_page(unlocked())
    return render(request, "estimate_note.html", {"page": page, "told": estimating.note_of(page)})


@require_GET
def write_out(_request: HttpRequest) -> HttpResponse:
    """Give what may leave as a file: two figures, no small cells."""
    response = JsonResponse(
        estimating.note_of(estimating.estimate_page(unlocked())), json_dumps_params={"indent": 1}
    )
    response["Content-Disposition"] = 'attachment; filename="estimate.json"'
    return response
