"""What a sentry refuses."""

from tocsin.errors import DeskError


class NotASentry(DeskError):
    """This device has other duties, so it holds keys that a machine left alone must not hold."""

    code = "desk.not-a-sentry"

    def __init__(self) -> None:
        super().__init__(
            "This device has other duties than a sentry's. A machine that is left alone must hold no case and no seat: "
            "give the sentry a device of its own."
        )


class DamagedNotebook(DeskError):
    """The sentry's notebook cannot be read."""

    code = "desk.notebook"

    def __init__(self) -> None:
        super().__init__(
            "The file sentry.json is damaged. Remove it and start again: what still stands is pinged once more."
        )


class BadFeeds(DeskError):
    """The file that says which feeds to poll cannot be used."""

    code = "desk.feeds"

    def __init__(self, why: str) -> None:
        super().__init__(f"The file of feeds cannot be used: {why}. docs/how-to/run-a-sentry.md shows one.")
        self.why = why
