"""A training recipe as data: phases, each with the parts that it trains, the parts that it resets, and its losses.

Imports no torch: params.yaml and jobs.yaml are checked with it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from fasrepro import names

# What a phase can train, by name. Whole parts of the backbone; LoRA adapters on a part; the token embeddings and the language
# model's output layer, for a backbone that has never seen the words of spoofing; and the classification head.
WEIGHTS = ("vision", "projector", "language")
ADAPTERS = {"lora_vision": "vision", "lora_language": "language"}
PARTS = (*WEIGHTS, *ADAPTERS, "embeddings", "head")
RATED = ("vision", "projector", "language", "head")  # with what adapts them; the embeddings go with the language model
# The losses of training.losses, each with the prompt, a field of the recipe, behind which it is taken.
PROMPT_OF = {"head": "prompt", "caption": "prompt", "answer": "answer_prompt"}
LOSSES = tuple(PROMPT_OF)
ROW_TASKS = ("all", "in_turn")
SCORES = ("head", "answer")
ANSWERS = ("bona_fide", "attack")
HEAD_SITES = ("vision", "projector", "prompt")
SAMPLINGS = ("natural", "balanced")
ATTENTIONS = ("", "eager", "sdpa", "flash_attention_2", "flash_attention_3")


class RecipeError(ValueError):
    """A recipe that cannot be trained; the message names the run, the key and the remedy."""


@dataclasses.dataclass(frozen=True)
class Lora:
    """Rank and scale of the adapters."""

    rank: int
    alpha: int


@dataclasses.dataclass(frozen=True)
class Memory:
    """How a step fits into the memory of its devices. What is computed is the same but for rounding.

    Args:
        rows: that a device takes through the model at once; 0 for all that are its own. A step's rows are divided among the
            devices first.
        recompute: whether activations are computed again in the backward pass in place of being kept (gradient checkpointing):
            slower by a third.
        attention: how attention is computed in training, of `ATTENTIONS`; "" for the checkpoint's own way.
    """

    rows: int = 0
    recompute: bool = False
    attention: str = ""


@dataclasses.dataclass(frozen=True)
class Phase:
    """A stretch of training with one set of trainable parts.

    Args:
        name: of the phase.
        train: parts that change, of `PARTS`.
        losses: weight of each loss, of `LOSSES`. A caption loss counts only in a run with captions.
        steps: of the optimiser.
        row_tasks: what a row is trained on where the losses have two prompts, of `ROW_TASKS`. "all": on both, which shows its
            image twice a step. "in_turn": the rows of a batch take the two in turn, and each image is shown once. Both losses
            belong to one step, so that neither comes first.
        batch_size: rows a step; 0 for the recipe's.
        reset: parts that begin anew from the backbone (of `WEIGHTS`) or from their seed (`head`).
        rate: factor on the run's learning rate.
        part_rates: factor on that for single parts, of `RATED`; 1 for a part that is not named.
    """

    name: str
    train: list[str]
    losses: dict[str, float]
    steps: int
    reset: list[str] = dataclasses.field(default_factory=list)
    rate: float = 1.0
    part_rates: dict[str, float] = dataclasses.field(default_factory=dict)
    row_tasks: str = "all"
    batch_size: int = 0


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a model is made. Of several `learning_rates` the stage `tune` chooses one.

    A new field takes a default: what equals its default is left out of jobs.yaml, so that old jobs are not trained again.

    Args:
        backbone: any checkpoint that `AutoModelForImageTextToText` loads: a folder or a hub id.
        prompt: the one neutral student prompt, in training and test.
        head_site: whose states the head reads, of `HEAD_SITES`.
        lora: of all adapters.
        phases: one after another.
        sampling: natural (every row once an epoch) or balanced (every data set equally often).
        batch_size: rows a step.
        learning_rates: peak rates to choose from.
        warmup_steps: linear, at the beginning of each phase; a cosine decay follows.
        weight_decay: of AdamW.
        max_grad_norm: gradients are clipped to it.
        max_caption_tokens: longer captions are cut.
        captions: share of each caption set; empty trains on labels alone. A job has them in its training set.
        score_by: what gives `p_attack`, of `SCORES`.
        answer_prompt: the label question, whose answer is Yes or No; "" for none.
        answer_yes: what Yes means as its answer, of `ANSWERS`.
        memory: how a step fits into its devices.
    """

    backbone: str
    prompt: str
    head_site: str
    lora: Lora
    phases: list[Phase]
    sampling: str
    batch_size: int
    learning_rates: list[float]
    warmup_steps: int
    weight_decay: float
    max_grad_norm: float
    max_caption_tokens: int
    captions: dict[str, float] = dataclasses.field(default_factory=dict)
    score_by: str = "head"
    answer_prompt: str = ""
    answer_yes: str = "bona_fide"
    memory: Memory = dataclasses.field(default_factory=Memory)


