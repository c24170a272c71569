"""What the stages of a job share: loading its model, and the pictures of its faces."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from transformers import ProcessorMixin

from fasrepro import paths
from fasrepro.config import Job
from fasrepro.crops import read_crop
from fasrepro.models import backbones, sites, vlm
from fasrepro.training import recipe as recipes
from fasrepro.training.recipe import Recipe

CACHED_CROPS = 2048  # decoded; all of them in the default profile
BATCH = 48  # images that are scored at once where params.yaml does not say it; no score depends on it


def crop_reader(folder: Path = paths.CROPS) -> Callable[[Any], Image.Image]:
    """Return the function that reads the crop of a face or a training row, and keeps the last `CACHED_CROPS`."""
    return functools.lru_cache(CACHED_CROPS)(lambda row: read_crop(folder, row.crop, row.crop_sha256))


def made_of(recipe: Recipe, processor: ProcessorMixin, crop: str) -> vlm.MadeOf:
    """Return what a checkpoint of this recipe is made of; `crop`: the convention by which its faces were cut out."""
    return vlm.MadeOf(
        backbone=recipe.backbone,
        backbone_sha256=backbones.weights_hash(recipe.backbone),
        head_site=recipe.head_site if recipes.has_head(recipe) else "",
        prompt=recipe.prompt,
        crop=crop,
        image_backend=vlm.image_backend(processor),
        score_by=recipe.score_by,
        answer_prompt=recipe.answer_prompt,
        answer_yes=recipe.answer_yes if recipe.answer_prompt else "",
    )


def load_model(job: Job, crop: str) -> tuple[vlm.FasVlm, ProcessorMixin, Recipe]:
    """Return a job's trained model, its processor and its recipe. Raises `BackboneError` where the checkpoint does not fit."""
    recipe = job.recipe_at(1.0)  # the rate plays no part any more
    base, processor = backbones.load(recipe.backbone, backbones.device())
    expected = made_of(recipe, processor, crop)
    sites.check(base, processor, expected.head_site, recipe.prompt)
    return vlm.load(base, paths.checkpoint(job.name), expected), processor, recipe
