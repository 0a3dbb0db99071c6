"""Count: Claim → Tally."""

from tocsin.core.count.records import Tally, TallyAssessed, TallyRow

__all__ = ["Tally", "TallyAssessed", "TallyRow"]
