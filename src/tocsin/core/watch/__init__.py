"""Watch: reports come in, claims are entered, weekly series are counted, an alarm goes out or stays silent.

Read in this order: `records` (Claim, Panel, Alarm), `reports` (a report becomes a claim), `acts` (which words
are acts), `origins` (who really said it), `series` (weekly counts), `ears` (the detector), `alarm`
(the evidence bound together).
"""

from tocsin.core.watch.acts import GROUP_OF, PERSECUTION, group_of, is_act
from tocsin.core.watch.alarm import claims_behind, hash_inputs, ring_alarm
from tocsin.core.watch.ears import NoAnswer, Verdict, ears_c1
from tocsin.core.watch.errors import BadSettings
from tocsin.core.watch.origins import by_item, is_repeat, known_by, roots_of
from tocsin.core.watch.records import Alarm, Claim, EarsSettings, Panel, Qualifier, Stance
from tocsin.core.watch.reports import Report, claim_from
from tocsin.core.watch.series import Series, lies_in, watching, weekly_counts

__all__ = [
    "GROUP_OF",
    "PERSECUTION",
    "Alarm",
    "BadSettings",
    "Claim",
    "EarsSettings",
    "NoAnswer",
    "Panel",
    "Qualifier",
    "Report",
    "Series",
    "Stance",
    "Verdict",
    "by_item",
    "claim_from",
    "claims_behind",
    "ears_c1",
    "group_of",
    "hash_inputs",
    "is_act",
    "is_repeat",
    "known_by",
    "lies_in",
    "ring_alarm",
    "roots_of",
    "watching",
    "weekly_counts",
]
