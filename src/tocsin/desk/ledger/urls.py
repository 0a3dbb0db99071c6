"""Addresses of the ledger room."""

from django.urls import path

from tocsin.desk.ledger import pages

urlpatterns = [
    path("", pages.show, name="ledger"),
    path("bar/", pages.bar, name="bar"),
    path("<int:newest>/", pages.show, name="ledger_from"),
]
