"""Keep what is in this process's memory there: no core dumps, and no look into it by other programs of the same person.

The one module that asks a system for what only that system has; what one lacks is left out, and `tocsin check` says so.
"""

from __future__ import annotations

import ctypes
import sys

_PR_GET_DUMPABLE, _PR_SET_DUMPABLE = 3, 4
_SEM_FAILCRITICALERRORS, _SEM_NOGPFAULTERRORBOX = 0x0001, 0x0002


def keep_memory_private() -> None:
    """Call it first thing in a process that will hold keys, and in each child: a new program begins without it."""
    if sys.platform == "win32":
        # Without the box Windows makes no report of a crash, in which memory would lie.
        ctypes.windll.kernel32.SetErrorMode(_SEM_FAILCRITICALERRORS | _SEM_NOGPFAULTERRORBOX)
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # The limit does not bind a system that hands dumps to a program of its own; this does.
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def keeps_memory_private() -> bool | None:
    """Say whether a crash of this process leaves nothing; None where that cannot be asked."""
    if sys.platform == "win32":
        return None
    import resource

    is_limited = resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
    if sys.platform == "linux":
        return is_limited and ctypes.CDLL(None).prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0) == 0
    return is_limited


def take_little(*, seconds: int, n_bytes: int) -> None:
    """Bind a child that reads a stranger's file: so much time and memory, no file to write. Windows binds nothing."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (n_bytes, n_bytes))
