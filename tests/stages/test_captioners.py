"""The stages of caption models: from gold to their figures on a small checkpoint, and who may be in which of them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from fasrepro import config, crops, paths
from fasrepro.captions.layouts import TAGS
from fasrepro.data.people_parts import CAPTION_DEV, GOLD, POOL, SILVER
from fasrepro.evaluation import results
from fasrepro.rows import table
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face
from fasrepro.rows.training import TrainRow
from fasrepro.rows.truth import Truth
from fasrepro.stages import caption_models, caption_samples, captioner_checkpoint, captioners, grpo, jobs, part_faces, sft
from fasrepro.stages.part_faces import PartError
from fasrepro.training import completions
from fasrepro.training.captioners import ACCEPTED, CORRECTED, Captioner, CaptionerError
from tests.faces import face
from tests.stages import projects
from tests.training.small_runs import RECIPE
from tests.training.test_captioners import SETTINGS

SHARES = {"A": 0.3, "B": 0.3, "C": 0.2, "D_cap": 0.1, "D": 0.1}
CHAIN = "\n".join(f"<{tag}>A face in soft light.</{tag}>" for tag in TAGS[:-1])


def people() -> list[Face]:
    """Twenty people of a training set, each once as a live face and once as a print."""
    return [
        face(f"wfas/{number}-{species}", species, subject=f"wfas/{number:02d}", split="train")
        for number in range(20)
        for species in ("bona_fide", "print")
    ]


def with_crops(faces: list[Face], picture: Callable[[int], Image.Image]) -> list[Face]:
    """Write a crop of each face, and return the faces with their crops' names."""
    pictured = []
    with crops.packed(paths.CROPS) as add:
        for number, one in enumerate(faces):
            data, sha256 = crops.encode(np.asarray(picture(number)))
            crop = f"wfas/{number}.png"
            add(crop, data)
            pictured.append(Face(**{name: getattr(one, name) for name in one.__slots__} | {"crop": crop, "crop_sha256": sha256}))
    return pictured


