"""The site's addresses: numbers and random codes only, all behind a first part that is new at every start."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from tocsin.desk.site import errors, pages
from tocsin.desk.site.settings import BESIDE, DOOR, ROOMS

inside: list[URLPattern | URLResolver] = [
    path("", pages.show_home, name="home"),
    path("unlock/", pages.unlock, name="unlock"),
    path("lock/", pages.lock, name="lock"),
    path("away/", pages.away, name="away"),
    path("mend/", pages.mend, name="mend"),
    path("quit/", pages.quit_desk, name="quit"),
    path("sync/", pages.sync_now, name="sync"),
    path("send/", pages.send_everything, name="send"),
    path("start/", include("tocsin.desk.start.urls")),
    *(path(f"{room}/", include(f"tocsin.desk.{room}.urls")) for room in (*ROOMS, *BESIDE)),
]

urlpatterns = [
    path("open/<str:token>", pages.enter, name="open"),
    path("style.css", pages.style, name="style"),
    path("desk.js", pages.script, name="script"),
    path("favicon.ico", pages.icon, name="icon"),
    path(f"{DOOR}/", include(inside)),
]

handler400 = errors.bad_request
handler404 = errors.no_such_page
handler500 = errors.broken
