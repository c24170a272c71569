"""The settings of the foundation: params.yaml's `foundation`. Imports no torch."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class FoundationSettings:
    """Shape and pretraining of the tiny backbone."""

    seed: int
    images: int
    epochs: int
    batch_size: int
    learning_rate: float
    warmup_steps: int
    weight_decay: float
    max_caption_tokens: int
    image_size: int
    patch_size: int
    scale_factor: int
    hidden_size: int
    vision_layers: int
    text_layers: int
    heads: int
    vocabulary: int
