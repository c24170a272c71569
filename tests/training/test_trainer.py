"""A callback that scores a model on its way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from transformers import TrainerControl, TrainerState

from fasrepro.evaluation import predict
from fasrepro.models import backbones, scoring, vlm
from fasrepro.rows.faces import Face, Label
from fasrepro.training import run, snapshots, trainer
from tests.small_models import PROMPT, model_of
from tests.training.small_runs import recipe, rows, steps, train

Picture = Callable[[int], Image.Image]


def face(number: int) -> Face:
    return Face(f"casia/v{number}#0004", "casia", "test", f"casia/{number}", f"casia/v{number}", 4, Label.ATTACK, "print", "",
                "", (0, 0, 9, 9), "sidecar", str(number), "")  # fmt: skip


FACES = [face(number) for number in range(20, 25)]


def scored_on_the_way(
    checkpoint: Path, picture: Picture, work: Path, at: list[int], **changed: object
) -> tuple[dict[str, float], dict[int, dict[str, float]], list[bool]]:
    """Return the scores of a trained model, those after the steps `at`, and whether the model was then in training mode."""
    processor = backbones.load_processor(str(checkpoint))
    on_the_way: dict[int, dict[str, float]] = {}
    modes: list[bool] = []

    def score(model: vlm.FasVlm) -> dict[str, float]:
        return predict.score(scoring.by_head(model, processor, PROMPT), FACES, lambda row: picture(int(row.crop)), 4)

    def keep(step: int, model: vlm.FasVlm) -> None:
        modes.append(model.training)
        on_the_way[step] = score(model)

    callbacks = [trainer.AtSteps(at, keep)] if at else []
    trained = train(checkpoint, picture, work, rows(), 3, callbacks, **changed)
    return score(trained.model), on_the_way, modes


def test_a_training_that_is_scored_on_its_way_is_the_same_training(checkpoint: Path, picture: Picture, tmp_path: Path) -> None:
    alone, nothing, _ = scored_on_the_way(checkpoint, picture, tmp_path, [], **steps(6))
    last, on_the_way, modes = scored_on_the_way(checkpoint, picture, tmp_path, snapshots.steps(6, 3), **steps(6))
    assert nothing == {}
    assert list(on_the_way) == [2, 4, 6]
    assert last == alone == on_the_way[6]
    assert on_the_way[2] != on_the_way[4] != on_the_way[6]
    assert modes == [False] * 3


def test_steps_are_counted_over_all_phases(checkpoint: Path, picture: Picture, tmp_path: Path) -> None:
    phase = {"train": ["lora_language", "head"], "losses": {"head": 1.0}}
    phases = [{"name": "first", "steps": 3, **phase}, {"name": "second", "steps": 3, **phase}]
    last, on_the_way, _ = scored_on_the_way(checkpoint, picture, tmp_path, [2, 4, 6], phases=phases)
    assert list(on_the_way) == [2, 4, 6]
    assert last == on_the_way[6]


def test_the_model_is_back_in_training_even_after_scoring_failed(checkpoint: Path, tmp_path: Path) -> None:
    def fail(step: int, model: vlm.FasVlm) -> None:
        raise RuntimeError("no disk")

    model = model_of(checkpoint)[0].train()
    optimisation = run.optimisation(recipe(checkpoint), recipe(checkpoint).phases[0], 1)
    arguments = trainer.training_arguments(tmp_path, optimisation)
    with pytest.raises(RuntimeError, match="no disk"):
        trainer.AtSteps([2], fail).on_step_end(arguments, TrainerState(global_step=2), TrainerControl(), model=model)
    assert model.training
