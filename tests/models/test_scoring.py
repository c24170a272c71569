"""What gives an image its score: the head, or the answer to the label question."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from transformers import ProcessorMixin

from fasrepro.captions import layouts
from fasrepro.models import backbones, scoring
from fasrepro.models.inputs import encode_prompts
from fasrepro.rows.faces import Label
from fasrepro.training.recipe import SCORES
from tests.small_models import model_of

QUESTION = "Is this photo of a real person?"
Picture = Callable[[int], Image.Image]


class Words(ProcessorMixin):
    """A processor whose template puts `space` before a reply; all words are the `same` tokens, or each its length."""

    def __init__(self, space: str = "", same: bool = False) -> None:
        self.space, self.same = space, same
        self.seen: list[str] = []

    def apply_chat_template(self, messages: list[Any], add_generation_prompt: bool = False, tokenize: bool = True) -> str:
        """Return the conversation, with an opened turn if it is to go on."""
        turns = [f"{message['role']}:{self.space}{message['content'][0]['text']}." for message in messages]
        return "".join(turns) + ("assistant:" if add_generation_prompt else "")

    def tokenizer(self, text: str, add_special_tokens: bool) -> dict[str, list[int]]:
        """Return a token a word."""
        self.seen.append(text)
        return {"input_ids": [9] if self.same else [len(text), 9]}


@pytest.mark.parametrize("answer_yes", ["bona_fide", "attack"])
def test_the_tokens_of_a_backbone_are_whole_words(checkpoint: Path, answer_yes: str) -> None:
    tokenizer = backbones.load_processor(str(checkpoint)).tokenizer
    known = scoring.answers(backbones.load_processor(str(checkpoint)), answer_yes)
    assert known.shared == []
    words = {label: tokenizer.decode([token]).strip() for label, token in known.token_of.items()}
    no = Label.ATTACK if answer_yes == "bona_fide" else Label.BONA_FIDE
    assert words == {Label[answer_yes.upper()]: "Yes", no: "No"}


def test_the_words_are_those_of_conclusions() -> None:
    assert (scoring.YES, scoring.NO) == (layouts.YES, layouts.NO)


@pytest.mark.parametrize(("space", "expected"), [("", ["Yes", "No"]), (" ", [" Yes", " No"])])
def test_a_reply_is_read_as_the_chat_template_writes_it(space: str, expected: list[str]) -> None:
    processor = Words(space)
    scoring.answers(processor, "bona_fide")
    assert processor.seen == expected


def test_a_template_that_opens_turns_in_another_way_leaves_the_reply() -> None:
    class Thinking(Words):
        def apply_chat_template(self, messages: list[Any], add_generation_prompt: bool = False, tokenize: bool = True) -> str:
            return super().apply_chat_template(messages) + ("assistant:<think>" if add_generation_prompt else "")

    assert scoring.reply_text(Thinking(" "), "Yes") == "Yes"


def test_a_tokenizer_that_cannot_tell_the_answers_apart_is_refused() -> None:
    with pytest.raises(backbones.BackboneError, match="Yes and No in tokens of which none tells them apart"):
        scoring.answers(Words(same=True), "bona_fide")


class Letters(Words):
    """A processor whose tokenizer knows no word, but letters and a space before each word."""

    def tokenizer(self, text: str, add_special_tokens: bool) -> dict[str, list[int]]:
        """Return a token a letter."""
        return {"input_ids": [ord(letter) for letter in f" {text}"]}


def test_answers_that_begin_with_one_token_are_read_behind_it() -> None:
    known = scoring.answers(Letters(), "attack")
    assert known.shared == [ord(" ")]
    assert known.token_of == {Label.ATTACK: ord("Y"), Label.BONA_FIDE: ord("N")}
    prompts = {"input_ids": torch.tensor([[5, 6], [7, 8]]), "attention_mask": torch.tensor([[0, 1], [1, 1]])}
    encoded = known.encode(prompts | {"pixel_values": torch.zeros(2, 3)})
    assert encoded["input_ids"].tolist() == [[5, 6, 32], [7, 8, 32]]
    assert encoded["attention_mask"].tolist() == [[0, 1, 1], [1, 1, 1]]
    assert encoded["pixel_values"].shape == (2, 3)


@pytest.mark.parametrize(("answer_yes", "sign"), [("bona_fide", -1), ("attack", 1)])
def test_the_score_is_the_softmax_over_both_answers(checkpoint: Path, picture: Picture, answer_yes: str, sign: int) -> None:
    model, processor = model_of(checkpoint, ["lora_language"])
    images = [picture(1), picture(2)]
    inputs = encode_prompts(processor, images, QUESTION)
    with torch.no_grad():
        logits = model.body(**inputs).logits[:, -1]
    yes, no = (processor.tokenizer(word, add_special_tokens=False)["input_ids"][0] for word in ("Yes", "No"))
    expected = [1 / (1 + math.exp(-sign * float(row[yes] - row[no]))) for row in logits]
    scores = scoring.by_answer(model, processor, QUESTION, answer_yes)(images)
    assert scores == pytest.approx(expected, abs=1e-6)
    assert scores[0] != scores[1]


def test_an_image_has_the_same_score_alone_and_in_a_batch(checkpoint: Path, picture: Picture) -> None:
    score = scoring.by_answer(*model_of(checkpoint), QUESTION, "bona_fide")
    images = [picture(number) for number in range(5)]
    alone = [score([image])[0] for image in images]
    assert score(images) == pytest.approx(alone, abs=1e-6)


def test_each_score_of_a_recipe_has_its_scorer() -> None:
    assert tuple(scoring.SCORERS) == SCORES


def test_a_model_without_a_head_has_no_score_of_one(checkpoint: Path, picture: Picture) -> None:
    model, processor = model_of(checkpoint, ["lora_language"], site="")
    with pytest.raises(backbones.BackboneError, match="no classification head: set score_by of its run to 'answer'"):
        scoring.by_head(model, processor, QUESTION)([picture(1)])
    assert len(scoring.by_answer(model, processor, QUESTION, "attack")([picture(1)])) == 1
