"""The stage on four caption sets, with and without truth."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fasrepro import paths, vocabulary
from fasrepro.evaluation import results
from fasrepro.evaluation.results import Annotators, Figure
from fasrepro.evaluation.results.explanations import ErrorRates
from fasrepro.rows import table
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face
from fasrepro.rows.truth import Truth
from fasrepro.stages import annotators as stage
from tests.faces import face
from tests.regions import box_region
from tests.stages import projects

BOX = (0, 0, 80, 60)
FACES = [
    face(f"msu/{subject}_{species}", species, subject=f"msu/{subject}", split="train", box=BOX)
    for subject in (1, 2, 3)
    for species in ("bona_fide", "replay_video")
]
NAMED = {"vanilla": ["moire"], "reasoning": ["moire", "bezel"], "blind": ["moire"], "neutral": []}


def caption(face: Face, style: str) -> Caption:
    cues = " and ".join(vocabulary.CUES[name].phrasings[0] for name in NAMED[style])
    aware = style in ("vanilla", "reasoning")
    text = cues if face.label and cues else "A face."
    return Caption(face.face_id, style, text, Verdict.UNDECIDED, "v", "model", aware, 1, "k")


def truth(face: Face) -> Truth:
    """Return the truth of a face: a replay shows moire in the crop, and a bezel outside of it."""
    if not face.label:
        return Truth(face.face_id, (), (), (), (), (), "{}")
    regions = box_region(0, 0, 40, 40), box_region(120, 100, 140, 120)
    return Truth(face.face_id, ("moire", "bezel"), (0.5, 0.5), regions, (), (), "{}")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    projects.write_params(evaluation={"replicates": 50})
    table.write(paths.faces("msu"), FACES, Face)
    projects.write_truths([truth(one) for one in FACES])
    for style in NAMED:
        table.write(paths.captions(style), [caption(one, style) for one in FACES], Caption)
    return tmp_path


def report() -> Annotators:
    stage.main([])
    return results.read(paths.ANNOTATORS, Annotators)


@pytest.mark.usefixtures("project")
def test_a_cue_outside_of_the_crop_is_absent() -> None:
    sets = report().sets
    assert [sets[name].pooled.figures["precision"].value for name in ("vanilla", "reasoning")] == [1.0, 0.5]


@pytest.mark.usefixtures("project")
def test_sets_that_name_no_cue_and_derived_sets_have_no_entry() -> None:
    assert set(report().sets) == {"vanilla", "reasoning", "blind"}


@pytest.mark.usefixtures("project")
def test_every_label_aware_set_is_paired_with_every_label_blind_one() -> None:
    vanilla, reasoning = report().pairs
    assert (vanilla.captions, vanilla.baseline, vanilla.same_task) == ("vanilla", "blind", False)
    assert (reasoning.captions, reasoning.baseline, reasoning.same_task) == ("reasoning", "blind", True)
    assert reasoning.difference["precision"] == Figure(-0.5, -0.5, -0.5)


@pytest.mark.usefixtures("project")
def test_error_rates_are_those_of_a_simulated_annotator_alone() -> None:
    simulated = yaml.safe_load(paths.PARAMS.read_text(encoding="utf-8"))["simulated"]
    assert report().by_construction == ErrorRates(simulated["missed_cue"], simulated["invented_cue"])
    projects.write_params(annotator={"base_url": "https://example.invalid/v1"})
    assert report().by_construction is None


@pytest.mark.usefixtures("project")
def test_the_same_bytes_come_out_again() -> None:
    stage.main([])
    first = paths.ANNOTATORS.read_bytes()
    stage.main([])
    assert paths.ANNOTATORS.read_bytes() == first


@pytest.mark.usefixtures("project")
def test_without_truth_the_report_is_empty() -> None:
    projects.write_truths([])
    assert (report().sets, report().pairs) == ({}, [])
