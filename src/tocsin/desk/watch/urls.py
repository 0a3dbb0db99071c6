"""Addresses of the watch room."""

from django.urls import path

from tocsin.desk.watch import many_pages, pages

urlpatterns = [
    path("", pages.show, name="watch"),
    path("<int:as_of>/", pages.show, name="watch_day"),
    path("day/", pages.go_to_day, name="watch_go"),
    path("ring/", pages.ring, name="watch_ring"),
    path("panel/", pages.declare_panel, name="watch_panel"),
    path("table/", pages.read_table, name="watch_table"),
    path("many/", many_pages.show, name="watch_many"),
    path("many/choose/", many_pages.choose, name="watch_choose"),
    path("contagion/", many_pages.show_contagion, name="watch_contagion"),
    path("contagion/fit/", many_pages.fit, name="watch_fit"),
]
