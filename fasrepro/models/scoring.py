"""What gives an image its `p_attack`: the classification head, or the answer to the label question. Both take one prefill."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import torch
from PIL import Image
from torch import Tensor
from transformers import ProcessorMixin

from fasrepro.models.backbones import BackboneError
from fasrepro.models.inputs import append_tokens, encode_prompts, opened_turn
from fasrepro.models.vlm import FasVlm
from fasrepro.names import lookup
from fasrepro.rows.faces import Label

YES, NO = "Yes", "No"
Scorer = Callable[[Sequence[Image.Image]], list[float]]  # p_attack in [0, 1] of each image of a batch


@dataclasses.dataclass(frozen=True)
class Answers:
    """The tokens of both answers to the label question.

    Args:
        shared: those with which both begin: none, unless the tokenizer is so small that it splits the two words.
        token_of: the first token that is the one's alone, of the answer that stands for each label.
    """

    shared: list[int]
    token_of: dict[Label, int]

    def encode(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the inputs of prompts, behind which the next token is the one that tells the answers apart."""
        return append_tokens(inputs, self.shared) if self.shared else inputs


def answers(processor: ProcessorMixin, answer_yes: str) -> Answers:
    """Return the tokens of Yes and No.

    Args:
        processor: of a backbone.
        answer_yes: what Yes means: bona_fide or attack.

    Raises:
        BackboneError: where the tokenizer cannot tell the words apart.
    """
    yes, no = (processor.tokenizer(reply_text(processor, word), add_special_tokens=False)["input_ids"] for word in (YES, NO))
    shared = next((place for place, (one, other) in enumerate(zip(yes, no, strict=False)) if one != other), None)
    if shared is None:
        raise BackboneError(
            f"the tokenizer writes {YES} and {NO} in tokens of which none tells them apart: take another backbone"
        )
    meant = Label[answer_yes.upper()]
    return Answers(yes[:shared], {label: (yes if label is meant else no)[shared] for label in Label})


def reply_text(processor: ProcessorMixin, reply: str) -> str:
    """Return a reply as the chat template writes it behind a prompt: some put a space before it.

    Where a template opens a turn in another way than it writes one, the reply stays as it is.
    """
    asked = [{"role": "user", "content": [{"type": "text", "text": "?"}]}]
    replied = [*asked, {"role": "assistant", "content": [{"type": "text", "text": reply}]}]
    opened = opened_turn(processor, asked)
    turn = processor.apply_chat_template(replied, tokenize=False)
    if not turn.startswith(opened) or reply not in turn[len(opened) :]:
        return reply
    return turn[len(opened) : turn.index(reply, len(opened)) + len(reply)]


def by_head(model: FasVlm, processor: ProcessorMixin, prompt: str) -> Scorer:
    """Return the scorer that reads the classification head behind the student prompt."""

    def score(images: Sequence[Image.Image]) -> list[float]:
        inputs = encode_prompts(processor, images, prompt)
        return model.p_attack(**{name: value.to(model.body.device) for name, value in inputs.items()}).tolist()

    return score


def by_answer(model: FasVlm, processor: ProcessorMixin, answer_prompt: str, answer_yes: str) -> Scorer:
    """Return the scorer that reads the first token behind the label question, among Yes and No alone: see `answers`."""
    known = answers(processor, answer_yes)

    @torch.inference_mode()
    def score(images: Sequence[Image.Image]) -> list[float]:
        inputs = known.encode(encode_prompts(processor, images, answer_prompt))
        given = {name: value.to(model.body.device) for name, value in inputs.items()}
        logits = model(prompt_tokens=given["input_ids"].shape[1], **given).logits[:, 0].float()
        # The softmax over two words is the logistic function of their difference.
        return torch.sigmoid(logits[:, known.token_of[Label.ATTACK]] - logits[:, known.token_of[Label.BONA_FIDE]]).tolist()

    return score


@runtime_checkable
class ReadBy(Protocol):
    """What a recipe and a checkpoint both say of how a model is read; for the fields see `training.recipe.Recipe`."""

    score_by: str
    prompt: str
    answer_prompt: str
    answer_yes: str


SCORERS: dict[str, Callable[[FasVlm, ProcessorMixin, ReadBy], Scorer]] = {
    "head": lambda model, processor, read_by: by_head(model, processor, read_by.prompt),
    "answer": lambda model, processor, read_by: by_answer(model, processor, read_by.answer_prompt, read_by.answer_yes),
}


def scorer(model: FasVlm, processor: ProcessorMixin, read_by: ReadBy) -> Scorer:
    """Return what reads a model's `p_attack`: its head, or its answer to the label question."""
    return lookup(SCORERS, read_by.score_by, "scorer")(model, processor, read_by)
