"""Trainings in processes of their own, that can be killed or share a training. The server that starts them imports torch once."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from fasrepro.models import backbones, vlm
from fasrepro.training import devices, run
from fasrepro.training.unfinished import Saves
from tests.small_models import made_of
from tests.training.small_runs import rows, train

STEPS = "steps.txt"
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.training.processes"])


def noise(number: int) -> Image.Image:
    """Return a picture that differs by its number; all are of one size."""
    return Image.fromarray(np.random.default_rng(number).integers(0, 256, (40, 36, 3), dtype=np.uint8))


class Steps(TrainerCallback):
    """Writes the steps that a process takes to a file, and kills it after one of them.

    `kill`: steps of the phase, and the step.
    """

    def __init__(self, file: Path, kill: tuple[int, int] | None) -> None:
        self.file, self.kill = file, kill

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        with self.file.open("a") as file:
            file.write(f"{state.max_steps} {state.global_step}\n")
        if (state.max_steps, state.global_step) == self.kill:
            os.kill(os.getpid(), signal.SIGKILL)


def _train(checkpoint: Path, folder: Path, name: str, recipe: Mapping[str, Any], kill: tuple[int, int] | None) -> None:
    backbones.use_threads(1)
    (folder / STEPS).unlink(missing_ok=True)
    data, saves = rows(captions=recipe.get("captions") != {}), Saves(folder / "saves" / name, every=2)
    trained = train(checkpoint, noise, folder / "work", data, callbacks=[Steps(folder / STEPS, kill)], saves=saves, **recipe)
    if devices.is_first():
        site = "vision" if trained.model.head is not None else ""
        vlm.save(trained.model, folder / name, made_of(checkpoint, trained.processor, site), trained.weights)
        (folder / name / "log.json").write_text(json.dumps(trained.log, sort_keys=True))


def train_alone(
    checkpoint: Path, folder: Path, name: str, recipe: Mapping[str, Any], kill: tuple[int, int] | None = None
) -> tuple[int, list[str]]:
    """Train in a process, and return its exit status and the steps that it took, each as "<of> <step>".

    Args:
        checkpoint: the backbone.
        folder: of the training: of its saves, and of what is unfinished.
        name: of the model's folder below it.
        recipe: changes of the small recipe.
        kill: steps of a phase, and the step after which the process is killed.
    """
    folder.mkdir(exist_ok=True)
    process = CONTEXT.Process(target=_train, args=(checkpoint, folder, name, recipe, kill))
    process.start()
    process.join()
    return process.exitcode, (folder / STEPS).read_text().splitlines()


def _train_share(
    environment: Mapping[str, str], checkpoint: Path, folder: Path, recipes: Mapping[str, Mapping[str, Any]]
) -> None:
    os.environ.update(environment)
    folder = folder / f"process{environment['RANK']}"
    folder.mkdir(parents=True)
    for name, recipe in recipes.items():
        _train(checkpoint, folder, name, recipe, None)
        if devices.is_first():
            (folder / "work" / run.LOG).rename(folder / name / run.LOG)


def train_together(checkpoint: Path, folder: Path, recipes: Mapping[str, Mapping[str, Any]], count: int) -> Sequence[int]:
    """Train recipes one after another in `count` processes that share each, as `accelerate launch` starts them.

    Returns their exit states. A process writes below `folder`/process<number>.
    """
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count), "MASTER_ADDR": "localhost", "MASTER_PORT": str(port)}
    environments = [{**shared, "RANK": str(number), "LOCAL_RANK": str(number)} for number in range(count)]
    started = [
        CONTEXT.Process(target=_train_share, args=(environment if count > 1 else {"RANK": "0"}, checkpoint, folder, recipes))
        for environment in environments
    ]
    for process in started:
        process.start()
    for process in started:
        process.join()
    return [process.exitcode for process in started]


def curves(folder: Path) -> dict[str, list[float]]:
    """Return the losses by step that a model's log holds."""
    lines = [json.loads(line) for line in (folder / run.LOG).read_text().splitlines()]
    return {name: [line["losses"].get(name, 0.0) for line in lines] for name in lines[0]["losses"]}


def contents(folder: Path) -> dict[str, bytes]:
    """Return a model's files by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}
