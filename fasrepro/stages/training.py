"""The one call by which the stages tune, train and snapshots train a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from transformers import TrainerCallback

from fasrepro import hashing, paths, schema
from fasrepro.config import Job
from fasrepro.models import backbones
from fasrepro.rows import table
from fasrepro.rows.mapped import open_rows
from fasrepro.rows.training import TrainRow
from fasrepro.training import devices, run, unfinished
from fasrepro.training.unfinished import Saves


def train_job(
    job: Job,
    learning_rate: float,
    read_image: Callable[[Any], Image.Image],
    work: Path,
    callbacks: Sequence[TrainerCallback] = (),
    saves: Saves | None = None,
) -> run.Trained:
    """Train a job at a learning rate.

    Args:
        job: of jobs.yaml.
        learning_rate: of all its phases.
        read_image: returns a row's crop.
        work: the stage's folder for what is unfinished.
        callbacks: see `run.train`.
        saves: from which a training that was killed goes on; None where the stage keeps nothing of it.
    """
    rows = open_rows(paths.trainset(job.trainset), TrainRow, paths.WORK / "trainsets")
    recipe = job.recipe_at(learning_rate)
    seed = training_seed(job.protocol, job.seed)
    return run.train(recipe, rows, read_image, seed=seed, work=work / "trainer", callbacks=callbacks, saves=saves)


def saves_of(job: Job, learning_rate: float, work: Path) -> Saves:
    """Return where a job's training is saved while it is unfinished."""
    devices.join()
    recipe = job.recipe_at(learning_rate)
    rows = hashing.sha256_file(table.existing(paths.trainset(job.trainset)))
    seed, backbone = training_seed(job.protocol, job.seed), backbones.weights_hash(recipe.backbone)
    return Saves(unfinished.folder_of(work, schema.plain(recipe), rows, seed, backbone))


def training_seed(protocol: str, seed: int) -> int:
    """Return what a training's weights and the order of its images are drawn by, in [0, 2**28).

    It is the same for all runs of a protocol, which are compared, and another on every protocol. So trainings on two protocols
    are independent, as the test of a difference takes them to be.
    """
    return int(hashing.sha256_json([protocol, seed])[:7], 16)
