"""Addresses before there is a desk."""

from django.urls import path

from tocsin.desk.start import pages

urlpatterns = [
    path("", pages.show, name="start"),
    path("stage/", pages.stage, name="start_stage"),
    path("found/", pages.found, name="start_found"),
    path("join/", pages.join, name="start_join"),
    path("again/", pages.begin_again, name="start_again"),
    path("look/", pages.look, name="start_look"),
    path("take/", pages.take, name="start_take"),
    path("differ/", pages.differ, name="start_differ"),
    path("propose/", pages.propose, name="start_propose"),
    path("sign/", pages.sign, name="start_sign"),
    path("lodge/", pages.lodge, name="start_lodge"),
    path("let-go/", pages.let_go, name="start_let_go"),
]
