"""Count: who claims what; stating a tally; signing another organisation's; how many were never listed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.core.count.mse import BadChoice, BadTable
from tocsin.desk.count import actions, estimating, queries, stating
from tocsin.desk.count.estimating import ESTIMATE, Asked
from tocsin.desk.count.stating import CHECK
from tocsin.desk.site import forms
from tocsin.desk.site.errors import BadField, status_of
from tocsin.desk.site.session import running_jobs, unlocked
from tocsin.terms import Period


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
    typed, missed = forms.pasted(request), request.POST.get("missed", "").strip()
    try:
        asked = Asked(
            table=typed,
            claimed=claimed,
            is_quick="quick" in request.POST,
            derived=estimating.read_derived(request.POST.get("derived", "")),
            percent_missed=forms.number(request, "missed", most=100) if missed else 0,
        )
        estimating.ask(unlocked(), asked)
    except (BadTable, BadChoice) as trouble:
        shown = {"page": estimating.estimate_page(unlocked()), "trouble": str(trouble), "typed": typed}
        return render(request, "estimate.html", shown, status=status_of(trouble.code))
    return redirect("machine_job", running_jobs().start(ESTIMATE.name).id)


@require_POST
def state_estimate(request: HttpRequest) -> HttpResponseBase:
    """State what was estimated last, for an assessor to calculate again."""
    period = Period(forms.day(request, "first"), forms.day(request, "last"))
    if period.last < period.first:
        raise BadField("last")
    stating.state(unlocked(), forms.place(request), period)
    return redirect("count")


@require_POST
def check_estimate(request: HttpRequest) -> HttpResponseBase:
    """Begin to calculate an estimate again, and watch it."""
    asked = {"estimate": forms.code(request, "estimate").hex()}
    return redirect("machine_job", running_jobs().start(CHECK.name, asked).id)


@require_POST
def close_table(request: HttpRequest) -> HttpResponseBase:
    """Have every desk erase the key of an estimate's table."""
    stating.close(unlocked(), forms.code(request, "estimate"))
    return redirect("count")
