"""What feeds refuse. A sentence gives the row and the column, never what stands there."""

from tocsin.errors import FeedError


class MissingColumns(FeedError):
    """A table lacks columns its format requires."""

    code = "feed.columns"

    def __init__(self, columns: tuple[str, ...]) -> None:
        super().__init__(f"The table lacks the columns {', '.join(columns)}; add them to its first line.")
        self.columns = columns


class BadRow(FeedError):
    """A row says something its format does not allow."""

    code = "feed.row"

    def __init__(self, *, row: int, column: str, why: str) -> None:
        super().__init__(f"Row {row}, column {column}: {why}. Correct the row and read the table again.")
        self.row, self.column, self.why = row, column, why


class NotText(FeedError):
    """The bytes are not UTF-8 text."""

    code = "feed.text"

    def __init__(self) -> None:
        super().__init__("The file is not UTF-8 text; save it again as UTF-8.")


class FeedAway(FeedError):
    """A feed could not be read where its keeper said it is."""

    code = "feed.away"

    def __init__(self) -> None:
        super().__init__(
            "The feed was not reached, or answered with something else. It is tried again by itself."
        )


class FeedTooLarge(FeedError):
    """A feed sends more than anybody reads."""

    code = "feed.size"

    def __init__(self, *, most: int) -> None:
        super().__init__(
            f"The feed has more than {most} bytes. Nothing of it was read; publish it in smaller tables."
        )
        self.most = most
