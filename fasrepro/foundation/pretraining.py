"""The tiny foundation model is taught to describe pictures: bona fide faces, and stills without a face.

Its vision encoder comes first (`encoder`). Then it stays as it is while projector and language model learn to write, as in the
first phase of most larger models: an encoder that learns from these captions loses fine texture, which they hardly ask for.

A departure from the papers, whose backbones are pretrained on the web: this one has seen synthetic pictures only, no face on a
medium, and no word of spoofing. Its tokenizer knows such words as strings, as any tokenizer does; its weights do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from transformers import Idefics3ForConditionalGeneration, Idefics3Processor

from fasrepro.models import backbones
from fasrepro.models.inputs import append_captions, encode_prompts
from fasrepro.training.trainer import CaptionTrainer, Optimisation, tenths, training_arguments


def teach_captions(
    model: Idefics3ForConditionalGeneration,
    processor: Idefics3Processor,
    images: Sequence[Image.Image],
    captions: Sequence[str],
    *,
    prompt: str,
    max_caption_tokens: int,
    optimisation: Optimisation,
    work: Path,
) -> list[float]:
    """Teach `model`, all but its vision encoder, to write each image's caption.

    Returns the mean loss a token of each tenth of training.
    """

    def collate(rows: list[int]) -> dict[str, torch.Tensor]:
        inputs = encode_prompts(processor, [images[row] for row in rows], prompt)
        return append_captions(inputs, [captions[row] for row in rows], processor, max_caption_tokens)

    encoder = model.get_submodule(backbones.backbone(model).vision)
    encoder.requires_grad_(False)
    trainer = CaptionTrainer(
        model=model,
        args=training_arguments(work, optimisation),
        train_dataset=list(range(len(images))),
        data_collator=collate,
    )
    trainer.train()
    encoder.requires_grad_(True)
    return tenths(trainer.losses["caption"])


def save(model: Idefics3ForConditionalGeneration, processor: Idefics3Processor, folder: Path) -> None:
    """Write a checkpoint like any other: safetensors, config and processor."""
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
