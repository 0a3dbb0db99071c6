"""The detectors against R's `surveillance`, through the benchmark that compares all of a folder.

Source: R package surveillance 1.20.3; the shared data's `data/watch/README.md` says which series and settings. Neither is
part of the repository. The slow half (Farrington flexible, GLR) runs with `python benchmarks/agree_watch.py DIR`.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

LEAST = {
    "earsC": 290,
    "bayes": 90,
    "rki": 90,
    "cusum": 140,
    "farrington": 80,
    "hhh4": 3,
    "nowcast": 2,
    "arlCusum": 1,
}


@pytest.fixture(scope="module")
def agree() -> ModuleType:
    """Give the benchmark as a module."""
    path = Path(__file__).parents[2] / "benchmarks" / "agree_watch.py"
    spec = importlib.util.spec_from_file_location("agree_watch", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["agree_watch"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("method", LEAST)
def test_thresholds_and_alarms_are_those_of_r_surveillance(
    shared: Path, agree: ModuleType, method: str
) -> None:
    folder = shared / "data/watch"

    [row] = [*agree._detectors(folder, method), *agree._models(folder, method)]

    assert row.trouble == []
    assert row.n >= LEAST[method]
