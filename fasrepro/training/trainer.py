"""`transformers.Trainer` with this project's losses by name; the same seed gives the same images in the same order."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import Sampler, WeightedRandomSampler
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from fasrepro.models import backbones
from fasrepro.models.inputs import IGNORED
from fasrepro.models.vlm import FasVlm, Output


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


def training_arguments(work: Path, optimisation: Optimisation) -> TrainingArguments:
    """Return the Trainer's arguments; nothing is logged, saved or reported."""
    on_gpu = backbones.device() != "cpu"
    return TrainingArguments(
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
        save_strategy="no",
        eval_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_num_workers=0,
        dataloader_pin_memory=on_gpu,
    )


def cross_entropy_of_attack(logits: Float[Tensor, " batch"], attack: Float[Tensor, " batch"]) -> Float[Tensor, ""]:
    """Return the mean binary cross-entropy; `attack` is 1 for an attack, and a positive logit means attack."""
    return functional.binary_cross_entropy_with_logits(logits.float(), attack.float())


def cross_entropy_of_tokens(
    logits: Float[Tensor, "batch tokens vocabulary"], labels: Int[Tensor, "batch tokens"]
) -> Float[Tensor, ""]:
    """Return the mean cross-entropy a token; `logits` are those of the token before, a label of `IGNORED` does not count."""
    return functional.cross_entropy(logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED)


def head_loss(output: Output, batch: Mapping[str, Any]) -> Tensor:
    """Return the loss of the classification head."""
    return cross_entropy_of_attack(output.head_logits, batch["attack"])


def caption_loss(output: Output, batch: Mapping[str, Any]) -> Tensor | None:
    """Return the loss of the captions' tokens; None for a batch without captions."""
    if "labels" not in batch:
        return None
    return cross_entropy_of_tokens(output.logits[:, :-1], batch["labels"][:, batch["prompt_tokens"] :])


LOSSES: dict[str, Callable[[Output, Mapping[str, Any]], Tensor | None]] = {"head": head_loss, "caption": caption_loss}


class CaptionTrainer(Trainer):
    """Trains a plain vision-language model on its own loss of the captions. `losses` keeps each step's by name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.remove_callback(PrinterCallback)  # stages print what a reader needs
        self.losses: dict[str, list[float]] = {name: [] for name in LOSSES}

    def compute_loss(self, model: nn.Module, inputs: dict[str, Tensor], *args: Any, **kwargs: Any) -> Tensor:
        """Return the loss of a batch and keep it."""
        loss = model(**inputs, use_cache=False).loss
        self.losses["caption"].append(float(loss.detach()))
        return loss


class PhaseTrainer(CaptionTrainer):
    """Trains a `FasVlm` on a weighted sum of losses (paper 1, second-hand: 0.7 of the head's and 0.3 of the captions').

    The weights stay as they are where a batch has no captions, so that a run on labels alone differs from the others by the
    captions only. Batches come from `batches.collator`.

    Args:
        weights: of each loss, by its name in `LOSSES`.
        row_weights: how often each row is drawn, with replacement; None for each row once an epoch.
    """

    def __init__(self, weights: Mapping[str, float], row_weights: Sequence[float] | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.weights, self.row_weights = weights, row_weights

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler | None:
        if self.row_weights is None:
            return super()._get_train_sampler(train_dataset)
        generator = torch.Generator().manual_seed(self.args.data_seed)
        return WeightedRandomSampler(self.row_weights, len(self.row_weights), generator=generator)

    def compute_loss(self, model: FasVlm, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Tensor:
        """Return the weighted sum of a batch's losses and keep each of them."""
        output = model(**{name: value for name, value in inputs.items() if name not in ("attack", "labels")})
        total: Tensor | None = None
        for name, weight in self.weights.items():
            loss = LOSSES[name](output, inputs)
            if loss is None:
                continue
            self.losses[name].append(float(loss.detach()))
            total = weight * loss if total is None else total + weight * loss
        if total is None:
            raise ValueError(f"a batch has none of the losses {', '.join(self.weights)}: its rows have no captions")
        return total


class AtSteps(TrainerCallback):
    """Calls `score` with the step's number and the model, set to evaluation, after each of `steps`, counted over all phases.

    `score` must draw no random number: the batches that follow would differ from those of a training without this callback.
    """

    def __init__(self, steps: Collection[int], score: Callable[[int, FasVlm], None]) -> None:
        self.steps, self.score = frozenset(steps), score
        self.before = 0  # steps of earlier phases

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, *, model: FasVlm, **kwargs: Any
    ) -> None:
        """Score the model if the step is one of `steps`, and go on as if nothing had happened."""
        step = self.before + state.global_step
        if step not in self.steps:
            return
        training = model.training
        model.eval()
        try:
            self.score(step, model)
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
