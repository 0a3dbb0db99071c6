"""Detectors by the name a practitioner knows, with settings checked against what each takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import ArrayLike

from tocsin.core.watch.acute import AcuteSettings, acute
from tocsin.core.watch.cusum import cusum
from tocsin.core.watch.ears import ears
from tocsin.core.watch.errors import BadSettings
from tocsin.core.watch.farrington import farrington, farrington_flexible
from tocsin.core.watch.glr import glr_negative_binomial, glr_poisson
from tocsin.core.watch.outbreak import outbreak_p
from tocsin.core.watch.recent import bayes, rki
from tocsin.core.watch.surge import Surge


def acute_surge(counts: ArrayLike, **settings: object) -> Surge:
    """Answer as `acute`, without its dates."""
    return acute(counts, msgspec.convert(settings, AcuteSettings)).surge


# Any: each detector has parameters of its own.
DETECTORS: Final[Mapping[str, Callable[..., Surge]]] = {
    "acute": acute_surge,
    "ears": ears,
    "bayes": bayes,
    "rki": rki,
    "farrington": farrington,
    "farrington-flexible": farrington_flexible,
    "cusum": cusum,
    "glr-poisson": glr_poisson,
    "glr-negative-binomial": glr_negative_binomial,
    "outbreak-p": outbreak_p,
}


START: Final = -52
"""Row from which a detector that must learn first is asked: the last year."""


@cache
def settings_of(method: str) -> Mapping[str, object]:
    """Give what a detector can be told, each at its default.

    Raises
    ------
    BadSettings
        There is no such detector.
    """
    if method not in DETECTORS:
        raise BadSettings(f"its method is none of {', '.join(DETECTORS)}")
    if method == "acute":
        return msgspec.structs.asdict(AcuteSettings())
    # The Poisson ratio hands on what it does not name itself.
    of = glr_negative_binomial if method == "glr-poisson" else DETECTORS[method]
    parameters = [
        each for each in inspect.signature(of).parameters.values() if each.kind is each.KEYWORD_ONLY
    ]
    told = {each.name: START if each.default is each.empty else each.default for each in parameters}
    return {name: told[name] for name in told if (method, name) != ("glr-poisson", "dispersion")}


def detect_by_name(
    method: str, counts: ArrayLike, settings: Mapping[str, object]
) -> tuple[Surge, dict[str, object]]:
    """Run a detector, and give its answer with all settings it went by.

    Parameters
    ----------
    method : one of `DETECTORS`
    counts : array, shape (weeks, places)
        Reports a week, oldest first; NaN where nobody watched.
    settings : those that differ from the default

    Raises
    ------
    BadSettings
        One is not the detector's, or not of its kind.
    BadCounts
    """
    told = {**settings_of(method)}
    for name, value in settings.items():
        if name not in told:
            raise BadSettings(f"{method} has no setting of that name; it has {', '.join(told)}")
        told[name] = _as_kind_of(told[name], value, name)
    if isinstance(start := told.get("start"), int) and start < 0:
        told["start"] = max(1, len(np.asarray(counts)) + start)
    return DETECTORS[method](counts, **told), told


def _as_kind_of(default: object, value: Any, name: str) -> object:
    """Take a value that is of the kind of the default; where that is None, a number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match default:
        case bool() if isinstance(value, bool):
            return value
        case float() if is_number:
            return float(value)
        case int() if is_number and not isinstance(default, bool) and float(value).is_integer():
            return int(value)
        case str() if isinstance(value, str):
            return value
        case tuple() if isinstance(value, list | tuple) and len(value) == len(default):
            return tuple(_as_kind_of(one, other, name) for one, other in zip(default, value, strict=True))
        case None if value is None or is_number or value == "seasonal":
            return value
    raise BadSettings(f"{name} is not of its kind; by default it is {default!r}")
