"""The tiny foundation model is taught to describe pictures: bona fide faces, and stills without a face.

Its vision encoder comes first (`encoder`). Then it stays as it is while projector and language model learn to write, as in the
first phase of most larger models: an encoder that learns from these captions loses fine texture, which they hardly ask for.

They learn in many small steps. A language model first learns how captions go, and looks at the picture only when little is left
to learn from the words before: the same pictures in batches of 32 ended before that.

A departure from the papers, whose backbones are pretrained on the web: this one has seen synthetic pictures only, no face on a
medium, and no word of spoofing. Its tokenizer knows such words as strings, as any tokenizer does; its weights do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor
from transformers import Idefics3ForConditionalGeneration, Idefics3Processor
from transformers.modeling_outputs import BaseModelOutputWithPooling

from fasrepro.foundation.encoder import encoded
from fasrepro.models import backbones
from fasrepro.models.inputs import append_captions, encode_prompts
from fasrepro.training.trainer import CaptionTrainer, Optimisation, tenths, training_arguments


class FrozenEncoderTrainer(CaptionTrainer):
    """Trains projector and language model on the states that the vision encoder left of each picture, in `states`."""

    def compute_loss(self, model: Idefics3ForConditionalGeneration, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Tensor:
        """Return the captions' loss of a batch and keep it."""
        projected = BaseModelOutputWithPooling(pooler_output=model.model.connector(inputs.pop("states")))
        return super().compute_loss(model, {**inputs, "mm_encoder_outputs": {"image": projected}}, *args, **kwargs)


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
    states = encoded(model, processor, images)
    asked = encode_prompts(processor, images[:1], prompt)  # all images are as large, so all have these tokens
    asked = {name: asked[name] for name in ("input_ids", "attention_mask")}

    def collate(rows: list[int]) -> dict[str, Any]:
        prompts = {name: value.expand(len(rows), -1) for name, value in asked.items()}
        batch = append_captions(prompts, [captions[row] for row in rows], processor, max_caption_tokens)
        # Nothing is learnt from what the model would say inside the prompt, so those logits are not computed.
        kept = batch["labels"].shape[1] - asked["input_ids"].shape[1] + 1
        return {**batch, "labels": batch["labels"][:, -kept:], "logits_to_keep": kept, "states": states[rows]}

    encoder = model.get_submodule(backbones.backbone(model).vision)
    encoder.requires_grad_(False)
    trainer = FrozenEncoderTrainer(
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
