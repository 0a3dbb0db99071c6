"""Watch: many places at once, what acts cost here, and what came from the neighbours."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.core.watch import Costs
from tocsin.desk.site import forms
from tocsin.desk.site.errors import BadField, status_of
from tocsin.desk.site.session import running_jobs, unlocked
from tocsin.desk.watch import contagion, many
from tocsin.desk.watch.contagion import CONTAGION, Asked, BadNetwork

MOST_HOURS = 100_000


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show what to read first, what acting costs, and whose level has changed."""
    return render(request, "many.html", {"page": many.many_page(unlocked())})


@require_POST
def choose(request: HttpRequest) -> HttpResponseBase:
    """Choose costs and the reading budget."""
    told = {
        act: (_hours(request, f"{act}-false"), _hours(request, f"{act}-miss"))
        for act in Costs().__struct_fields__
    }
    reads = forms.number(request, "reads")
    if not 1 <= reads <= many.MOST_A_WEEK:
        raise BadField("reads")
    many.choose_costs(unlocked(), Costs(**told), reads_a_week=reads)
    return redirect("watch_many")


def _hours(request: HttpRequest, field: str) -> float:
    try:
        hours = float(forms.text(request, field))
    except ValueError:
        raise BadField(field) from None
    if not 0 < hours <= MOST_HOURS:
        raise BadField(field)
    return hours


@require_GET
def show_contagion(request: HttpRequest) -> HttpResponse:
    """Show what the last fit came to, and what the next is to go by."""
    return render(request, "contagion.html", {"page": contagion.contagion_page(unlocked())})


@require_POST
def fit(request: HttpRequest) -> HttpResponseBase:
    """Keep the network, begin the fit and watch it."""
    neighbours = request.POST.get("neighbours", "")
    if len(neighbours) > forms.MOST_PASTED:
        raise BadField("neighbours")
    asked = Asked(
        neighbours=neighbours, has_season="season" in request.POST, has_trend="trend" in request.POST
    )
    try:
        contagion.ask(unlocked(), asked)
    except BadNetwork as trouble:
        page = contagion.contagion_page(unlocked())
        shown = {"page": page, "trouble": str(trouble), "typed": neighbours}
        return render(request, "contagion.html", shown, status=status_of(trouble.code))
    return redirect("machine_job", running_jobs().start(CONTAGION.name).id)
