"""Caption models as detectors, on a small checkpoint: whose faces are scored, what the score is, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from PIL import Image

from fasrepro import config, paths
from fasrepro.evaluation import results
from fasrepro.evaluation.results import Metrics
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Score
from fasrepro.stages import caption_detector, caption_detectors, captioner_checkpoint, jobs
from fasrepro.training import completions
from tests.faces import face
from tests.small_models import PROMPT, save_trained
from tests.stages import projects
from tests.stages.test_captioners import with_crops

PEOPLE = 6
NAMES = ("sft-0", "grpo-0")


def people(dataset: str, split: str) -> list[Face]:
    """Return some people, each in two frames of a live video and of a print."""
    return [
        face(f"{dataset}/{number}-{species}", species, frame, subject=f"{dataset}/{number:02d}", split=split)
        for number in range(PEOPLE)
        for species in ("bona_fide", "print")
        for frame in (0, 4)
    ]


@pytest.fixture
def project(
    checkpoint: Path, picture: Callable[[int], Image.Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[Face]:
    """A project with two caption models of the same weights, dev people of WFAS and test people of MSU-MFSD."""
    monkeypatch.chdir(tmp_path)
    projects.write_params(evaluation={"replicates": 20}, caption_models={"max_new_tokens": 4}, read_outs={"dev_faces": 8})
    faces = with_crops([*people("wfas", "dev"), *people("msu", "test")], picture)
    for part in ("train", "dev", "test"):
        table.write(paths.split("w_m", part), [one for one in faces if one.split == part], Face)
    projects.write_jobs({"w_m": (["wfas"], ["msu"])}, [], [])
    write_detectors("bona_fide")
    for name in NAMES:
        save_trained(checkpoint, paths.captioner(name))
    return faces


def write_detectors(conclusion_yes: str) -> None:
    contents = config.read_yaml(paths.JOBS)
    model = {"seed": 0, "start": "", "gold": "gold", "conclusion_yes": conclusion_yes, "recipe": {}}
    contents |= {"sft_jobs": {"sft-0": model}, "grpo_jobs": {"grpo-0": model}}
    contents["caption_detectors"] = {name: {"protocol": "w_m", "conclusion_yes": conclusion_yes} for name in NAMES}
    paths.JOBS.write_text(yaml.safe_dump(contents), encoding="utf-8")


def scored(name: str) -> dict[str, float]:
    caption_detector.main([name])
    rows = table.read(paths.caption_detector(name), Score)
    assert {(row.protocol, row.run, row.seed) for row in rows} == {("w_m", name.removesuffix("-0"), 0)}
    return {row.face_id: row.p_attack for row in rows}


def test_some_dev_faces_and_one_of_each_test_video_are_scored_at_their_conclusion(project: list[Face]) -> None:
    values = scored("sft-0")
    by_id = {one.face_id: one for one in project}
    of = {split: [by_id[face_id] for face_id in values if by_id[face_id].split == split] for split in ("dev", "test")}
    assert sorted(one.label for one in of["dev"]) == [0] * 4 + [1] * 4
    assert {one.presentation for one in of["test"]} == {one.presentation for one in project if one.split == "test"}
    assert len(of["test"]) == 2 * PEOPLE

    model, processor, prompt = captioner_checkpoint.load("sft-0", "tight")
    assert prompt == PROMPT
    one = of["test"][0]
    image = [jobs.crop_reader()(one)]
    text, _, _ = caption_detector.generate(model, processor, image, prompt, 4)[0]
    (odds,) = completions.yes_log_odds(model, processor, image, prompt, [text], 4)
    assert values[one.face_id] == pytest.approx(1 / (1 + 2.718281828459045**odds), abs=1e-6)  # Yes means bona fide


@pytest.mark.usefixtures("project")
def test_what_yes_means_turns_every_score() -> None:
    before = scored("sft-0")
    write_detectors("attack")
    after = scored("sft-0")
    assert {face_id: pytest.approx(1 - value, abs=1e-6) for face_id, value in before.items()} == after


@pytest.mark.usefixtures("project")
def test_their_errors_are_compared_on_every_target() -> None:
    for name in NAMES:
        scored(name)
    caption_detectors.main([])
    metrics = results.read(paths.CAPTION_DETECTOR_FIGURES, Metrics)
    assert sorted((cell.run, cell.target, tuple(cell.seeds)) for cell in metrics.cells.values()) == [
        ("grpo", "msu", (0,)),
        ("sft", "msu", (0,)),
    ]
    (row,) = [row for row in metrics.paired if (row.metric, row.level) == ("hter_dev", "video")]
    assert {row.run, row.baseline} == {"grpo", "sft"}
    assert row.difference == 0  # of the same model


@pytest.mark.usefixtures("project")
def test_without_caption_models_there_are_no_figures() -> None:
    projects.write_jobs({"w_m": (["wfas"], ["msu"])}, [], [])
    caption_detectors.main([])
    assert results.read(paths.CAPTION_DETECTOR_FIGURES, Metrics).cells == {}
    with pytest.raises(config.ConfigError, match="caption_detectors: unknown caption model 'sft-0'"):
        caption_detector.main(["sft-0"])
