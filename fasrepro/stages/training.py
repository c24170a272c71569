"""The one call by which the stages tune, train and snapshots train a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from transformers import TrainerCallback

from fasrepro import hashing, paths
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
    seed = training_seed(job.protocol, job.seed)
    return run.train(recipe, rows, read_image, seed=seed, work=work / "trainer", callbacks=callbacks)


def training_seed(protocol: str, seed: int) -> int:
    """Return what a training's weights and the order of its images are drawn by, in [0, 2**28).

    It is the same for all runs of a protocol, which are compared, and another on every protocol. So trainings on two protocols
    are independent, as the test of a difference takes them to be.
    """
    return int(hashing.sha256_json([protocol, seed])[:7], 16)
