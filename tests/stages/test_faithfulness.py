"""The stage on pairs of two attacks, and without any pair."""

from __future__ import annotations

from pathlib import Path

import pytest

from fasrepro import files, paths, vocabulary
from fasrepro.evaluation import results
from fasrepro.evaluation.results import Faithfulness
from fasrepro.evaluation.results.explanations import PairCounts
from fasrepro.rows import table
from fasrepro.rows.scores import Explanation, Score
from fasrepro.stages import faithfulness
from tests.faces import face
from tests.stages import projects

SIDES = {"i_m": (["replay"], ["msu", "siw_mv2"])}
FACES = [
    face(f"{dataset}/{split}_{person}_{species}", species, subject=f"{dataset}/{split}_{person}", split=split)
    for dataset, split in (("replay", "train"), ("replay", "dev"), ("msu", "test"), ("siw_mv2", "test"))
    for person in (1, 2)
    for species in ("bona_fide", "print")
]
ATTACKS = [one for one in FACES if one.dataset == "msu" and one.label]
CUE = f"There is {vocabulary.CUES['halftone'].phrasings[0]}."


def write_pairs(seeds: tuple[int, ...]) -> None:
    """Write pairs of two attacks: without the cue the score falls by a half, and the cue is not named."""
    crops = {one.face_id: {side: f"{one.face_id}/{side}" for side in ("without", "with")} for one in ATTACKS}
    pairs = {
        face_id: {"cue": "halftone", **{side: {"face_id": crop} for side, crop in sides.items()}}
        for face_id, sides in crops.items()
    }
    files.write_json(paths.PAIRS, pairs)
    scores, texts = [], []
    for seed in seeds:
        for face_id, sides in crops.items():
            for crop, p_attack in ((face_id, 0.75), (sides["with"], 0.75), (sides["without"], 0.25)):
                scores.append(Score("i_m", "vanilla", seed, crop, p_attack))
            texts.append(Explanation("i_m", "vanilla", seed, sides["with"], CUE, 9, True))
            texts.append(Explanation("i_m", "vanilla", seed, sides["without"], "A face.", 9, True))
    table.write(paths.PAIR_SCORES, scores, Score)
    table.write(paths.PAIR_EXPLANATIONS, texts, Explanation)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    projects.write_params(evaluation={"replicates": 50})
    projects.write_jobs(SIDES, [("i_m", "vanilla")], [0, 1])
    projects.write_faces(FACES)
    return tmp_path


def report() -> Faithfulness:
    faithfulness.main([])
    return results.read(paths.FAITHFULNESS, Faithfulness)


@pytest.mark.usefixtures("project")
def test_pairs_are_a_cell_of_the_first_target() -> None:
    write_pairs(seeds=(0, 1))
    (cell,) = report().cells.values()
    assert (cell.protocol, cell.run, cell.target, cell.cell) == ("i_m", "vanilla", "msu", "i_m")
    assert cell.counts == PairCounts(faces=2, subjects=2, seeds=2)
    assert cell.figures["score_change"].value == 0.5
    assert cell.figures["named_change"].value == 1.0
    assert list(cell.cues) == ["halftone"]


@pytest.mark.usefixtures("project")
def test_without_pairs_the_report_is_empty() -> None:
    write_pairs(seeds=())
    assert report() == Faithfulness({})
