"""`transformers.Trainer` as the foundation and every recipe use it; the same seed gives the same images in the same order."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from fasrepro.models import backbones


@dataclasses.dataclass(frozen=True, slots=True)
class Optimisation:
    """How long and how fast: AdamW, linear warm-up, cosine decay; the last step is kept. Compared runs should share it.

    `seed`: of the order of the images, and of whatever is drawn.
    """

    steps: int
    batch_size: int
    learning_rate: float
    warmup_steps: int
    weight_decay: float
    max_grad_norm: float
    seed: int


def training_arguments(work: Path, optimisation: Optimisation, save_steps: int = 0, workers: int = 0) -> TrainingArguments:
    """Return the Trainer's arguments; nothing is logged or reported.

    Args:
        work: folder for the Trainer's files.
        optimisation: how long and how fast.
        save_steps: steps between two saves of a trainer that can go on from them; 0 for no saves.
        workers: processes that make batches ahead; 0 for none.
    """
    on_gpu = backbones.device() != "cpu"
    arguments = TrainingArguments(
        output_dir=str(work),
        max_steps=optimisation.steps,
        per_device_train_batch_size=optimisation.batch_size,
        learning_rate=optimisation.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=optimisation.warmup_steps,
        weight_decay=optimisation.weight_decay,
        max_grad_norm=optimisation.max_grad_norm,
        seed=optimisation.seed,
        data_seed=optimisation.seed,
        bf16=on_gpu,
        use_cpu=not on_gpu,
        save_strategy="steps" if save_steps else "no",
        save_steps=save_steps or 1,
        eval_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_num_workers=workers,
        dataloader_pin_memory=on_gpu,
    )
    # One process takes one GPU. The Trainer would copy the model to all that it sees, in threads.
    arguments._n_gpu = min(1, arguments.n_gpu)
    return arguments


class CaptionTrainer(Trainer):
    """Trains a plain vision-language model on its own loss of the captions. `losses` keeps each step's by name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.remove_callback(PrinterCallback)  # stages print what a reader needs
        self.losses: dict[str, list[float]] = {}

    def keep(self, name: str, loss: Tensor) -> None:
        """Keep a step's loss."""
        self.losses.setdefault(name, []).append(float(loss.detach()))

    def compute_loss(self, model: nn.Module, inputs: dict[str, Tensor], *args: Any, **kwargs: Any) -> Tensor:
        """Return the loss of a batch and keep it."""
        loss = model(**inputs, use_cache=False).loss
        self.keep("caption", loss)
        return loss


class AtSteps(TrainerCallback):
    """Calls `on_snapshot` with the step's number and the model, set to evaluation, after each of `steps`.

    Steps are counted over all phases; 0 is the model that the training starts from. `on_snapshot` must draw no random number:
    what is drawn afterwards would differ from a training without this callback.
    """

    def __init__(self, steps: Collection[int], on_snapshot: Callable[[int, Any], None]) -> None:
        self.steps, self.on_snapshot = frozenset(steps), on_snapshot
        self.before = 0  # steps of earlier phases

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, *, model: nn.Module, **kwargs: Any
    ) -> None:
        """Take a snapshot of the model that the training starts from, if 0 is one of `steps`."""
        if self.before == 0 and 0 in self.steps:
            self._take(0, model)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, *, model: nn.Module, **kwargs: Any
    ) -> None:
        """Take a snapshot if the step is one of `steps`, and go on as if nothing had happened."""
        step = self.before + state.global_step
        if step in self.steps:
            self._take(step, model)

    def _take(self, step: int, model: nn.Module) -> None:
        training = model.training
        model.eval()
        try:
            self.on_snapshot(step, model)
        finally:
            model.train(training)

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Count the steps of a phase that has ended."""
        self.before += state.global_step


def tenths(losses: Sequence[float]) -> list[float]:
    """Return the mean of each tenth of the steps, rounded: enough to show a curve, and the same bytes again.

    >>> tenths([1.0, 3.0])
    [1.0, 3.0]
    """
    if not losses:
        return []
    parts = torch.tensor(losses, dtype=torch.float64).tensor_split(min(10, len(losses)))
    return [round(float(part.mean()), 6) for part in parts]
