"""A training of seconds on the small checkpoint: its recipe, its rows, and the call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from transformers import TrainerCallback

from fasrepro import config
from fasrepro.rows.faces import Label
from fasrepro.rows.training import TrainRow
from fasrepro.training import recipe as recipes
from fasrepro.training import run
from fasrepro.training.recipe import Recipe
from fasrepro.training.unfinished import Saves
from tests.small_models import EVERYTHING, PROMPT

RECIPE: dict[str, Any] = {
    "backbone": "",
    "prompt": PROMPT,
    "captions": {"vanilla": 1.0},
    "head_site": "vision",
    "lora": {"rank": 4, "alpha": 8},
    "phases": [{"name": "joint", "train": list(EVERYTHING), "losses": {"head": 0.7, "caption": 0.3}, "steps": 30}],
    "sampling": "natural",
    "batch_size": 4,
    "learning_rates": [0.01],
    "warmup_steps": 2,
    "weight_decay": 0.0,
    "max_grad_norm": 1.0,
    "max_caption_tokens": 64,
}
QUESTION = "Is this photo of a real person?"
TEXTS = ["soft light and a natural face", "a moire pattern over the face", "the pale edge of a sheet of paper"]


def rows(captions: bool = True) -> list[TrainRow]:
    """Six faces; two share each text, so that a caption can be learnt from its image."""
    return [
        TrainRow(
            face_id=f"msu/v{n}#0000",
            dataset="msu",
            species="bona_fide" if n % 3 == 0 else "print",
            label=Label(int(n % 3 > 0)),
            crop=str(n),
            crop_sha256="",
            style="vanilla" if captions else "",
            caption=TEXTS[n % 3] if captions else "",
        )
        for n in range(6)
    ]


def recipe(checkpoint: Path | str, **changed: Any) -> Recipe:
    """Return the small recipe with some keys changed, as a run of params.yaml changes them."""
    made = config.build(Recipe, {**recipes.overlay(RECIPE, changed), "backbone": str(checkpoint)}, "recipe")
    recipes.check(made, "recipe")
    return made


def steps(count: int, **changed: Any) -> dict[str, Any]:
    """Return the override that gives the joint phase another number of steps, and other keys."""
    return {"phases": [{"name": "joint", "steps": count, **changed}]}


def train(
    checkpoint: Path,
    picture: Callable[[int], Image.Image],
    work: Path,
    data: Sequence[TrainRow],
    seed: int = 5,
    callbacks: Sequence[TrainerCallback] = (),
    saves: Saves | None = None,
    **changed: Any,
) -> run.Trained:
    """Train the small recipe with some keys changed."""
    asked = recipe(checkpoint, **changed)
    return run.train(asked, data, lambda row: picture(int(row.crop)), seed=seed, work=work, callbacks=callbacks, saves=saves)
