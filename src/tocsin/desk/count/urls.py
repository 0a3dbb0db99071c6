"""Addresses of the count room."""

from django.urls import path

from tocsin.desk.count import pages

urlpatterns = [
    path("", pages.show, name="count"),
    path("tally/", pages.state_tally, name="count_tally"),
    path("assess/", pages.assess, name="count_assess"),
]
