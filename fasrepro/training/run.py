"""One training from a recipe: load the backbone, then phase by phase reset, freeze and train. The one way to train a model."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.optim import Optimizer
from transformers import PreTrainedModel, ProcessorMixin, TrainerCallback

from fasrepro.models import backbones, sites, vlm
from fasrepro.models.inputs import check_captions
from fasrepro.rows.training import TrainRow
from fasrepro.training import batches, devices, unfinished
from fasrepro.training import recipe as recipes
from fasrepro.training.losses import PhaseTrainer
from fasrepro.training.progress import Progress
from fasrepro.training.recipe import WEIGHTS, Memory, Phase, Recipe
from fasrepro.training.trainer import Optimisation, tenths, training_arguments

SEED_STEP = 1_000_003  # between the seeds of two phases, whose images come in different orders
LOG = "log.jsonl"  # a line every few steps: see `progress`


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
    saves: unfinished.Saves | None = None,
) -> Trained:
    """Train on `rows` as the recipe says, at its first learning rate.

    The same seed gives every run of one `sampling` the same initial weights, and its phase of each number the same images in the
    same order, whatever its losses and prompts: a phase with larger batches, or more steps, goes further in that order.

    Of several processes (`devices`) each returns the same model.

    Args:
        recipe: with one learning rate.
        rows: faces with their captions.
        read_image: returns a row's crop.
        seed: of new weights and of the order of images.
        work: folder for the Trainer's files, and for `LOG`.
        callbacks: called during each phase, with the model of that phase.
        saves: where the unfinished training is saved, and from which one that was killed goes on, to the same bytes; None for
            nowhere.

    Raises:
        BackboneError: the backbone cannot be loaded, or its states cannot be read at the head's site.
        CaptionTokenError: a caption holds a token that is no text.
        ValueError: for a loss that is not finite, a step that does not fit into memory, and a save that cannot be read.
    """
    devices.join()
    base, processor = backbones.load(recipe.backbone, backbones.device())
    spare_memory(base, recipe.memory)
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
    save = None if saves is None else unfinished.latest(saves)
    begun = None if save is None else unfinished.read_begun(save)
    if begun is not None:
        _go_back_to(begun, base, head)
        log, changed = begun.log, set(begun.changed)
    elif devices.is_first():
        (work / LOG).unlink(missing_ok=True)
    first = 0 if begun is None else begun.number
    for number, phase in enumerate(recipe.phases[first:], start=first):
        if number > first or begun is None:
            _reset(base, phase, originals, changed)
            if head is not None and "head" in phase.reset:
                head.reset(seed + number * SEED_STEP)
            save = None
            begun = None if saves is None else _begun(number, log, changed, base, head)
        model = vlm.with_trainable(
            base,
            phase.train,
            head=head,
            site="" if head is None else recipe.head_site,
            rank=recipe.lora.rank,
            alpha=recipe.lora.alpha,
            seed=seed + number * SEED_STEP,
        )
        _make_trained_weights_float(model)
        trainer = PhaseTrainer(
            phase.losses,
            row_weights,
            saves=saves,
            begun=begun,
            model=model,
            args=training_arguments(
                work,
                optimisation(recipe, phase, seed + number * SEED_STEP),
                save_steps=0 if saves is None else saves.every,
                workers=devices.workers(),
            ),
            train_dataset=rows,
            data_collator=batches.phase_collator(
                {prompt: tasks[prompt] for prompt in recipes.prompts(phase)},
                phase.row_tasks,
                at_once=recipe.memory.rows,
                device=devices.number(),
                devices=devices.count(),
            ),
            callbacks=list(callbacks),
        )
        if devices.is_first():
            Progress(work / LOG, phase.name).watch(trainer)
        _scale_rates(trainer.create_optimizer(), model, phase.part_rates)
        with _memory_errors(recipe, phase):
            trainer.train(resume_from_checkpoint=None if save is None else str(save))
        log["losses"][phase.name] = {name: tenths(values) for name, values in trainer.losses.items() if values}
        log["trainable_parameters"][phase.name] = sum(p.numel() for p in model.parameters() if p.requires_grad)
        changed |= vlm.changed_weights(model)
        if number + 1 < len(recipe.phases):
            changed |= vlm.merged_weights(model)
            base = model.release()
    return Trained(model.eval(), processor, frozenset(changed), log)


def _begun(
    number: int, log: Mapping[str, Any], changed: Collection[str], base: PreTrainedModel, head: vlm.ClassificationHead | None
) -> unfinished.Begun:
    """Return how a phase begins: what differs from the backbone and its seed."""
    weights = base.state_dict()
    tensors = {f"inherited/{name}": weights[name].to("cpu", copy=True) for name in sorted(changed)}
    if head is not None:
        tensors |= {f"head/{name}": value.to("cpu", copy=True) for name, value in head.state_dict().items()}
    return unfinished.Begun(number, copy.deepcopy(dict(log)), sorted(changed), tensors)


@torch.no_grad()
def _go_back_to(begun: unfinished.Begun, base: PreTrainedModel, head: vlm.ClassificationHead | None) -> None:
    """Give a fresh backbone and a head the weights with which a phase began."""
    given: set[int] = set()
    for name in begun.changed:
        value = begun.tensors[f"inherited/{name}"].to(base.device)
        path, _, leaf = name.rpartition(".")
        parameter = base.get_parameter(name)
        if id(parameter) in given:
            # Adapters train the input embeddings apart from an output layer that is tied to them: each is then its own weight.
            setattr(base.get_submodule(path), leaf, nn.Parameter(value))
        else:
            parameter.data = value
        given.add(id(parameter))
    if head is not None:
        head.load_state_dict({name.removeprefix("head/"): v for name, v in begun.tensors.items() if name.startswith("head/")})


def _make_trained_weights_float(model: vlm.FasVlm) -> None:
    """Keep what is trained in float32: in bfloat16, a step at rate 1e-5 leaves most weights of a projector as they are."""
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()


def spare_memory(base: PreTrainedModel, memory: Memory) -> None:
    """Compute as a recipe's `memory` asks. Raises `BackboneError` for what this backbone cannot do."""
    try:
        if memory.attention:
            base.set_attn_implementation(memory.attention)
        if memory.recompute:
            base.activation_checkpointing_enable({"use_reentrant": False})
    except (ImportError, ValueError) as error:
        raise backbones.BackboneError(f"params.yaml: training.memory: {str(error).splitlines()[0]}") from None


@contextlib.contextmanager
def _memory_errors(recipe: Recipe, phase: Phase) -> Iterator[None]:
    """Say what to lower where a step does not fit into memory."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not isinstance(error, torch.OutOfMemoryError | MemoryError) and "allocate memory" not in str(error):
            raise
        own = -(-recipes.batch_size(recipe, phase) // devices.count())
        raise ValueError(
            f"{phase.name}: out of memory with {recipe.memory.rows or own} rows at once on a device: lower"
            " training.memory.rows in params.yaml, set training.memory.recompute to true, or lower training.max_caption_tokens"
            f" ({recipe.max_caption_tokens}). The rows of a step stay {recipes.batch_size(recipe, phase)} either way"
        ) from error


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
