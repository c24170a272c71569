"""The settings of the foundation: params.yaml's `foundation`. Imports no torch."""

from __future__ import annotations

import dataclasses

PICTURES = 1_000_000  # faces, and stills, that a seed of the foundation has to itself


@dataclasses.dataclass(frozen=True)
class Training:
    """One of the two trainings: passes over all pictures, pictures a step, and the learning rate after the warm-up."""

    epochs: int
    batch_size: int
    learning_rate: float


@dataclasses.dataclass(frozen=True)
class FoundationSettings:
    """Shape and pretraining of the tiny backbone.

    Args:
        captions: of stills: "media" names what a picture is shown on and its texture, "plain" names its content alone.
        faces: bona fide faces that are drawn, each with a neutral description.
        stills: pictures without a face, in part on paper and screens.
        encoder_training: of the vision encoder, on the words of the captions. Fine texture is lost at a higher rate.
        caption_training: of the projector and the language model, on the captions.
    """

    seed: int
    captions: str
    faces: int
    stills: int
    encoder_training: Training
    caption_training: Training
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

    @property
    def first_picture(self) -> int:
        """The seed of its first face and of its first still."""
        return self.seed * PICTURES

    def new_pictures(self, count: int) -> range:
        """Return the seeds of `count` faces, or stills, that the pretraining does not show: the last that its seed has."""
        return range(self.first_picture + PICTURES - count, self.first_picture + PICTURES)
