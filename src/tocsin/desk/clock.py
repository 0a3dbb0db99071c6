"""The desk's clock: the machine's, shifted in an exercise by the day offset that its founders signed."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from tocsin.core.ledger import Roll
from tocsin.terms import Day

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Clock:
    """Tell the coalition's time. `exercise_file` holds a whole number of days: it moves an exercise's time only."""

    exercise_file: Path | None = None

    @classmethod
    def of_machine(cls) -> Clock:
        """Take the exercise file from TOCSIN_EXERCISE_CLOCK, as the relay does."""
        path = os.environ.get("TOCSIN_EXERCISE_CLOCK")
        return cls(Path(path) if path else None)

    def real_day(self) -> Day:
        """Say this machine's UTC day, unshifted."""
        return Day(int(time.time()) // DAY_SECONDS)

    def now(self, roll: Roll) -> int:
        """Say the coalition's UTC seconds."""
        return int(time.time()) + self.offset_days(roll) * DAY_SECONDS

    def today(self, roll: Roll) -> Day:
        """Say the coalition's day."""
        return Day(self.now(roll) // DAY_SECONDS)

    def offset_days(self, roll: Roll) -> int:
        """Say by how many days an exercise is shifted."""
        if roll.exercise and self.exercise_file is not None:
            return int(self.exercise_file.read_text(encoding="ascii"))
        return roll.offset_days
