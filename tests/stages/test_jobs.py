"""What a job's checkpoint is made of, and what reads its scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from fasrepro.models import backbones, scoring
from fasrepro.stages import jobs
from tests.small_models import PROMPT, model_of
from tests.training.small_runs import QUESTION, recipe

ASKED = {
    "answer_prompt": QUESTION,
    "answer_yes": "attack",
    "score_by": "answer",
    "phases": [{"name": "joint", "train": ["lora_language"], "losses": {"answer": 1.0}}],
}


def test_scores_are_read_as_the_recipe_says(checkpoint: Path, picture: Callable[[int], Image.Image]) -> None:
    model, processor = model_of(checkpoint)
    images = [picture(1), picture(2)]
    by_head = scoring.scorer(model, processor, recipe(checkpoint))(images)
    by_answer = scoring.scorer(model, processor, recipe(checkpoint, **ASKED))(images)
    assert by_head == scoring.by_head(model, processor, PROMPT)(images)
    assert by_answer == scoring.by_answer(model, processor, QUESTION, "attack")(images)
    assert by_answer == pytest.approx([1 - value for value in scoring.by_answer(model, processor, QUESTION, "bona_fide")(images)])
    assert by_head != by_answer


def test_a_checkpoint_says_whether_it_has_a_head_and_what_it_was_asked(checkpoint: Path) -> None:
    processor = backbones.load_processor(str(checkpoint))
    with_head = jobs.made_of(recipe(checkpoint), processor, "tight")
    asked = jobs.made_of(recipe(checkpoint, **ASKED), processor, "tight")
    assert (with_head.head_site, with_head.answer_prompt, with_head.answer_yes) == ("vision", "", "")
    assert (asked.head_site, asked.answer_prompt, asked.answer_yes) == ("", QUESTION, "attack")
