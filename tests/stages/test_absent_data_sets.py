"""The stages on either side of training, for somebody who has MSU-MFSD and CASIA-FASD alone and a protocol of their own.

What params.yaml names beside that (`tuning.protocol`, `snapshots.protocol`, `counterfactual.protocols`, `unseen`) stays as it is.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from fasrepro import config, files, paths
from fasrepro.commands import jobs, reproduce
from fasrepro.data import splits
from fasrepro.evaluation import results
from fasrepro.evaluation.results import Faithfulness, Metrics, Optimism, Unseen
from fasrepro.evaluation.results.training_losses import TrainingLosses
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Explanation, Judgement, Score
from fasrepro.rows.training import TrainRow
from fasrepro.stages import (
    caption_detectors,
    evaluate,
    fairness,
    faithfulness,
    grounding,
    optimism,
    pair_gains,
    report,
    tune,
    unseen,
    verdict_agreement,
)
from fasrepro.training import snapshots
from tests.faces import face
from tests.layout import ROOT
from tests.stages import projects

PROFILE = {
    "archives": {"datasets": dict.fromkeys(("replay", "oulu", "siw_mv2"))},
    "protocols": {"mine": {"train": ["msu"], "test": ["casia"]}},
    "experiments": {"own": {"protocols": ["mine"], "runs": ["label_only", "vanilla", "reasoning"], "seeds": [0]}},
    "evaluation": {"replicates": 50},
}
SPECIES = ("bona_fide", "print", "replay_video")
FACES = [
    face(f"{dataset}/{split}/{person}_{species}", species, subject=f"{dataset}/{split}/{person}", split=split)
    for dataset in ("msu", "casia")
    for split in ("train", "test")
    for person in ("1", "2")
    for species in SPECIES
]


def score(face: Face) -> float:
    """Return a score that misses the prints of CASIA-FASD."""
    return 0.8 if face.label and (face.dataset, face.species) != ("casia", "print") else 0.2


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose jobs are trained, with the jobs.yaml that `fasrepro jobs` writes."""
    monkeypatch.chdir(tmp_path)
    params = reproduce.merge(config.read_yaml(ROOT / paths.PARAMS), PROFILE)
    paths.PARAMS.write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    files.write_text(paths.JOBS, jobs.text())
    projects.write_faces(FACES)
    projects.write_truths([])  # of licensed archives nothing is known
    for name in config.read_jobs().trainsets:
        rows = [TrainRow(f.face_id, f.dataset, f.species, f.label, "", "", "", "") for f in splits.read("mine").train]
        table.write(paths.trainset(name), rows, TrainRow)
    for job in config.load_jobs().values():
        projects.write_scores(job, score)
        projects.write_explanations(job, lambda _: "a face")
    table.write(paths.JUDGEMENTS, [], Judgement)
    return tmp_path


@pytest.mark.usefixtures("project")
def test_the_one_learning_rate_of_each_run_is_taken_without_training() -> None:
    for run in config.read_jobs().tunings:
        tune.main([run])
    rates = {run: files.read_json(paths.tuning_choice(run))["chosen"] for run in config.read_jobs().tunings}
    named = config.load("runs").runs
    assert rates == {run: named[run]["learning_rates"][0] for run in ("label_only", "reasoning", "vanilla")}
    evaluate.main([])
    metrics = results.read(paths.METRICS, Metrics)
    assert {key: cell.target for key, cell in metrics.cells.items()} == {
        "m_c-label_only": "casia",
        "m_c-reasoning": "casia",
        "m_c-vanilla": "casia",
    }
    assert metrics.tuning.keys() == rates.keys()


def write_snapshots() -> None:
    """Write the scores of two snapshots of the job that jobs.yaml names."""
    [job] = config.read_jobs().snapshot_jobs.values()
    faces = [*splits.read("mine").dev, *splits.read("mine").test]
    rows = [Score("mine", snapshots.name(job.run, step), 0, one.face_id, score(one)) for step in (450, 900) for one in faces]
    table.write(paths.SNAPSHOTS, rows, Score)


@pytest.mark.usefixtures("project")
def test_snapshots_of_another_job_are_reported() -> None:
    """Their protocol icm_o cannot be run."""
    write_snapshots()
    optimism.main([])
    choice = results.read(paths.OPTIMISM, Optimism).snapshots
    assert choice is not None and (choice.protocol, choice.run, choice.target) == ("mine", "label_only", "casia")
    assert choice.score_difference == 0.0


@pytest.mark.usefixtures("project")
def test_what_has_no_data_is_reported_as_empty_and_the_pages_render() -> None:
    """No cue is taken out, because icm_o cannot be run, and no target has attacks unlike those of its sources."""
    files.write_json(paths.PAIRS, {})
    table.write(paths.PAIR_SCORES, [], Score)
    table.write(paths.PAIR_EXPLANATIONS, [], Explanation)
    write_snapshots()
    for job in config.load_jobs().values():
        projects.write_dev_explanations(job, lambda _: "a face")
    for run in config.read_jobs().tunings:
        tune.main([run])
    of_detectors = (evaluate, faithfulness, fairness, unseen, optimism, grounding, verdict_agreement)
    for stage in (*of_detectors, pair_gains, caption_detectors):
        stage.main([])
    assert results.read(paths.FAITHFULNESS, Faithfulness).cells == {}
    assert results.read(paths.UNSEEN, Unseen).targets == {}
    for path in (paths.CALIBRATION, paths.ANNOTATORS, paths.CAPTION_MODELS):
        shutil.copy(ROOT / path, path)
    results.write(paths.TRAINING_LOSSES, TrainingLosses({}), digits=6)
    for page in ("results", "explanations", "unseen", "optimism", "fairness", "ledger"):
        report.main(["--page", page])
        assert list((paths.GENERATED / page).glob("*.md"))
    assert "No target has a family of attacks that its sources lack" in (paths.GENERATED / "unseen/answer.md").read_text()
