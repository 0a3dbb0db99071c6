"""What activate refuses."""

from tocsin.errors import ActivateError


class QuorumNotMet(ActivateError):
    """Too few seats, or seats of too few organisations, have signed under a firm head."""

    code = "activate.quorum"

    def __init__(self, *, seats: int, need: int, organisations: int, need_organisations: int) -> None:
        super().__init__(
            f"{seats} of {need} seats and {organisations} of {need_organisations} organisations have signed; "
            "ask another seat to sign, and wait until its vote stands under a firm head."
        )
        self.seats, self.need = seats, need
        self.organisations, self.need_organisations = organisations, need_organisations


class NotAssessed(ActivateError):
    """One organisation alone stands behind a number."""

    code = "activate.not-assessed"

    def __init__(self) -> None:
        super().__init__(
            "An assessor of another organisation has not signed this yet; ask one before it is let out."
        )


class AlarmNeeded(ActivateError):
    """The protocol takes no activation without an alarm of its kind."""

    code = "activate.alarm"

    def __init__(self) -> None:
        super().__init__(
            "This protocol asks for an alarm of the kind it names; wait for one, or change the protocol."
        )


class OtherBrief(ActivateError):
    """The brief, the protocol or the place is not the one that was raised."""

    code = "activate.brief"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The {what} is not the one this activation was raised with; read it again before signing."
        )
        self.what = what


class NoSuchSeat(ActivateError):
    """The protocol has no such seat."""

    code = "activate.seat"

    def __init__(self) -> None:
        super().__init__("This protocol has no such seat; only its seats can sign.")


class BadProtocol(ActivateError):
    """The protocol can never be satisfied, or names a seat twice."""

    code = "activate.protocol"

    def __init__(self, why: str) -> None:
        super().__init__(f"This protocol cannot work: {why}.")
        self.why = why
