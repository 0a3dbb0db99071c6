"""What a replay did, stage by stage: what came in, what went out, how long it took."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

STAGES = {
    "report": "reports read, by the day each became known",
    "claim": "claims in the ledger",
    "alarm": "alarms rung by the sentry",
    "tally": "who claims what: rows of a tally signed by two organisations",
    "activation": "activations in force",
    "call": "calls for help opened",
    "case": "cases opened; at most {n_open} at once, {n_parked} times parked with custodians",
    "plan": "households with a place",
    "leg": "legs laid, one guide each",
    "arrival": "people arrived; {n_left} households wait",
    "seized relay": "of the {n_canaries} words planted, found on the relay",
}


@dataclass
class Stage:
    """One stage's row."""

    came_in: int = 0
    went_out: int = 0
    seconds: float = 0.0


@dataclass
class Outcome:
    """A replay's rows, and the figures that its sentences need."""

    stages: dict[str, Stage] = field(default_factory=lambda: {name: Stage() for name in STAGES})
    n_open: int = 0
    """The most cases open at once in all hands."""
    n_parked: int = 0
    n_released: int = 0
    n_left: int = 0
    n_canaries: int = 0
    n_missing_guides: int = 0
    relay_shows: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[Stage]:
        """Add the time of a piece of work to its stage."""
        row, begun = self.stages[name], perf_counter()
        try:
            yield row
        finally:
            row.seconds += perf_counter() - begun

    def sentence(self, name: str) -> str:
        """Say what went out of a stage."""
        return STAGES[name].format(
            n_open=self.n_open, n_parked=self.n_parked, n_left=self.n_left, n_canaries=self.n_canaries
        )
