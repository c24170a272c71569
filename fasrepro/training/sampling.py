"""Sampling from a language model by a stream of random numbers a row, so that a text does not depend on the batch around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList, PreTrainedModel

from fasrepro.hashing import unit_hash


def stream(*names: object) -> int:
    """Return the seed of a text's draws, which follows from its names."""
    return int(unit_hash(*names) * 2**53)


class GumbelNoise(LogitsProcessor):
    """Add noise to the logits of each row, by which the most likely token is a sample at a temperature.

    The token at the maximum of logits / temperature plus Gumbel noise is distributed as their softmax. Each row has a stream of
    its own, so that what is drawn about a face does not depend on the faces beside it. `banned`: a token that is never drawn.
    """

    def __init__(self, temperature: float, seeds: Sequence[int], banned: int, device: torch.device) -> None:
        self.temperature, self.banned = temperature, banned
        self.streams = [torch.Generator(device).manual_seed(seed) for seed in seeds]

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Return the noisy logits of the next token: (rows, vocabulary)."""
        size, device = scores.shape[-1], scores.device
        noise = torch.stack([torch.empty(size, device=device).exponential_(generator=stream) for stream in self.streams])
        noisy = scores.float() / self.temperature - noise.log()
        noisy[:, self.banned] = -torch.inf
        return noisy


class Sampler(nn.Module):
    """A model whose `generate` samples: `inputs.generate` decodes greedily, and here the most likely token is a draw.

    An image token is never drawn. `seeds`: of each row of the batch that is generated next.
    """

    def __init__(self, model: PreTrainedModel, temperature: float, seeds: Sequence[int]) -> None:
        super().__init__()
        self.model, self.noise = model, GumbelNoise(temperature, seeds, model.config.image_token_id, model.device)

    @property
    def device(self) -> torch.device:
        """Where the model runs."""
        return self.model.device

    @property
    def generation_config(self) -> GenerationConfig:
        """The model's own, which names the tokens that end its texts."""
        return self.model.generation_config

    def generate(self, **inputs: Any) -> Tensor:
        """Return the tokens of prompts and texts."""
        return self.model.generate(**inputs, logits_processor=LogitsProcessorList([self.noise]))
