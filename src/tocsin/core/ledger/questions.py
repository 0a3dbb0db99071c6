"""Which questions the page asks beside its own, and in which order: the label `form` of the part `*` (formats, section 21).

What happened, to whom, danger, who must be warned and the country are always asked, first. A coalition chooses the rest:
some of ours, in its order, and up to eight of its own, in words that speakers of each language sign. The page reads it alike
(js/page/questions.js).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

FORM: Final = "form"
OURS: Final = ("area", "when", "name", "reach", "not", "more")
"""Questions that may be left out or moved; all of them in this order where a coalition has chosen nothing."""
MOST_OWN: Final = 8
_OWN: Final = re.compile(r"own\.[1-8]\??", re.ASCII)


def read_questions(text: str) -> tuple[str, ...]:
    """Read what is asked, in order; nothing chosen is all of ours. What is not known, or stands twice, is passed over.

    `own.1` is answered in words, `own.1?` by yes, no or not known.
    """
    asked: dict[str, str] = {}
    for word in text.split():
        if word in OURS or _OWN.fullmatch(word):
            asked.setdefault(word.removesuffix("?"), word)
    return tuple(asked.values()) or OURS


def write_questions(asked: Sequence[str]) -> str:
    """Write what is asked, as `read_questions` reads it."""
    return " ".join(asked)


def label_of(question: str) -> str:
    """Give the label under which a question's words stand in each language."""
    name = question.removesuffix("?")
    return name if name == "more" else f"q.{name}"


def free_own(asked: Sequence[str]) -> str | None:
    """Name an own question that is not asked yet; None where there are eight."""
    taken = {question.removesuffix("?") for question in asked}
    return next((name for n in range(1, MOST_OWN + 1) if (name := f"own.{n}") not in taken), None)
