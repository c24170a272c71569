"""What the trainings share: `transformers.Trainer` with our losses, the same images in the same order for the same seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PrinterCallback, Trainer, TrainingArguments

from fasrepro.models import backbones


def arguments(
    work: Path,
    *,
    steps: int,
    batch_size: int,
    learning_rate: float,
    warmup_steps: int,
    weight_decay: float,
    max_grad_norm: float,
    seed: int,
) -> TrainingArguments:
    """Return the arguments of a run: AdamW, cosine decay after a warm-up, the last step kept, nothing reported anywhere."""
    on_gpu = backbones.device() != "cpu"
    return TrainingArguments(
        output_dir=str(work),
        max_steps=steps,
        per_device_train_batch_size=batch_size,
        learning_rate=learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=warmup_steps,
        weight_decay=weight_decay,
        max_grad_norm=max_grad_norm,
        seed=seed,
        data_seed=seed,
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
