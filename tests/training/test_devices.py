"""A step divided among processes, and into passes, is the same step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from fasrepro.training import devices
from tests.training.processes import contents, curves, train_together
from tests.training.small_runs import QUESTION, steps

# Relative, of a loss after up to eight steps: sums in another order are rounded otherwise. 3e-6 was seen.
TOLERANCE = 1e-4
RECIPES: dict[str, dict[str, Any]] = {
    # Steps of 4 and of 2 rows, with captions of several lengths.
    "captions": steps(8),
    # Adapters of the language model have no gradient, on any device, and must not decay.
    "label_only": {"captions": {}, "weight_decay": 0.1, "phases": [{"name": "joint", "losses": {"head": 0.7}, "steps": 8}]},
    # Steps of 5 rows and of 1, for which the second process has no row.
    "in_turn": {
        "answer_prompt": QUESTION,
        "batch_size": 5,
        "phases": [{"name": "joint", "losses": {"caption": 1.0, "answer": 0.5, "head": 0.2}, "row_tasks": "in_turn", "steps": 8}],
    },
}
PASSES = {name: {**recipe, "memory": {"rows": 2}} for name, recipe in RECIPES.items()}


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return {name: value for path in sorted(folder.glob("*.safetensors")) for name, value in load_file(path).items()}


def test_two_processes_and_passes_of_two_rows_train_as_one_process_does(checkpoint: Path, tmp_path: Path) -> None:
    """Three groups of trainings: whole steps in one process, passes of two rows in one, and two processes with passes."""
    groups = {"whole": (RECIPES, 1), "passes": (PASSES, 1), "two": (PASSES, 2)}
    for group, (recipes, count) in groups.items():
        assert train_together(checkpoint, tmp_path / group, recipes, count) == [0] * count
    assert not list((tmp_path / "two/process1").rglob("*.safetensors"))  # the first process writes
    for name in RECIPES:
        whole = tmp_path / "whole/process0" / name
        for group in ("passes", "two"):
            divided = tmp_path / group / "process0" / name
            assert contents(divided).keys() == contents(whole).keys()
            expected = curves(whole)
            assert curves(divided).keys() == expected.keys()
            for loss, curve in curves(divided).items():
                assert curve == pytest.approx(expected[loss], rel=TOLERANCE), (name, group, loss)
            for weight, value in weights(divided).items():
                assert float((value - weights(whole)[weight]).abs().mean()) < 2e-4, (name, group, weight)


def test_gradients_are_added_up_in_parts_of_a_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "BUCKET", 10)
    sizes = [4, 4, 4, 20, 1]
    buckets = devices._buckets([torch.zeros(size) for size in sizes])
    assert [[len(tensor) for tensor in bucket] for bucket in buckets] == [[4, 4], [4], [20], [1]]


def test_a_model_divided_among_devices_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(ValueError, match="FSDP is not supported: each process holds the whole model"):
        devices.join()


def test_workers_are_asked_for_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASREPRO_WORKERS", "3")
    assert devices.workers() == 3
    monkeypatch.setenv("FASREPRO_WORKERS", "many")
    with pytest.raises(ValueError, match="FASREPRO_WORKERS=many: give a whole number, 0 for none"):
        devices.workers()
