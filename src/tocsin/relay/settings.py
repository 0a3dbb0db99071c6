"""Django's settings for the relay. All comes from the environment, and importing this needs none of it.

TOCSIN_RELAY_HOME       folder of the signing key, attachments and the SQLite file
TOCSIN_RELAY_DB         SQLite file, or postgres://user:password@host:port/name (default: in the home)
TOCSIN_RELAY_QUOTAS     JSON object that replaces some of QUOTAS, as {"records": [1000, 1000000]}
TOCSIN_RELAY_FLOW       JSON list that replaces FLOW, as [100, 1000]
TOCSIN_EXERCISE_CLOCK   file with a whole number of days; obeyed for exercise coalitions only
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tocsin.core.seal import ATTACHMENT_FLOOR, padme, sealed_size

HOME = Path(os.environ.get("TOCSIN_RELAY_HOME") or Path.home() / ".local" / "share" / "tocsin" / "relay")
EXERCISE_CLOCK = os.environ.get("TOCSIN_EXERCISE_CLOCK", "")
PAGE_BUNDLE = Path(__file__).parent / "static" / "bundle"


def read_database(address: str) -> dict[str, Any]:
    """Turn a path or a postgres:// address into Django's terms, durable on either."""
    if address.startswith(("postgres://", "postgresql://")):
        parts = urlsplit(address)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": None,
            "OPTIONS": {"options": "-c synchronous_commit=on -c timezone=UTC"},
        }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": address,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            # FULL: a signed head must survive a power cut, or desks would see the relay take it back.
            # recursive_triggers: without it INSERT OR REPLACE passes the append-only triggers.
            # secure_delete: what a folder dropped must not stay in the file's free pages.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA recursive_triggers=ON; "
            "PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=1000",
        },
    }


DATABASES = {"default": read_database(os.environ.get("TOCSIN_RELAY_DB") or str(HOME / "relay.sqlite3"))}

# What one device may send a day, or a coalition's folder take a day: how many, and how many bytes.
QUOTAS: dict[str, tuple[int, int]] = {
    "records": (100_000, 1 << 30),
    "grants": (50_000, 1 << 29),
    "keys": (256, 1 << 20),
    "submissions": (50_000, 3 << 29),
    "mailboxes": (20_000, 1 << 27),
    "attachments": (50_000, 16 << 30),
}
QUOTAS.update(
    {what: tuple(limit) for what, limit in json.loads(os.environ.get("TOCSIN_RELAY_QUOTAS") or "{}").items()}
)

FLOW: tuple[float, float] = tuple(json.loads(os.environ.get("TOCSIN_RELAY_FLOW") or "[2, 240]"))
"""What strangers send to one coalition without work: so many a second for good, so many at once."""

FOLDER_DAYS = 14
"""Day folders are dropped whole after this many days."""
MAILBOX_DAYS = 30
"""Replies lie in their mailboxes for so many days."""
MOST_ATTACHED = sealed_size(padme(100 << 20, ATTACHMENT_FLOOR), 1)
"""Bytes of the largest attachment: 100 MiB, padded and sealed."""
CLOCK_DAYS = 2
"""A record's day may differ from the relay's by this many."""
CHUNK_BYTES = 1 << 20
"""The largest chunk of an attachment."""
PAGE_BYTES = 16 << 20
"""An answer to read-since ends after this many bytes, even if more records were asked for."""

DEBUG = False
ALLOWED_HOSTS = [
    "*"
]  # The relay is reached by any name, also an onion one, and never uses the name it was called by.
ROOT_URLCONF = "tocsin.relay.urls"
WSGI_APPLICATION = "tocsin.relay.wsgi.application"
INSTALLED_APPS = ["tocsin.relay.store"]
MIDDLEWARE = ["tocsin.relay.hygiene.Hygiene"]
TEMPLATES: list[dict[str, Any]] = []
USE_TZ = True
USE_I18N = False
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = (
    4 << 20
)  # A hundred of the largest records; nothing the relay takes at once is larger.

# A form's file stays in memory: the other handler would write it to a folder of the system's, under a time.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

# An allow-list: only the relay's own logger speaks, and says a level, a class and a random code.
# Django's loggers would write paths and addresses.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": True,
    "formatters": {"bare": {"format": "%(levelname)s %(message)s"}},
    "handlers": {
        "own": {"class": "logging.StreamHandler", "formatter": "bare"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["nowhere"], "level": "CRITICAL"},
    "loggers": {
        "tocsin.relay": {"handlers": ["own"], "level": "INFO", "propagate": False},
        "django": {"handlers": ["nowhere"], "level": "CRITICAL", "propagate": False},
        "django.request": {"handlers": ["nowhere"], "level": "CRITICAL", "propagate": False},
        "django.security": {"handlers": ["nowhere"], "level": "CRITICAL", "propagate": False},
        "django.db.backends": {"handlers": ["nowhere"], "level": "CRITICAL", "propagate": False},
    },
}
