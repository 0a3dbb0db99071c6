"""A crash leaves no memory behind, and no other program of the same person reads it. Real crashes, real limits."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from coalition import SOURCE, Coalition
from sitekit import start_site

from wanting import go_without

HARDENING = (SOURCE / "tocsin" / "desk" / "hardening.py").read_text(encoding="utf-8")
PYTHON = "/usr/bin/python3"
"""One that any account may run."""

KEEP = f"exec({HARDENING!r}); keep_memory_private()\n"
CRASH = "word = 'canary' + 'core'; ctypes.string_at(0)\n"
WAIT = "print('ready', flush=True); sys.stdin.readline()\n"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Reads what Linux shows of a process.")


def crash(folder: Path, *, kept: bool) -> int:
    """Crash a child that may leave dumps of any size in a folder; say how it ended."""
    program = "import ctypes, resource, sys\nlimit = resource.getrlimit(resource.RLIMIT_CORE)[1]\n"
    program += "resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))\n" + (KEEP if kept else "") + CRASH
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, check=False, capture_output=True
    ).returncode


def test_a_crash_leaves_no_dump_and_would_otherwise(tmp_path: Path) -> None:
    ended = crash(tmp_path, kept=True)
    left = list(tmp_path.iterdir())
    crash(tmp_path, kept=False)

    assert ended == -signal.SIGSEGV
    assert left == []
    if not list(tmp_path.iterdir()):
        go_without("This system puts dumps elsewhere, or makes none.")


def look(*, kept: bool) -> bool:
    """Say whether another program of the same person looks into a child."""
    nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
    program = "import ctypes, sys\n" + (KEEP if kept else "") + WAIT
    pipe = subprocess.PIPE
    child = subprocess.Popen([PYTHON, "-c", program], stdin=pipe, stdout=pipe, cwd="/", **nobody)
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == b"ready\n"
        reader = f"open('/proc/{child.pid}/environ', 'rb').read(); open('/proc/{child.pid}/mem', 'rb')"
        command = [PYTHON, "-c", reader]
        return subprocess.run(command, capture_output=True, check=False, cwd="/", **nobody).returncode == 0
    finally:
        child.communicate(b"\n", timeout=20)


def test_no_other_program_of_the_same_person_reads_its_memory() -> None:
    if not Path(PYTHON).exists():
        go_without("No Python that another account may run.")
    if not look(kept=False):
        go_without("This system lets no program look at another one.")

    assert not look(kept=True)


def test_a_desk_that_runs_leaves_no_dump(coalition: Coalition) -> None:
    coalition.desks.pop(0).close()
    site = start_site(coalition.folders[0], coalition.environment())
    limits = Path(f"/proc/{site.process.pid}/limits").read_text(encoding="ascii")
    site.stop()

    assert re.search(r"^Max core file size +0 +0 +bytes", limits, re.M)
