"""What count refuses."""

from tocsin.errors import CountError


class NothingToCount(CountError):
    """No claim of an act in this place is known by this day."""

    code = "count.nothing"

    def __init__(self) -> None:
        super().__init__("No act is claimed in this place up to this day, so there is nothing to state.")


class TallyDiffers(CountError):
    """The assessor's computation gives another tally."""

    code = "count.differs"

    def __init__(self) -> None:
        super().__init__("The tally recomputed from the same claims differs; ask the counter to count again.")


class SameOrganisation(CountError):
    """Counter and assessor are of one organisation."""

    code = "count.same-organisation"

    def __init__(self) -> None:
        super().__init__("Counter and assessor are of one organisation; ask an assessor of another.")
