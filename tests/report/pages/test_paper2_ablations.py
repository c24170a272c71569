"""The pages of paper 2's ablations: pairs from the source that has most of them, losses, and a notice where nothing was run."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from fasrepro import config
from fasrepro.evaluation.results.metrics import MeanDifference
from fasrepro.evaluation.results.training_losses import PhaseLosses, RunLosses, TrainingLosses
from fasrepro.report import claims, published
from fasrepro.report.pages import paper2_ablations as page
from tests.layout import ROOT
from tests.report.conftest import cells
from tests.report.pages.test_caption_model import NONE
from tests.report.samples import material, mean_difference, metrics
from tests.report.test_eleven_targets import OF_ELEVEN, run

NO_LOSSES = TrainingLosses({})
FALLING = {0: [PhaseLosses("describe", 4, {"caption": [2.0, 1.0]}), PhaseLosses("joint", 4, {"caption": [1.5], "answer": [0.7]})]}
LOSSES = TrainingLosses({"two_to_eleven-cepl": RunLosses("two_to_eleven", "cepl", FALLING)})


def mean(pair: tuple[str, str], low: float, high: float) -> MeanDifference:
    place = {"protocols": ["two_to_eleven"] * 2, "targets": ["msu", "replay"], "cells": ["a", "b"], "training_sets": 1}
    return dataclasses.replace(mean_difference(["oci_m", "ocm_i"], low, high, run=pair[0], baseline=pair[1]), **place)


FEW = dataclasses.replace(OF_ELEVEN, means=[mean(("single_stage_long", "cepl"), 0.1, 0.2)])
MORE = dataclasses.replace(OF_ELEVEN, means=[*FEW.means, mean(("cepl", "cepl_reset_none"), -0.3, -0.2)])


def rendered(folder: Path, render: Any, recorded: list[Any], losses: TrainingLosses = NO_LOSSES) -> dict[str, str]:
    absent = {"grounding": None, "gold_report": None, "pair_gains": None}
    inputs = {"metrics": metrics(), "caption_models": NONE, "caption_detectors": metrics(), "training_losses": losses, **absent}
    return render(material(folder, "single_stage", published=published.load(), recorded=recorded, **inputs))


def test_the_source_with_most_comparisons_is_shown_with_its_name(tmp_path: Path) -> None:
    runs = [run("one_to_eleven", FEW), run("paper2_ablations", MORE)]
    fragments = rendered(tmp_path, page.render_stages, runs)
    assert fragments["source"].startswith(
        "Figures are those of a recorded run, profile paper2_ablations of version 1. 7 of its 9"
    )
    rows = cells(fragments["table"])[1:]
    assert [row[1] for row in rows] == ["cepl − single_stage_long", "cepl − cepl_reset_none"]
    assert rows[0][5:8] == ["0.300", "0.450", "-0.150 [-0.200, -0.100]"]
    assert (tmp_path / "figures" / "differences.png").is_file()


def test_losses_are_drawn_where_they_are_kept(tmp_path: Path) -> None:
    kept = run("one_to_eleven", FEW, training_losses=LOSSES)
    assert "losses.png" in rendered(tmp_path, page.render_stages, [kept])["figure_losses"]
    assert rendered(tmp_path, page.render_stages, [run("one_to_eleven", FEW)])["figure_losses"] == page.NO_LOSSES


def test_without_runs_the_answer_alone_says_what_to_type(tmp_path: Path) -> None:
    for render in (page.render_scale, page.render_tags):
        fragments = rendered(tmp_path, render, [])
        assert [name for name, text in fragments.items() if "make reproduce PROFILE=paper2_ablations" in text] == ["answer"]
        assert fragments.keys() == rendered(tmp_path, render, [run("one_to_eleven", OF_ELEVEN)]).keys()


def test_every_pair_is_trained_by_the_profile_and_every_claim_exists() -> None:
    """A pair that no claim compares is not in the ledger, but its runs are."""
    runs = config.load("runs", path=ROOT / "params.yaml").runs
    for comparison in (page.STAGES, page.SCALE, page.TAGS):
        assert {name for pair in comparison.pairs for name in pair} <= runs.keys()
        assert set(comparison.claims) <= {claim.id for claim in claims.CLAIMS}
    profile = config.read_yaml(ROOT / "profiles" / "paper2_ablations.yaml")
    trained = {name for experiment in profile["experiments"].values() for name in experiment["runs"]}
    compared = {name for one in (page.STAGES, page.SCALE, page.TAGS) for pair in one.pairs for name in pair}
    assert compared <= trained
