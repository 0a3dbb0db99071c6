"""Tables of lists: a column of 0 and 1 for each list, then how many people stand on exactly those."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.core.count.mse import BadTable, CaptureTable

MOST_BYTES = 20_000_000


def read_lists(content: bytes, *, by: Sequence[str] | None = None) -> CaptureTable:
    """Read a CSV file, UTF-8 with or without a mark of its order; `by` names columns of parts, if they are known.

    Raises
    ------
    BadTable
        It is too large, no text, or no table of lists. No cell is quoted.
    """
    if len(content) > MOST_BYTES:
        raise BadTable("it is larger than 20 megabytes; count people by the lists they are on first")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadTable("it is not text in UTF-8") from None
    return CaptureTable.read_csv(text.splitlines(), by=by)
