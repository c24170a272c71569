"""The choice of a training's step, by hand on the videos of `test_optimism`."""

from __future__ import annotations

import dataclasses

import pytest

from fasrepro.evaluation.analyses import snapshot_choice
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.results import Figure
from fasrepro.evaluation.results.optimism import SnapshotOptimism
from tests.evaluation.analyses.test_optimism import SETTINGS, TEST, Videos, cell, perfect


def summarise(*models: Videos) -> SnapshotOptimism:
    """Return the choice among snapshots at steps 0, 1, ..., of which the last is the job's model."""
    results = cell(*models)
    return snapshot_choice.summarise(results, 7, results.scores[len(models) - 1], SETTINGS)


def test_every_snapshot_is_reported() -> None:
    report = summarise(TEST, perfect(TEST), TEST)
    assert [one.step for one in report.steps] == [0, 1, 2]
    assert [one.hter_dev.value for one in report.steps] == [0.375, 0.0, 0.375]
    assert [one.oracle_hter.value for one in report.steps] == [0.125, 0.0, 0.125]
    assert {one.dev_auc for one in report.steps} == {1.0}
    assert (report.key, report.seed, report.subjects, report.score_difference) == ("c_m-vanilla", 7, 2, 0.0)


def test_the_best_snapshot_is_compared_with_the_last() -> None:
    report = summarise(TEST, perfect(TEST), TEST)
    assert (report.last.step, report.last.hter.value) == (2, 0.375)
    assert report.last.optimism == Figure(0.0, 0.0, 0.0)
    assert (report.best_on_target.step, report.best_on_target.optimism.value) == (1, 0.375)
    assert report.best_on_target.optimism.low is None
    assert report.best_on_dev.step == 0  # the first of equal ones; the target plays no part


def test_step_and_threshold_may_both_be_chosen_on_the_target() -> None:
    both = summarise(TEST, TEST).best_on_target_with_oracle_threshold
    assert (both.step, both.hter.value, both.optimism.value) == (0, 0.125, 0.25)


def test_a_training_without_snapshots_is_refused() -> None:
    with pytest.raises(MetricError, match="c_m-vanilla, step: no snapshot of the training; run `dvc repro snapshots`"):
        snapshot_choice.summarise(dataclasses.replace(cell(TEST), scores={}), 0, {}, SETTINGS)


def test_snapshots_of_other_faces_than_the_jobs_are_refused() -> None:
    with pytest.raises(MetricError, match="the last snapshot has scores of other faces than the job"):
        snapshot_choice.summarise(cell(TEST), 0, {"msu/1_live#0004": 0.5}, SETTINGS)
