"""Hierarchical log-linear models: all of them up to some order, and the names they go by."""

from __future__ import annotations

from functools import cache
from itertools import combinations

from tocsin.core.count.mse.errors import BadChoice
from tocsin.core.count.mse.graphs import name_terms

Terms = tuple[int, ...]
"""All terms of a model beside its intercept: sets of lists as bits, every list alone among them, rising."""

MOST_ALL = 5
"""Lists for which all hierarchical models are tried: 5 have 6,893; 6 have 7.8 million, of pairs alone 32,768."""


@cache
def all_models(n_lists: int, max_order: int) -> tuple[Terms, ...]:
    """Give every hierarchical model with all lists in it and terms of at most that many lists, never the saturated one.

    With three lists there are 8, with four 113, with five and terms of three lists at most 6,212, with six and pairs 32,768.

    Raises
    ------
    BadChoice
        Also where they are too many to try.
    """
    if n_lists < 2 or n_lists > MOST_ALL + (max_order <= 2):
        raise BadChoice(
            f"all models are tried for up to {MOST_ALL} lists, for {MOST_ALL + 1} those of pairs (max_order 2): more lists "
            "have millions; go stepwise, or name one"
        )
    alone = tuple(1 << at for at in range(n_lists))
    models = [frozenset(alone)]
    for order in range(2, min(max_order, n_lists - 1) + 1):
        terms = [sum(1 << at for at in chosen) for chosen in combinations(range(n_lists), order)]
        models = [
            model | extra
            for model in models
            for extra in _subsets([term for term in terms if _faces(term) <= model or order == 2])
        ]
    return tuple(sorted({tuple(sorted(model)) for model in models}, key=lambda one: (len(one), one)))


def _faces(term: int) -> frozenset[int]:
    return frozenset(term & ~(1 << at) for at in range(term.bit_length()) if term >> at & 1)


def _subsets(terms: list[int]) -> list[frozenset[int]]:
    return [frozenset(chosen) for size in range(len(terms) + 1) for chosen in combinations(terms, size)]


def name_model(terms: Terms) -> str:
    """Name a model by its greatest terms: `[123,14,34]`, lists numbered from 1."""
    return name_terms(
        [one for one in terms if not any(one != other and one & other == one for other in terms)]
    )


def read_model(name: str, n_lists: int) -> Terms:
    """Read a model by its name: `[12,3]`, `[1:10,2]` or `independence`; lists that are not named stand alone.

    Raises
    ------
    BadChoice
    """
    alone = {1 << at for at in range(n_lists)}
    if name == "independence":
        return tuple(sorted(alone))
    found: set[int] = set(alone)
    for part in name.strip().removeprefix("[").removesuffix("]").split(","):
        numbers = part.split(":") if ":" in part or n_lists > 9 else list(part.strip())
        if not all(each.strip().isdigit() and 1 <= int(each) <= n_lists for each in numbers) or not numbers:
            raise BadChoice("a model is named like [12,3], with list numbers from 1")
        chosen = sorted({int(each) - 1 for each in numbers})
        for size in range(1, len(chosen) + 1):
            found |= {sum(1 << at for at in some) for some in combinations(chosen, size)}
    if (1 << n_lists) - 1 in found:
        raise BadChoice("a model with all lists in one term has no answer")
    return tuple(sorted(found))
