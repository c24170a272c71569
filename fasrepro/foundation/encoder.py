"""The vision encoder first learns which words describe a picture, as the encoders of larger backbones have before captions.

SuperClass (Huang et al., NeurIPS 2024, arXiv:2411.03313): the tokens of a caption are the classes of its picture, and a rarer
token counts more. It needs no text encoder, and what the words tell can be read from the mean of the encoder's states, which is
what the head of a run reads.

At last the states are standardised. What all pictures share outweighs in them what tells pictures apart, and a projector, a
language model or a head would begin with the first.
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

ENCODED_AT_ONCE = 64
STANDARDISED_OVER = 1000  # images, at most


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


@torch.no_grad()
def encoded(
    model: Idefics3ForConditionalGeneration, processor: Idefics3Processor, images: Sequence[Image.Image]
) -> Float[Tensor, "images patches features"]:
    """Return the states that the vision encoder of `model` makes of each image."""
    encoder, parts = model.get_submodule(backbones.backbone(model).vision), []
    for start in range(0, len(images), ENCODED_AT_ONCE):
        pixels = _pixels(processor, images[start : start + ENCODED_AT_ONCE])
        parts.append(encoder(pixel_values=pixels.to(model.device)).last_hidden_state.cpu())
    return torch.cat(parts)


def _pixels(processor: Idefics3Processor, images: Sequence[Image.Image]) -> Float[Tensor, "images 3 height width"]:
    return processor.image_processor(images=[[image] for image in images], return_tensors="pt")["pixel_values"].flatten(0, 1)


@torch.no_grad()
def standardise(model: Idefics3ForConditionalGeneration, processor: Idefics3Processor, images: Sequence[Image.Image]) -> None:
    """Move and scale each number of the encoder's states to mean 0 and deviation 1 over all patches of `images`.

    Both go into the encoder's last layer norm, so that the checkpoint is one like any other.
    """
    states = encoded(model, processor, images).flatten(0, 1)
    norm = model.get_submodule(backbones.backbone(model).vision).post_layernorm
    mean, deviation = (numbers.to(norm.weight.device) for numbers in (states.mean(dim=0), states.std(dim=0)))
    norm.weight.div_(deviation)
    norm.bias.sub_(mean).div_(deviation)


def teach_words(
    model: Idefics3ForConditionalGeneration,
    processor: Idefics3Processor,
    images: Sequence[Image.Image],
    captions: Sequence[str],
    *,
    optimisation: Optimisation,
    work: Path,
) -> list[float]:
    """Teach the vision encoder of `model` the words of each image's caption, and standardise its states.

    Returns the mean loss of each tenth of training.
    """
    shares = word_shares(captions, processor.tokenizer)

    def collate(rows: list[int]) -> dict[str, Tensor]:
        return {"pixel_values": _pixels(processor, [images[row] for row in rows]), "shares": shares[rows]}

    encoder = model.get_submodule(backbones.backbone(model).vision)
    torch.manual_seed(optimisation.seed)
    trainer = WordTrainer(
        model=WordClassifier(encoder, model.config.vision_config.hidden_size, shares.shape[1]),
        args=training_arguments(work, optimisation),
        train_dataset=list(range(len(images))),
        data_collator=collate,
    )
    trainer.train()
    standardise(model, processor, images[:: -(-len(images) // STANDARDISED_OVER)])
    return tenths(trainer.losses)
