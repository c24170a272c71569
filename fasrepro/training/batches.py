"""Training rows into batches: how often each row is drawn, and what a batch of rows holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from transformers import ProcessorMixin

from fasrepro.models.inputs import append_captions, encode_prompts
from fasrepro.rows.training import TrainRow

KEPT_BYTES = 2**30  # of encoded images: all of the default profile's, a small part of a large model's


def row_weights(rows: Sequence[TrainRow], sampling: str) -> list[float] | None:
    """Return how often each row is drawn with replacement; None for each row once an epoch.

    "natural" is paper 1's pooling, in which the largest data set has most of the rows (71 % OULU-NPU); "balanced" draws from each
    data set equally often.
    """
    if sampling == "natural":
        return None
    sizes = Counter(row.dataset for row in rows)
    return [1 / sizes[row.dataset] for row in rows]


def prompt_encoder(
    processor: ProcessorMixin, read_image: Callable[[TrainRow], Image.Image], prompt: str
) -> Callable[[list[TrainRow]], dict[str, Tensor]]:
    """Return `encode_prompts` on rows. It keeps each row's inputs for the next epoch, up to `KEPT_BYTES`."""
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
        shapes = {tuple(value.shape[1:] for value in part.values()) for part in parts}
        if len(shapes) > 1:  # images of several sizes have to be padded together
            return encode_prompts(processor, [read_image(row) for row in rows], prompt)
        return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}

    return encode


def collator(
    processor: ProcessorMixin, read_image: Callable[[TrainRow], Image.Image], prompt: str, max_caption_tokens: int
) -> Callable[[list[TrainRow]], dict[str, Any]]:
    """Return the function that makes a batch of rows.

    A batch holds the model's inputs (prompt and image), `prompt_tokens`, `attack` (0 or 1, a row each) and, if its rows have
    captions, those tokens behind the prompt and `labels` on them.
    """
    encode = prompt_encoder(processor, read_image, prompt)

    def collate(rows: list[TrainRow]) -> dict[str, Any]:
        inputs = encode(rows)
        prompt_tokens = inputs["input_ids"].shape[1]
        if any(row.caption for row in rows):
            inputs = append_captions(inputs, [row.caption for row in rows], processor, max_caption_tokens)
        attack = torch.tensor([float(row.label) for row in rows])
        return {**inputs, "prompt_tokens": prompt_tokens, "attack": attack}

    return collate