def overlay(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe's keys with a run's laid over them: a mapping key by key, a phase over the phase of its name.

    A list of phases replaces the base's where none has a name of the base's. Shares of captions are replaced as a whole, and so
    are losses: what is not named has no weight.
    """
    merged = dict(base)
    for key, value in override.items():
        if key == "phases":
            merged[key] = _overlay_phases(base.get(key, []), value)
        elif key in ("lora", "memory"):
            merged[key] = {**base.get(key, {}), **value}
        else:
            merged[key] = value
    return merged


def _overlay_phases(base: list[dict[str, Any]], override: list[dict[str, Any]]) -> list[dict[str, Any]]:
    by_name = {phase.get("name"): phase for phase in base}
    if not any(phase.get("name") in by_name for phase in override):
        return override
    return [{**by_name.get(phase.get("name"), {}), **phase} for phase in override]


def check(recipe: Recipe, where: str) -> None:
    """Raise `RecipeError`, naming the key under `where`, for a recipe that cannot be trained."""
    for key, value, known in (
        ("head_site", recipe.head_site, HEAD_SITES),
        ("sampling", recipe.sampling, SAMPLINGS),
        ("score_by", recipe.score_by, SCORES),
        ("answer_yes", recipe.answer_yes, ANSWERS),
        ("memory.attention", recipe.memory.attention, ATTENTIONS),
    ):
        _known(value, known, key, f"{where}.{key}")
    if recipe.captions and (min(recipe.captions.values()) <= 0 or abs(sum(recipe.captions.values()) - 1) > 1e-9):
        raise RecipeError(f"{where}: captions {recipe.captions}: shares must be positive and add up to 1")
    if not recipe.learning_rates or min(recipe.learning_rates) <= 0:
        raise RecipeError(f"{where}: learning_rates must hold at least one, all above 0")
    if not recipe.phases:
        raise RecipeError(f"{where}: phases: name at least one")
    if recipe.score_by == "answer" and not recipe.answer_prompt:
        raise RecipeError(f"{where}: score_by 'answer' needs the label question: name it in answer_prompt")
    if recipe.memory.rows < 0:
        raise RecipeError(f"{where}.memory.rows: {recipe.memory.rows} must be at least 1, or 0 for all of a device's own")
    for phase in recipe.phases:
        _check_phase(phase, recipe, f"{where}.phases.{phase.name}")


def _check_phase(phase: Phase, recipe: Recipe, where: str) -> None:
    for part in phase.train:
        _known(part, PARTS, "part", f"{where}.train")
    for part in phase.reset:
        _known(part, (*WEIGHTS, "head"), "part", f"{where}.reset")
    if "head" in phase.reset and not has_head(recipe):
        raise RecipeError(f"{where}.reset: no phase trains a head that could be reset: take 'head' out, or add it to train")
    for loss in phase.losses:
        _known(loss, LOSSES, "loss", f"{where}.losses")
    _known(phase.row_tasks, ROW_TASKS, "row_tasks", f"{where}.row_tasks")
    for adapter, part in ADAPTERS.items():
        if adapter in phase.train and part in phase.train:
            raise RecipeError(f"{where}.train: {part} is trained whole, so {adapter} has nothing to adapt: name one of the two")
    if not phase.train or not phase.losses or min(phase.losses.values()) <= 0:
        raise RecipeError(f"{where}: a phase trains at least one part on at least one loss, with weights above 0")
    if "head" in phase.losses and "head" not in phase.train and recipe.phases[0] is phase:
        raise RecipeError(f"{where}: the loss 'head' needs a head: add 'head' to train")
    if "answer" in phase.losses and not recipe.answer_prompt:
        raise RecipeError(f"{where}: the loss 'answer' needs the label question: name it in answer_prompt")
    if set(phase.losses) == {"caption"} and not recipe.captions:
        raise RecipeError(f"{where}: its only loss is 'caption', but the run has no captions")
    for part in phase.part_rates:
        _known(part, RATED, "part", f"{where}.part_rates")
    if phase.steps < 1 or min([phase.rate, *phase.part_rates.values()]) <= 0:
        raise RecipeError(f"{where}: steps must be at least 1, and rates above 0")
    if phase.batch_size < 0:
        raise RecipeError(f"{where}: batch_size must be at least 1, or 0 for the recipe's")
    if phase.row_tasks == "in_turn" and (len(prompts(phase)) < 2 or batch_size(recipe, phase) < 2):
        raise RecipeError(f"{where}: row_tasks 'in_turn' needs losses of two prompts, and two rows a step")
    if phase.row_tasks == "in_turn" and recipe.memory.rows % len(prompts(phase)):
        raise RecipeError(
            f"{where}: row_tasks 'in_turn' deals rows out to {len(prompts(phase))} prompts: make memory.rows a multiple of that"
        )


def _known(name: str, known: tuple[str, ...], what: str, where: str) -> None:
    if name not in known:
        raise RecipeError(f"{where}: {names.unknown(name, known, what)}")


def steps(recipe: Recipe) -> int:
    """Return the number of steps of all phases."""
    return sum(phase.steps for phase in recipe.phases)


def prompts(phase: Phase) -> list[str]:
    """Return the prompts behind which a phase's losses are taken, as fields of the recipe."""
    return list(dict.fromkeys(PROMPT_OF[loss] for loss in phase.losses))


def batch_size(recipe: Recipe, phase: Phase) -> int:
    """Return the rows a step of a phase."""
    return phase.batch_size or recipe.batch_size


def has_head(recipe: Recipe) -> bool:
    """Return whether a phase trains the classification head; a model without one is read by its words."""
    return any("head" in phase.train for phase in recipe.phases)
