"""Addresses of this desk's own pages."""

from django.urls import path

from tocsin.desk.machine import choices, ending, pages, passphrases, travel_pages

urlpatterns = [
    path("", pages.show, name="machine"),
    path("ending/", ending.show, name="machine_ending"),
    path("ending/erase/", ending.erase, name="machine_erase"),
    path("travel/", travel_pages.show, name="machine_travel"),
    path("travel/prepare/", travel_pages.prepare, name="machine_travel_prepare"),
    path("travel/lock/", travel_pages.lock, name="machine_travel_lock"),
    path("travel/off/", travel_pages.call_off, name="machine_travel_off"),
    path("return/", travel_pages.come_back, name="machine_return"),
    path("passphrase/", passphrases.show, name="machine_passphrase"),
    *(
        path(f"passphrase/{what}/", passphrases.change, {"what": what}, name=f"machine_passphrase_{what}")
        for what in ("change", "duress", "remove")
    ),
    path("fit/", pages.show_fitness, name="machine_fit"),
    path("choices/", choices.show, name="machine_choices"),
    path("lock/", choices.choose_lock, name="machine_lock"),
    path("budget/", choices.choose_budget, name="machine_budget"),
    path("sending/", choices.choose_sending, name="machine_sending"),
    path("keeping/", choices.choose_keeping, name="machine_keeping"),
    path("stick/", pages.take_stick, name="machine_stick"),
    path("backup/", pages.back_up, name="machine_backup"),
    path("starter/", pages.put_starter, name="machine_starter"),
    path("jobs/", pages.start, name="machine_start"),
    path("jobs/<str:job>/", pages.show_job, name="machine_job"),
    path("jobs/<str:job>/watch/", pages.show_job, name="machine_watch"),
    path("jobs/<str:job>/again/", pages.start_again, name="machine_again"),
    path("jobs/<str:job>/stop/", pages.stop, name="machine_stop"),
    path("jobs/<str:job>/away/", pages.put_away, name="machine_away"),
]
