"""Multiple systems estimation: lists that share people come in, how many are on none goes out, or why none can say.

Needs numpy and scipy only. Read in this order: `table` (CaptureTable), `errors` (Reason, NotEstimable), `reasons` (their
sentences), `checks` (what is seen before anything is estimated), `pairs` (two lists), `posterior` (PosteriorN), `graphs` and
`averaging` (`decomposable`: exact), `models`, `existence`, `fitting` and `loglinear`, `classes`, `mixing` and `latent`
(`latent_class`), `combining` (parts, replicates, linkages, days), `sensing` (`sensitivity`), `telling` (Report) and
`reporting` (`report`).

Every estimator checks its table first and raises `NotEstimable` with all reasons; publish through a report only.
"""

from tocsin.core.count.mse.averaging import decomposable
from tocsin.core.count.mse.checks import Diagnostics, check
from tocsin.core.count.mse.combining import (
    Combined,
    Look,
    StrataTotal,
    Stratified,
    combine_replicates,
    combine_strata,
    known_by,
    linkage_average,
    sequence,
    stratified,
)
from tocsin.core.count.mse.errors import BadChoice, BadTable, NotEstimable, Reason
from tocsin.core.count.mse.latent import latent_class
from tocsin.core.count.mse.loglinear import LogLinear, loglinear
from tocsin.core.count.mse.pairs import PairEstimate, chapman, lincoln_petersen
from tocsin.core.count.mse.posterior import ModelWeight, PosteriorN
from tocsin.core.count.mse.reasons import TEXTS
from tocsin.core.count.mse.reporting import report
from tocsin.core.count.mse.sensing import Sensitivity, sensitivity
from tocsin.core.count.mse.table import CaptureTable
from tocsin.core.count.mse.telling import (
    ASSUMPTIONS,
    SMALL_CELL,
    TITLES,
    MethodRow,
    Report,
    say_total,
    two_figures,
)

__all__ = [
    "ASSUMPTIONS",
    "SMALL_CELL",
    "TEXTS",
    "TITLES",
    "BadChoice",
    "BadTable",
    "CaptureTable",
    "Combined",
    "Diagnostics",
    "LogLinear",
    "Look",
    "MethodRow",
    "ModelWeight",
    "NotEstimable",
    "PairEstimate",
    "PosteriorN",
    "Reason",
    "Report",
    "Sensitivity",
    "StrataTotal",
    "Stratified",
    "chapman",
    "check",
    "combine_replicates",
    "combine_strata",
    "decomposable",
    "known_by",
    "latent_class",
    "lincoln_petersen",
    "linkage_average",
    "loglinear",
    "report",
    "say_total",
    "sensitivity",
    "sequence",
    "stratified",
    "two_figures",
]
