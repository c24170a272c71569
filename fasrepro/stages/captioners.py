"""What the stages of a caption model share: its people, the model that it starts from, and its checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import PreTrainedModel, ProcessorMixin

from fasrepro import config, files, hashing, paths, schema
from fasrepro.captions.layouts import yes_or_no
from fasrepro.hashing import unit_hash
from fasrepro.models import backbones, vlm
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face, Label
from fasrepro.stages import jobs, training
from fasrepro.training import completions, devices
from fasrepro.training.captioners import Captioner
from fasrepro.training.recipe import Recipe
from fasrepro.training.sampling import stream

BATCH = 8  # faces that texts are written about at once


def recipe_of(job: Captioner) -> Recipe:
    """Return the recipe of a caption model's texts, with its prompt and its backbone. Raises `ConfigError`."""
    return config.build(Recipe, job.recipe, f"{paths.JOBS}: {job.gold}: recipe")


def seed_of(job: Captioner) -> int:
    """Return the seed of a caption model's training; models that are compared share it."""
    return training.training_seed("captioners", job.seed)


def selected(faces: Sequence[Face], count: int) -> list[Face]:
    """Return at most `count` faces, half of each label where there are enough, by hash: the same ones for every model."""
    by_hash = sorted(faces, key=lambda face: unit_hash("caption model", face.face_id))
    half = [[face for face in by_hash if face.label is label][: count // 2] for label in Label]
    return sorted((face for faces in half for face in faces), key=lambda face: face.face_id)


def truths(faces: Sequence[Face], job: Captioner) -> list[str]:
    """Return the word that the conclusion about each face should hold."""
    words = yes_or_no(Verdict(job.conclusion_yes))
    return [words[Verdict.ATTACK if face.label is Label.ATTACK else Verdict.BONA_FIDE] for face in faces]


def batches(faces: Sequence[Face]) -> Iterator[Sequence[Face]]:
    """Yield faces `BATCH` at a time."""
    for start in range(0, len(faces), BATCH):
        yield faces[start : start + BATCH]


def sampled(
    model: PreTrainedModel,
    processor: ProcessorMixin,
    job: Captioner,
    faces: Sequence[Face],
    read_image: Callable[[Face], Image.Image],
    *,
    count: int,
    temperature: float,
    limit: int,
) -> Iterator[tuple[Sequence[Face], list[list[str]]]]:
    """Yield faces a batch, with `count` texts of at most `limit` tokens about each that a model samples."""
    prompt = recipe_of(job).prompt
    for part in batches(faces):
        texts = completions.sample(
            model.eval(),
            processor,
            [read_image(face) for face in part],
            prompt,
            count=count,
            temperature=temperature,
            limit=limit,
            seeds=[stream("samples", seed_of(job), face.face_id) for face in part],
        )
        yield part, texts


def start_backbone(job: Captioner, work: Path) -> Path | str:
    """Return the bare checkpoint that a training begins from: the backbone itself, or its start merged into one under `work`.

    Of several processes the first one merges it for all.
    """
    backbone = recipe_of(job).backbone
    if Path(job.start) == paths.FOUNDATION:
        return backbone
    if devices.is_first():
        vlm.merge(backbone, Path(job.start), work / "start")
    devices.wait()
    return work / "start"


def save(
    name: str, job: Captioner, model: PreTrainedModel, processor: ProcessorMixin, crop: str, log: Mapping[str, Any], work: Path
) -> None:
    """Write a bare model as a checkpoint of its backbone: all weights that differ, and the log. It has no head.

    Args:
        name: of the caption model.
        job: its entry.
        model: the backbone after the training, without adapters.
        processor: the backbone's.
        crop: the convention by which its faces were cut out.
        log: of the training.
        work: the stage's folder for what is unfinished.
    """
    recipe = recipe_of(job)
    original = dict(backbones.load(recipe.backbone)[0].named_parameters())
    changed = [key for key, value in model.named_parameters() if not torch.equal(value.detach().cpu().float(), original[key])]
    provenance = {"captioner": schema.plain(job), "versions": hashing.versions()}
    with files.replaced_folder(paths.captioner(name), work) as folder:
        vlm.save(vlm.FasVlm(model, None, ""), folder, jobs.made_of(recipe, processor, crop), changed)
        files.write_json(folder / "provenance.json", provenance)
        files.write_json(folder / "log.json", log)
