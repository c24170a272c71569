"""A training that is killed goes on to the same bytes."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModelForImageTextToText, AutoProcessor

from fasrepro.training import unfinished
from fasrepro.training.unfinished import Saves
from tests.training.processes import contents, train_alone

ADAPTERS_ALONE = {
    "sampling": "balanced",
    "weight_decay": 0.01,
    "phases": [
        {"name": "joint", "train": ["lora_language", "lora_vision", "head"], "losses": {"head": 0.7, "caption": 0.3}, "steps": 9}
    ],
}
WHOLE = {
    "phases": [
        {
            "name": "joint",
            "train": ["projector", "language", "embeddings", "head"],
            "losses": {"head": 1.0, "caption": 1.0},
            "steps": 9,
        }
    ]
}
TWO_PHASES = {
    "phases": [
        {
            "name": "describe",
            "train": ["lora_language", "projector", "embeddings", "head"],
            "losses": {"head": 1.0, "caption": 1.0},
            "steps": 4,
        },
        {
            "name": "decide",
            "reset": ["projector"],
            "train": ["vision", "lora_language"],
            "losses": {"head": 0.7, "caption": 0.3},
            "steps": 5,
        },
    ]
}


@pytest.fixture(scope="module")
def tied(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small checkpoint with an output layer that is its token embeddings."""
    folder = tmp_path_factory.mktemp("tied")
    model = AutoModelForImageTextToText.from_pretrained(checkpoint, tie_word_embeddings=True)
    model.config.text_config.tie_word_embeddings = True
    model.tie_weights()
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    model.save_pretrained(folder)
    AutoProcessor.from_pretrained(checkpoint).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("recipe", "kills"),
    [
        (ADAPTERS_ALONE, [(9, 3), (9, 6), (9, 9)]),
        (WHOLE, [(9, 3), (9, 6), (9, 9)]),
        (TWO_PHASES, [(4, 3), (5, 2), (5, 5)]),
    ],
    ids=["adapters alone", "whole tied weights", "two phases of a tied model"],
)
def test_killed_at_each_third_it_ends_with_the_same_bytes(
    tied: Path, tmp_path: Path, recipe: dict[str, Any], kills: list[tuple[int, int]]
) -> None:
    status, steps = train_alone(tied, tmp_path / "whole", "model", recipe)
    assert (status, len(steps)) == (0, 9)
    taken = 0
    for kill in kills:
        status, steps = train_alone(tied, tmp_path / "killed", "model", recipe, kill)
        assert status == -signal.SIGKILL
        taken += len(steps)
    status, steps = train_alone(tied, tmp_path / "killed", "model", recipe)
    assert status == 0
    assert len(steps) < 9  # it did not begin anew
    assert taken + len(steps) < 2 * 9
    assert contents(tmp_path / "killed" / "model") == contents(tmp_path / "whole" / "model")


def test_what_else_determines_a_training_has_other_saves(tmp_path: Path) -> None:
    folder = unfinished.folder_of(tmp_path, {"steps": 3}, 1)
    assert folder == unfinished.folder_of(tmp_path, {"steps": 3}, 1)
    assert folder not in (unfinished.folder_of(tmp_path, {"steps": 4}, 1), unfinished.folder_of(tmp_path, {"steps": 3}, 2))


def test_a_save_that_cannot_be_read_is_named_and_half_of_one_is_none(tmp_path: Path) -> None:
    saves = Saves(tmp_path)
    (tmp_path / ".7.phase0-step4").mkdir()
    assert unfinished.latest(saves) is None
    for step in (8, 12):
        save = tmp_path / f"phase0-step{step}"
        save.mkdir()
        for name in (unfinished.TENSORS, unfinished.TRAINER_STATE):
            (save / name).write_text("no tensors")
    assert unfinished.latest(saves) == tmp_path / "phase0-step12"
    with pytest.raises(
        ValueError, match=r"phase0-step12/tensors.safetensors: .*; delete this folder, and the training starts again"
    ):
        unfinished.read(tmp_path / "phase0-step12", "weight")
