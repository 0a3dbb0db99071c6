"""In which order a person sees what came, so that a flood hides nobody. Nothing is dropped, and nothing leaves the desk.

Who floods cannot write ten thousand different true stories. Junk repeats itself, fills in templates, or is no language;
each of the three is measured against everything else in the queue and against the page's own words in its languages.
What looks so stands behind what does not, and of each family of lookalikes one stands before its others. What this cannot
stop: somebody who writes, or has a machine write, stories that differ as true ones do.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from tocsin.core.intake.submission import Sending, Submission
from tocsin.terms import Day

FEW: Final = 50
"""So few can be read one after another: no order by content."""
_SHINGLE: Final = 3
"""Words that are looked at together."""
_OFTEN: Final = 150
"""The words a language uses most: a true text is full of them."""
_PLAIN, _MAYBE = 0.35, 0.6
_RANDOM_BITS, _NATURAL_BITS = 6.2, 4.8
"""Bits a letter costs, by the likeliest language's pairs of letters: drawn at random, and written by people."""
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language as the page writes it: what each letter costs after another, in bits, and its commonest words."""

    costs: Mapping[str, float]
    unseen: float
    often: frozenset[str]
    letters: frozenset[str]

    def bits(self, pairs: Counter[str]) -> float:
        """Say what a letter costs on average."""
        total = sum(pairs.values())
        return sum(n * self.costs.get(pair, self.unseen) for pair, n in pairs.items()) / max(1, total)


def learn_tongue(text: str) -> Tongue:
    """Learn a language from a few thousand words of it."""
    words = _WORD.findall(text.casefold())
    pairs = _pairs(words)
    firsts: Counter[str] = Counter()
    for pair, n in pairs.items():
        firsts[pair[0]] += n
    n_letters = len(firsts) + 1
    costs = {pair: -math.log2((n + 0.2) / (firsts[pair[0]] + 0.2 * n_letters)) for pair, n in pairs.items()}
    often = frozenset(word for word, _ in Counter(words).most_common(_OFTEN))
    return Tongue(costs, unseen=10.0, often=often, letters=frozenset(firsts))


def _pairs(words: Iterable[str]) -> Counter[str]:
    pairs: Counter[str] = Counter()
    for word in words:
        padded = f" {word} "
        pairs.update(padded[at : at + 2] for at in range(len(padded) - 1))
    return pairs


@dataclass(frozen=True, slots=True)
class Look:
    """What is remembered of an opened submission to order it: hashes and numbers, no words. Shows nothing."""

    digest: bytes
    day: Day
    kind: Sending
    thread: bytes
    urgency: int
    """0 where somebody is in danger now, 1 where somebody is held or must be warned, else 2."""
    tokens: frozenset[int]
    shingles: frozenset[int]
    oddness: float
    """0 to 1: how unlike any of the page's languages its letters and words are."""

    def __repr__(self) -> str:
        return "Look(...)"


def look_at(submission: Submission, *, digest: bytes, day: Day, tongues: Sequence[Tongue]) -> Look:
    """Remember of a submission what its order needs.

    Parameters
    ----------
    submission : Submission
    digest : bytes, 32
    day : Day
        The folder it lay in.
    tongues : sequence of Tongue
        The languages that the page speaks; with none, no text is odd.
    """
    words = _WORD.findall(f"{submission.narrative.text} {submission.identity.to_warn}".casefold())
    return Look(
        digest=digest,
        day=day,
        kind=submission.kind,
        thread=submission.thread,
        urgency=_urgency(submission),
        tokens=frozenset(_hash(word) for word in words),
        shingles=_shingles(words),
        oddness=_oddness(words, tongues),
    )


def _urgency(submission: Submission) -> int:
    facts = submission.facts
    if facts.danger_now:
        return 0
    return 1 if facts.held or facts.n_to_warn or submission.identity.to_warn else 2


def _hash(text: str) -> int:
    return crc32(text.encode())


def _shingles(words: Sequence[str]) -> frozenset[int]:
    n = min(_SHINGLE, max(1, len(words)))
    return frozenset(_hash(" ".join(words[at : at + n])) for at in range(len(words) + 1 - n))


def _oddness(words: Sequence[str], tongues: Sequence[Tongue]) -> float:
    if len(words) < _SHINGLE or not tongues:
        return 0.0
    pairs = _pairs(words)
    likely = [each for each in tongues if words[0][0] in each.letters] or tongues
    bits, tongue = min(((each.bits(pairs), each) for each in likely), key=lambda found: found[0])
    letters = (bits - _NATURAL_BITS) / (_RANDOM_BITS - _NATURAL_BITS)
    n_often = sum(word in tongue.often for word in words)
    # Twelve words of a true text hold some of its commonest ones, in every language of the page.
    drawn = 0.5 if len(words) >= 12 and n_often < 0.04 * len(words) else 0.0
    return min(1.0, max(0.0, letters, drawn))


@dataclass(frozen=True, slots=True)
class Order:
    """The queue as a person sees it."""

    digests: tuple[bytes, ...]
    n_alike: int
    """How many look like one another or like no language: behind the others."""

    @property
    def is_flood(self) -> bool:
        """Say whether most of what came looks made: itself a thing to tell colleagues."""
        return self.n_alike > FEW and self.n_alike * 2 > len(self.digests)


def order_queue(looks: Sequence[Look], *, known: frozenset[bytes] = frozenset()) -> Order:
    """Put what came in the order in which a person should see it.

    Parameters
    ----------
    looks : sequence of Look
        All that waits.
    known : frozenset of bytes
        Threads that we have answered, made a case of, or issued ourselves: they stand first.

    Returns
    -------
    Order
        Every digest once.
    """
    if len(looks) <= FEW:
        ordered = sorted(looks, key=lambda look: (look.thread not in known, look.urgency, look.day))
        return Order(tuple(look.digest for look in ordered), 0)
    in_how_many = Counter(shingle for look in looks for shingle in look.shingles)
    words = Counter(token for look in looks for token in look.tokens)
    many = max(4, len(looks) // 500)
    ranked: list[tuple[tuple[int, int, int, int, bytes], Look]] = []
    seen: Counter[int] = Counter()
    for look in sorted(looks, key=lambda look: (look.urgency, look.day, look.digest)):
        rank = 0 if look.thread in known else 1 + _band(_suspicion(look, in_how_many, words, many))
        family = max(look.shingles, key=lambda shingle: (in_how_many[shingle], shingle), default=0)
        seen[family] += 1
        nth = seen[family] if rank > 1 else 0
        ranked.append(((rank, nth, look.urgency, look.day, look.digest), look))
    ranked.sort(key=lambda each: each[0])
    n_alike = sum(key[0] > 1 for key, _ in ranked)
    return Order(tuple(look.digest for _, look in ranked), n_alike)


def _band(suspicion: float) -> int:
    return (suspicion >= _PLAIN) + (suspicion >= _MAYBE)


def _suspicion(look: Look, in_how_many: Counter[int], words: Counter[int], many: int) -> float:
    """Say how made a text looks, 0 to 1: said by many, in words that many use but never so, or no language."""
    if not look.shingles:
        return 0.5  # Facts alone: neither told nor copied.
    repeated = sum(in_how_many[shingle] >= many for shingle in look.shingles) / len(look.shingles)
    used = sum(words[token] >= many for token in look.tokens) / len(look.tokens)
    # Words that everybody in the queue uses, in an order that nobody does: drawn from one list.
    shuffled = used - repeated if used > 0.9 and len(look.tokens) >= 8 else 0.0
    return max(repeated, look.oddness, shuffled)
