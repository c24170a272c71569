"""The stage `training_losses`: each phase of a checkpoint with its steps, in the order of the recipe."""

from __future__ import annotations

from fasrepro.evaluation.results.training_losses import PhaseLosses
from fasrepro.stages import training_losses


def test_phases_come_in_the_order_of_the_recipe() -> None:
    provenance = {
        "recipe": {"phases": [{"name": "describe", "steps": 4}, {"name": "joint", "steps": 2}]},
        "losses": {"joint": {"answer": [0.7]}, "describe": {"caption": [2.0, 1.0]}},
    }
    assert training_losses.phases(provenance) == [
        PhaseLosses("describe", 4, {"caption": [2.0, 1.0]}),
        PhaseLosses("joint", 2, {"answer": [0.7]}),
    ]
