"""This desk: its jobs. A page that watches a job loads itself again, script or no script."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tocsin.desk.machine import queries
from tocsin.desk.machine.backups import BACKUP
from tocsin.desk.machine.places import copy_of, place_of
from tocsin.desk.machine.sticks import STICK
from tocsin.desk.site import forms
from tocsin.desk.site.errors import BadField
from tocsin.desk.site.session import running_jobs, session, unlocked
from tocsin.desk.starter import desktop_folder, make_starter


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show the jobs, and what can be started."""
    return render(request, "machine.html", {"page": queries.machine_page(unlocked(), running_jobs())})


@require_GET
def show_fitness(request: HttpRequest) -> HttpResponse:
    """Show whether this machine is fit."""
    return render(request, "fit.html", {"findings": queries.fitness(session)})


@require_GET
def show_job(request: HttpRequest, job: str) -> HttpResponse:
    """Show one job; while it runs the page comes again by itself."""
    row = queries.job_row(running_jobs(), job)
    response = render(request, "job.html", {"job": row})
    if row.runs:
        response.headers["Refresh"] = f"2; url={reverse('machine_watch', args=[row.id])}"
    return response


@require_http_methods(["GET", "POST"])
def back_up(request: HttpRequest) -> HttpResponseBase:
    """Ask where to put a backup, begin it and watch it."""
    if request.method == "GET":
        return render(request, "backup.html", {"page": queries.backup_page(unlocked())})
    place = place_of(forms.text(request, "place"))
    return redirect("machine_job", running_jobs().start(BACKUP.name, {"place": place.code}).id)


@require_http_methods(["GET", "POST"])
def take_stick(request: HttpRequest) -> HttpResponseBase:
    """Ask which colleague's file to take the ledger from, begin it and watch it."""
    if request.method == "GET":
        return render(request, "stick.html", {"page": queries.stick_page(unlocked())})
    copy = copy_of(forms.text(request, "copy"))
    words = request.POST.get("words", "").strip()
    if len(words) > forms.MOST_LETTERS:
        raise BadField("words")
    return redirect("machine_job", running_jobs().start(STICK.name, {"copy": copy.code, "words": words}).id)


@require_POST
def put_starter(request: HttpRequest) -> HttpResponse:
    """Put a starter on the desktop, and say how it is used."""
    return render(request, "starter.html", {"name": make_starter(desktop_folder(), session.folder).name})


@require_POST
def start(request: HttpRequest) -> HttpResponseBase:
    """Begin a job and watch it."""
    return redirect("machine_job", running_jobs().start(forms.text(request, "work")).id)


@require_POST
def start_again(_request: HttpRequest, job: str) -> HttpResponseBase:
    """Begin a job anew and watch it."""
    return redirect("machine_job", running_jobs().start_again(job).id)


@require_POST
def stop(_request: HttpRequest, job: str) -> HttpResponseBase:
    """Ask a job to stop and see it end."""
    running_jobs().cancel(job)
    return redirect("machine_job", job)


@require_POST
def put_away(_request: HttpRequest, job: str) -> HttpResponseBase:
    """Forget a job that has ended."""
    running_jobs().put_away(job)
    return redirect("machine")
