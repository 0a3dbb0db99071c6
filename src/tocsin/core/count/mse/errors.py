"""What an estimate is refused for, and what the estimators raise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.errors import CountError

Evidence = Mapping[str, float | int | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why there is no number, or why a number must be read with care."""

    code: str
    """Stays the same from version to version: `few.people`, `mcmc.rhat`."""
    text: str
    """One sentence for a reader who is no statistician."""
    evidence: Evidence = field(default_factory=dict)
    """The figures behind it."""


class NotEstimable(CountError):
    """These lists do not allow an estimate; the reasons say why."""

    code = "count.not-estimable"

    def __init__(self, reasons: tuple[Reason, ...]) -> None:
        super().__init__("No estimate is possible: " + " ".join(reason.text for reason in reasons))
        self.reasons = reasons


class BadTable(CountError):
    """Something that is no table of counts by lists at all."""

    code = "count.table"

    def __init__(self, why: str) -> None:
        super().__init__(f"This table cannot be read: {why}.")
        self.why = why


class BadChoice(CountError):
    """An estimator cannot run with these settings."""

    code = "count.settings"

    def __init__(self, why: str) -> None:
        super().__init__(f"The estimate cannot be made: {why}.")
        self.why = why
