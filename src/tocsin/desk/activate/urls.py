"""Addresses of the activate room: an activation goes by the number of the record that raised it."""

from django.urls import path

from tocsin.desk.activate import deadline_pages, pages, release_pages

urlpatterns = [
    path("", pages.show_all, name="activate"),
    path("raise/", pages.raise_alarm, name="activate_raise"),
    path("deadlines/", deadline_pages.show, name="deadlines"),
    path("deadlines/set/", deadline_pages.set_one, name="deadline_set"),
    path("deadlines/move/", deadline_pages.move, name="deadline_move"),
    path("deadlines/end/", deadline_pages.end, name="deadline_end"),
    path("deadlines/night/", deadline_pages.send_night, name="night_send"),
    path("releases/<int:number>/", release_pages.show, name="release"),
    path("releases/<int:number>/let-out/", release_pages.let_out, name="release_let_out"),
    path("releases/<int:number>/file/", release_pages.write_out, name="release_file"),
    path("<int:number>/", pages.show, name="activate_one"),
    path("<int:number>/sign/", pages.act, {"what": "sign"}, name="activate_sign"),
    path("<int:number>/assess/", pages.act, {"what": "assess"}, name="activate_assess"),
    path("<int:number>/announce/", pages.act, {"what": "announce"}, name="activate_announce"),
    path("<int:number>/stand-down/", pages.act, {"what": "stand-down"}, name="activate_end"),
]
