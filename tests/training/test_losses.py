"""Losses by name: what each is, and how a phase weighs them."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import ProcessorMixin

from fasrepro.models import backbones
from fasrepro.models.vlm import Output
from fasrepro.training import batches, losses, run, trainer
from fasrepro.training import recipe as recipes
from tests.small_models import PROMPT, model_of
from tests.training.small_runs import QUESTION, recipe, rows

Picture = Callable[[int], Image.Image]


def describing(processor: ProcessorMixin, picture: Picture) -> batches.Task:
    return batches.collator(processor, lambda row: picture(int(row.crop)), PROMPT, 64)


def answering(processor: ProcessorMixin, picture: Picture) -> batches.Task:
    return batches.answer_collator(processor, lambda row: picture(int(row.crop)), QUESTION, "bona_fide")


def test_a_positive_logit_means_attack() -> None:
    sure = Output(torch.tensor([10.0, -10.0]), torch.zeros(2, 1, 3))
    assert float(losses.head_loss(sure, {"attack": torch.tensor([1.0, 0.0])})) < 1e-3
    assert float(losses.head_loss(sure, {"attack": torch.tensor([0.0, 1.0])})) > 5


def test_the_caption_loss_is_the_backbones_own(checkpoint: Path, picture: Picture) -> None:
    base, processor = backbones.load(str(checkpoint))
    batch = describing(processor, picture)(rows())
    given = {name: value for name, value in batch.items() if name not in ("attack", "prompt_tokens", "face_ids")}
    with torch.no_grad():
        own = base(**given).loss
        model, _ = model_of(checkpoint)  # new adapters change nothing
        output = model(**{name: value for name, value in batch.items() if name not in losses.NOT_INPUTS})
    torch.testing.assert_close(losses.caption_loss(output, batch), own)


def test_without_captions_the_head_keeps_its_weight(checkpoint: Path, picture: Picture, tmp_path: Path) -> None:
    model, processor = model_of(checkpoint)
    collate = batches.phase_collator({"prompt": describing(processor, picture)}, "all")
    optimisation = run.optimisation(recipe(checkpoint), recipe(checkpoint).phases[0], 1)
    arguments = trainer.training_arguments(tmp_path, optimisation)
    made = losses.PhaseTrainer({"head": 0.7, "caption": 0.3}, None, model=model, args=arguments)
    for captions in (False, True):
        total = float(made.training_step(model, collate(rows(captions))))
        expected = 0.7 * made.losses["head"][-1] + (0.3 * made.losses["caption"][-1] if captions else 0.0)
        assert total == pytest.approx(expected)
    alone = losses.PhaseTrainer({"caption": 1.0}, None, model=model, args=arguments)
    with pytest.raises(ValueError, match="none of the losses caption: its rows have no captions"):
        alone.training_step(model, collate(rows(captions=False)))


def test_the_answer_loss_is_that_of_the_first_token() -> None:
    logits = torch.zeros(2, 3, 4)
    logits[0, 0, 1] = math.log(3)  # 3 of 6 for the right word
    logits[:, 1:, 2] = 9.0  # later tokens do not count
    output = Output(None, logits)
    loss = float(losses.answer_loss(output, {"answer": torch.tensor([1, 2])}))
    assert loss == pytest.approx((math.log(2) + math.log(4)) / 2)


def test_every_loss_of_a_recipe_is_there() -> None:
    assert tuple(losses.LOSSES) == recipes.LOSSES


@pytest.mark.parametrize(("captions", "expected"), [(True, {"caption", "answer"}), (False, {"answer"})])
def test_a_row_gives_an_example_of_both_tasks_and_of_the_answer_alone_without_captions(
    checkpoint: Path, picture: Picture, tmp_path: Path, captions: bool, expected: set[str]
) -> None:
    model, processor = model_of(checkpoint)
    tasks = {"prompt": describing(processor, picture), "answer_prompt": answering(processor, picture)}
    arguments = trainer.training_arguments(tmp_path, run.optimisation(recipe(checkpoint), recipe(checkpoint).phases[0], 1))
    made = losses.PhaseTrainer({"caption": 1.0, "answer": 0.5}, None, model=model, args=arguments)
    [batch] = batches.phase_collator(tasks, "all")(rows(captions))
    assert batch["prompt"]["input_ids"].shape[0] == batch["answer_prompt"]["input_ids"].shape[0] == len(rows())
    total = float(made.training_step(model, [batch]))
    assert set(made.losses) == expected
    assert total == pytest.approx(sum({"caption": 1.0, "answer": 0.5}[name] * made.losses[name][-1] for name in expected))


def test_the_answer_loss_is_what_the_whole_reply_would_cost_at_its_first_token(checkpoint: Path, picture: Picture) -> None:
    model, processor = model_of(checkpoint)
    batch = answering(processor, picture)(rows())
    output = model(**{name: value for name, value in batch.items() if name not in losses.NOT_INPUTS})
    logits = backbones.load(str(checkpoint))[0](
        **{name: value for name, value in batch.items() if name not in (*losses.NOT_INPUTS, "prompt_tokens")}
    ).logits[:, -1]
    expected = torch.nn.functional.cross_entropy(logits, batch["answer"])
    torch.testing.assert_close(losses.answer_loss(output, batch), expected)
