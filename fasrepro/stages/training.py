"""The one call by which the stages tune, train and snapshots train a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from transformers import TrainerCallback

from fasrepro import paths
from fasrepro.config import Job
from fasrepro.rows.mapped import open_rows
from fasrepro.rows.training import TrainRow
from fasrepro.training import run


def train_job(
    job: Job,
    learning_rate: float,
    read_image: Callable[[Any], Image.Image],
    work: Path,
    callbacks: Sequence[TrainerCallback] = (),
) -> run.Trained:
    """Train a job at a learning rate; `work` is the stage's folder for what is unfinished."""
    rows = open_rows(paths.trainset(job.trainset), TrainRow, paths.WORK / "trainsets")
    recipe = job.recipe_at(learning_rate)
    return run.train(recipe, rows, read_image, seed=job.seed, work=work / "trainer", callbacks=callbacks)
