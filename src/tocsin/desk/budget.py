"""How much a sync fetches at a time and a day: portions, so that pages get their turn, and what was chosen for this machine.

The day is this machine's UTC day, also in an exercise: a metered link counts real days. What is sent is not counted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tocsin.desk.desk import Desk
from tocsin.desk.errors import BudgetUsed
from tocsin.desk.wire import RECORDS_A_PAGE, Wire

MEGABYTE = 1_000_000
RECORD_BYTES = 2_400
"""What a record of the smallest size, the usual one, takes on the way."""
PORTION_SECONDS = 2.0
"""After this long a sync gives way to pages that wait, and goes on where it stopped."""
FEWEST = 100


@dataclass
class Portion:
    """One turn of a sync: what it may still fetch."""

    desk: Desk
    wire: Wire
    _began: float = field(default_factory=time.monotonic)
    _n_noted: int = 0

    def __post_init__(self) -> None:
        self._n_noted = self.wire.n_fetched

    @property
    def is_over(self) -> bool:
        """Say whether it is time to let pages in."""
        return time.monotonic() - self._began > PORTION_SECONDS

    @property
    def bytes_left(self) -> int | None:
        """What may be fetched today, None for as much as there is."""
        megabytes = self.desk.settings.daily_megabytes
        if megabytes is None:
            return None
        return max(0, megabytes * MEGABYTE - self._fetched())

    def check(self) -> None:
        """Stop if today's budget is used up.

        Raises
        ------
        BudgetUsed
        """
        if self.bytes_left == 0:
            raise BudgetUsed(
                megabytes=self.desk.settings.daily_megabytes or 0,
                here=self.desk.world.size,
                there=self.desk.n_there,
            )

    def records_a_page(self) -> int:
        """Say how many records to fetch next: about as many as the link brought in half a portion last time.

        Raises
        ------
        BudgetUsed
        """
        self.check()
        left = self.bytes_left
        most = self.desk.records_a_page
        return most if left is None else max(1, min(most, left // RECORD_BYTES))

    def paced(self, n: int, *, seconds: float) -> None:
        """Take to heart how long n records took."""
        usual = int(n * PORTION_SECONDS / 2 / max(seconds, 0.001))
        self.desk.records_a_page = min(max(usual, FEWEST), RECORDS_A_PAGE)

    def note(self) -> None:
        """Write down what was fetched today, so that it counts also after a restart."""
        if self.wire.n_fetched > self._n_noted:
            n_today = self._fetched()
            self._n_noted = self.wire.n_fetched
            with self.desk.replica.transaction():
                self.desk.replica.note_fetched(self.desk.clock.real_day(), n_today)

    def _fetched(self) -> int:
        noted = self.desk.replica.fetched_on(self.desk.clock.real_day())
        return noted + self.wire.n_fetched - self._n_noted
