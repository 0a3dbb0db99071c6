"""What intake refuses. A sentence never repeats anything a submission says."""

from tocsin.errors import IntakeError


class UnreadableSubmission(IntakeError):
    """The opened bytes are not a submission this version can read."""

    code = "intake.unreadable"

    def __init__(self, why: str) -> None:
        super().__init__(f"This submission cannot be read: {why}. Set it apart; a person must look at it.")
        self.why = why


class UnreadableReply(IntakeError):
    """What lay in a mailbox is not a message from whoever opened the submission."""

    code = "intake.reply"

    def __init__(self, why: str) -> None:
        super().__init__(f"Something that must not be believed lay in this mailbox: {why}.")
        self.why = why


class TooLong(IntakeError):
    """What is to be sent does not fit into one submission."""

    code = "intake.too-long"

    def __init__(self, *, have: int, most: int) -> None:
        super().__init__(f"This takes {have} bytes and {most} fit; shorten the account, or send it in two.")
        self.have, self.most = have, most
