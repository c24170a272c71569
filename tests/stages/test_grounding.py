"""The stages on explanations, where one run names the cue in the image and the other names none: grounding and agreement."""

from __future__ import annotations

from pathlib import Path

import pytest

from fasrepro import config, paths, vocabulary
from fasrepro.evaluation import results
from fasrepro.evaluation.results.explanations import GroundingCounts
from fasrepro.rows import table
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Judgement
from fasrepro.rows.training import TrainRow
from fasrepro.rows.truth import Truth
from fasrepro.stages import evaluate, grounding, verdict_agreement
from tests.faces import face
from tests.regions import box_region
from tests.stages import projects

BOX = (0, 0, 80, 60)
SIDES = {"i_m": (["replay"], ["msu", "siw_mv2"])}
RUNS = ("label_only", "vanilla")
FACES = [
    face(f"{dataset}/{split}_{person}_{species}", species, subject=f"{dataset}/{split}_{person}", split=split, box=BOX)
    for dataset, split in (("replay", "train"), ("replay", "dev"), ("msu", "test"), ("siw_mv2", "test"))
    for person in (1, 2)
    for species in ("bona_fide", "print")
]
TRAIN = [one for one in FACES if one.split == "train"]
HALFTONE = f"There is {vocabulary.CUES['halftone'].phrasings[0]}. This is a presentation attack."
LIVE = "A natural face. This is a bona fide face."


def truth(face: Face) -> Truth:
    cues = ("halftone",) if face.label else ()
    return Truth(face.face_id, cues, (0.5,) * len(cues), (box_region(0, 0, 40, 40),) * len(cues), (), (), "{}")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two targets: on MSU vanilla names the cue of every attack; elsewhere no cue is named."""
    monkeypatch.chdir(tmp_path)
    projects.write_params(evaluation={"replicates": 50}, judging={"readers": ["lexical"]})
    jobs = projects.write_jobs(SIDES, [("i_m", run) for run in RUNS], [0, 1])
    projects.write_faces(FACES)
    projects.write_truths([truth(one) for one in FACES])
    captions = [(one, HALFTONE if one.label else LIVE) for one in TRAIN]
    rows = [TrainRow(one.face_id, one.dataset, one.species, one.label, "", "", "vanilla", text) for one, text in captions]
    table.write(paths.trainset("t"), rows, TrainRow)
    judgements = []
    for job in jobs:
        projects.write_scores(job, lambda one: 0.75 if one.label else 0.25)

        def text(one: Face, run: str = job.run) -> str:
            return HALFTONE if (run, one.dataset, one.species) == ("vanilla", "msu", "print") else LIVE

        projects.write_explanations(job, text)
        projects.write_dev_explanations(job, text)
        for one in FACES:
            if one.split == "test":
                verdict = Verdict.ATTACK if text(one) == HALFTONE else Verdict.BONA_FIDE
                judgements.append(Judgement("i_m", job.run, job.seed, one.face_id, "lexical", verdict))
    table.write(paths.JUDGEMENTS, judgements, Judgement)
    return tmp_path


@pytest.mark.usefixtures("project")
def test_a_cell_is_grounded_in_its_own_targets_images() -> None:
    grounding.main([])
    written = results.read(paths.GROUNDING, results.Grounding)
    cells = written.cells
    assert {(row.cell, row.run) for row in written.paired} == {(cell.cell, cell.run) for cell in cells.values()}
    assert [(row.run, row.cells) for row in written.means] == [(run, ["i_m", "i_w"]) for run in RUNS]
    assert set(cells) == {f"{cell}-{run}" for cell in ("i_m", "i_w") for run in RUNS}
    assert {key: cell.explained["recall"].value for key, cell in cells.items()} == {
        "i_m-label_only": 0.0,
        "i_m-vanilla": 1.0,
        "i_w-label_only": 0.0,
        "i_w-vanilla": 0.0,
    }
    assert cells["i_m-vanilla"].counts == GroundingCounts(bona_fide=2, attack=2, subjects=2, seeds=2)
    assert cells["i_m-vanilla"].difference["recall"].value == 0.0  # every caption of an attack names the cue, too
    assert cells["i_w-vanilla"].target == "siw_mv2"


@pytest.mark.usefixtures("project")
def test_dev_people_are_grounded_once_a_protocol_and_run() -> None:
    for job in config.load_jobs().values():
        projects.write_dev_explanations(job, lambda one, run=job.run: HALFTONE if one.label and run == "vanilla" else LIVE)
    grounding.main([])
    written = results.read(paths.GROUNDING, results.Grounding)
    assert {(cell.protocol, cell.run, cell.target) for cell in written.dev.values()} == {("i_m", run, "dev") for run in RUNS}
    assert {key: cell.explained["f1"].value for key, cell in written.dev.items()} == {"i_m-label_only": 0.0, "i_m-vanilla": 1.0}
    assert written.dev["i_m-vanilla"].counts == GroundingCounts(bona_fide=2, attack=2, subjects=2, seeds=2)


@pytest.mark.usefixtures("project")
def test_runs_without_captions_are_not_grounded() -> None:
    rows = [TrainRow(one.face_id, one.dataset, one.species, one.label, "", "", "", "") for one in TRAIN]
    table.write(paths.trainset("t"), rows, TrainRow)
    grounding.main([])
    assert results.read(paths.GROUNDING, results.Grounding).cells == {}


@pytest.mark.usefixtures("project")
def test_without_truth_nothing_is_grounded() -> None:
    projects.write_truths([])
    grounding.main([])
    assert results.read(paths.GROUNDING, results.Grounding).cells == {}


@pytest.mark.usefixtures("project")
def test_agreement_is_of_each_cells_own_explanations() -> None:
    evaluate.main([])
    verdict_agreement.main([])
    cells = results.read(paths.VERDICT_AGREEMENT, results.VerdictAgreement).cells
    accuracy = {key: cell.channels["lexical"].figures["accuracy"].value for key, cell in cells.items()}
    assert accuracy == {"i_m-label_only": 0.5, "i_m-vanilla": 1.0, "i_w-label_only": 0.5, "i_w-vanilla": 0.5}
    assert {cell.channels["lexical"].read for cell in cells.values()} == {4}
    # The head is correct everywhere, so it differs from a reader where that is wrong.
    assert cells["i_w-vanilla"].channels["lexical"].figures["disagreement"].value == 0.5
    assert cells["i_m-vanilla"].unparsed == 0.0


@pytest.mark.usefixtures("project")
def test_agreement_needs_the_dev_thresholds() -> None:
    with pytest.raises(ValueError, match=r"metrics\.json: no such file"):
        verdict_agreement.main([])
