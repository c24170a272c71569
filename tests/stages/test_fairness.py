"""The stage on a small project, with truth and without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fasrepro import paths
from fasrepro.evaluation import results
from fasrepro.evaluation.results import Fairness
from fasrepro.rows.faces import Face
from fasrepro.rows.truth import Truth
from fasrepro.stages import fairness
from tests.faces import face
from tests.stages import projects

TEST = [face(f"msu/{n}/{species}", species, subject=f"msu/{n}") for n in range(4) for species in ("bona_fide", "print")]
DEV = [face(f"oulu/{n}/{kind}", kind, subject=f"oulu/{n}", split="dev") for n in range(2) for kind in ("bona_fide", "print")]
TRAIN = [face(f"oulu/t/{species}", species, subject="oulu/t", split="train") for species in ("bona_fide", "print")]


def truth(one: Face) -> Truth:
    age = "old" if one.subject in ("msu/0", "msu/1") else "young"
    return Truth(one.face_id, (), (), (), (), (), json.dumps({"age": age}))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    projects.write_params(fairness={"pairs": [{"run": "reasoning", "baseline": "label_only"}]})
    jobs = projects.write_jobs({"o_m": (["oulu"], ["msu"])}, [("o_m", "label_only"), ("o_m", "reasoning")], [0])
    projects.write_faces([*TRAIN, *DEV, *TEST])
    projects.write_truths([truth(one) for one in (*TRAIN, *DEV, *TEST)])
    for job in jobs:
        missed = ("msu/0",) if job.run == "label_only" else ()
        projects.write_scores(job, lambda one, missed=missed: float(one.label or one.subject in missed))
    return tmp_path


def report() -> Fairness:
    fairness.main([])
    return results.read(paths.FAIRNESS, Fairness)


@pytest.mark.usefixtures("project")
def test_groups_come_from_truth_and_the_pair_from_params() -> None:
    written = report()
    assert written.runs["o_m-label_only"].attributes["age"]["old"].rates["bpcer"].value == 0.5
    (change,) = written.changes
    assert change.attributes["age"]["old"].gaps["bpcer"].value == -0.5


@pytest.mark.usefixtures("project")
def test_without_truth_no_picture_is_in_a_group() -> None:
    projects.write_truths([])
    assert not any(report().runs["o_m-label_only"].attributes.values())
