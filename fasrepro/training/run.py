"""One training from a recipe: load the backbone, then phase by phase reset, freeze and train. The one way to train a model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.optim import Optimizer
from transformers import PreTrainedModel, ProcessorMixin, TrainerCallback

from fasrepro.models import backbones, sites, vlm
from fasrepro.models.inputs import check_captions
from fasrepro.rows.training import TrainRow
from fasrepro.training import batches
from fasrepro.training import recipe as recipes
from fasrepro.training.losses import PhaseTrainer
from fasrepro.training.recipe import WEIGHTS, Phase, Recipe
from fasrepro.training.trainer import Optimisation, tenths, training_arguments

SEED_STEP = 1_000_003  # between the seeds of two phases, whose images come in different orders


@dataclasses.dataclass(frozen=True)
class Trained:
    """A trained model in evaluation mode, its processor, and what a checkpoint keeps of the training.

    Args:
        model: after the last step.
        processor: the backbone's.
        weights: names of the backbone's own weights that training changed.
        log: {"losses": {phase: {loss: curve}}, "trainable_parameters": {phase: count}}.
    """

    model: vlm.FasVlm
    processor: ProcessorMixin
    weights: frozenset[str]
    log: dict[str, Any]


def train(
    recipe: Recipe,
    rows: Sequence[TrainRow],
    read_image: Callable[[TrainRow], Image.Image],
    *,
    seed: int,
    work: Path,
    callbacks: Sequence[TrainerCallback] = (),
) -> Trained:
    """Train on `rows` as the recipe says, at its first learning rate.

    The same seed gives every run of one `sampling` the same initial weights, and its phase of each number the same images in the
    same order, whatever its losses and prompts: a phase with larger batches, or more steps, goes further in that order.

    Args:
        recipe: with one learning rate.
        rows: faces with their captions.
        read_image: returns a row's crop.
        seed: of new weights and of the order of images.
        work: folder for the Trainer's files.
        callbacks: called during each phase, with the model of that phase.

    Raises:
        BackboneError: the backbone cannot be loaded, or its states cannot be read at the head's site.
        CaptionTokenError: a caption holds a token that is no text.
    """
    base, processor = backbones.load(recipe.backbone, backbones.device())
    check_captions(processor, {row.face_id: row.caption for row in rows})
    sites.check(base, processor, recipe.head_site if recipes.has_head(recipe) else "", recipe.prompt)
    originals = _originals(base, recipe.phases)
    head = vlm.new_head(base, recipe.head_site) if recipes.has_head(recipe) else None
    if head is not None:
        head.reset(seed)
    row_weights = batches.row_weights(rows, recipe.sampling)
    tasks = _tasks(recipe, processor, read_image)
    changed: set[str] = set()
    log: dict[str, Any] = {"losses": {}, "trainable_parameters": {}}
    for number, phase in enumerate(recipe.phases):
        _reset(base, phase, originals, changed)
        if head is not None and "head" in phase.reset:
            head.reset(seed + number * SEED_STEP)
        model = vlm.with_trainable(
            base,
            phase.train,
            head=head,
            site="" if head is None else recipe.head_site,
            rank=recipe.lora.rank,
            alpha=recipe.lora.alpha,
            seed=seed + number * SEED_STEP,
        )
        trainer = PhaseTrainer(
            phase.losses,
            row_weights,
            model=model,
            args=training_arguments(work, optimisation(recipe, phase, seed + number * SEED_STEP)),
            train_dataset=rows,
            data_collator=batches.phase_collator({prompt: tasks[prompt] for prompt in recipes.prompts(phase)}, phase.row_tasks),
            callbacks=list(callbacks),
        )
        _scale_rates(trainer.create_optimizer(), model, phase.part_rates)
        trainer.train()
        log["losses"][phase.name] = {name: tenths(values) for name, values in trainer.losses.items() if values}
        log["trainable_parameters"][phase.name] = sum(p.numel() for p in model.parameters() if p.requires_grad)
        changed |= vlm.changed_weights(model)
        if number + 1 < len(recipe.phases):
            changed |= vlm.merged_weights(model)
            base = model.release()
    return Trained(model.eval(), processor, frozenset(changed), log)


def _tasks(recipe: Recipe, processor: ProcessorMixin, read_image: Callable[[TrainRow], Image.Image]) -> dict[str, batches.Task]:
    """Return what makes batches behind each prompt of a recipe. All phases share it, because it keeps encoded images."""
    tasks = {"prompt": batches.collator(processor, read_image, recipe.prompt, recipe.max_caption_tokens)}
    if recipe.answer_prompt:
        tasks["answer_prompt"] = batches.answer_collator(processor, read_image, recipe.answer_prompt, recipe.answer_yes)
    return tasks


def optimisation(recipe: Recipe, phase: Phase, seed: int) -> Optimisation:
    """Return how long and how fast a phase is trained."""
    return Optimisation(
        steps=phase.steps,
        batch_size=recipes.batch_size(recipe, phase),
        learning_rate=recipe.learning_rates[0] * phase.rate,
        warmup_steps=recipe.warmup_steps,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm,
        seed=seed,
    )


def _scale_rates(optimizer: Optimizer, model: vlm.FasVlm, factors: Mapping[str, float]) -> None:
    """Give the parameters of each part in `factors` a learning rate of their own, that many times the others'."""
    part_of = {id(parameter): _part(name, model) for name, parameter in model.named_parameters()}
    groups = []
    for group in optimizer.param_groups:
        for part in dict.fromkeys(part_of[id(parameter)] for parameter in group["params"]):
            own = [parameter for parameter in group["params"] if part_of[id(parameter)] == part]
            groups.append({**group, "params": own, "lr": group["lr"] * factors.get(part, 1.0)})
    optimizer.param_groups[:] = groups


def _part(parameter: str, model: vlm.FasVlm) -> str:
    """Return the part, of `recipe.RATED`, to which a model's parameter belongs by its name."""
    if parameter.startswith("head."):
        return "head"
    places = backbones.backbone(vlm.unwrapped(model.body))
    for part in ("vision", "projector"):
        if f".{getattr(places, part)}." in parameter:
            return part
    return "language"


def _weights_of(base: PreTrainedModel, part: str) -> dict[str, Tensor]:
    """Return a part's weights by their names in the backbone; the language model's include its output layer."""
    path = getattr(backbones.backbone(base), part)
    weights = {name: value for name, value in base.state_dict().items() if name.startswith(path + ".")}
    if part == "language":
        weights |= {name: value for name, value in base.state_dict().items() if name.startswith("lm_head.")}
    return weights


def _originals(base: PreTrainedModel, phases: Sequence[Phase]) -> dict[str, dict[str, Tensor]]:
    """Return a copy of the weights of each part that a phase resets."""
    parts = {part for phase in phases for part in phase.reset if part in WEIGHTS}
    return {part: {name: value.clone() for name, value in _weights_of(base, part).items()} for part in sorted(parts)}


def _reset(base: PreTrainedModel, phase: Phase, originals: dict[str, dict[str, Tensor]], changed: set[str]) -> None:
    """Give the backbone's own weights back to the parts that a phase resets."""
    for part in phase.reset:
        for name, value in originals.get(part, {}).items():
            with torch.no_grad():
                base.get_parameter(name).copy_(value)
            changed.discard(name)
