"""Addresses of the count room."""

from django.urls import path

from tocsin.desk.count import pages

urlpatterns = [
    path("", pages.show, name="count"),
    path("tally/", pages.state_tally, name="count_tally"),
    path("assess/", pages.assess, name="count_assess"),
    path("never-listed/", pages.show_estimate, name="count_estimate"),
    path("never-listed/ask/", pages.ask_estimate, name="count_ask"),
    path("never-listed/state/", pages.state_estimate, name="count_state"),
    path("never-listed/check/", pages.check_estimate, name="count_check"),
    path("never-listed/close/", pages.close_table, name="count_close"),
]
