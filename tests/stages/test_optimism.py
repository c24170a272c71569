"""The stage on the tables of the stage `evaluate`: the same honest figure, a trace read by its steps, and faults named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fasrepro import paths
from fasrepro.report import execute
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Score
from fasrepro.stages import evaluate
from fasrepro.stages import optimism as stage
from fasrepro.training import snapshots
from tests.stages.test_evaluate import project, score  # noqa: F401  the fixture
from tests.stages.test_notebook import ROOT, outputs


def write_trace(last: float, run: str = "label_only", seed: int = 1) -> None:
    """Write looks at steps 5 and 10 of one seed; every score of the last is off the job's by `last`."""
    tested = [face for face in table.read(paths.FACES, Face) if face.split == "test"]
    made = []
    for step, value in ((5, lambda face: 0.8 if face.label else 0.2), (10, lambda face: score(face, run, seed) + last)):
        made += [Score("oc_m", snapshots.name(run, step), seed, face.face_id, round(value(face), 9)) for face in tested]
    table.write(paths.TRACE, made, Score)


def test_habits_of_two_seeds_of_which_one_fails(project: Path) -> None:  # noqa: F811
    write_trace(last=0.125)
    stage.main([])
    report = json.loads(paths.HABITS.read_text())
    job = report["jobs"]["oc_m-label_only"]
    assert [job["hter"][name]["value"] for name in ("honest", "oracle_threshold", "best_seed")] == [0.25, 0.0, 0.0]
    assert job["flatters_by"]["best_seed"] == {"value": 0.25, "low": 0.25, "high": 0.25}  # all subjects fare alike
    assert job["flatters_by"]["oracle_threshold"] == {"value": 0.25, "low": 0.0, "high": 0.5}  # seed 1 gains all, seed 0 none
    trace = report["trace"]
    assert (trace["protocol"], trace["run"], trace["seed"], trace["apart_from_job"]) == ("oc_m", "label_only", 1, 0.125)
    assert [entry["step"] for entry in trace["steps"]] == [5, 10]
    assert (trace["best_on_target"]["step"], trace["best_on_target"]["flatters_by"]["value"]) == (5, 0.5)
    before = paths.HABITS.read_bytes()
    stage.main([])
    assert paths.HABITS.read_bytes() == before


def test_a_trace_of_no_job_is_named_and_nothing_written(project: Path) -> None:  # noqa: F811
    write_trace(last=0.0, seed=7)
    with pytest.raises(
        ValueError, match=r"trace.parquet: holds oc_m-label_only, seed 7, not one seed of one job .* `dvc repro trace`"
    ):
        stage.main([])
    table.write(paths.TRACE, [], Score)
    with pytest.raises(ValueError, match="holds nothing, not one seed"):
        stage.main([])
    assert not paths.HABITS.exists()


def test_threshold_choice_shows_which_videos_change_sides_and_how_to_make_what_is_not_there(
    project: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    write_trace(last=0.0)
    stage.main([])
    evaluate.main([])
    parameters = {"protocols": ["oc_m"], "runs": ["vanilla", "reasoning"]}
    execute.execute(ROOT / "notebooks" / "threshold_choice.ipynb", Path("out.ipynb"), parameters)
    shown = outputs(Path("out.ipynb"))
    # vanilla misses every print at the dev threshold, and none at a lower one.
    assert all(f"msu/test/{person}_print" in shown for person in (2, 3))
    assert "_replay_video<" not in shown
    assert "+0.250 [+0.250, +0.250]" in shown
    assert shown.count("image/png") == 2
    assert "reasoning on oc_m" in shown
    assert "fasrepro jobs" in shown
