"""The page of paper 2's results: means of targets by hand, the oracle beside, and a notice where nothing was run."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from fasrepro import config
from fasrepro.evaluation.results import Figure
from fasrepro.evaluation.results.metrics import CellMetrics
from fasrepro.report import published, recipe_trials
from fasrepro.report.pages import one_to_eleven as page
from tests.layout import ROOT
from tests.report.conftest import cells
from tests.report.pages.test_caption_model import NONE
from tests.report.samples import cell_metrics, material, metrics


def cell(run: str, target: str, hter: float, apcer: dict[str, float]) -> CellMetrics:
    """Return a cell of the two sources whose HTER and APCER by species are given."""
    one = cell_metrics("oci_m", run)
    figures = {
        **one.mean.units.figures,
        "hter_dev": Figure(hter, hter - 0.1, hter + 0.1),
        "oracle_hter": Figure(0.05, None, None),
    }
    video = dataclasses.replace(
        one.mean.units, figures=figures, apcer={name: Figure(rate, 0.0, 1.0) for name, rate in apcer.items()}
    )
    place = {"protocol": "two_to_eleven", "target": target, "cell": f"two_to_eleven/{target}"}
    return dataclasses.replace(one, mean=dataclasses.replace(one.mean, video=video), **place)


CELLS = [
    cell("cepl", "casia", 0.2, {"cut_photo": 0.1, "replay_video": 0.5}),
    cell("cepl", "msu", 0.4, {"replay_video": 0.7}),
    cell("label_two_stage", "casia", 0.3, {"cut_photo": 0.3, "replay_video": 0.1}),
]


TRIALS = recipe_trials.Log(
    "Dev decided.",
    [
        recipe_trials.Trial("all weights", [450, 450], 0.00025, {"celeba_spoof": 0.7, "wfas": 0.6}),
        recipe_trials.Trial("adapters", [900, 450], 0.0005, {"celeba_spoof": 0.9, "wfas": 0.8}),
    ],
)


def render(folder: Path, *given: CellMetrics) -> dict[str, str]:
    inputs = {
        "metrics": metrics(cells=given),
        "caption_models": NONE,
        "caption_detectors": metrics(),
        "recorded": [],
        "grounding": None,
        "recipe_trials": TRIALS,
    }
    runs = {"runs": {"label_two_stage": {}, "cepl": {}}}
    return page.render(material(folder, "one_to_eleven", published=published.load(), params=runs, **inputs))


def test_each_target_weighs_the_same_in_the_mean() -> None:
    rows = cells(page.mean_table(CELLS))[1:]
    assert [row[:5] for row in rows] == [
        ["two_to_eleven", "cepl", "2", "1", "0.300"],
        ["two_to_eleven", "label_two_stage", "1", "1", "0.300"],
    ]
    assert rows[0][6] == "0.050"


def test_a_target_has_its_interval_and_the_oracle_beside_it() -> None:
    row = cells(page.target_table(CELLS))[1]
    assert row[1:3] == ["CASIA-FASD", "cepl"]
    assert row[5] == "0.200 [0.100, 0.300]" and row[7] == "0.050"


def test_a_type_is_averaged_over_the_targets_that_have_it() -> None:
    rows = {row[0]: row[1:] for row in cells(page.species_table(CELLS))[1:]}
    assert rows == {"cut photo": ["1", "0.100", "0.300"], "replay video": ["2", "0.600", "0.100"]}


def test_the_page_names_whose_figures_it_shows(tmp_path: Path) -> None:
    fragments = render(tmp_path, *CELLS)
    assert fragments["source"] == "Figures are those of this machine.\n"
    assert "P2-1: *not run*" in fragments["answer"]
    assert (tmp_path / "figures" / "hter.png").is_file()


def test_without_runs_the_answer_alone_says_what_to_type(tmp_path: Path) -> None:
    fragments = render(tmp_path)
    assert [name for name, text in fragments.items() if "make reproduce PROFILE=one_to_eleven" in text] == ["answer"]
    assert {text.strip() for name, text in fragments.items() if name not in ("answer", "trials")} == {"–"}
    assert fragments.keys() == render(tmp_path, *CELLS).keys()


def test_the_trials_of_the_recipe_stand_on_the_page_whether_anything_was_run_or_not(tmp_path: Path) -> None:
    text = render(tmp_path)["trials"]
    assert text.startswith("Dev decided.")
    assert cells(text.split("\n\n", 1)[1])[1:] == [
        ["1", "all weights", "450 + 450", "0.00025", "0.700", "0.600", "0.650"],
        ["2", "adapters", "900 + 450", "0.0005", "0.900", "0.800", "0.850"],
    ]


def test_the_trials_are_of_the_recipe_that_is_trained_and_a_broken_log_names_its_entry(tmp_path: Path) -> None:
    params = config.load("training", "runs", path=ROOT / "params.yaml")
    recipe = config.resolved_recipe(params.training, params.runs, "label_two_stage")
    assert [phase.steps for phase in recipe.phases] in [trial.steps for trial in recipe_trials.load().trials]
    broken = tmp_path / "trials.yaml"
    broken.write_text("decided: x\ntrials: [{trained: 1}]\n", encoding="utf-8")
    with pytest.raises(config.ConfigError, match=r"trials\[0\]"):
        recipe_trials.load(broken)
