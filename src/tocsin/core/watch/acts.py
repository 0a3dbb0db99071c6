"""Which words a claim may use for what happened, and which of them are acts of persecution.

One table, data and not code: a new word is a new line here. Only the groups in `PERSECUTION` enter the weekly
series; all others are kept and shown.
"""

from __future__ import annotations

from typing import Final

GROUP_OF: Final[dict[str, str]] = {
    # Somebody lost their liberty.
    "detained": "liberty",
    "arrested": "liberty",
    "abducted": "liberty",
    "sentenced": "liberty",
    "sentenced_or_fined": "liberty",
    # Somebody's body was harmed, or entered against their will.
    "beaten": "body",
    "electric_shock": "body",
    "tortured": "body",
    "raped": "body",
    "forced_medical_exam": "body",
    # Somebody died of it, or cannot be found.
    "killed": "life",
    "disappeared": "life",
    # Somebody was made to give up others.
    "coerced_disclosure": "disclosure",
    "blackmailed": "disclosure",
    # Words of those in power, and of those who answer them.
    "hostile_speech": "speech",
    "justification": "speech",
    "concern": "speech",
    "existence": "speech",
    "targeting": "speech",
    "medical_finding": "finding",
    # What the persecuted and their helpers did.
    "released": "aftermath",
    "fled": "aftermath",
    "evacuated": "help",
    "hotline_opened": "help",
    "first_call": "help",
    "arrived_abroad": "help",
    "arrived_in_canada": "help",
}
"""Word of a claim → its group."""

PERSECUTION: Final[frozenset[str]] = frozenset({"liberty", "body", "life", "disclosure"})
"""Groups of acts that a surge is made of."""


def is_act(predicate: str) -> bool:
    """Say whether a word names an act of persecution; an unknown word does not."""
    return GROUP_OF.get(predicate) in PERSECUTION


def group_of(predicate: str) -> str:
    """Name the group of a word; an unknown word is a group of its own, so nothing is lost."""
    return GROUP_OF.get(predicate, predicate)
