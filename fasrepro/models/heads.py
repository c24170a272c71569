"""The classification head, and the features of an image that it may read."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

SITES = ("vision", "projector", "prompt")


class ClassificationHead(nn.Module):
    """One logit an image: positive means attack. A layer norm first, because the sites differ in scale."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(features)
        self.linear = nn.Linear(features, 1)

    def forward(self, pooled: Float[Tensor, "batch features"]) -> Float[Tensor, " batch"]:
        return self.linear(self.norm(pooled.to(self.linear.weight.dtype))).squeeze(-1)


def pool_by_image(states: Tensor, image_tokens: Int[Tensor, " batch"]) -> Float[Tensor, "batch features"]:
    """Average the states that belong to each row's image.

    `states` is (tiles, tokens, features) or (tokens of all rows, features), row after row; architectures differ in that and in
    how many states make one image token, but the ratio is the same for all rows of a batch. `image_tokens` counts the image
    tokens in each row's prompt. Raises `ValueError` if the states cannot be dealt out by those counts.
    """
    flat = states.flatten(0, -2)
    total = int(image_tokens.sum())
    counts = (image_tokens * flat.shape[0]) // max(total, 1)
    if int(counts.sum()) != flat.shape[0]:
        raise ValueError(f"{flat.shape[0]} image states cannot be dealt out to rows with {image_tokens.tolist()} image tokens")
    return torch.stack([part.mean(dim=0) for part in flat.split(counts.tolist())])
