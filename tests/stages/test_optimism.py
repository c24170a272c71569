"""The stage on the project of `test_evaluate`: practices of two seeds, of which one fails, and snapshots of one job."""

from __future__ import annotations

import pytest

from fasrepro import paths
from fasrepro.data import splits
from fasrepro.evaluation import results
from fasrepro.evaluation.results import Figure, Optimism
from fasrepro.rows import table
from fasrepro.rows.scores import Score
from fasrepro.stages import optimism as stage
from fasrepro.training import snapshots
from tests.stages import projects
from tests.stages.test_evaluate import RUNS, SIDES, project, score  # noqa: F401  the fixture


def write_snapshots(offset: float, run: str = "label_only", seed: int = 1) -> None:
    """Write snapshots at steps 5 and 10 of one seed; every score of the last differs from the job's by `offset`."""
    split = splits.read("oc_m")
    rows = []
    for face in (*split.dev, *split.of_target("msu")):
        for step, value in ((5, 0.8 if face.label else 0.2), (10, score(face, run, seed) + offset)):
            rows.append(Score("oc_m", snapshots.name(run, step), seed, face.face_id, round(value, 9)))
    table.write(paths.SNAPSHOTS, rows, Score)


def report() -> Optimism:
    stage.main([])
    return results.read(paths.OPTIMISM, Optimism)


@pytest.mark.usefixtures("project")
def test_practices_of_two_seeds_of_which_one_fails() -> None:
    write_snapshots(offset=0.125)
    entry = report().cells["oc_m-label_only"]
    assert [entry.hter[name].value for name in ("honest", "oracle_threshold", "best_seed")] == [0.25, 0.0, 0.0]
    assert entry.optimism["best_seed"] == Figure(0.25, None, None)
    assert entry.optimism["oracle_threshold"] == Figure(0.25, None, None)  # seed 1 gains, seed 0 does not


@pytest.mark.usefixtures("project")
def test_snapshots_are_of_the_jobs_first_target() -> None:
    write_snapshots(offset=0.125)
    choice = report().snapshots
    assert (choice.protocol, choice.run, choice.target, choice.seed) == ("oc_m", "label_only", "msu", 1)
    assert choice.score_difference == 0.125
    assert [one.step for one in choice.steps] == [5, 10]
    assert (choice.best_on_target.step, choice.best_on_target.optimism.value) == (5, 0.5)


@pytest.mark.usefixtures("project")
def test_the_same_bytes_come_out_again() -> None:
    write_snapshots(offset=0.0)
    stage.main([])
    first = paths.OPTIMISM.read_bytes()
    stage.main([])
    assert paths.OPTIMISM.read_bytes() == first


@pytest.mark.usefixtures("project")
def test_without_a_job_with_snapshots_there_is_no_choice() -> None:
    projects.write_jobs(SIDES, [("oc_m", run) for run in RUNS], [0, 1])
    assert report().snapshots is None


@pytest.mark.usefixtures("project")
def test_snapshots_of_another_job_are_named_and_nothing_is_written() -> None:
    write_snapshots(offset=0.0, seed=7)
    message = r"snapshots\.parquet: holds oc_m-label_only-7, not oc_m-label_only-1; run `dvc repro snapshots`"
    with pytest.raises(ValueError, match=message):
        stage.main([])
    table.write(paths.SNAPSHOTS, [], Score)
    with pytest.raises(ValueError, match="holds nothing, not oc_m-label_only-1"):
        stage.main([])
    assert not paths.OPTIMISM.exists()
