"""The ledger on caption models: variances by hand, the gate before every test, and what is said of one seed."""

from __future__ import annotations

import dataclasses

import pytest

from fasrepro.evaluation.results import Counts, Figure, Metrics
from fasrepro.evaluation.results.caption_models import CaptionModel, CaptionModels, PartFigures
from fasrepro.report import published
from fasrepro.report.claims import caption_models, ledger, paper2, verdicts
from fasrepro.report.claims.rows import Evidence, LedgerRow
from tests.report.pages.test_caption_model import SETTINGS
from tests.report.samples import figure, mean_difference, metrics

Z = 1.959964  # of a 95 % interval
FIGURES = ("parse_rate", "accuracy", "accuracy_all", "auc", "precision", "recall")


def part(value: float | None, error: float) -> PartFigures:
    """Return figures that all have one value, with the interval of a standard error; of 40 people."""
    return PartFigures(Counts(30, 30, 40), {name: figure(value, Z * error) for name in FIGURES}, [])


def model(entry: str, seed: int, value: float | None, error: float = 0.01, missed: list[str] | None = None) -> CaptionModel:
    return CaptionModel(entry, seed, "", {"C": part(value, error)}, missed, [], [], 0)


def rows(*models: CaptionModel, claim: str = "P2-3", source: str = "") -> list[LedgerRow]:
    given = CaptionModels({f"{one.entry}-{one.seed}": one for one in models}, SETTINGS)
    evidence = Evidence(metrics(), None, published.load(), verdicts.SYNTHETIC, [], given, source)
    return [row for row in ledger.rows(evidence, paper2.CLAIMS) if row.claim.id == claim]


def pairs_of(gains: list[float], missed: list[str] | None = None) -> list[CaptionModel]:
    """Return a supervised and a rewarded model for each gain."""
    supervised = [model("sft", seed, 0.7, missed=missed) for seed in range(len(gains))]
    return supervised + [model("grpo", seed, 0.7 + gain) for seed, gain in enumerate(gains)]


def test_variances_over_people_and_seeds_add_up() -> None:
    """Of people .03^2 + .04^2 = .05^2, shared by both seeds; of gains .1 and .2 a variance of .005, halved."""
    pairs = [(part(value, 0.03), part(0.7, 0.04)) for value in (0.8, 0.9)]
    result = caption_models.difference(pairs, "auc", 0.95)
    assert result is not None
    assert result.value == pytest.approx(0.15)
    assert [(one.kind, one.degrees) for one in result.components] == [("people", 39), ("trainings", 1)]
    assert [one.variance for one in result.components] == pytest.approx([0.0025, 0.0025])


def test_one_seed_shows_its_interval_and_decides_nothing() -> None:
    first, *parts = rows(*pairs_of([0.2]))
    assert first.verdict == "undecided"
    assert first.difference.value == pytest.approx(0.2)
    assert first.difference.low == pytest.approx(0.2 - 2.0227 * 0.02**0.5 / 10, abs=1e-4)  # t with 39 degrees of freedom
    assert first.basis.endswith("1 seed; too few seeds or subjects")
    assert [(row.metric, row.verdict) for row in parts] == [("parse_rate", "interval only"), ("accuracy", "interval only")]


def test_five_seeds_decide() -> None:
    assert rows(*pairs_of([0.2, 0.21, 0.19, 0.2, 0.22]))[0].verdict == "mechanism seen"
    assert rows(*pairs_of([-0.2, -0.21, -0.19, -0.2, -0.22]))[0].verdict == "opposite seen"


def test_a_missed_gate_comes_before_every_test() -> None:
    (row, *_) = rows(*pairs_of([0.2, 0.21, 0.19, 0.2, 0.22], missed=["AUC: 0.7"]))
    assert (row.verdict, row.tested) == ("instrument too weak", None)
    assert row.basis.endswith("the supervised model misses the gate")


def test_seeds_that_only_one_of_two_has_are_not_compared() -> None:
    (row,) = rows(model("sft", 0, 0.7), model("grpo", 1, 0.9))
    assert (row.verdict, row.cells) == ("not run", ())
    assert row.basis.startswith("no caption models grpo and sft with a seed in common; make reproduce PROFILE=one_to_eleven")


def test_a_figure_that_is_not_defined_decides_nothing() -> None:
    (row, *_) = rows(model("sft", 0, None), model("grpo", 0, 0.9))
    assert (row.difference, row.verdict) == (Figure(None, None, None), "undecided")
    assert "not defined" in row.basis


def test_a_further_pair_of_runs_follows_and_decides_nothing() -> None:
    shifted = dataclasses.replace(model("sft_shifted", 0, 0.7))
    alone = rows(shifted, model("grpo", 0, 0.8), claim="X-4")
    both = rows(shifted, model("grpo", 0, 0.8), model("sft_pool", 0, 0.75), claim="X-4", source="a recorded run")
    assert [row.claim.baseline for row in alone] == ["sft_shifted"]
    assert [row.claim.baseline for row in both] == ["sft_shifted", "sft_pool"]
    assert ledger.deciding_row(both) is both[0]
    assert "a recorded run" in both[1].basis


def on_targets(*models: CaptionModel, **given: Metrics | None) -> list[LedgerRow]:
    """Return the rows of X-1, which five seeds of one training set decide."""
    known = CaptionModels({f"{one.entry}-{one.seed}": one for one in models}, SETTINGS)
    evidence = Evidence(metrics(), None, published.load(), verdicts.SYNTHETIC, [], known, **given)
    return [row for row in ledger.rows(evidence, paper2.CLAIMS) if row.claim.id == "X-1"]


def worse_detectors() -> Metrics:
    """Return figures in which reinforcement learning raises the error on two targets by .2."""
    mean = mean_difference(["oci_m", "ocm_i"], 0.19, 0.21, run="grpo", baseline="sft", seeds=5)
    place = {"protocols": ["two_to_eleven"] * 2, "targets": ["msu", "replay"], "cells": ["a", "b"], "training_sets": 1}
    return metrics(dataclasses.replace(mean, **place))


def test_as_detectors_they_are_compared_by_figures_of_their_own() -> None:
    (row,) = on_targets(model("sft", 0, 0.7, missed=[]), caption_detectors=worse_detectors())
    assert (row.metric, row.difference.value, row.is_mean) == ("hter_dev", pytest.approx(0.2), True)
    assert row.verdict == "mechanism seen"  # the claim is that it does worse


def test_as_detectors_too_a_missed_gate_comes_before_every_test() -> None:
    (row,) = on_targets(model("sft", 0, 0.7, missed=["AUC: 0.7"]), caption_detectors=worse_detectors())
    assert (row.verdict, row.tested) == ("instrument too weak", None)
    assert row.basis.endswith("the supervised model misses the gate")


@pytest.mark.parametrize("given", [None, metrics()])
def test_without_detectors_the_row_says_what_makes_them(given: Metrics | None) -> None:
    (row,) = on_targets(caption_detectors=given)
    assert row.verdict == "not run"
    assert row.basis == "no results of grpo and sft on its 11 targets; make reproduce PROFILE=one_to_eleven makes them"
