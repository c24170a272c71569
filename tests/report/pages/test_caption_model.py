"""The page on caption models: means over seeds, the gate in words, and a notice where nothing was trained."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from fasrepro.evaluation.caption_models import TITLES
from fasrepro.evaluation.results import Counts, Metrics
from fasrepro.evaluation.results.caption_models import (
    CaptionModel,
    CaptionModels,
    CaptionModelSettings,
    Gate,
    PartFigures,
    ShownText,
)
from fasrepro.report import markdown
from fasrepro.report.pages import caption_model as page
from tests.report.samples import cell_metrics, figure, metrics

SETTINGS = CaptionModelSettings(["D_cap", "C"], 8, 2, 0.7, 9, ["sft"], Gate(0.9, 0.8, 0.9, 0.9, 0.3))


def model(entry: str, seed: int, value: float, **changed: object) -> CaptionModel:
    figures = {name: figure(value, 0.1) for name in TITLES}
    parts = {part: PartFigures(Counts(4, 4, 4), figures, [0.25, 0.25, 0.5]) for part in SETTINGS.parts}
    start = "" if entry == "sft" else f"sft-{seed}"
    return dataclasses.replace(CaptionModel(entry, seed, start, parts, [], [], [], 0), **changed)


STEPS = [{"step": number, "reward": 0.5, "reward/accuracy": 0.25, "kl": 0.01 * number} for number in (1, 2)]
TEXTS = [ShownText(step, "wfas/1#0004", f"<Caption>After {step}</Caption>") for step in (0, 1, 2)]
MODELS = CaptionModels(
    {
        "grpo-0": model("grpo", 0, 0.75, steps=STEPS, texts=TEXTS),
        "grpo-1": model("grpo", 1, 0.85, steps=STEPS, texts=TEXTS),
        "rl_random-0": model("rl_random", 0, 0.5, steps=[{**row, "reward/random": 0.5} for row in STEPS]),
        "sft-0": model("sft", 0, 0.7, missed=["AUC of the conclusion's log-odds: 0.70, asked is at least 0.90"]),
        "sft-1": model("sft", 1, 0.8),
    },
    SETTINGS,
)
NONE = CaptionModels({}, SETTINGS)
DETECTORS = metrics(
    cells=[cell_metrics(cell, run, value) for cell in ("ocm_i", "icm_o") for run, value in (("sft", 0.3), ("grpo", 0.4))]
)


def render(
    tmp_path: Path, models: CaptionModels, recorded: list[object] | None = None, detectors: Metrics | None = None
) -> dict[str, str]:
    def draw(name: str, draw: object, caption: str) -> str:
        draw(tmp_path / f"{name}.png")  # type: ignore[operator]
        return f"{name}.png: {caption}"

    inputs = {"caption_models": models, "caption_detectors": detectors or metrics(), "recorded": recorded or [], "draw": draw}
    return page.render(SimpleNamespace(**inputs))  # type: ignore[arg-type]


def test_of_several_seeds_the_mean_and_the_range_are_shown(tmp_path: Path) -> None:
    fragments = render(tmp_path, MODELS)
    assert "their balanced accuracy from 0.750 to 0.800" in fragments["answer"]
    assert "instrument is too weak" in fragments["answer"]
    rows = [line.split(" | ") for line in fragments["table"].splitlines()[2:]]
    assert [row[0].strip("| ") for row in rows] == ["sft", "sft", "grpo", "grpo", "rl&#95;random", "rl&#95;random"]
    assert rows[2][1:4] == ["D&#95;cap", "2", "0.800 &#91;0.750,&nbsp;0.850&#93;"]
    assert rows[4][3] == "0.500 &#91;0.400,&nbsp;0.600&#93;"  # one seed: its interval over people


def test_the_gate_is_told_in_words(tmp_path: Path) -> None:
    first, second = render(tmp_path, MODELS)["gate"].splitlines()[2:]
    assert "instrument too weak" in first and "asked is at least 0.90" in first
    assert "passed" in second


def test_texts_are_those_before_and_after(tmp_path: Path) -> None:
    rows = render(tmp_path, MODELS)["texts"].splitlines()[2:]
    assert len(rows) == 2
    assert "&lt;Caption&gt;After 0" in rows[0] and "After 2" in rows[1]


def test_curves_and_bars_are_drawn(tmp_path: Path) -> None:
    render(tmp_path, MODELS)
    assert {path.name for path in tmp_path.glob("*.png")} == {"curves.png", "successes.png"}
    assert all(Image.open(path).size[0] > 500 for path in tmp_path.glob("*.png"))
    assert list(page.panels(page.by_entry(MODELS))) == ["reward/accuracy", "reward/random", "reward", "kl"]


RUN_WITHOUT = SimpleNamespace(profile="study", caption_models=None, caption_detectors=None)
EMPTY_RUN = SimpleNamespace(profile="study", caption_models=NONE, caption_detectors=None)


@pytest.mark.parametrize("recorded", [[], [RUN_WITHOUT], [EMPTY_RUN]])
def test_without_caption_models_the_answer_alone_says_so(tmp_path: Path, recorded: list[object]) -> None:
    fragments = render(tmp_path, NONE, recorded)
    assert fragments.keys() == render(tmp_path, MODELS).keys()
    assert [name for name, text in fragments.items() if "No caption model has been trained" in text] == ["answer"]


def test_a_recorded_run_stands_in_for_a_machine_without_caption_models(tmp_path: Path) -> None:
    names = {"caption_models": MODELS, "caption_detectors": DETECTORS}
    record = SimpleNamespace(profile="one_to_eleven", source="one_to_eleven of version 1", **names)
    other = SimpleNamespace(profile="another", source="another of version 1", **names)
    fragments = render(tmp_path, NONE, [RUN_WITHOUT, other, record])
    assert fragments["detectors"].endswith("Figures are those of a recorded run, profile one_to_eleven of version 1.\n")
    assert fragments["source"] == "Figures are those of the recorded run of profile one_to_eleven of version 1.\n"
    assert render(tmp_path, MODELS, [record])["source"] == "Figures are those of this machine.\n"


def test_as_detectors_they_have_a_mean_over_targets_and_a_row_a_target(tmp_path: Path) -> None:
    fragments = render(tmp_path, MODELS, detectors=DETECTORS)
    means = [[part.strip() for part in line.split("|")[1:]] for line in fragments["detectors"].splitlines()[2:4]]
    assert {(row[1], row[2], row[4]) for row in means} == {("sft", "1", "0.300"), ("grpo", "1", "0.400")}
    assert "Figures are those of this machine." in fragments["detectors"]
    assert len(fragments["detectors_by_target"].splitlines()) == 2 + 4
    assert render(tmp_path, MODELS)["detectors"] == markdown.NOTHING
