"""All paths of the relay: the api for desks, bulletins for the public, the page for witnesses."""

from __future__ import annotations

from django.urls import include, path

from tocsin.relay.api.door import endpoint, unsigned
from tocsin.relay.bulletins.feed import give_feed
from tocsin.relay.page.bundle import give_file, give_upload

urlpatterns = [
    path("", include("tocsin.relay.api.urls")),
    path("c/<hash:name>/bulletins", endpoint(GET=unsigned(give_feed))),
    path("c/<hash:name>/sealed.html", endpoint(GET=give_upload, HEAD=give_upload)),
    path("<path:file>", endpoint(GET=give_file, HEAD=give_file)),
    path("", endpoint(GET=give_file, HEAD=give_file)),
]

handler404 = "tocsin.relay.hygiene.no_such_path"
