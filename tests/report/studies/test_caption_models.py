"""Notebooks on caption models: the entries that an option names, in its order, and what to type for those that are missing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from IPython.display import Image

from fasrepro import config
from fasrepro.report.notebook import Study
from fasrepro.report.studies import caption_models
from tests.report.pages.test_caption_model import MODELS
from tests.report.samples import metrics


def study(*models: str) -> Study:
    entry = config.Ablation("paper2/rewards", options={"models": list(models)})
    material: Any = SimpleNamespace(caption_models=MODELS)
    return Study("rewards", entry, material, metrics(), [], [])


def test_a_row_is_a_model_and_a_part_of_people_in_the_order_of_the_option() -> None:
    text = caption_models.table(study("grpo", "sft"), "auc").data
    assert "<th>AUC of the log-odds</th>" in text
    assert text.index("<td>grpo</td><td>D_cap</td><td>2</td><td>0.800 [0.750, 0.850]</td>") < text.index("<td>sft</td>")
    assert "rl_random" not in text


def test_models_that_are_not_trained_are_named_with_what_to_type() -> None:
    assert "Not trained: rl_lenient." in caption_models.missing(study("sft", "rl_lenient")).data
    assert caption_models.missing(study("sft")).data == ""


def test_only_trainings_by_rewards_have_curves() -> None:
    assert isinstance(caption_models.curve_figure(study("sft", "grpo")), Image)
    assert caption_models.curve_figure(study("sft")).data == ""
