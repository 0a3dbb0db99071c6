"""Watch: reports come in, claims are entered, weekly series are counted, an alarm goes out or stays silent.

Read in this order: `records` (Claim, Panel, Alarm), `reports` (a report becomes a claim), `acts` (which words
are acts), `origins` (who really said it), `series` (weekly counts), `surge` (what a detector answers), `acute` and
`chronic` (our own verdict), `alarm` (the evidence bound together).

The detectors of the trade take counts of shape (weeks, places), NaN where nobody watched, and answer with a `Surge`:
`ears`, `recent` (bayes, rki), `farrington` over `reference` and `levels`, `cusum`, `glr` over `seasonal`, `outbreak`;
`quantiles` serves them. `contagion` asks what came from the neighbours, `nowcast` what is not yet reported and which source
stopped, `table` makes the array, `named` finds a detector by its name; `signals` which of many places to read and where
acting is worth it.
docs/how-to/choose-watch-settings.md says which to take.
"""

from tocsin.core.watch.acts import GROUP_OF, PERSECUTION, group_of, is_act
from tocsin.core.watch.acute import Acute, AcuteSettings, acute
from tocsin.core.watch.alarm import (
    Settings,
    claims_behind,
    detect,
    hash_inputs,
    method_of,
    recompute,
    ring_alarm,
)
from tocsin.core.watch.chronic import Chronic, chronic
from tocsin.core.watch.contagion import Contagion, fit_contagion
from tocsin.core.watch.cusum import average_run_length, cusum
from tocsin.core.watch.ears import ears
from tocsin.core.watch.errors import BadCounts, BadSettings, BadWeeks
from tocsin.core.watch.farrington import farrington, farrington_flexible
from tocsin.core.watch.glr import glr_negative_binomial, glr_poisson
from tocsin.core.watch.named import DETECTORS, detect_by_name, settings_of
from tocsin.core.watch.nowcast import Nowcast, Silence, nowcast, reporting_triangle, silence
from tocsin.core.watch.origins import by_item, is_repeat, known_by, roots_of
from tocsin.core.watch.outbreak import outbreak_p
from tocsin.core.watch.recent import bayes, rki
from tocsin.core.watch.records import Alarm, Claim, EarsSettings, Onset, Panel, Qualifier, Stance
from tocsin.core.watch.reports import Report, claim_from
from tocsin.core.watch.seasonal import InControl, fit_seasonal
from tocsin.core.watch.series import Series, lies_in, watching, weekly_counts
from tocsin.core.watch.signals import (
    Costs,
    Ranking,
    expected_false_alarms,
    p_values,
    rank_signals,
    thresholds_from_costs,
)
from tocsin.core.watch.surge import Reason, Surge
from tocsin.core.watch.table import Table, tabulate

__all__ = [
    "DETECTORS",
    "GROUP_OF",
    "PERSECUTION",
    "Acute",
    "AcuteSettings",
    "Alarm",
    "BadCounts",
    "BadSettings",
    "BadWeeks",
    "Chronic",
    "Claim",
    "Contagion",
    "Costs",
    "EarsSettings",
    "InControl",
    "Nowcast",
    "Onset",
    "Panel",
    "Qualifier",
    "Ranking",
    "Reason",
    "Report",
    "Series",
    "Settings",
    "Silence",
    "Stance",
    "Surge",
    "Table",
    "acute",
    "average_run_length",
    "bayes",
    "by_item",
    "chronic",
    "claim_from",
    "claims_behind",
    "cusum",
    "detect",
    "detect_by_name",
    "ears",
    "expected_false_alarms",
    "farrington",
    "farrington_flexible",
    "fit_contagion",
    "fit_seasonal",
    "glr_negative_binomial",
    "glr_poisson",
    "group_of",
    "hash_inputs",
    "is_act",
    "is_repeat",
    "known_by",
    "lies_in",
    "method_of",
    "nowcast",
    "outbreak_p",
    "p_values",
    "rank_signals",
    "recompute",
    "reporting_triangle",
    "ring_alarm",
    "rki",
    "roots_of",
    "settings_of",
    "silence",
    "tabulate",
    "thresholds_from_costs",
    "watching",
    "weekly_counts",
]
