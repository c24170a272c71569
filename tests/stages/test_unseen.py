"""The stage `unseen`: what it reads of a target with masks, and an empty report where no target has any."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fasrepro import config, files, paths
from fasrepro.rows import table
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.scores import Explanation, Score
from fasrepro.rows.training import TrainRow
from fasrepro.rows.truth import Truth
from fasrepro.stages import unseen
from tests.regions import box_region

ROOT = Path(__file__).parents[2]
BOX = (0, 0, 80, 60)


def face(dataset: str, split: str, species: str) -> Face:
    name, label = f"{dataset}/{split}_{species}", Label(species != "bona_fide")
    return Face(f"{name}#0004", dataset, split, name, name, 4, label, species, "", "", BOX, "sidecar", "", "")


TRAIN = [face("oulu", "train", species) for species in ("bona_fide", "print", "replay_video")]
TEST = [face("siw", "test", species) for species in ("bona_fide", "print", "mannequin")]
CUES = {"print": "halftone", "replay_video": "moire", "mannequin": "waxy_skin"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's root whose one job was tested on a print and a mannequin."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    shared = {"protocol": "oc_w", "seeds": [0], "trainset": "t", "tuned": "vanilla", "checkpoint": "oc_m-x"}
    jobs = {f"oc_w-{run}": {**shared, "run": run} for run in ("vanilla", "reasoning")}
    paths.JOBS.write_text(yaml.safe_dump({"jobs": {}, "transfers": jobs}))
    faces = [*TRAIN, *TEST]
    table.write(paths.FACES, faces, Face)
    mask = (box_region(0, 0, 40, 40),)
    truths = [Truth(f.face_id, (CUES[f.species],), (0.5,), mask, (), (), "{}") for f in faces if f.label]
    table.write(paths.TRUTH, truths + [Truth(f.face_id, (), (), (), (), (), "{}") for f in faces if not f.label], Truth)
    rows = [TrainRow(f.face_id, f.dataset, f.species, f.label, "", "", "vanilla", "A face.") for f in TRAIN]
    table.write(paths.trainset("t"), rows, TrainRow)
    for name, job in jobs.items():
        bad = job["run"] == "reasoning"
        scores = [Score("oc_w", job["run"], 0, f.face_id, 0.25 if bad and f.species == "mannequin" else 0.75) for f in TEST]
        table.write(paths.scores(name), scores, Score)
        said = "a moire pattern over the face" if bad else "a face"
        table.write(
            paths.explanations(name), [Explanation("oc_w", job["run"], 0, f.face_id, said, 9, True) for f in TEST], Explanation
        )
    files.write_json(paths.METRICS, {"jobs": {name: {"seeds": {"0": {"threshold_dev": 0.5}}} for name in jobs}})
    return tmp_path


def test_a_target_with_a_family_that_its_sources_lack(project: Path) -> None:
    unseen.main([])
    first, found = paths.UNSEEN.read_bytes(), files.read_json(paths.UNSEEN)["targets"]["siw"]
    species = found["mean"]["species"]
    assert {name: entry["sharing"] for name, entry in species.items()} == {"print": 1.0, "mannequin": 0.0}
    assert found["mean"]["lines"]["apcer"]["slope"] == {"value": 1.0, "low": None, "high": None}
    assert found["named"]["difference"]["mask"]["foreign"]["value"] == 1.0
    unseen.main([])
    assert paths.UNSEEN.read_bytes() == first


def test_without_truths_sharing_is_nominal(project: Path) -> None:
    table.write(paths.TRUTH, [], Truth)
    unseen.main([])
    found = files.read_json(paths.UNSEEN)["targets"]["siw"]
    assert not found["measured"]
    assert {name: entry["sharing"] for name, entry in found["mean"]["species"].items()} == {"print": 1.0, "mannequin": 0.0}
    assert found["named"]["mean"]["reasoning"]["mask"]["present"]["value"] is None


def test_a_target_of_the_sources_families_is_none_and_an_unknown_run_names_its_neighbour(project: Path) -> None:
    table.write(paths.FACES, [*TRAIN, *TEST[:2]], Face)
    unseen.main([])
    assert files.read_json(paths.UNSEEN) == {"run": "reasoning", "baseline": "vanilla", "targets": {}}
    params = yaml.safe_load(paths.PARAMS.read_text())
    params["unseen"]["run"] = "reasonin"
    paths.PARAMS.write_text(yaml.safe_dump(params))
    with pytest.raises(config.ConfigError, match=r"params\.yaml: unseen: unknown run 'reasonin'\. Did you mean 'reasoning'"):
        unseen.main([])
