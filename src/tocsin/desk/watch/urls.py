"""Addresses of the watch room."""

from django.urls import path

from tocsin.desk.watch import pages

urlpatterns = [
    path("", pages.show, name="watch"),
    path("<int:as_of>/", pages.show, name="watch_day"),
    path("day/", pages.go_to_day, name="watch_go"),
    path("ring/", pages.ring, name="watch_ring"),
    path("panel/", pages.declare_panel, name="watch_panel"),
    path("table/", pages.read_table, name="watch_table"),
]
