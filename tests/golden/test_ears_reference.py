"""EARS C1 against every reference result of R's `surveillance` that our settings can express.

Source: R package surveillance 1.20.3, function `earsC` with method C1, on the series it ships; the shared data's
`data/watch/README.md` says which. Neither the series nor the results are part of the repository.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tocsin.core.watch import ears

R_DEFAULTS = {"baseline": 7, "alpha": 0.001, "minSigma": 0}


@pytest.fixture(scope="module")
def references(shared: Path) -> list[dict[str, Any]]:
    """Give the reference results of method C1."""
    results = json.loads((shared / "data/watch/ref_earsC.json").read_text(encoding="utf-8"))["results"]
    return [result for result in results if result["control_used"]["method"] == "C1"]


def counts_of(folder: Path, dataset: str) -> dict[str, list[float]]:
    """Read the counts of a series by unit, oldest first."""
    counts: dict[str, list[float]] = {}
    name = f"series_{dataset.replace('.', '_')}.csv"
    with (folder / name).open(encoding="utf-8", newline="") as table:
        for row in sorted(csv.DictReader(table), key=lambda row: int(row["t"])):
            counts.setdefault(row["unit"], []).append(float(row["count"]))
    return counts


def test_thresholds_and_alarms_are_those_of_r_surveillance(
    shared: Path, references: list[dict[str, Any]]
) -> None:
    series = {
        dataset: counts_of(shared / "data/watch", dataset)
        for dataset in {result["dataset"] for result in references}
    }

    for result in references:
        control = R_DEFAULTS | result["control_used"]
        counts = np.array(series[result["dataset"]][result["unit"]])[:, np.newaxis]
        first, last = result["range"]
        verdict = ears(
            counts, baseline=control["baseline"], alpha=control["alpha"], min_sigma=control["minSigma"]
        )
        ours = verdict.threshold[first - 1 : last, 0], verdict.alarm[first - 1 : last, 0]
        where = f"{result['dataset']}, {result['unit']}, {result['setting']}"
        np.testing.assert_allclose(ours[0], result["upperbound"], rtol=1e-6, atol=1e-6, err_msg=where)
        np.testing.assert_array_equal(ours[1], np.array(result["alarm"], dtype=bool), err_msg=where)

    assert len(references) >= 90
