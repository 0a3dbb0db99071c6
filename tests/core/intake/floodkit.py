"""A flood for tests and benchmarks: twenty invented people who write in eight languages, and junk of three families.

Nobody here exists. The junk knows nothing of the twenty, and is made as somebody would who wants to bury them.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import NamedTuple

from tocsin.core.intake import Account, Facts, Sending, Submission, Who
from tocsin.terms import Place

_TEXTS: dict[str, list[str]] = json.loads((Path(__file__).parent / "flood.json").read_text(encoding="utf-8"))
TRUE_STORIES = tuple(_TEXTS["true"])
_NAMES = [
    f"{first}{last}"
    for first in ("Al", "Bar", "Cem", "Dun", "Er", "Fer")
    for last in ("an", "ik", "ur", "esh", "od", "iz")
]
_TOWNS = [
    f"{first}{last}"
    for first in ("Nor", "Vas", "Kel", "Tam", "Rud")
    for last in ("abad", "grad", "heim", "ovo", "ton")
]
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_KIN = ("brother", "cousin", "friend", "son", "uncle")


class Sent(NamedTuple):
    """One submission, and whether it is one of the twenty."""

    submission: Submission
    is_true: bool


def seeded(seed: int) -> random.Random:
    """Give chance that is the same at every run."""
    return random.Random(seed)  # noqa: S311 - invented junk, no secret


def flood(n_junk: int, rng: random.Random) -> list[Sent]:
    """Make junk of three families in equal parts and the twenty true ones, shuffled: they came over the same hours."""
    makers = (_repeated, _templated, _drawn)
    sent = [Sent(_submission(makers[n % 3](rng), rng), False) for n in range(n_junk)]
    sent += [Sent(_submission(text, rng), True) for text in TRUE_STORIES]
    rng.shuffle(sent)
    return sent


def _repeated(rng: random.Random) -> str:
    text = rng.choice(_TEXTS["copied"])
    return text if rng.random() < 0.5 else f"{text} {rng.randrange(10_000)}"


def _templated(rng: random.Random) -> str:
    return rng.choice(_TEXTS["templates"]).format(
        name=rng.choice(_NAMES),
        town=rng.choice(_TOWNS),
        day=rng.choice(_DAYS),
        kin=rng.choice(_KIN),
        n=rng.randrange(2, 60),
    )


def _drawn(rng: random.Random) -> str:
    n_words = rng.randrange(12, 60)
    if rng.random() < 0.5:
        return " ".join(rng.choice(_TEXTS["list"]) for _ in range(n_words))
    alphabet = rng.choice(_TEXTS["alphabets"])
    return " ".join("".join(rng.choices(alphabet, k=rng.randrange(2, 10))) for _ in range(n_words))


def _submission(text: str, rng: random.Random) -> Submission:
    """As the page writes it; the facts say nothing about who is true, since a flood ticks what it likes."""
    return Submission(
        drill=False,
        answer_key=rng.randbytes(32),
        locator=rng.randbytes(32),
        write_token=rng.randbytes(32),
        thread=rng.randbytes(32),
        nonce=rng.randbytes(16),
        kind=Sending.CALL,
        identity=Who(name=rng.choice(_NAMES)),
        narrative=Account(text=text),
        facts=Facts(
            place=Place("az"), danger_now=rng.choice((True, False, None)), held=rng.choice((True, None))
        ),
    )
