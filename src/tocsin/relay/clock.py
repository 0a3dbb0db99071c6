"""The relay's day: the only time it writes down, shifted only in an exercise."""

from __future__ import annotations

import os
import time
from pathlib import Path

from django.conf import settings

from tocsin.core.ledger import Roll
from tocsin.terms import Day

DAY_SECONDS = 86_400


def real_day() -> Day:
    """Say the UTC day of this machine's clock."""
    return Day(int(time.time()) // DAY_SECONDS)


def today(roll: Roll) -> Day:
    """Say which day it is in a coalition.

    Tests and the demo move time by a file with a whole number of days in it; only an exercise looks at that
    file.
    """
    offset = roll.offset_days
    if roll.exercise and settings.EXERCISE_CLOCK:
        offset = int(Path(settings.EXERCISE_CLOCK).read_text(encoding="ascii"))
    return Day(real_day() + offset)


def steady_seconds() -> int:
    """Seconds on a clock that nobody sets, for the freshness of challenges."""
    return int(time.monotonic())


def blur(path: Path | str) -> None:
    """Set a file's times to the day's midnight: a seized disk must not say when people were at work."""
    midnight = real_day() * DAY_SECONDS
    try:
        os.utime(path, (midnight, midnight))
    except FileNotFoundError:
        return  # SQLite takes its side files away when the last connection closes.
