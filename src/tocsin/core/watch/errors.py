"""What watch refuses."""

from tocsin.errors import WatchError


class BadSettings(WatchError):
    """A detector cannot run with these settings."""

    code = "watch.settings"

    def __init__(self, why: str) -> None:
        super().__init__(f"The detector cannot run: {why}.")
        self.why = why
