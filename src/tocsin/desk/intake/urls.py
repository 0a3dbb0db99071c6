"""Addresses of the intake room."""

from django.urls import path

from tocsin.desk.intake import pages

urlpatterns = [
    path("", pages.show, name="intake"),
    path("take/", pages.take, name="intake_take"),
]
