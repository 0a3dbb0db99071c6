"""A detector found by its name is the detector, and a setting it does not have is refused in a sentence."""

from __future__ import annotations

import numpy as np
import pytest

from tocsin.core.watch import (
    DETECTORS,
    AcuteSettings,
    BadSettings,
    acute,
    detect_by_name,
    ears,
    farrington_flexible,
    glr_poisson,
    settings_of,
)

COUNTS = np.random.default_rng(2017).poisson(2.0, (300, 3)).astype(float)


@pytest.mark.parametrize("method", DETECTORS)
def test_every_detector_answers_by_its_name_with_all_its_settings(method: str) -> None:
    surge, told = detect_by_name(method, COUNTS, {})

    assert surge.alarm.shape == COUNTS.shape
    assert told.keys() == settings_of(method).keys()


def test_it_is_the_same_detector() -> None:
    named = [
        detect_by_name("acute", COUNTS, {"p_act": 0.3})[0].score,
        detect_by_name("ears", COUNTS, {"method": "C2", "baseline": 28, "min_sigma": 1})[0].threshold,
        detect_by_name("farrington-flexible", COUNTS, {"b": 3, "limit54": [0, 4]})[0].threshold,
        detect_by_name("glr-poisson", COUNTS, {"start": 250})[0].alarm,
    ]
    own = [
        acute(COUNTS, AcuteSettings(p_act=0.3)).surge.score,
        ears(COUNTS, method="C2", baseline=28, min_sigma=1).threshold,
        farrington_flexible(COUNTS, b=3, limit54=(0, 4)).threshold,
        glr_poisson(COUNTS, start=250).alarm,
    ]

    for ours, theirs in zip(named, own, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("method", "settings"),
    [
        ("of_tomorrow", {}),
        ("ears", {"b": 3}),
        ("ears", {"baseline": "seven"}),
        ("ears", {"baseline": 7.5}),
        ("ears", {"baseline": True}),
        ("ears", {"method": "C9"}),
        ("farrington", {"reweight": 1}),
        ("farrington", {"limit54": [1, 2, 3]}),
        ("glr-poisson", {"mean": "some"}),
        ("glr-poisson", {"dispersion": 0.1}),
    ],
)
def test_what_a_detector_does_not_take_is_refused(method: str, settings: dict[str, object]) -> None:
    with pytest.raises(BadSettings):
        detect_by_name(method, COUNTS, settings)
