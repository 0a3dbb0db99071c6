"""The estimators against R's packages, through the benchmark that compares all of a folder.

Source: the shared data's `data/counting/README.md` names packages, versions and papers. Neither is part of the
repository. The slow half (bootstraps of every table, latent classes) runs with `python benchmarks/agree_count.py DIR`.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

LEAST = {"pairs": 1200, "decomposable": 800, "adaptive grid": 150, "log-linear": 170, "published": 4}


@pytest.fixture(scope="module")
def agree() -> ModuleType:
    """Give the benchmark as a module."""
    path = Path(__file__).parents[2] / "benchmarks" / "agree_count.py"
    spec = importlib.util.spec_from_file_location("agree_count", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["agree_count"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("method", LEAST)
def test_estimates_are_those_of_the_r_packages(shared: Path, agree: ModuleType, method: str) -> None:
    folder = shared / "data/counting"
    told = json.loads((folder / "reference.json").read_text(encoding="utf-8"))["tables"]

    rows = list(agree._compare(folder, told, [method]))

    assert [line for row in rows for line in row.trouble] == []
    assert sum(row.n for row in rows) >= LEAST[method]
