"""What watch refuses."""

from tocsin.errors import WatchError


class BadSettings(WatchError):
    """A detector cannot run with these settings."""

    code = "watch.settings"

    def __init__(self, why: str) -> None:
        super().__init__(f"The detector cannot run: {why}.")
        self.why = why


class BadCounts(WatchError):
    """Counts that no weekly series can hold."""

    code = "watch.counts"

    def __init__(self, why: str) -> None:
        super().__init__(f"These counts cannot be read: {why}.")
        self.why = why


class BadWeeks(WatchError):
    """Rows that do not say one count per week and place, oldest first."""

    code = "watch.weeks"

    def __init__(self, why: str) -> None:
        super().__init__(f"These weeks cannot be put in a row: {why}.")
        self.why = why
