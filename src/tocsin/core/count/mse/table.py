"""The capture table: how many people stand on exactly these lists and on no other. It is all that an estimate needs."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from tocsin.core.count.mse.errors import BadChoice, BadTable, Reason
from tocsin.core.count.mse.reasons import because

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Stratum = tuple[str, ...]

MOST_LISTS = 24
"""More lists than any published study; histories are then still whole numbers of 24 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureTable:
    """Counts by capture history. A history is a whole number: bit j is set if the person stands on list j."""

    lists: tuple[str, ...]
    cells: tuple[tuple[int, int], ...]
    """(history, people), histories rising, nobody counted twice; a history that is not there counts zero."""
    strata: Mapping[Stratum, CaptureTable] = field(default_factory=dict)
    """The same people by place, time or whatever else the source told apart; empty if it did not."""
    faults: tuple[Reason, ...] = ()
    """What was wrong with the table as it came. Such a table is never estimated."""

    @classmethod
    def from_counts(
        cls,
        cells: Mapping[Sequence[int], float] | Iterable[tuple[Sequence[int], float]],
        lists: Sequence[str],
    ) -> CaptureTable:
        """Make a table of counts.

        Parameters
        ----------
        cells : histories and counts
            A history is one 0 or 1 for each list. What is wrong with a row is kept in `faults`, and the row left out.
        lists : names, in the order of the histories

        Raises
        ------
        BadTable
            No lists, too many, two of one name, or a history that does not fit them.
        """
        rows = list(cells.items()) if isinstance(cells, Mapping) else list(cells)
        return _make(lists, rows)

    @classmethod
    def from_records(
        cls,
        records: Iterable[Mapping[str, object]],
        *,
        lists: Sequence[str],
        by: Sequence[str] = (),
    ) -> CaptureTable:
        """Count linked people: one mapping each, with something true under every list they stand on.

        `by` names what tells strata apart.
        """
        whole: Counter[tuple[int, ...]] = Counter()
        parts: dict[Stratum, Counter[tuple[int, ...]]] = {}
        for record in records:
            history = tuple(int(bool(record.get(name))) for name in lists)
            whole[history] += 1
            if by:
                stratum = tuple(str(record.get(name, "")) for name in by)
                parts.setdefault(stratum, Counter())[history] += 1
        return _make(lists, list(whole.items()), {key: list(one.items()) for key, one in parts.items()})

    @classmethod
    def read_csv(cls, lines: Iterable[str], *, by: Sequence[str] | None = None) -> CaptureTable:
        """Read rows of 0/1 columns, one a list, then `count`; other columns tell strata apart.

        Parameters
        ----------
        lines : text lines, the first names the columns
        by : columns that tell strata apart
            If not given: those that hold anything but 0 and 1.

        Raises
        ------
        BadTable
        """
        try:
            told = [row for row in csv.reader(lines) if row]
        except csv.Error:
            raise BadTable("its lines are not comma-separated text") from None
        columns = [name.strip() for name in told[0]] if told else []
        if columns.count("count") != 1 or len(set(columns)) < len(columns) or len(told) < 2:
            raise BadTable("it has no rows, no column named count, or two columns of one name")
        if any(len(row) != len(columns) for row in told):
            raise BadTable("a row has more or fewer columns than the first line names")
        rows = [dict(zip(columns, row, strict=True)) for row in told[1:]]
        others = [name for name in columns if name != "count"]
        if by is None:
            by = [name for name in others if any(row[name].strip() not in ("0", "1") for row in rows)]
        if not set(by) <= set(others):
            raise BadTable("it has no column of that name")
        lists = [name for name in others if name not in by]
        parts: dict[Stratum, list[tuple[Sequence[int], float]]] = {}
        for row in rows:
            history: Sequence[int] = tuple(_whole(row[name]) for name in lists)
            stratum = tuple(row[name].strip() for name in by)
            parts.setdefault(stratum, []).append((history, _number(row["count"])))
        if not by:
            return _make(lists, parts[()])
        faults = tuple(fault for part in parts.values() for fault in _make(lists, part).faults)
        whole: dict[Sequence[int], float] = {}
        for part in parts.values():
            for history, count in part:
                whole[history] = whole.get(history, 0) + count
        return _make(lists, list(whole.items()), parts, faults)

    @property
    def n(self) -> int:
        """People on some list."""
        return sum(count for _, count in self.cells)

    @property
    def n_lists(self) -> int:
        """How many lists there are, empty ones too."""
        return len(self.lists)

    @property
    def hash(self) -> str:
        """SHA-256 of lists and cells in hexadecimal: one person more is another table."""
        told = repr((self.lists, self.cells)).encode()
        return sha256(told).hexdigest()

    def dense(self) -> Floats:
        """Give people by history, shape (2 ** lists,); the first, nobody's list, is 0."""
        if self.n_lists > 16:
            raise BadChoice("more than 16 lists have too many histories to lay out")
        counts = np.zeros(2**self.n_lists)
        for history, count in self.cells:
            counts[history] = count
        return counts

    def histories(self) -> NDArray[np.bool_]:
        """Say of each cell which lists it is on, shape (cells, lists)."""
        codes = np.array([history for history, _ in self.cells], dtype=np.int64)
        return (codes[:, None] >> np.arange(self.n_lists)) & 1 > 0

    def counts(self) -> Floats:
        """Give people by cell, in the order of `cells`."""
        return np.array([count for _, count in self.cells], dtype=np.float64)

    def overlaps(self) -> Ints:
        """Count the people that each two lists share, shape (lists, lists); on the diagonal each list's own."""
        on = self.histories().astype(np.int64)
        return on.T @ (on * self.counts().astype(np.int64)[:, None])

    def occupancy(self) -> tuple[int, ...]:
        """Count the people on exactly 1, 2, ... lists."""
        found = [0] * self.n_lists
        for history, count in self.cells:
            found[history.bit_count() - 1] += count
        return tuple(found)

    def drop(self, name: str) -> CaptureTable:
        """Leave a list out, and with it who stands on no other."""
        at = self.place_of(name)
        low = (1 << at) - 1
        return self._recoded(
            (*self.lists[:at], *self.lists[at + 1 :]), lambda code: code & low | (code >> 1) & ~low
        )

    def merge(self, one: str, other: str, *, name: str | None = None) -> CaptureTable:
        """Take two lists for one: whoever stands on either stands on it. It takes the first one's place."""
        into, out = self.place_of(one), self.place_of(other)
        if into == out:
            raise BadChoice("a list cannot be merged with itself")
        low = (1 << out) - 1

        def recode(code: int) -> int:
            code |= (code >> out & 1) << into
            return code & low | (code >> 1) & ~low

        names = [name or f"{one}+{other}" if at == into else each for at, each in enumerate(self.lists)]
        del names[out]
        return self._recoded(tuple(names), recode)

    def reorder(self, names: Sequence[str]) -> CaptureTable:
        """Put the lists in another order."""
        if sorted(names) != sorted(self.lists):
            raise BadChoice("the new order does not name each list once")
        places = [self.place_of(name) for name in names]
        return self._recoded(
            tuple(names), lambda code: sum((code >> old & 1) << new for new, old in enumerate(places))
        )

    def with_counts(self, counts: Iterable[int]) -> CaptureTable:
        """Take other counts for the same cells; strata are gone."""
        cells = tuple(
            (code, int(count)) for (code, _), count in zip(self.cells, counts, strict=True) if count
        )
        return CaptureTable(lists=self.lists, cells=cells)

    def place_of(self, name: str) -> int:
        """Give a list's place, from 0; raises BadChoice."""
        if name not in self.lists:
            raise BadChoice("there is no list of that name")
        return self.lists.index(name)

    def _recoded(self, lists: tuple[str, ...], recode: Callable[[int], int]) -> CaptureTable:
        found: Counter[int] = Counter()
        for code, count in self.cells:
            found[recode(code)] += count
        found.pop(0, None)
        return CaptureTable(
            lists=lists,
            cells=tuple(sorted(found.items())),
            strata={key: one._recoded(lists, recode) for key, one in self.strata.items()},
            faults=self.faults,
        )


