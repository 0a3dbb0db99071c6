"""What protect refuses."""

from tocsin.core.protect.records import Why
from tocsin.errors import ProtectError


class UnknownRules(ProtectError):
    """There is no decision list of this version."""

    code = "protect.rules"

    def __init__(self, *, version: int) -> None:
        super().__init__(f"There are no triage rules of version {version}; update this desk.")
        self.version = version


class ReasonNeeded(ProtectError):
    """A person set another tier than the rules advise and did not say why."""

    code = "protect.reason"

    def __init__(self) -> None:
        super().__init__("The tier differs from what the rules advise; write down why.")


class SameWorker(ProtectError):
    """Handler and alternate are one device."""

    code = "protect.same-worker"

    def __init__(self) -> None:
        super().__init__("Handler and alternate must be two devices; name another colleague.")


class WrongSeed(ProtectError):
    """The seed is not the one the planner was bound to."""

    code = "protect.seed"

    def __init__(self) -> None:
        super().__init__(
            "The lottery's seed is not 32 bytes, or not the one committed to before; use that one."
        )


class PlanBroken(ProtectError):
    """A plan breaks a rule no plan may break."""

    code = "protect.plan"

    def __init__(self, why: str) -> None:
        super().__init__(f"This plan must not be used: {why}. Plan again.")
        self.why = why


class LegEnded(ProtectError):
    """A leg is done or stopped already."""

    code = "protect.leg-ended"

    def __init__(self) -> None:
        super().__init__("That leg is over or was stopped before; nothing was changed.")


class NoLeg(ProtectError):
    """No leg can be laid for a household."""

    code = "protect.no-leg"

    def __init__(self, why: Why) -> None:
        super().__init__(
            "Nobody is free to accompany this household in time; find a guide and lay its legs again."
        )
        self.why = why
