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


class EstimateDiffers(CountError):
    """The assessor's calculation gives another estimate."""

    code = "count.estimate-differs"

    def __init__(self) -> None:
        super().__init__(
            "The estimate calculated again from the same table differs; ask the counter to calculate and state it again "
            "with the same version of the program as yours."
        )


class NotItsTable(CountError):
    """The table under an estimate's code is not the one that its hash stands for, or cannot be read here."""

    code = "count.not-its-table"

    def __init__(self) -> None:
        super().__init__(
            "This desk does not hold the table that the estimate was calculated from; ask the counter to state it again."
        )


class LongTable(CountError):
    """A table that no record holds."""

    code = "count.long-table"

    def __init__(self) -> None:
        super().__init__(
            "This table has more combinations than one record can hold; merge lists, or leave out the column of parts."
        )


class SameOrganisation(CountError):
    """Counter and assessor are of one organisation."""

    code = "count.same-organisation"

    def __init__(self) -> None:
        super().__init__("Counter and assessor are of one organisation; ask an assessor of another.")
