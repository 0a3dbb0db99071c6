"""What a report is: what is documented, what each method says, what was refused, what to be wary of; and what may leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from tocsin.core.count.mse.errors import Reason
from tocsin.core.count.mse.sensing import Sensitivity

SMALL_CELL = 5
"""Counts under it do not leave the desk."""

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "decomposable": "Exact averaging",
        "linked": "Exact averaging over linkages",
        "parts": "Exact averaging, part by part",
        "loglinear": "Log-linear",
        "latent-class": "Latent classes",
    }
)
"""Code of a method to what it is called."""
VARIANTS = frozenset({"linked", "parts"})
"""Exact averaging again, over other tables of the same people: no second opinion."""

ASSUMPTIONS = (
    "Nobody entered or left the group while the lists were made, and all lists speak of the same days and places.",
    "All lists mean the same thing by what they list.",
    "Everybody had some chance of being on some list; who had none is in no figure here.",
    "The same person was recognised on every list, and no two were taken for one.",
    "Who is on no list stands to the lists as who is on some of them does; no list can show whether that is so.",
    "Exact averaging: not all lists depend on one another at once. Log-linear: the terms left out are nothing.",
    "Latent classes: people fall into a few kinds, within which lists are independent.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRow:
    """What one method says, or why it says nothing."""

    method: str
    """A code of `TITLES`."""
    median: float | None
    """For the log-linear model its point estimate."""
    low: float | None
    high: float | None
    """95 %."""
    note: str
    """Best model, or what was run, in a few words."""
    reasons: tuple[Reason, ...] = ()

    @property
    def title(self) -> str:
        """What it is called."""
        return TITLES.get(self.method, self.method)

    @property
    def has_number(self) -> bool:
        """Say whether there is one."""
        return self.median is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that may be shown of a table."""

    n: int
    """Documented: on some list, each person once."""
    lists: tuple[str, ...]
    sizes: tuple[int, ...]
    """People on each list; empty where the table was faulty."""
    methods: tuple[MethodRow, ...]
    refusals: tuple[Reason, ...]
    """While there is one, there is no number."""
    warnings: tuple[Reason, ...]
    assumptions: tuple[str, ...]
    sensitivity: Sensitivity | None
    provenance: Mapping[str, float | int | str]

    @property
    def is_publishable(self) -> bool:
        """Say whether two methods or more have a number and nothing stands against them."""
        return not self.refusals

    @property
    def span(self) -> tuple[float, float] | None:
        """Give the lowest lower and the highest upper end: no average of methods, all that any of them allows."""
        ends = [(one.low, one.high) for one in self.methods if one.low is not None and one.high is not None]
        return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else None

    @property
    def sentence(self) -> str:
        """Say it in one sentence, rounded as it may leave: documented first, never "confirmed"."""
        ends = [] if self.refusals or self.span is None else [self.span]
        return say_total(self.n, ends, [one.method for one in self.methods if one.has_number])

    def to_json(self, *, rounded: bool = True) -> dict[str, Any]:  # what json takes
        """Give what a file should keep; if it may leave, in two figures, without small cells and all that tells of them.

        What tells of them is the evidence of reasons, and the table's hash: a few small counts have so few values that
        all can be tried.
        """
        sizes = [None if rounded and 0 < size < SMALL_CELL else size for size in self.sizes]
        found: dict[str, Any] = {
            "documented": None if rounded and self.n < SMALL_CELL else self.n,
            "sentence": self.sentence,
            "publishable": self.is_publishable,
            "lists": dict(zip(self.lists, sizes, strict=False)),
            "methods": [_row_of(one, rounded=rounded) for one in self.methods],
            "refusals": [_reason_of(one, rounded=rounded) for one in self.refusals],
            "warnings": [_reason_of(one, rounded=rounded) for one in self.warnings],
            "assumptions": list(self.assumptions),
            "provenance": {k: v for k, v in self.provenance.items() if k != "table" or not rounded},
        }
        if not rounded and self.sensitivity is not None:
            found["sensitivity"] = asdict(self.sensitivity)
        return found


def _row_of(row: MethodRow, *, rounded: bool) -> dict[str, Any]:  # what json takes
    ends = {name: getattr(row, name) for name in ("median", "low", "high")}
    if rounded:
        ends = {name: None if value is None else two_figures(value) for name, value in ends.items()}
    reasons = [_reason_of(one, rounded=rounded) for one in row.reasons]
    return {"method": row.method, "title": row.title, **ends, "note": row.note, "reasons": reasons}


def _reason_of(reason: Reason, *, rounded: bool) -> dict[str, Any]:  # what json takes
    told = asdict(reason)
    if rounded:
        del told["evidence"]
    return told


def say_total(
    documented: int, ends: Sequence[tuple[float, float]], methods: Sequence[str], *, is_exact: bool = False
) -> str:
    """Say in one sentence how many are documented and how many there may be, rounded if not said otherwise.

    Parameters
    ----------
    documented : people on some list
    ends : lower and upper ends of the methods that have a number; none if nobody may say
    methods : their codes
    is_exact : to the person
    """
    if documented < SMALL_CELL and not is_exact:
        return f"Fewer than {SMALL_CELL} documented; no estimate of the total is possible."
    if not ends:
        return f"{documented:,} documented; no estimate of the total is possible."
    show, n = round if is_exact else two_figures, len(set(methods) - VARIANTS)
    low, high = show(min(low for low, _ in ends)), show(max(high for _, high in ends))
    return f"{documented:,} documented; about {max(low, documented):,} to {high:,} in all, by {n} methods."


def two_figures(value: float) -> int:
    """Round to two figures, as numbers leave a desk."""
    if value < 10:
        return round(value)
    size = int("1" + "0" * (len(str(int(value))) - 2))
    return round(value / size) * size
