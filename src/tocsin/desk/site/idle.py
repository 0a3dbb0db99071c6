"""When nobody has looked at a page for a while, the desk locks itself: an open desk on a table is what a raid hopes for.

Work does not keep it open for ever: a sync not at all, a job for two hours at most; it is started again after unlocking.
"""

from __future__ import annotations

import time

from tocsin.desk.desk import Desk

MINUTES_OFFERED = (5, 15, 30, 60)
MOST_MINUTES = MINUTES_OFFERED[-1]
"""What is said in `desk.json` beyond this counts in exercises only: whoever writes to the disk must not keep a desk open."""
JOB_SECONDS = 2 * 3_600
LOOK_SECONDS = 5.0
"""How often the clocks are read: a machine that slept wakes to a desk that locks within so long."""


class Idle:
    """How long nobody has looked."""

    def __init__(self) -> None:
        self.seen()

    def seen(self) -> None:
        """Somebody looks now."""
        self._steady, self._wall = time.monotonic(), time.time()

    @property
    def seconds(self) -> float:
        """How long ago that was, by the steady clock, which stands still while some machines sleep, or by the other."""
        return max(time.monotonic() - self._steady, time.time() - self._wall)


def lock_seconds(desk: Desk) -> float | None:
    """Say after how long this desk locks itself, None for never."""
    return seconds_of(desk.settings.lock_minutes, exercise=desk.world.history.now.roll.exercise)


def seconds_of(minutes: int | None, *, exercise: bool) -> float | None:
    """Say how long a choice is; only an exercise may choose never."""
    if exercise:
        return None if minutes is None else 60.0 * max(1, minutes)
    return 60.0 * min(MOST_MINUTES, max(1, minutes or MOST_MINUTES))
