"""Django's settings for the desk's site. Nothing is read from the environment and nothing is kept after the process ends."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

SITE = Path(__file__).parent
ROOMS = ("watch", "intake", "count", "activate", "protect", "ledger")
BESIDE = ("machine",)
"""Pages that belong to no room: this machine's own."""

DOOR = secrets.token_hex(8)
"""First part of every page's path. Cookies are shared by all ports of 127.0.0.1, but not by paths: whoever else serves pages
on this machine neither gets ours nor can guess where to send a form."""

DEBUG = False
SECRET_KEY = secrets.token_urlsafe(48)
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tocsin.desk.site.urls"
INSTALLED_APPS: list[str] = []
DATABASES: dict[str, Any] = {}
MIDDLEWARE = [
    "tocsin.desk.site.guard.Headers",
    "tocsin.desk.site.guard.Guard",
    "django.middleware.csrf.CsrfViewMiddleware",
    "tocsin.desk.site.guard.Turn",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [
            SITE / "templates",
            *(SITE.parent / room / "templates" for room in (*ROOMS, *BESIDE, "start")),
        ],
        "OPTIONS": {
            "builtins": ["tocsin.desk.site.tags"],
            "context_processors": ["tocsin.desk.site.frame.frame", "django.template.context_processors.csrf"],
        },
    }
]
CSRF_COOKIE_NAME = "form"
CSRF_COOKIE_PATH = f"/{DOOR}/"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_AGE = None
CSRF_FAILURE_VIEW = "tocsin.desk.site.errors.form_refused"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 << 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 << 20
"""As much as a whole request may have: nothing that is uploaded touches the disk."""
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
APPEND_SLASH = False
USE_TZ = True
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# An allow-list: only our own logger speaks, and it says a class and a random code. Django's would write paths.
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
        "tocsin.desk": {"handlers": ["own"], "level": "INFO", "propagate": False},
        "django": {"handlers": ["nowhere"], "level": "CRITICAL", "propagate": False},
        "django.server": {"handlers": ["nowhere"], "level": "CRITICAL", "propagate": False},
        "django.request": {"handlers": ["nowhere"], "level": "CRITICAL", "propagate": False},
        "django.security": {"handlers": ["nowhere"], "level": "CRITICAL", "propagate": False},
    },
}
