"""Images and tokens per second of our training loop and of a bare loop on the same batches; the ratio is to be 0.90 or more.

python -m benchmarks.training [steps]

Both train the embedded recipe with reasoning captions and the same initial weights. Ours reads crops and collates batches as the
stage `train` does. The bare one takes its batches from memory and does forward, both losses, backward, clipping and AdamW alone.
Time counts from the end of step `WARM` to the end of the last. They take turns, and the best of each counts. Printed with them is
the share of our loop's time in which the model waited for data.
"""

from __future__ import annotations

import dataclasses
import functools
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from PIL import Image
from transformers import TrainerCallback

from benchmarks import fixtures
from fasrepro import config
from fasrepro.captions.styles import STYLES
from fasrepro.crops import read_crop
from fasrepro.models import backbones, vlm
from fasrepro.rows.training import TrainRow
from fasrepro.training import batches as batching
from fasrepro.training import losses, run
from fasrepro.training.recipe import Recipe

REQUIRED = 0.90
STEPS, WARM, ROUNDS = 43, 3, 3
EPOCH = 20  # batches; fewer than the steps, as in a run, whose images come again
SEED = 0
COLLATOR = batching.collator


@dataclasses.dataclass(frozen=True)
class Setting:
    """Inputs of both loops."""

    recipe: Recipe  # of one phase, with one learning rate
    rows: list[TrainRow]
    read_image: Callable[[TrainRow], Image.Image]


class Clock(TrainerCallback):
    """Keeps when each step began, with its rows at hand, and when it ended."""

    def __init__(self) -> None:
        self.begins: list[float] = []
        self.ends: list[float] = []

    def on_step_begin(self, *args: Any, **kwargs: Any) -> None:
        self.begins.append(time.perf_counter())

    def on_step_end(self, *args: Any, **kwargs: Any) -> None:
        self.ends.append(time.perf_counter())


def prepare(folder: Path, steps: int) -> Setting:
    """Make rows, crops and a checkpoint under `folder`, and read the recipe."""
    params = config.load("threads", "foundation", "training", "runs")
    backbones.use_threads(params.threads)
    count = EPOCH * params.training.batch_size
    world = fixtures.world(folder / "crops", count)
    rows = fixtures.train_rows(world, STYLES["reasoning"])
    fixtures.checkpoint(folder / "foundation", params.foundation, [row.caption for row in rows], params.training.prompt)
    recipe = config.resolved_recipe(params.training, params.runs, "reasoning")
    (phase,) = recipe.phases
    recipe = dataclasses.replace(
        recipe,
        backbone=str(folder / "foundation"),
        learning_rates=[recipe.learning_rates[len(recipe.learning_rates) // 2]],
        phases=[dataclasses.replace(phase, steps=steps)],
    )
    read_image = functools.lru_cache(count)(lambda row: read_crop(world.crops, row.crop, row.crop_sha256))
    return Setting(recipe, rows, read_image)


def rate(ends: list[float], batch_size: int) -> float:
    """Return images/s between the ends of step `WARM` and of the last."""
    return (len(ends) - WARM) * batch_size / (ends[-1] - ends[WARM - 1])


def waiting(begins: list[float], ends: list[float]) -> float:
    """Return the share of time between the end of step `WARM` and of the last in which no step was under way."""
    waited = sum(begin - end for end, begin in zip(ends[WARM - 1 :], begins[WARM:], strict=False))
    return waited / (ends[-1] - ends[WARM - 1])


def ours(setting: Setting, work: Path) -> tuple[float, float]:
    """Return images/s of `run.train`, and the share of its time in which it waited for data."""
    clock = Clock()
    run.train(setting.recipe, setting.rows, setting.read_image, seed=SEED, work=work, callbacks=[clock])
    return rate(clock.ends, setting.recipe.batch_size), waiting(clock.begins, clock.ends)


def bare(setting: Setting, batches: list[dict[str, Any]]) -> float:
    """Return images/s of the same model and optimiser with nothing around them."""
    recipe, phase = setting.recipe, setting.recipe.phases[0]
    plan = run.optimisation(recipe, phase, SEED)
    base, _ = backbones.load(recipe.backbone, backbones.device())
    run.spare_memory(base, recipe.memory)
    head = vlm.new_head(base, recipe.head_site)
    head.reset(SEED)
    shape = {"site": recipe.head_site, "rank": recipe.lora.rank, "alpha": recipe.lora.alpha, "seed": SEED}
    model = vlm.with_trainable(base, phase.train, head=head, **shape).train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    # Fused, as the Trainer's is.
    optimiser = torch.optim.AdamW(trained, lr=plan.learning_rate, weight_decay=plan.weight_decay, fused=True)
    on_gpu, ends = base.device.type != "cpu", []
    for batch in batches:
        with torch.autocast(base.device.type, torch.bfloat16, enabled=on_gpu):
            output = model(**{name: value for name, value in batch.items() if name not in losses.NOT_INPUTS})
            loss = sum(weight * losses.LOSSES[name](output, batch) for name, weight in phase.losses.items())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, plan.max_grad_norm)
        optimiser.step()
        optimiser.zero_grad()
        loss.item()  # as a loop that shows its loss does; on a GPU, nothing is finished before
        ends.append(time.perf_counter())
    return rate(ends, plan.batch_size)


def main() -> None:
    """Measure both in turn and print the best of each."""
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else STEPS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        setting = prepare(folder, steps)
        batches: list[dict[str, Any]] = []

        def recording(*args: Any) -> Callable[[list[TrainRow]], dict[str, Any]]:
            collate = COLLATOR(*args)
            return lambda rows: batches.append(collate(rows)) or batches[-1]

        with mock.patch.object(batching, "collator", recording):
            ours(setting, folder / "work")  # not counted: fills the caches and records the batches
        device, size = backbones.device(), setting.recipe.batch_size
        batches = [{n: v.to(device) if isinstance(v, torch.Tensor) else v for n, v in batch.items()} for batch in batches[:steps]]
        rates = [(ours(setting, folder / "work"), bare(setting, batches)) for _ in range(ROUNDS)]
    words = sum(len(row.caption.split()) for row in setting.rows) / len(setting.rows)
    tokens = sum(int(batch["attention_mask"].sum()) for batch in batches) / len(batches) / size
    first, waited = max(own for own, _ in rates)
    second = max(other for _, other in rates)
    print(f"{steps} steps of {size} images, captions of {words:.0f} words, {tokens:.0f} tokens with the prompt, {device}:")
    for loop, images in (("our loop", first), ("the bare loop", second)):
        print(f"{loop}: {images:.1f} images/s, {images * tokens:.0f} tokens/s, best of {ROUNDS}")
    print(f"our loop waited for data in {waited:.1%} of its time")
    print(f"ratio {first / second:.2f}, required: at least {REQUIRED:.2f}")


if __name__ == "__main__":
    main()
