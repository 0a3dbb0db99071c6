"""A thread that forgets on time even when nobody asks, and ends a worker whose relay was killed."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time

from django.db import DatabaseError, connection

from tocsin.relay.hygiene import blur_home
from tocsin.relay.store.sweep import sweep_all

log = logging.getLogger("tocsin.relay")

LOOK_SECONDS = 2
SWEEP_EVERY = 30
"""In looks: once a minute is often enough to drop a day's folder."""


def start_housekeeping() -> None:
    """Start the thread; it ends with its process."""
    threading.Thread(target=_keep_house, args=(os.getppid(),), name="relay-housekeeping", daemon=True).start()


def _keep_house(parent: int) -> None:
    looks = 0
    while True:
        if os.getppid() != parent:
            # granian's main process was killed: without it nobody would ever stop this worker.
            os.kill(os.getpid(), signal.SIGTERM)
        if looks % SWEEP_EVERY == 0:
            _sweep()
        looks += 1
        time.sleep(LOOK_SECONDS)


def _sweep() -> None:
    try:
        sweep_all()
    except (DatabaseError, OSError, ValueError) as trouble:
        # A database or disk in trouble, or an exercise's clock that is just being written: the next look tries again,
        # for this thread must not end. A request that meets the same says what is wrong.
        log.error("sweep %s", type(trouble).__name__)
        connection.close()
    blur_home()
