"""The stage on a target with a mannequin, and its empty report where no target has unseen attacks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from fasrepro import paths
from fasrepro.evaluation import results
from fasrepro.evaluation.results import Figure, Unseen
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Judgement
from fasrepro.rows.training import TrainRow
from fasrepro.rows.truth import Truth
from fasrepro.stages import evaluate, unseen
from tests.faces import face
from tests.regions import box_region
from tests.stages import projects

BOX = (0, 0, 80, 60)
SIDES = {"o_w": (["oulu"], ["siw_mv2"])}


def split_face(dataset: str, split: str, species: str) -> Face:
    return face(f"{dataset}/{split}_{species}", species, split=split, box=BOX)


TRAIN = [split_face("oulu", "train", species) for species in ("bona_fide", "print", "replay_video")]
DEV = [split_face("oulu", "dev", species) for species in ("bona_fide", "print")]
OTHER_SOURCE = [split_face("casia", split, species) for split in ("train", "dev") for species in ("bona_fide", "print")]
TEST = [split_face("siw_mv2", "test", species) for species in ("bona_fide", "print", "mannequin")]
CUES = {"print": ("halftone",), "replay_video": ("moire",), "mannequin": ("waxy_skin",), "bona_fide": ()}


def truth(face: Face) -> Truth:
    cues = CUES[face.species]
    region = box_region(0, 0, 40, 40)
    return Truth(face.face_id, cues, (0.5,) * len(cues), (region,) * len(cues), (), (), "{}")


def write_project(test: list[Face] = TEST, sides: Mapping[str, tuple[list[str], list[str]]] = SIDES) -> None:
    """Write a project whose two runs were tested on these faces; reasoning misses the mannequin."""
    projects.write_params(evaluation={"replicates": 100})
    jobs = projects.write_jobs(sides, [(protocol, run) for protocol in sides for run in ("vanilla", "reasoning")], [0])
    faces = [*TRAIN, *DEV, *OTHER_SOURCE, *test]
    projects.write_faces(faces)
    projects.write_truths([truth(one) for one in faces])
    rows = [TrainRow(f.face_id, f.dataset, f.species, f.label, "", "", "vanilla", "A face.") for f in TRAIN]
    table.write(paths.trainset("t"), rows, TrainRow)
    for job in jobs:
        reasoning = job.run == "reasoning"

        def score(face: Face, reasoning: bool = reasoning) -> float:
            if face.split == "dev":
                return 1.0 if face.label else 0.0  # threshold 0.5
            return 0.25 if reasoning and face.species == "mannequin" else 0.75

        projects.write_scores(job, score)
        text = "a moire pattern over the face" if reasoning else "a face"
        projects.write_explanations(job, lambda _, text=text: text)
    table.write(paths.JUDGEMENTS, [], Judgement)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_project()
    evaluate.main([])
    return tmp_path


def report() -> Unseen:
    unseen.main([])
    return results.read(paths.UNSEEN, Unseen)


@pytest.mark.usefixtures("project")
def test_a_target_with_unseen_attacks_is_reported() -> None:
    target = report().targets["siw_mv2"]
    assert {name: species.overlap for name, species in target.mean.species.items()} == {"print": 1.0, "mannequin": 0.0}
    assert target.mean.lines["apcer"].slope == Figure(1.0, None, None)
    assert list(target.cells) == ["o_w"]
    assert target.misplaced_cues.difference["mask"]["print_replay"].value == 1.0
    assert target.measured


@pytest.mark.usefixtures("project")
def test_the_same_bytes_come_out_again() -> None:
    unseen.main([])
    first = paths.UNSEEN.read_bytes()
    unseen.main([])
    assert paths.UNSEEN.read_bytes() == first


@pytest.mark.usefixtures("project")
def test_without_truth_overlap_is_nominal() -> None:
    projects.write_truths([])
    target = report().targets["siw_mv2"]
    assert not target.measured
    assert {name: species.overlap for name, species in target.mean.species.items()} == {"print": 1.0, "mannequin": 0.0}
    assert target.misplaced_cues.mean["reasoning"]["mask"]["present"].value is None


@pytest.mark.usefixtures("project")
def test_a_target_of_the_sources_families_is_omitted() -> None:
    write_project(TEST[:2])
    assert report() == Unseen("reasoning", "vanilla", {})


@pytest.mark.usefixtures("project")
def test_protocols_with_other_numbers_of_sources_have_means_of_their_own() -> None:
    write_project(sides=SIDES | {"oc_w": (["oulu", "casia"], ["siw_mv2"])})
    evaluate.main([])
    targets = report().targets
    assert {name: list(target.cells) for name, target in targets.items()} == {
        "siw_mv2: o_w": ["o_w"],
        "siw_mv2: oc_w": ["oc_w"],
    }
