"""Outputs of jobs are grouped by cell: each target of a protocol has its own faces and texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from fasrepro.rows.scores import Score
from fasrepro.stages import predictions
from tests.stages import projects
from tests.stages.test_evaluate import RUNS, SIDES, faces


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    projects.write_params()
    for job in projects.write_jobs(SIDES, [("oc_m", run) for run in RUNS], [1, 0]):
        projects.write_faces(faces())
        projects.write_scores(job, lambda one, seed=job.seed: 0.25 + 0.5 * seed)
        projects.write_explanations(job, lambda one, job=job: f"{one.dataset} by {job.name}")
    return tmp_path


@pytest.mark.usefixtures("project")
def test_cells_are_sorted_and_their_jobs_ascend_by_seed() -> None:
    cells = predictions.load_cells()
    assert [entry.cell.key for entry in cells] == ["oc_m-label_only", "oc_m-vanilla", "oc_w-label_only", "oc_w-vanilla"]
    assert [job.seed for job in cells[0].jobs] == [0, 1]


@pytest.mark.usefixtures("project")
def test_a_cell_has_the_faces_and_texts_of_its_target_alone() -> None:
    (entry,) = [entry for entry in predictions.load_cells() if entry.cell.key == "oc_w-vanilla"]
    assert {one.dataset for one in entry.test} == {"siw_mv2"}
    texts = entry.explanations()
    assert set(texts[1]) == {one.face_id for one in entry.test}
    assert set(texts[1].values()) == {"siw_mv2 by oc_m-vanilla-1"}
    scores = entry.scores()
    assert {seed: set(by_face.values()) for seed, by_face in scores.items()} == {0: {0.25}, 1: {0.75}}
    assert {one.face_id for one in (*entry.split.dev, *entry.test)} <= set(scores[0])


@pytest.mark.usefixtures("project")
def test_a_target_that_an_experiment_skips_has_no_cell() -> None:
    projects.write_jobs({"oc_m": (["oulu", "casia"], ["msu"])}, [("oc_m", "vanilla")], [0])
    assert [entry.cell.key for entry in predictions.load_cells()] == ["oc_m-vanilla"]


@pytest.mark.usefixtures("project")
def test_protocols_that_test_one_cell_are_refused() -> None:
    projects.write_jobs(SIDES | {"mine": (["oulu", "casia"], ["msu"])}, [("oc_m", "vanilla"), ("mine", "vanilla")], [0])
    projects.write_faces(faces())
    with pytest.raises(ValueError, match=r"params\.yaml: protocols oc_m and mine both test oc_m; keep one of them"):
        predictions.load_cells()


def test_rows_are_grouped_by_names() -> None:
    rows = [Score("p", run, seed, "face", seed / 4) for run in "ab" for seed in (0, 1)]
    assert predictions.by_face(rows, "p_attack", "run", "seed") == {
        ("a", 0): {"face": 0.0},
        ("a", 1): {"face": 0.25},
        ("b", 0): {"face": 0.0},
        ("b", 1): {"face": 0.25},
    }
    assert predictions.by_face(rows[:2], "p_attack", "seed") == {0: {"face": 0.0}, 1: {"face": 0.25}}


@pytest.mark.usefixtures("project")
def test_without_truth_no_visible_cues_are_known() -> None:
    projects.write_truths([])
    assert predictions.visible_cues(faces()) is None
