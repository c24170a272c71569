"""Paper 2's runs: what each phase begins from, what it moves, which images it sees, and what of two runs is matched."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from torch import Tensor
from transformers import PreTrainedModel, TrainerCallback

from fasrepro import config
from fasrepro.models import backbones, scoring, vlm
from fasrepro.rows.training import TrainRow
from fasrepro.training import batches
from fasrepro.training import recipe as recipes
from fasrepro.training.recipe import Recipe
from tests.small_models import made_of
from tests.training.small_runs import QUESTION, rows, train

Picture = Callable[[int], Image.Image]
PARTS = ("vision", "projector", "language")
BOTH = {"caption": 1.0, "answer": 1.0}


def two_phases(**joint: Any) -> dict[str, Any]:
    """Return a recipe as that of `cepl`, with some keys of its second phase changed."""
    describe = {"train": [*PARTS, "embeddings"], "losses": {"caption": 1.0}}
    second = {"reset": ["projector", "language"], "train": ["lora_language", "projector", "embeddings"], "losses": BOTH}
    phases = [{"name": "describe", "steps": 4, **describe}, {"name": "joint", "steps": 3, **second, **joint}]
    return {"phases": phases, "answer_prompt": QUESTION, "score_by": "answer"}


def part_hashes(model: PreTrainedModel) -> dict[str, str]:
    """Return a hash of the weights that each part of a backbone runs with, under the names of a plain one; adapters left out."""
    places = backbones.backbone(model)
    prefixes = {"vision": (places.vision,), "projector": (places.projector,), "language": (places.language, "lm_head")}
    weights = {
        name.replace(".base_layer.", ".").replace(".modules_to_save.default.", "."): value
        for name, value in model.state_dict().items()
        if "lora_" not in name and ".original_module." not in name
    }
    return {part: _hash(weights, prefixes[part]) for part in PARTS}


def _hash(weights: Mapping[str, Tensor], prefixes: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for name in sorted(weights):
        if name.startswith(tuple(f"{prefix}." for prefix in prefixes)):
            digest.update(name.encode() + weights[name].cpu().numpy().tobytes())
    return digest.hexdigest()


class Beginnings(TrainerCallback):
    """Keeps a hash of each part at the beginning and at the end of each phase."""

    def __init__(self) -> None:
        self.begun: list[dict[str, str]] = []
        self.ended: list[dict[str, str]] = []

    def on_train_begin(self, *_: Any, model: vlm.FasVlm, **__: Any) -> None:
        """Keep the parts before the first step."""
        self.begun.append(part_hashes(vlm.unwrapped(model.body)))

    def on_train_end(self, *_: Any, model: vlm.FasVlm, **__: Any) -> None:
        """Keep the parts after the last step."""
        self.ended.append(part_hashes(vlm.unwrapped(model.body)))


@pytest.mark.parametrize("reset", [["projector", "language"], [], ["projector"], ["language"], ["vision"]], ids="-".join)
def test_a_second_phase_begins_with_the_foundation_where_it_resets_and_with_the_first_elsewhere(
    checkpoint: Path, picture: Picture, tmp_path: Path, reset: list[str]
) -> None:
    foundation = part_hashes(backbones.load(str(checkpoint))[0])
    seen = Beginnings()
    train(checkpoint, picture, tmp_path, rows(), callbacks=[seen], **two_phases(reset=reset))
    first = seen.ended[0]
    assert seen.begun[0] == foundation
    assert all(first[part] != foundation[part] for part in PARTS)  # the first phase moves everything
    assert seen.begun[1] == {part: (foundation if part in reset else first)[part] for part in PARTS}


def test_the_vision_encoder_is_frozen_in_the_second_phase_unless_it_has_adapters(
    checkpoint: Path, picture: Picture, tmp_path: Path
) -> None:
    frozen = train(checkpoint, picture, tmp_path, rows(), **two_phases())
    adapted = train(
        checkpoint, picture, tmp_path, rows(), **two_phases(train=["lora_language", "lora_vision", "projector", "embeddings"])
    )
    kinds = ("lora_A", "connector", "embed_tokens", "lm_head")
    assert all(any(kind in name for name in vlm.trainable(frozen.model)) for kind in kinds)
    assert not any("vision_model" in name for name in vlm.trainable(frozen.model))
    assert any("vision_model" in name and "lora_A" in name for name in vlm.trainable(adapted.model))


BASELINES = {
    "single_stage_long": [
        {"name": "describe", "steps": 4, "train": [*PARTS, "embeddings"], "losses": BOTH, "row_tasks": "in_turn"},
        {"name": "joint", "steps": 3, "train": ["lora_language", "projector", "embeddings"], "losses": BOTH},
    ],
    "label_two_stage": [
        {"name": "describe", "steps": 4, "train": [*PARTS, "embeddings"], "losses": {"answer": 1.0}},
        {"name": "joint", "steps": 3, "train": ["lora_language", "projector", "embeddings"], "losses": {"answer": 1.0}},
    ],
}


@pytest.mark.parametrize("baseline", BASELINES)
def test_cepl_and_its_baselines_see_the_same_images_in_the_same_order(
    checkpoint: Path, picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, baseline: str
) -> None:
    order: list[list[str]] = []
    phase_collator = batches.phase_collator

    def recording(*args: Any, **options: Any) -> Callable[[list[TrainRow]], Any]:
        collate = phase_collator(*args, **options)
        return lambda batch: order.append([row.face_id for row in batch]) or collate(batch)

    monkeypatch.setattr(batches, "phase_collator", recording)

    def order_of(**changed: Any) -> list[list[str]]:
        order.clear()
        train(checkpoint, picture, tmp_path, rows(), **changed)
        return list(order)

    assert order_of(**two_phases()) == order_of(**{**two_phases(), "phases": BASELINES[baseline]})


@pytest.mark.parametrize("answer_yes", ["bona_fide", "attack"])
def test_a_run_on_answers_alone_learns_the_labels_and_comes_back_from_its_checkpoint(
    checkpoint: Path, picture: Picture, tmp_path: Path, answer_yes: str
) -> None:
    data = rows(captions=False)
    phase = {"name": "joint", "steps": 40, "train": ["lora_language", "lora_vision", "projector", "embeddings"]}
    asked = {"answer_prompt": QUESTION, "answer_yes": answer_yes, "score_by": "answer", "captions": {}}
    trained = train(checkpoint, picture, tmp_path / "work", data, phases=[{**phase, "losses": {"answer": 1.0}}], **asked)
    images = [picture(int(row.crop)) for row in data]
    scores = scoring.by_answer(trained.model, trained.processor, QUESTION, answer_yes)(images)
    assert [score > 0.5 for score in scores] == [bool(row.label) for row in data]
    assert set(trained.log["losses"]["joint"]) == {"answer"}
    contents = made_of(checkpoint, trained.processor, site="")
    vlm.save(trained.model, tmp_path / "saved", contents, trained.weights)
    again = vlm.load(backbones.load(str(checkpoint))[0], tmp_path / "saved", contents)
    assert scoring.by_answer(again, trained.processor, QUESTION, answer_yes)(images) == pytest.approx(scores, abs=1e-6)


def image_forwards(recipe: Recipe) -> list[int]:
    """Return how many images the model is shown in each phase; two tasks a row are two."""
    shown = []
    for phase in recipe.phases:
        tasks = len(recipes.prompts(phase)) if phase.row_tasks == "all" else 1
        shown.append(phase.steps * recipes.batch_size(recipe, phase) * tasks)
    return shown


@pytest.mark.parametrize("run", ["single_stage_long", "label_two_stage"])
def test_a_baseline_differs_from_cepl_by_its_losses_and_resets_alone(run: str) -> None:
    params = config.load("training", "runs")
    cepl, baseline = (config.resolved_recipe(params.training, params.runs, name) for name in ("cepl", run))
    assert image_forwards(baseline) == image_forwards(cepl)
    for ours, theirs in zip(baseline.phases, cepl.phases, strict=True):
        assert (ours.steps, ours.train, ours.rate, ours.part_rates) == (
            theirs.steps,
            theirs.train,
            theirs.rate,
            theirs.part_rates,
        )
    ours, theirs = (dataclasses.replace(recipe, phases=[], captions={}) for recipe in (baseline, cepl))
    assert ours == theirs


def test_only_the_run_of_one_stage_leaves_one_out() -> None:
    params = config.load("training", "runs")
    like_cepl = [run for run, changes in params.runs.items() if changes.get("like") in ("cepl", "label_two_stage")]
    names = {run: [phase.name for phase in config.resolved_recipe(params.training, params.runs, run).phases] for run in like_cepl}
    assert [run for run, phases in names.items() if phases != ["describe", "joint"]] == ["single_stage", "untrained"]


def test_an_ablation_of_resets_changes_the_reset_alone() -> None:
    params = config.load("training", "runs")
    cepl = config.resolved_recipe(params.training, params.runs, "cepl")
    resets = {"none": [], "connector": ["projector"], "language": ["language"], "vision": ["vision"]}
    for name, reset in resets.items():
        first, second = cepl.phases
        expected = dataclasses.replace(cepl, phases=[first, dataclasses.replace(second, reset=reset)])
        assert config.resolved_recipe(params.training, params.runs, f"cepl_reset_{name}") == expected
