"""What the trainings share: `transformers.Trainer` with our losses, the same images in the same order for the same seed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PrinterCallback, Trainer, TrainingArguments

from fasrepro.models import backbones


@dataclasses.dataclass(frozen=True, slots=True)
class Optimisation:
    """How long and how fast: AdamW, cosine decay after a warm-up, the last step kept. Compared runs should share it."""

    steps: int
    batch_size: int
    learning_rate: float
    warmup_steps: int
    weight_decay: float
    max_grad_norm: float
    seed: int  # of the order of the images and of whatever is drawn


def split_recipe(recipe: Mapping[str, Any], seed: int) -> tuple[Optimisation, dict[str, Any]]:
    """Return the optimisation that a recipe with one `learning_rate` asks for, and the rest of the recipe."""
    names = {field.name for field in dataclasses.fields(Optimisation)} - {"seed"}
    plan = Optimisation(**{name: recipe[name] for name in names}, seed=seed)
    return plan, {name: value for name, value in recipe.items() if name not in names}


def arguments(work: Path, plan: Optimisation) -> TrainingArguments:
    """Return a run's arguments; nothing is reported anywhere."""
    on_gpu = backbones.device() != "cpu"
    return TrainingArguments(
        output_dir=str(work),
        max_steps=plan.steps,
        per_device_train_batch_size=plan.batch_size,
        learning_rate=plan.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=plan.warmup_steps,
        weight_decay=plan.weight_decay,
        max_grad_norm=plan.max_grad_norm,
        seed=plan.seed,
        data_seed=plan.seed,
        bf16=on_gpu,
        use_cpu=not on_gpu,
        save_strategy="no",
        eval_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_num_workers=0,
        dataloader_pin_memory=on_gpu,
    )


class DescribeTrainer(Trainer):
    """The caption loss alone. Keeps each step's losses in `losses`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.remove_callback(PrinterCallback)  # stages print what a reader needs
        self.losses: dict[str, list[float]] = {"classification": [], "caption": []}

    def compute_loss(self, model: nn.Module, inputs: dict[str, Tensor], *args: Any, **kwargs: Any) -> Tensor:
        loss = model(**inputs, use_cache=False).loss
        self.losses["caption"].append(float(loss.detach()))
        return loss


def tenths(losses: list[float]) -> list[float]:
    """Return the mean of each tenth of the steps, rounded: enough to see a curve, and the same bytes again."""
    if not losses:
        return []
    parts = torch.tensor(losses, dtype=torch.float64).tensor_split(min(10, len(losses)))
    return [round(float(part.mean()), 6) for part in parts]


def use_threads(threads: int) -> None:
    """Fix the number of threads and ask for deterministic kernels: on one machine, the same bytes again."""
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
