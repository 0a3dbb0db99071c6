"""Intake: Submission → Testimony, Call."""

from tocsin.core.intake.records import Call, Facts, Quarantined, Taken, Testimony, Trouble

__all__ = ["Call", "Facts", "Quarantined", "Taken", "Testimony", "Trouble"]