def _make(
    lists: Sequence[str],
    rows: Sequence[tuple[Sequence[int], float]],
    parts: Mapping[Stratum, Sequence[tuple[Sequence[int], float]]] | None = None,
    faults: tuple[Reason, ...] = (),
) -> CaptureTable:
    if not 1 <= len(lists) <= MOST_LISTS or len(set(lists)) != len(lists):
        raise BadTable(f"it has no lists, more than {MOST_LISTS}, or two of one name")
    if any(len(history) != len(lists) for history, _ in rows):
        raise BadTable("a history does not say one thing of each list")
    cells: dict[int, int] = {}
    wrong: Counter[str] = Counter()
    for history, count in rows:
        fault = _fault(history, count)
        code = sum(1 << at for at, on in enumerate(history) if on == 1)
        if fault is None and code in cells:
            fault = "table.duplicate"
        if fault is not None:
            wrong[fault] += 1
        elif count:
            cells[code] = int(count)
    own = tuple(because(code, {"rows": n_rows}) for code, n_rows in sorted(wrong.items()))
    return CaptureTable(
        lists=tuple(lists),
        cells=tuple(sorted(cells.items())),
        strata={key: _make(lists, part) for key, part in (parts or {}).items()},
        faults=tuple({fault.code: fault for fault in faults + own}.values()),
    )


def _fault(history: Sequence[int], count: float) -> str | None:
    if any(on not in (0, 1) for on in history):
        return "table.history"
    if not abs(count) < 2**53:
        return "table.not-a-number"
    if count < 0:
        return "table.negative"
    if count != int(count):
        return "table.fraction"
    return "table.nobody" if count and not any(history) else None


def _whole(told: str) -> int:
    return {"0": 0, "1": 1}.get(told.strip(), -1)


def _number(told: str) -> float:
    try:
        return float(told)
    except ValueError:
        return float("nan")
