"""What a training keeps on disk while it runs, so that one that is killed goes on, to the same bytes.

A save holds all that differs from the backbone at a step: weights that are trained and those of earlier phases, the head, the
optimiser's averages, each step's losses, and torch's random numbers. It is a folder, put in its place whole; older ones are then
removed. It holds no pickles.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from transformers import TrainerState

from fasrepro import files, hashing
from fasrepro.training import devices

ROOT = Path(__file__).parent.parent
CODE = ("models", "training")  # folders of this package: a training does not go on with other code
TENSORS, FACTS, TRAINER_STATE = "tensors.safetensors", "facts.json", "trainer_state.json"
EVERY = 250  # steps


@dataclasses.dataclass(frozen=True)
class Saves:
    """Where a training keeps its saves, and how often.

    Args:
        folder: of this training alone: its name should follow from all that determines the training's bytes.
        every: steps between two saves.
    """

    folder: Path
    every: int = EVERY


@dataclasses.dataclass(frozen=True)
class Begun:
    """A phase as it began.

    Args:
        number: of the phase, from 0.
        log: of the earlier phases.
        changed: names of the backbone's weights that those changed.
        tensors: the values of these weights as "inherited/<name>", and the head's as "head/<name>".
    """

    number: int
    log: dict[str, Any]
    changed: list[str]
    tensors: dict[str, Tensor]


def folder_of(work: Path, *determining: Any) -> Path:
    """Return the folder of a training's saves below `work`, named by a hash of all that determines its bytes.

    Args:
        work: the stage's folder for what is unfinished.
        determining: JSON values: recipe, seed, rows, backbone. Versions of packages, this package's code and the number of
            processes, by which sums are rounded, are added to them.
    """
    code = [hashing.sha256_file(path) for part in CODE for path in sorted((ROOT / part).glob("*.py"))]
    return work / "unfinished" / hashing.sha256_json([*determining, hashing.versions(), code, devices.count()])[:16]


def forget(saves: Saves) -> None:
    """Remove the saves of a training that is finished, and those of its earlier forms beside them."""
    if devices.is_first():
        shutil.rmtree(saves.folder.parent, ignore_errors=True)


def latest(saves: Saves) -> Path | None:
    """Return the newest save; None where there is none."""
    found = [path for path in saves.folder.glob("phase*-step*") if (path / TRAINER_STATE).is_file()]
    return max(found, key=_place, default=None)


def _place(save: Path) -> tuple[int, int]:
    """Return the phase and the step of a save.

    >>> _place(Path("phase1-step20"))
    (1, 20)
    """
    phase, _, step = save.name.removeprefix("phase").partition("-step")
    return int(phase), int(step)


def write(
    saves: Saves,
    begun: Begun,
    state: TrainerState,
    model: nn.Module,
    optimizer: Optimizer,
    scheduler: LRScheduler,
    losses: Mapping[str, list[float]],
) -> None:
    """Write a save after a step, and remove those before it."""
    tensors = dict(begun.tensors)
    tensors |= {f"weight/{name}": value.detach() for name, value in model.named_parameters() if value.requires_grad}
    for number, averages in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{number}/{name}": value for name, value in averages.items()}
    tensors |= {f"losses/{name}": torch.tensor(values, dtype=torch.float64) for name, values in losses.items()}
    tensors["random/cpu"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors["random/cuda"] = torch.cuda.get_rng_state()
    facts = {"log": begun.log, "changed": begun.changed, "scheduler": scheduler.state_dict()}
    save = saves.folder / f"phase{begun.number}-step{state.global_step}"
    temporary = saves.folder / f".{os.getpid()}.{save.name}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        save_file({name: value.contiguous() for name, value in tensors.items()}, temporary / TENSORS)
        files.write_json(temporary / FACTS, facts)
        state.save_to_json(str(temporary / TRAINER_STATE))
        if save.exists():
            shutil.rmtree(save)
        temporary.rename(save)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    for other in saves.folder.iterdir():
        if other != save:  # of an earlier step, or half of one
            shutil.rmtree(other, ignore_errors=True)


def read_begun(save: Path) -> Begun:
    """Return how the phase of a save began. Raises `ValueError` naming a save that cannot be read."""
    facts = files.read_json(save / FACTS)
    tensors = {f"{kind}/{name}": value for kind in ("inherited", "head") for name, value in read(save, kind).items()}
    return Begun(_place(save)[0], facts["log"], facts["changed"], tensors)


def read(save: Path, kind: str) -> dict[str, Tensor]:
    """Return the tensors "<kind>/<name>" of a save, by name. Raises `ValueError` naming a save that cannot be read."""
    try:
        with safe_open(save / TENSORS, "pt") as tensors:
            wanted = [name for name in list(tensors.keys()) if name.startswith(f"{kind}/")]
            return {name.removeprefix(f"{kind}/"): tensors.get_tensor(name) for name in wanted}
    except (OSError, SafetensorError) as error:
        raise ValueError(f"{save / TENSORS}: {error}; delete this folder, and the training starts again") from None


@torch.no_grad()
def restore_weights(save: Path, model: nn.Module) -> None:
    """Give a model of the save's phase its trained weights."""
    weights = read(save, "weight")
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            parameter.copy_(weights[name])


def restore_optimizer(save: Path, optimizer: Optimizer, scheduler: LRScheduler) -> None:
    """Give an optimiser its averages and its rates, and its scheduler the step."""
    averages: dict[int, dict[str, Tensor]] = {}
    for name, value in read(save, "optimizer").items():
        number, _, average = name.partition("/")
        averages.setdefault(int(number), {})[average] = value
    scheduler.load_state_dict(files.read_json(save / FACTS)["scheduler"])
    groups = optimizer.state_dict()["param_groups"]
    for group, rate in zip(groups, scheduler.get_last_lr(), strict=True):
        group["lr"] = rate
    optimizer.load_state_dict({"state": averages, "param_groups": groups})


def restore_random(save: Path) -> None:
    """Set torch's random numbers as they were."""
    states = read(save, "random")
    torch.set_rng_state(states["cpu"])
    if torch.cuda.is_available() and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"])
