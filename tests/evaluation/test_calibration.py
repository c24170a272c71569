"""The simulation behind the record: its world has the error that it says, and the test keeps its promise in it."""

from __future__ import annotations

import numpy as np
import pytest

from fasrepro.evaluation import calibration, inference
from fasrepro.evaluation.calibration import LAYOUTS, REGIMES, Setting


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("hter", [0.1, 0.2])
def test_runs_have_the_error_that_is_asked_for(regime: str, hter: float) -> None:
    random = np.random.default_rng(1)
    setting = Setting(REGIMES[regime], seeds=20, subjects=50, hter=hter, effect=0.5)
    values = [calibration.known_thresholds(random, LAYOUTS["four protocols"].places, setting).value for _ in range(40)]
    assert np.mean(values) == pytest.approx(-hter / 2, abs=0.02)  # the run's is half of the baseline's


def test_layouts_share_people_and_trainings_as_they_say() -> None:
    setting = Setting(REGIMES["people and trainings"], seeds=3, subjects=5, hter=0.2, effect=0.0)
    kinds = {}
    for name, layout in LAYOUTS.items():
        mean = layout.trial(np.random.default_rng(1), layout.places, setting)
        kinds[name] = [sum(one.kind == kind for one in mean.components) for kind in inference.KINDS]
    assert kinds == {
        "one target": [1, 1, 0],
        "four protocols": [4, 4, 0],
        "eleven targets of one training": [11, 1, 0],
        "four protocols on one set of people": [1, 4, 0],
        "one target, dev thresholds": [1, 1, 1],
        "3 worlds of four protocols": [0, 0, 0],
    }


def test_rows_of_one_training_set_have_no_case_with_few_seeds() -> None:
    cases = list(calibration.cases(min_seeds_alone=5))
    assert {seeds for layout, _, seeds, _ in cases if layout == "eleven targets of one training"} == {5, 8}
    assert {seeds for layout, _, seeds, _ in cases if layout == "four protocols"} == {3, 5, 8}
    assert {subjects for *_, subjects in cases} == set(calibration.SUBJECTS)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_false_verdicts_are_as_rare_as_the_rule_says(layout: str) -> None:
    """A small record: 200 trials, so that a true rate of 5 in 100 stays below 11 in all but 1 of 10,000 cases."""
    trials = 60 if layout == "one target, dev thresholds" else 200
    case = calibration.simulate(layout, "people and trainings", 5, 8, trials, seed=3)
    assert case.false_verdicts <= 0.115


def test_a_large_difference_is_seen() -> None:
    case = calibration.simulate("four protocols", "chance alone", 8, 67, 80, seed=3)
    assert case.power["0.2"] >= 0.9
    assert case == calibration.simulate("four protocols", "chance alone", 8, 67, 80, seed=3)