@pytest.fixture
def project(
    checkpoint: Path, picture: Callable[[int], Image.Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[Face]:
    """A folder with people in parts, captions of part A, and a supervised and a rewarded caption model in jobs.yaml."""
    monkeypatch.chdir(tmp_path)
    paths.RESULTS.mkdir()
    paths.FOUNDATION.symlink_to(checkpoint)
    projects.write_params(
        parts={"wfas": SHARES},
        evaluation={"replicates": 20},
        caption_models={"faces": 4, "samples": 2, "max_new_tokens": 4},
    )
    faces = with_crops(people(), picture)
    table.write(paths.faces("wfas"), faces, Face)
    table.write(paths.truth("wfas"), [], Truth)
    projects.write_jobs({}, [], [])
    phase = {"name": "describe", "train": ["projector", "language"], "losses": {"caption": 1.0}, "steps": 2}
    recipe = {**RECIPE, "backbone": str(paths.FOUNDATION), "captions": {"gold": 1.0}, "phases": [phase]}
    common = {"seed": 0, "gold": "gold", "conclusion_yes": "bona_fide", "recipe": recipe}
    changed = {"rewards": {"random": 1.0}, "group": 4, "steps": 2, "max_completion_tokens": 4, "screened": 1}
    contents = config.read_yaml(paths.JOBS)
    contents["sft_jobs"] = {"sft-0": {**common, "start": str(paths.FOUNDATION)}}
    contents["grpo_jobs"] = {
        "grpo-0": {**common, "start": str(paths.captioner("sft-0")), "reinforcement": {**SETTINGS, **changed}}
    }
    paths.JOBS.write_text(yaml.safe_dump(contents), encoding="utf-8")
    return faces


def write_gold(faces: list[Face], part: str) -> None:
    chosen = part_faces.of_part({"wfas": SHARES}, part)
    rows = [caption_of(one) for one in chosen if one in faces]
    table.write(paths.captions("gold"), rows, Caption)


def caption_of(one: Face) -> Caption:
    verdict = Verdict.ATTACK if one.label else Verdict.BONA_FIDE
    word = "No" if one.label else "Yes"
    text = f"{CHAIN}\n<Conclusion>{word}</Conclusion>"
    return Caption(one.face_id, "cot", text, verdict, "cot-1", "a model", True, 1, "")


def test_from_gold_to_figures(project: list[Face]) -> None:
    write_gold(project, GOLD)
    sft.main(["sft-0"])
    grpo.main(["grpo-0"])
    first = {path.name: path.read_bytes() for path in paths.captioner("grpo-0").iterdir()}
    grpo.main(["grpo-0"])
    assert {path.name: path.read_bytes() for path in paths.captioner("grpo-0").iterdir()} == first
    log = json.loads(first["log.json"])
    assert [row["step"] for row in log["steps"]] == [1, 2]
    assert (log["pool"], len({text["face_id"] for text in log["texts"]})) == (12, 4)

    known = config.read_jobs()
    models = {name: captioner_checkpoint.load(name, "tight")[0] for name in {**known.sft_jobs, **known.grpo_jobs}}
    moved = [
        name for name, value in models["grpo-0"].named_parameters() if not torch.equal(value, models["sft-0"].get_parameter(name))
    ]
    assert moved and all("text_model" in name or "lm_head" in name for name in moved)
    for name in models:
        caption_samples.main([name])
    caption_models.main([])
    report = results.read(paths.CAPTION_MODELS, results.CaptionModels)
    assert list(report.models) == ["grpo-0", "sft-0", "sft_shifted-0"]
    assert report.models["grpo-0"].start == "sft-0"
    assert report.models["sft-0"].missed  # a model of two steps keeps no form
    assert report.models["grpo-0"].missed is None is report.models["sft_shifted-0"].missed
    assert set(report.models["sft-0"].parts) == {CAPTION_DEV, SILVER}
    assert report.models["sft_shifted-0"].parts.keys() == {SILVER}  # its shift is chosen on the others
    assert report.models["sft_shifted-0"].parts[SILVER].successes == []


def test_gold_about_people_outside_its_part_is_refused(project: list[Face]) -> None:
    write_gold(project, SILVER)
    with pytest.raises(CaptionerError, match=r"8 captions are of people outside part A, the first of wfas/.*give captions\.gold"):
        sft.main(["sft-0"])


def test_no_figure_is_about_people_of_the_training(project: list[Face]) -> None:
    settings = config.read_yaml(paths.PARAMS)
    settings["caption_models"]["parts"] = [CAPTION_DEV, POOL]
    paths.PARAMS.write_text(yaml.safe_dump(settings), encoding="utf-8")
    write_gold(project, GOLD)
    sft.main(["sft-0"])
    with pytest.raises(CaptionerError, match=r"caption_models\.parts: caption models are trained on part B"):
        caption_samples.main(["sft-0"])


def test_nobody_of_the_pool_is_in_another_part(project: list[Face]) -> None:
    by_part = {part: {one.subject for one in part_faces.of_part({"wfas": SHARES}, part)} for part in SHARES}
    assert sum(map(len, by_part.values())) == len(set.union(*by_part.values())) == 20
    job = config.read_jobs().grpo_jobs["grpo-0"]
    asked, _ = grpo.pool_of(job, 0, str(paths.FOUNDATION), config.load("parts", "caption_models"))
    assert {one.subject for one in asked} == by_part[POOL]


def rival(learnt: str) -> Captioner:
    """Return an entry that goes on from the foundation with its own texts, of as many faces as it has sequences."""
    job = config.read_jobs().sft_jobs["sft-0"]
    return dataclasses.replace(job, recipe={**job.recipe, "captions": {learnt: 1.0}, "batch_size": 4})


def conclusions(rows: list[TrainRow]) -> set[tuple[int, str]]:
    return {(int(row.label), row.caption.rpartition("<Conclusion>")[2].partition("<")[0]) for row in rows}


def test_a_rival_learns_its_own_chains_with_the_right_conclusion(project: list[Face], monkeypatch: pytest.MonkeyPatch) -> None:
    def written(model: object, processor: object, images: list[object], *_: object) -> list[tuple[str, int, bool]]:
        broken = [("<Caption>no form", 3, True)]
        return [(f"{CHAIN}<Conclusion>Yes</Conclusion>", 9, True) for _ in images[1:]] + broken

    monkeypatch.setattr(sft, "generate", written)
    params, read_image = config.load("parts", "caption_models"), jobs.crop_reader()
    rows = sft.own_rows(rival(CORRECTED), str(paths.FOUNDATION), params, read_image)
    pool = {one.face_id for one in part_faces.of_part({"wfas": SHARES}, POOL)}
    assert len(rows) == 7  # eight sequences, one of them without its form
    assert {row.face_id for row in rows} <= pool
    assert conclusions(rows) == {(0, "Yes"), (1, "No")}
    monkeypatch.setattr(sft, "generate", lambda model, processor, images, *_: [("nothing", 1, True)] * len(images))
    with pytest.raises(CaptionerError, match="none of its texts about 8 faces has its form"):
        sft.own_rows(rival(CORRECTED), str(paths.FOUNDATION), params, read_image)


def test_a_rival_learns_those_of_its_samples_that_are_right(project: list[Face], monkeypatch: pytest.MonkeyPatch) -> None:
    """Its samples all say yes, and so it learns nothing about attacks."""

    def sampled(model: object, processor: object, images: list[object], *_: object, **__: object) -> list[list[str]]:
        return [["no form", f"{CHAIN}<Conclusion>Yes</Conclusion>"] for _ in images]

    monkeypatch.setattr(completions, "sample", sampled)
    params, read_image = config.load("parts", "caption_models"), jobs.crop_reader()
    rows = sft.own_rows(rival(ACCEPTED), str(paths.FOUNDATION), params, read_image)
    assert len(rows) == 4
    assert conclusions(rows) == {(0, "Yes")}


def test_a_part_without_people_is_refused(project: list[Face]) -> None:
    with pytest.raises(PartError, match=r"no faces in part B .the pool of reinforcement learning. of wfas"):
        part_faces.of_part({"wfas": {"A": 0.5, "D": 0.5}}, POOL)


def test_a_profile_without_caption_models_has_an_empty_report(project: list[Face]) -> None:
    projects.write_jobs({}, [], [])
    caption_models.main([])
    assert results.read(paths.CAPTION_MODELS, results.CaptionModels).models == {}


def test_the_word_to_conclude_with_follows_from_the_label(project: list[Face]) -> None:
    job = config.read_jobs().grpo_jobs["grpo-0"]
    pair = [one for one in project if one.subject == "wfas/00"]
    assert captioners.truths(pair, job) == ["Yes", "No"]
