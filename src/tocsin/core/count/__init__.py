"""Count: claims come in, what stands goes out: who claims what, its grade, a tally signed by two.

Read in this order: `records` (Tally, Estimate), `grades` (reported to confirmed, disputed), `standing` (who claims
what over which window), `tally` (counted, recomputed, signed), `estimate` (the same for how many were never listed, which
`mse` calculates and which has a door of its own).
"""

from tocsin.core.count.errors import (
    EstimateDiffers,
    LongTable,
    NothingToCount,
    NotItsTable,
    SameOrganisation,
    TallyDiffers,
)
from tocsin.core.count.estimate import (
    assess_estimate,
    check_estimate_assessed,
    check_table,
    hash_estimate,
    hash_table,
    state_estimate,
)
from tocsin.core.count.grades import Contradiction
from tocsin.core.count.records import (
    Estimate,
    EstimateAssessed,
    Figure,
    Table,
    TableCode,
    Tally,
    TallyAssessed,
    TallyRow,
)
from tocsin.core.count.standing import Comparison, Difference, Fact, Row, Standing, differ_in, who_claims_what
from tocsin.core.count.tally import assess_tally, check_assessed, hash_tally, make_tally

__all__ = [
    "Comparison",
    "Contradiction",
    "Difference",
    "Estimate",
    "EstimateAssessed",
    "EstimateDiffers",
    "Fact",
    "Figure",
    "LongTable",
    "NotItsTable",
    "NothingToCount",
    "Row",
    "SameOrganisation",
    "Standing",
    "Table",
    "TableCode",
    "Tally",
    "TallyAssessed",
    "TallyDiffers",
    "TallyRow",
    "assess_estimate",
    "assess_tally",
    "check_assessed",
    "check_estimate_assessed",
    "check_table",
    "differ_in",
    "hash_estimate",
    "hash_table",
    "hash_tally",
    "make_tally",
    "state_estimate",
    "who_claims_what",
]
