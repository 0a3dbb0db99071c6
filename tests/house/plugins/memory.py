"""Files of tests lie in memory where there is room: on a disk every test would wait for what it writes to be kept.

What programs ask of the disk they ask all the same. That a cut of power loses nothing is tested by cutting it
(`power_worker.py`).
Whoever sets TMPDIR chooses the place, `TMPDIR=/tmp make test` a disk.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - whose folders below it are pytest's, closed to others
ROOM_BYTES = 4 << 30


def pytest_configure() -> None:
    """Let everything temporary go there, in our own programs and in those that they start."""
    if "TMPDIR" not in os.environ and is_fit(IN_MEMORY):
        os.environ["TMPDIR"] = tempfile.tempdir = str(IN_MEMORY)


def is_fit(folder: Path) -> bool:
    """Say whether a folder may be written to, holds programs that may be run, and has room for all tests."""
    if not os.access(folder, os.W_OK):
        return False
    may_run = not os.statvfs(folder).f_flag & os.ST_NOEXEC
    return may_run and shutil.disk_usage(folder).free >= ROOM_BYTES
