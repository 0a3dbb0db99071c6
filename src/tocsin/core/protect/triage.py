"""Advise a tier and a deadline: named rules, each of which can only raise the tier. A person sets it.

Who somebody is (nationality, faith, gender, age) is not asked by any rule. An unanswered question about
present danger counts as more than no and less than yes, and is listed to be asked next. Deadlines follow the
UNHCR Resettlement Handbook: emergency within days, urgent within six weeks, normal within twelve months.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tocsin.core.intake import Facts
from tocsin.core.protect.errors import ReasonNeeded, UnknownRules
from tocsin.core.protect.records import CaseCode, Tier, Triaged
from tocsin.terms import Day

DAYS: Final = {Tier.EMERGENCY: 7, Tier.URGENT: 42, Tier.NORMAL: 365}
"""Days from triage to departure."""

ANSWER_HOURS: Final = {Tier.EMERGENCY: 12, Tier.URGENT: 72, Tier.NORMAL: 168}
"""Hours from the call to our first answer."""

RISKS: Final = ("danger_now", "held", "tortured", "named_others", "needs_care")
"""The yes-or-no questions of `Facts` about risk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the decision list."""

    name: str
    tier: Tier
    holds: Callable[[Facts, Day], bool]
    """Whether it speaks, given the facts and the day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """What the rules advise, and why."""

    tier: Tier
    deadline: Day
    """Day by which the household must be out: the tier's, or the day they gave if that is earlier."""
    answer_hours: int
    """Hours from the call to our first answer."""
    fired: tuple[str, ...]
    """Names of the rules that spoke, strongest first."""
    unknown: tuple[str, ...]
    """Risk questions not answered."""
    version: int


def _days_left(facts: Facts, today: Day) -> float:
    return float("inf") if facts.must_leave_by is None else facts.must_leave_by - today


RULES: Final[dict[int, tuple[Rule, ...]]] = {
    1: (
        Rule(name="danger_now", tier=Tier.EMERGENCY, holds=lambda facts, _: facts.danger_now is True),
        Rule(name="held", tier=Tier.EMERGENCY, holds=lambda facts, _: facts.held is True),
        Rule(
            name="leaves_in_7_days", tier=Tier.EMERGENCY, holds=lambda facts, day: _days_left(facts, day) <= 7
        ),
        Rule(name="danger_not_known", tier=Tier.URGENT, holds=lambda facts, _: facts.danger_now is None),
        Rule(name="custody_not_known", tier=Tier.URGENT, holds=lambda facts, _: facts.held is None),
        Rule(name="tortured", tier=Tier.URGENT, holds=lambda facts, _: facts.tortured is True),
        Rule(name="named_others", tier=Tier.URGENT, holds=lambda facts, _: facts.named_others is True),
        Rule(name="others_to_warn", tier=Tier.URGENT, holds=lambda facts, _: bool(facts.n_to_warn)),
        Rule(name="needs_care", tier=Tier.URGENT, holds=lambda facts, _: facts.needs_care is True),
        Rule(
            name="leaves_in_42_days", tier=Tier.URGENT, holds=lambda facts, day: _days_left(facts, day) <= 42
        ),
        Rule(name="asked_for_help", tier=Tier.NORMAL, holds=lambda _, __: True),
    ),
}
"""Version → decision list, strongest tier first."""


def triage(facts: Facts, *, today: Day, version: int = 1) -> Triage:
    """Advise a tier and a deadline.

    Parameters
    ----------
    facts : Facts
    today : Day
    version : int
        Of the decision list, so that an old triage can be replayed.

    Raises
    ------
    UnknownRules
    """
    if version not in RULES:
        raise UnknownRules(version=version)
    fired = [rule for rule in RULES[version] if rule.holds(facts, today)]
    tier = fired[0].tier
    return Triage(
        tier=tier,
        deadline=_deadline(tier, facts, today),
        answer_hours=ANSWER_HOURS[tier],
        fired=tuple(rule.name for rule in fired),
        unknown=tuple(question for question in RISKS if getattr(facts, question) is None),
        version=version,
    )


def _deadline(tier: Tier, facts: Facts, today: Day) -> Day:
    latest = Day(today + DAYS[tier])
    own = latest if facts.must_leave_by is None else facts.must_leave_by
    return max(today, min(latest, own))


def set_tier(
    case: CaseCode, facts: Facts, advised: Triage, *, tier: Tier, reason: str, today: Day
) -> Triaged:
    """Record the tier a person set beside the advised one, with the deadline that follows from it.

    Raises
    ------
    ReasonNeeded
        They differ and no reason is given.
    """
    if tier is not advised.tier and not reason.strip():
        raise ReasonNeeded
    return Triaged(
        case=case,
        triaged_on=today,
        tier=tier,
        advised=advised.tier,
        deadline=_deadline(tier, facts, today),
        fired=advised.fired,
        unknown=advised.unknown,
        rules_version=advised.version,
        reason=reason,
    )
