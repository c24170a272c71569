"""The vision encoder first learns which words describe a picture, as the encoders of larger backbones have before captions.

SuperClass (Huang et al., NeurIPS 2024, arXiv:2411.03313): the tokens of a caption are the classes of its picture, and a rarer
token counts more. It needs no text encoder, and what the words tell can be read from the mean of the encoder's states, which is
what the head of a run reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from transformers import Idefics3ForConditionalGeneration, Idefics3Processor, PreTrainedTokenizerBase, PrinterCallback, Trainer

from fasrepro.models import backbones
from fasrepro.training.trainer import Optimisation, tenths, training_arguments


def word_shares(captions: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> Float[Tensor, "captions tokens"]:
    """Return how much of each caption's description each token of the vocabulary is; a row adds up to 1.

    A token that a caption has counts once, by the logarithm of how rare it is among `captions`. A row is zero where each of a
    caption's tokens stands in all captions.
    """
    found = torch.zeros(len(captions), len(tokenizer))
    for row, tokens in enumerate(tokenizer(list(captions), add_special_tokens=False)["input_ids"]):
        found[row, tokens] = 1
    rarity = torch.log(len(captions) / found.sum(dim=0).clamp(min=1))
    shares = found * rarity
    return shares / shares.sum(dim=1, keepdim=True).clamp(min=torch.finfo(shares.dtype).tiny)


class WordClassifier(nn.Module):
    """Predicts which tokens describe a picture from the mean of the encoder's states; only the encoder is kept."""

    def __init__(self, encoder: nn.Module, features: int, tokens: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.norm = nn.LayerNorm(features)
        self.linear = nn.Linear(features, tokens)

    def forward(
        self, pixel_values: Float[Tensor, "batch 3 height width"], shares: Float[Tensor, "batch tokens"]
    ) -> Float[Tensor, ""]:
        """Return the mean cross-entropy between the predicted tokens and `shares`."""
        states = self.encoder(pixel_values=pixel_values).last_hidden_state
        return functional.cross_entropy(self.linear(self.norm(states.mean(dim=1))).float(), shares)


class WordTrainer(Trainer):
    """Trains a `WordClassifier`. `losses` keeps each step's."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.remove_callback(PrinterCallback)  # the stage prints what a reader needs
        self.losses: list[float] = []

    def compute_loss(self, model: WordClassifier, inputs: dict[str, Tensor], *args: Any, **kwargs: Any) -> Tensor:
        """Return the loss of a batch and keep it."""
        loss = model(**inputs)
        self.losses.append(float(loss.detach()))
        return loss


def teach_words(
    model: Idefics3ForConditionalGeneration,
    processor: Idefics3Processor,
    images: Sequence[Image.Image],
    captions: Sequence[str],
    *,
    optimisation: Optimisation,
    work: Path,
) -> list[float]:
    """Teach the vision encoder of `model` the words of each image's caption; return the mean loss of each tenth of training."""
    shares = word_shares(captions, processor.tokenizer)

    def collate(rows: list[int]) -> dict[str, Tensor]:
        pixels = processor.image_processor(images=[[images[row]] for row in rows], return_tensors="pt")["pixel_values"]
        return {"pixel_values": pixels.flatten(0, 1), "shares": shares[rows]}

    encoder = model.get_submodule(backbones.backbone(model).vision)
    torch.manual_seed(optimisation.seed)
    trainer = WordTrainer(
        model=WordClassifier(encoder, model.config.vision_config.hidden_size, shares.shape[1]),
        args=training_arguments(work, optimisation),
        train_dataset=list(range(len(images))),
        data_collator=collate,
    )
    trainer.train()
    return tenths(trainer.losses)
