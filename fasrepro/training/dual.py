"""Paper 1's training: a classification head and an explanation, one loss. Base frozen; LoRA, projector and head trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Sampler, WeightedRandomSampler
from transformers import PreTrainedModel, ProcessorMixin, TrainerCallback

from fasrepro.models import vlm
from fasrepro.models.inputs import append_captions, encode_prompts
from fasrepro.rows.training import TrainRow
from fasrepro.training import loop, losses
from fasrepro.training import sampling as samplings

KEPT_BYTES = 2**30  # of encoded images: all of the embedded profile's, a small part of a large model's


class DualTrainer(loop.DescribeTrainer):
    """The dual loss of paper 1. Batches hold `attack` (0 or 1), `prompt_tokens` and the model's inputs."""

    def __init__(
        self, classification_weight: float, caption_weight: float, row_weights: Sequence[float] | None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.weights, self.row_weights = (classification_weight, caption_weight), row_weights

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler | None:
        """Draw rows by weight if there are weights; else as the Trainer does, each row once an epoch."""
        if self.row_weights is None:
            return super()._get_train_sampler(train_dataset)
        generator = torch.Generator().manual_seed(self.args.data_seed)
        return WeightedRandomSampler(self.row_weights, len(self.row_weights), generator=generator)

    def compute_loss(self, model: vlm.FasVlm, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Tensor:
        classification, caption = batch_losses(model, inputs)
        self.losses["classification"].append(float(classification.detach()))
        if caption is not None:
            self.losses["caption"].append(float(caption.detach()))
        return losses.dual_loss(classification, caption, *self.weights)


def batch_losses(model: vlm.FasVlm, batch: dict[str, Any]) -> tuple[Tensor, Tensor | None]:
    """Return the classification loss of a batch, and the caption loss if it holds captions."""
    inputs = {name: value for name, value in batch.items() if name not in ("attack", "labels")}
    out = model(**inputs)
    caption = None
    if "labels" in batch:
        caption = losses.caption_loss(out.logits[:, :-1], batch["labels"][:, batch["prompt_tokens"] :])
    return losses.classification_loss(out.head_logits, batch["attack"]), caption


def prompt_encoder(
    processor: ProcessorMixin, read_image: Callable[[TrainRow], Image.Image], prompt: str
) -> Callable[[list[TrainRow]], dict[str, Tensor]]:
    """Return `encode_prompts` on rows, which keeps what it made of each row for the next epoch, up to `KEPT_BYTES` of it."""
    kept: dict[TrainRow, dict[str, Tensor]] = {}
    room = KEPT_BYTES

    def encode_row(row: TrainRow) -> dict[str, Tensor]:
        nonlocal room
        if row in kept:
            return kept[row]
        inputs = encode_prompts(processor, [read_image(row)], prompt)
        size = sum(value.nbytes for value in inputs.values())
        if size <= room:
            kept[row] = inputs
            room -= size
        return inputs

    def encode(rows: list[TrainRow]) -> dict[str, Tensor]:
        parts = [encode_row(row) for row in rows]
        if len({tuple(value.shape[1:] for value in part.values()) for part in parts}) > 1:  # images of several sizes: padded
            return encode_prompts(processor, [read_image(row) for row in rows], prompt)
        return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}

    return encode


def collator(
    processor: ProcessorMixin, read_image: Callable[[TrainRow], Image.Image], prompt: str, max_caption_tokens: int
) -> Callable[[list[TrainRow]], dict[str, Any]]:
    """Return what makes a batch of rows into inputs: prompt and image, caption if the rows have one, and the label."""

    encode = prompt_encoder(processor, read_image, prompt)

    def collate(rows: list[TrainRow]) -> dict[str, Any]:
        inputs = encode(rows)
        prompt_tokens = inputs["input_ids"].shape[1]
        if any(row.caption for row in rows):
            inputs = append_captions(inputs, [row.caption for row in rows], processor, max_caption_tokens)
        attack = torch.tensor([float(row.label) for row in rows])
        return {**inputs, "prompt_tokens": prompt_tokens, "attack": attack}

    return collate


def train(
    base: PreTrainedModel,
    processor: ProcessorMixin,
    rows: list[TrainRow],
    read_image: Callable[[TrainRow], Image.Image],
    *,
    prompt: str,
    head_site: str,
    lora_rank: int,
    lora_alpha: int,
    lora_vision: bool,
    train_embeddings: bool,
    classification_weight: float,
    caption_weight: float,
    sampling: str,
    max_caption_tokens: int,
    plan: loop.Optimisation,
    work: Path,
    callbacks: Sequence[TrainerCallback] = (),
) -> tuple[vlm.FasVlm, dict[str, Any]]:
    """Train on `rows` in an order that depends on the plan's seed alone; return the last step's model and its loss curves.

    The same seed gives every run of one `sampling` the same initial weights, images and order: only the captions differ.
    `callbacks` may look at the model on its way. Raises `ValueError` for a head's site or a sampling that is not known.
    """
    row_weights = samplings.weights(rows, sampling)
    model = vlm.create(
        base,
        site=head_site,
        rank=lora_rank,
        alpha=lora_alpha,
        lora_vision=lora_vision,
        train_embeddings=train_embeddings,
        seed=plan.seed,
    )
    trainer = DualTrainer(
        classification_weight,
        caption_weight,
        row_weights,
        model=model,
        args=loop.arguments(work, plan),
        train_dataset=rows,
        data_collator=collator(processor, read_image, prompt, max_caption_tokens),
        callbacks=list(callbacks),
    )
    trainer.train()
    curves = {name: loop.tenths(values) for name, values in trainer.losses.items()}
    return model.eval(), {"losses": curves, "trainable_parameters": sum(p.numel() for p in model.parameters() if p.requires_grad)}
