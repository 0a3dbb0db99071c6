"""Every reason that an estimate is refused or doubted for, in words. Only the code is written into a record.

Sentences hold no figure of a table: a small count must not leave a desk inside one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.core.count.mse.errors import Evidence, Reason

TEXTS: Mapping[str, str] = MappingProxyType(
    {
        # the table as it came
        "table.nobody": "A row counts people who are on no list; nobody can know that, so the table is not what it says.",
        "table.history": "A row has something other than 0 and 1 for a list.",
        "table.negative": "A row counts fewer than no people.",
        "table.fraction": "A row counts parts of people; weights are no counts.",
        "table.not-a-number": "A row's count is no number.",
        "table.duplicate": "The same lists come in two rows, so nobody can say which row counts.",
        # what it shows before anything is estimated
        "few.lists": "Fewer than three lists have somebody on them; three are needed to see how lists depend on each other.",
        "few.people": "Fewer than 30 people are documented; chance alone would decide.",
        "few.shared": "Fewer than seven people are on both lists; the estimate itself is off.",
        "two.lists": "Two lists cannot show whether they depend on each other.",
        "list.empty": "A list has nobody on it; leave it out and estimate again.",
        "list.alone": "A list shares nobody with any other, so it cannot be set against them.",
        "lists.islands": "The lists fall into groups that share nobody, so one group says nothing of the other.",
        "list.inside": "Everybody on one list is on another one too; it was probably taken from there.",
        "lists.derived": "A list was made from another one, so meeting the same person twice tells nothing.",
        "strata.small": "A part of the table is so small that its numbers may point at somebody; make larger parts.",
        "list.short": "A list has fewer than 10 people on it.",
        "list.reused": "Most of one list stands on another that holds few others; one may have been fed by the other.",
        "list.changing": "A list holds another share of people in one part than in another; estimate the parts apart.",
        "mostly.once": "Nearly everybody is on one list only, so a few shared people decide everything.",
        "capture.unequal": "Some people are more easily listed than others, on all lists at once: every figure is a floor.",
        "linkage.weak": "Linking may miss more than one in five of those that lists share; the figures may be too high.",
        # what a method runs into
        "graph.complete": "Among these lists any one may depend on any other, and then they say nothing of who is on none.",
        "posterior.cap": "So few people are shared that the total has no upper end.",
        "loglinear.none": "The likelihood has no single highest point at a finite number: too few people are shared.",
        "loglinear.endless": "Had chance picked slightly other people, there would be no upper end to the total.",
        "mcmc.unmixed": "Chains that started apart did not come together: the lists fit more than one story.",
        "linkage.refused": "Linked in other ways that are as good, these lists allow no estimate.",
        "strata.refused": "Parts with more than a tenth of the documented allow no estimate by themselves.",
        "sequence.missing": "There was no table on this day of the schedule.",
        "method.alone": "Fewer than two methods have an answer, and one is never shown alone.",
        # what to read a number with
        "mcmc.slow": "Chains have come near one another and not quite together; another run may differ a little.",
        "posterior.humps": "The totals that are probable fall into separate ranges: different models, different answers.",
        "moves.without-a-list": "Leaving out one list moves the estimate by more than a quarter.",
        "moves.with-the-prior": "Halving or doubling the weight of the prior moves the estimate by more than a quarter.",
        "moves.with-the-classes": "Allowing half as many kinds of people moves the estimate by more than a quarter.",
        "methods.disagree": "Methods disagree by more than their intervals allow; show all of them, and no average.",
        "unlisted.many": "More than five would be unlisted for each one documented; so few are known that little is sure.",
        "interval.wide": "An interval's upper end is more than four times its lower one.",
    }
)
"""Code to sentence."""


def because(code: str, evidence: Evidence | None = None) -> Reason:
    """Give a reason by its code, with the figures behind it."""
    return Reason(code=code, text=TEXTS[code], evidence=evidence or {})
