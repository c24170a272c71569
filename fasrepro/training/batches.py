"""Training rows into batches: how often each row is drawn, and what a batch of rows holds.

A batch is a mapping by name: of a batch's tensors for one prompt (`Task`), and of a task for each prompt of a phase. A step is a
list of them, its passes through the model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Sampler
from transformers import ProcessorMixin

from fasrepro.models.inputs import append_captions, encode_prompts, join_rows, row_axes
from fasrepro.models.scoring import answers
from fasrepro.rows.faces import Label
from fasrepro.rows.training import TrainRow

Task = Callable[[list[TrainRow]], dict[str, Any]]  # makes a batch behind one prompt
KEPT_BYTES = 2**30  # of images encoded behind one prompt: all of the default profile's, a small part of a large model's


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
    axes: dict[str, int] | None = None  # along which rows are joined, as the processor joins those of the first batch

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
        nonlocal axes
        parts = [encode_row(row) for row in rows]
        if len(parts) == 1:
            return parts[0]
        shapes = {tuple(value.shape[1:] for value in part.values()) for part in parts}
        if len(shapes) == 1 and axes is not None:
            return join_rows(parts, axes)
        # Images of several sizes have to be padded together.
        together = encode_prompts(processor, [read_image(row) for row in rows], prompt)
        if len(shapes) == 1:
            axes = row_axes(parts, together)
        return together

    return encode


def collator(
    processor: ProcessorMixin, read_image: Callable[[TrainRow], Image.Image], prompt: str, max_caption_tokens: int
) -> Task:
    """Return the function that makes a batch of rows behind the student prompt.

    A batch holds the model's inputs (prompt and image), `prompt_tokens`, `attack` (0 or 1, a row each), `face_ids` and, if its
    rows have captions, those tokens behind the prompt and `labels` on them.
    """
    encode = prompt_encoder(processor, read_image, prompt)

    def collate(rows: list[TrainRow]) -> dict[str, Any]:
        inputs = encode(rows)
        prompt_tokens = inputs["input_ids"].shape[1]
        if any(row.caption for row in rows):
            inputs = append_captions(inputs, [row.caption for row in rows], processor, max_caption_tokens)
        attack = torch.tensor([float(row.label) for row in rows])
        return {**inputs, "prompt_tokens": prompt_tokens, "attack": attack, "face_ids": [row.face_id for row in rows]}

    return collate


def answer_collator(
    processor: ProcessorMixin, read_image: Callable[[TrainRow], Image.Image], answer_prompt: str, answer_yes: str
) -> Task:
    """Return the function that makes a batch of rows behind the label question; for `answer_yes` see `scoring.answers`.

    A batch holds the model's inputs (question and image), `prompt_tokens`, `face_ids` and `answer`: the token of a row's answer.
    """
    encode = prompt_encoder(processor, read_image, answer_prompt)
    known = answers(processor, answer_yes)

    def collate(rows: list[TrainRow]) -> dict[str, Any]:
        inputs = known.encode(encode(rows))
        answer = torch.tensor([known.token_of[Label(row.label)] for row in rows])
        face_ids = [row.face_id for row in rows]
        return {**inputs, "prompt_tokens": inputs["input_ids"].shape[1], "answer": answer, "face_ids": face_ids}

    return collate


def phase_collator(
    tasks: Mapping[str, Task], row_tasks: str, *, at_once: int = 0, device: int = 0, devices: int = 1
) -> Callable[[list[TrainRow]], list[dict[str, dict[str, Any]]]]:
    """Return the function that makes the passes of a phase's step from its rows: in each, a batch for each task, by its name.

    However the rows are divided, those of all passes on all devices are the step's, each with the same tasks.

    Args:
        tasks: in a fixed order.
        row_tasks: "all" gives every task all rows; "in_turn" deals the rows of a step out to the tasks. A task for which too
            few rows are left, at the end of an epoch, is left out.
        at_once: rows that go through the model in a pass; 0 for all of the device's.
        device: the number of this one.
        devices: on how many the step is divided. One for which no row is left has no pass.
    """

    def collate(rows: list[TrainRow]) -> list[dict[str, dict[str, Any]]]:
        dealt = {name: rows if row_tasks == "all" else rows[place :: len(tasks)] for place, name in enumerate(tasks)}
        own = {name: part[device::devices] for name, part in dealt.items()}
        longest = max(map(len, own.values()))
        size = (at_once if row_tasks == "all" else at_once // len(tasks)) or max(1, longest)
        passes = []
        for start in range(0, longest, size):
            parts = {name: part[start : start + size] for name, part in own.items()}
            passes.append({name: tasks[name](part) for name, part in parts.items() if part})
        return passes

    return collate


class WeightedOrder(Sampler[int]):
    """Draws rows with replacement; a sampler of PyTorch's loader whose epochs can be begun anywhere.

    Args:
        weights: how often each row is drawn, beside the others.
        seed: of the draws.
    """

    def __init__(self, weights: Sequence[float], seed: int) -> None:
        self.weights, self.seed, self.epoch = torch.as_tensor(weights, dtype=torch.double), seed, 0

    def __len__(self) -> int:
        return len(self.weights)

    def set_epoch(self, epoch: int) -> None:
        """Draw the rows of this epoch next."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed)
        for _ in range(self.epoch + 1):  # one stream of draws for all epochs
            drawn = torch.multinomial(self.weights, len(self.weights), True, generator=generator)
        yield from drawn.tolist()
