"""The relay as a WSGI application; granian loads it in each worker."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.relay.settings")
application = get_wsgi_application()

from tocsin.relay.housekeeping import start_housekeeping  # noqa: E402 - models load only after set-up

start_housekeeping()
if address := os.environ.get("TOCSIN_RELAY_ADDRESS"):
    print(f"The relay answers at {address}", flush=True)
