"""A training that is looked at is the same training, and its last look sees the model that it leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from transformers import TrainerControl, TrainerState

from fasrepro.evaluation import predict
from fasrepro.models import backbones, vlm
from fasrepro.rows.faces import Face, Label
from fasrepro.training import dual, loop, snapshots, trace
from tests.training.test_dual import PROMPT, RECIPE, rows


def face(number: int) -> Face:
    return Face(f"casia/v{number}#0004", "casia", "test", f"casia/{number}", f"casia/v{number}", 4, Label.ATTACK, "print", "",
                "", (0, 0, 9, 9), "sidecar", str(number), "")  # fmt: skip


FACES = [face(number) for number in range(20, 25)]


def train(
    checkpoint: Path, picture: Callable[[int], Image.Image], work: Path, steps: list[int]
) -> tuple[dict[str, float], dict[int, dict[str, float]], list[bool]]:
    """Return the scores of a trained model, those that looks after `steps` saw, and whether each look found it in training."""
    base, processor = backbones.load(str(checkpoint))
    plan, method = loop.split_recipe({**RECIPE, "steps": 6, "learning_rate": 0.01}, 3)
    seen: dict[int, dict[str, float]] = {}
    modes: list[bool] = []

    def score(model: vlm.FasVlm) -> dict[str, float]:
        return predict.score(model, processor, FACES, lambda row: picture(int(row.crop)), PROMPT, batch=4)

    def look(step: int, model: vlm.FasVlm) -> None:
        modes.append(model.training)
        seen[step] = score(model)

    watch = [trace.Watch(steps, look)] if steps else []
    model, _ = dual.train(
        base, processor, rows(), lambda row: picture(int(row.crop)), plan=plan, work=work, callbacks=watch, **method
    )
    return score(model), seen, modes


def test_a_training_that_is_looked_at_is_the_same_and_ends_with_its_last_look(
    checkpoint: Path, picture: Callable[[int], Image.Image], tmp_path: Path
) -> None:
    alone, none, _ = train(checkpoint, picture, tmp_path, [])
    watched, seen, modes = train(checkpoint, picture, tmp_path, snapshots.steps(6, 3))
    assert none == {}
    assert list(seen) == [2, 4, 6]
    assert watched == alone == seen[6]
    assert seen[2] != seen[4] != seen[6]
    assert modes == [False] * 3


def test_the_model_is_back_in_training_even_after_a_look_that_failed(checkpoint: Path, tmp_path: Path) -> None:
    def fail(step: int, model: vlm.FasVlm) -> None:
        raise RuntimeError("no disk")

    base, _ = backbones.load(str(checkpoint))
    model = vlm.create(base, site="vision", rank=2, alpha=2, lora_vision=True, train_embeddings=False, seed=1).train()
    arguments = loop.arguments(tmp_path, loop.split_recipe(RECIPE, 1)[0])
    with pytest.raises(RuntimeError, match="no disk"):
        trace.Watch([2], fail).on_step_end(arguments, TrainerState(global_step=2), TrainerControl(), model=model)
    assert model.training


@given(st.integers(1, 400), st.data())
def test_looks_are_even_each_at_another_step_and_the_last_at_the_end(total: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, total))
    found = snapshots.steps(total, count)
    gaps = {after - before for before, after in zip([0, *found], found, strict=False)}
    assert len(set(found)) == count
    assert found[-1] == total
    assert max(gaps) - min(gaps) <= 1


@pytest.mark.parametrize(("total", "count"), [(10, 0), (10, 11), (10, -1)])
def test_a_number_of_looks_that_cannot_be_is_named(total: int, count: int) -> None:
    with pytest.raises(ValueError, match=rf"trace.looks: {count} looks at 10 training steps; give 1 to 10"):
        snapshots.steps(total, count)


def test_a_look_is_named_by_its_step_and_read_back() -> None:
    assert snapshots.name("label_only", 30) == "label_only@step30"
    assert snapshots.parse("label_only@step30") == ("label_only", 30)
    for other in ("label_only", "label_only@0.001", "label_only@step", "@step3"):
        with pytest.raises(ValueError, match="is not named as a look"):
            snapshots.parse(other)
