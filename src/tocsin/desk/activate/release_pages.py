"""Releases: an estimate as it may leave, a seat's word that it may, and the file once it is out."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tocsin.desk.activate import releasing
from tocsin.desk.site.session import unlocked


@require_GET
def show(request: HttpRequest, number: int) -> HttpResponse:
    """Show how a number came about, for whoever will quote it, and what the seats say."""
    return render(request, "release.html", {"page": releasing.release_page(unlocked(), number)})


@require_POST
def let_out(request: HttpRequest, number: int) -> HttpResponseBase:
    """Let it out for this desk's seat."""
    releasing.release(unlocked(), number, is_exact="exact" in request.POST)
    return redirect("release", number=number)


@require_GET
def write_out(_request: HttpRequest, number: int) -> HttpResponse:
    """Give what was let out as a file."""
    told = releasing.told_outside(unlocked(), number)
    response = JsonResponse(told, json_dumps_params={"indent": 1})
    response["Content-Disposition"] = 'attachment; filename="estimate.json"'
    return response
