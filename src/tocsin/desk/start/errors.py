"""What can go wrong before there is a desk."""

from __future__ import annotations

from tocsin.errors import DeskError, RelayError


class PassphraseTooShort(DeskError):
    """A passphrase that a computer tries out in hours."""

    code = "desk.passphrase-short"

    def __init__(self, *, least: int) -> None:
        super().__init__(
            f"That passphrase has fewer than {least} letters: whoever takes this machine tries it out. Take the six words "
            "offered, or a longer sentence of your own."
        )
        self.least = least


class NotThisStep(DeskError):
    """A step that cannot be taken from where this machine stands."""

    code = "desk.step"

    def __init__(self, what: str) -> None:
        super().__init__(f"Not yet, or not here: {what}.")
        self.what = what


class NumberTaken(DeskError):
    """Two founders gave themselves one number."""

    code = "desk.number"

    def __init__(self, *, number: int) -> None:
        super().__init__(
            f"Another founder's card has your number, {number}. Agree who has which; one of you makes a new card, and "
            "its new words are compared."
        )
        self.number = number


class WordsNotCompared(DeskError):
    """Founders whose words were not compared yet."""

    code = "desk.words"

    def __init__(self, *, founders: tuple[int, ...]) -> None:
        names = ", ".join(map(str, founders))
        super().__init__(
            f"First compare the eight words of founder {names} by voice: whoever changed a card on its way changed its "
            "words. Nothing was signed."
        )
        self.founders = founders


class NotCompared(DeskError):
    """Words that were neither typed nor ticked as the same."""

    code = "desk.not-compared"

    def __init__(self) -> None:
        super().__init__(
            "First compare the eight words, by voice, and say so: they show whether anybody stands between you."
        )


class BadAddress(DeskError):
    """A relay's address that is none."""

    code = "desk.address"

    def __init__(self) -> None:
        super().__init__(
            "A relay's address begins with https:// and names a machine, as its keeper wrote it. Plain http:// is taken for "
            "an onion address and for this machine only."
        )


class TrialNeedsExercise(DeskError):
    """A relay on a desk's own machine serves an exercise only."""

    code = "desk.trial"

    def __init__(self) -> None:
        super().__init__(
            "A relay on this machine is for an exercise: nobody elsewhere reaches it, and it goes when this machine is "
            "taken. Say that it is an exercise, or borrow a relay."
        )


class RelayKeyChanged(RelayError):
    """The relay that was put on the roll and the relay that answers now have different keys."""

    code = "relay.key-changed"

    def __init__(self) -> None:
        super().__init__(
            "The relay shows another key than when this was proposed: it was set up anew, or somebody stands between. "
            "Ask its keeper. If the new key is right, let go of the proposal here and make it again."
        )


class RelayDidNotStart(RelayError):
    """A relay on this machine ended or said nothing."""

    code = "relay.start"

    def __init__(self) -> None:
        super().__init__("The relay on this machine did not start. Try again, or borrow a relay.")
