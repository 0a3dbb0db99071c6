"""Count: claims come in, what stands goes out: who claims what, its grade, a tally signed by two.

Read in this order: `records` (Tally), `grades` (reported to confirmed, disputed), `standing` (who claims
what over which window), `tally` (counted, recomputed, signed).
"""

from tocsin.core.count.errors import NothingToCount, SameOrganisation, TallyDiffers
from tocsin.core.count.grades import Contradiction
from tocsin.core.count.records import Tally, TallyAssessed, TallyRow
from tocsin.core.count.standing import Comparison, Difference, Fact, Row, Standing, differ_in, who_claims_what
from tocsin.core.count.tally import assess_tally, check_assessed, hash_tally, make_tally

__all__ = [
    "Comparison",
    "Contradiction",
    "Difference",
    "Fact",
    "NothingToCount",
    "Row",
    "SameOrganisation",
    "Standing",
    "Tally",
    "TallyAssessed",
    "TallyDiffers",
    "TallyRow",
    "assess_tally",
    "check_assessed",
    "differ_in",
    "hash_tally",
    "make_tally",
    "who_claims_what",
]
