"""Models on the small checkpoint of `conftest.checkpoint`, as a phase of training makes and leaves them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import ProcessorMixin

from fasrepro.models import backbones, vlm

PROMPT = "Is it a real person? Explain."
EVERYTHING = ("lora_language", "lora_vision", "projector", "embeddings", "head")


def model_of(
    checkpoint: Path, train: Sequence[str] = EVERYTHING, site: str = "vision", seed: int = 1
) -> tuple[vlm.FasVlm, ProcessorMixin]:
    """Return a model at the beginning of a phase that trains the given parts, and its processor; without a head for no site."""
    base, processor = backbones.load(str(checkpoint))
    head = vlm.new_head(base, site) if site else None
    if head is not None:
        head.reset(seed)
    return vlm.with_trainable(base, train, head=head, site=site, rank=4, alpha=8, seed=seed).eval(), processor


def move(model: vlm.FasVlm) -> None:
    """Move every trained part, as training would."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter) * 0.1)


def made_of(checkpoint: Path, processor: ProcessorMixin, site: str = "vision") -> vlm.MadeOf:
    """Return what a checkpoint of a model on the small backbone is made of."""
    weights = backbones.weights_hash(str(checkpoint))
    return vlm.MadeOf(str(checkpoint), weights, site, PROMPT, "tight", vlm.image_backend(processor))


def save_trained(
    checkpoint: Path, folder: Path, train: Sequence[str] = EVERYTHING, site: str = "vision"
) -> tuple[vlm.FasVlm, ProcessorMixin]:
    """Save a model whose every trained part has moved, and return it with its processor."""
    model, processor = model_of(checkpoint, train, site)
    move(model)
    vlm.save(model, folder, made_of(checkpoint, processor, site), vlm.changed_weights(model))
    return model, processor
