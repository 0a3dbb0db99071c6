"""Multiple systems estimation: lists that share people come in, how many are on none goes out, or why none can say.

Needs numpy and scipy only. Read in this order: `table` (CaptureTable), `errors` (Reason, NotEstimable), `checks` (what is
seen before anything is estimated), `pairs` (two lists), `posterior` (PosteriorN), `graphs` and `averaging` (`decomposable`:
exact), `models`, `existence`, `fitting` and `loglinear`.

Every estimator checks its table first and raises `NotEstimable` with all reasons; publish through a report only.
"""

from tocsin.core.count.mse.averaging import decomposable
from tocsin.core.count.mse.checks import Diagnostics, check
from tocsin.core.count.mse.errors import BadChoice, BadTable, NotEstimable, Reason
from tocsin.core.count.mse.loglinear import LogLinear, loglinear
from tocsin.core.count.mse.pairs import PairEstimate, chapman, lincoln_petersen
from tocsin.core.count.mse.posterior import ModelWeight, PosteriorN
from tocsin.core.count.mse.table import CaptureTable

__all__ = [
    "BadChoice",
    "BadTable",
    "CaptureTable",
    "Diagnostics",
    "LogLinear",
    "ModelWeight",
    "NotEstimable",
    "PairEstimate",
    "PosteriorN",
    "Reason",
    "chapman",
    "check",
    "decomposable",
    "lincoln_petersen",
    "loglinear",
]
