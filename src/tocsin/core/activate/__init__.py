"""Activate: Alarm + Tally → Activation."""

from tocsin.core.activate.records import (
    Activated,
    ActivationCode,
    Assessed,
    Clocks,
    Protocol,
    Quorum,
    Raised,
    Seat,
    StoodDown,
    Vote,
)

__all__ = [
    "Activated",
    "ActivationCode",
    "Assessed",
    "Clocks",
    "Protocol",
    "Quorum",
    "Raised",
    "Seat",
    "StoodDown",
    "Vote",
]
