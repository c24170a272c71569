"""The page for reviewers: the record beside this machine's figures, and the command for each claim."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pytest

from fasrepro import config
from fasrepro.evaluation.results import Figure
from fasrepro.report import readme
from fasrepro.report.claims import paper1, paper2
from fasrepro.report.claims.claim import Claim
from fasrepro.report.comparison import Row
from fasrepro.report.pages import ledger, reviewers
from tests.layout import ROOT
from tests.report.conftest import cells

AGREES = Row("oci_m-vanilla-0", "msu", "hter_dev (head)", 0.25, 0.26, 0.15)
DIFFERS = dataclasses.replace(AGREES, name="vanilla, mean of 4", target="", here=0.35, tolerance=0.075)


def test_each_training_shows_the_expected_and_the_obtained_figure() -> None:
    table = cells(reviewers.trainings_table([AGREES, DIFFERS]))
    assert table[0] == ["training", "target", "figure", "expected", "obtained here", "tolerance", "agrees"]
    assert table[1] == ["oci_m-vanilla-0", "msu", "hter_dev (head)", "0.250", "0.260", "0.15", "yes"]
    assert table[2] == ["vanilla, mean of 4", "all", "hter_dev (head)", "0.250", "0.350", "0.075", "NO"]
    assert "1 of the 2 figures" in reviewers.answer([AGREES, DIFFERS])
    assert reviewers.answer([]) == reviewers.NO_RECORD


def compared(run: str, baseline: str) -> Claim:
    return dataclasses.replace(paper1.CLAIMS[0], run=run, baseline=baseline)


def test_the_command_is_that_of_the_profile_that_recorded_both_runs() -> None:
    def run(profile: str, sections: dict[str, str], *names: str) -> SimpleNamespace:
        experiment = config.Experiment(protocols=["oci_m"], runs=list(names), seeds=[0])
        return SimpleNamespace(profile=profile, sections_sha256=sections, experiments={"one": experiment})

    runs = [
        run("other", {"evaluation": "other"}, "vanilla", "prose"),  # with other params
        run("study", {"evaluation": "this"}, "vanilla", "reasoning"),
        run("controls", {"evaluation": "this"}, "vanilla", "prose"),
    ]
    material = SimpleNamespace(recorded=runs, sections={"evaluation": "this"}, runs=["vanilla", "reasoning", "prose", "blind"])
    assert reviewers.command(material, compared("reasoning", "vanilla")) == "make reproduce PROFILE=study"
    assert reviewers.command(material, compared("prose", "vanilla")) == "make reproduce PROFILE=controls"
    assert reviewers.command(material, compared("blind", "vanilla")) == reviewers.NOT_RECORDED
    assert (
        reviewers.command(material, compared("reasoning", "sampler")) == "make reproduce PROFILE=study"
    )  # nobody trains a sampler


def test_paper_2_is_made_by_its_own_profile() -> None:
    material = readme.material(ROOT)
    [two_stages] = [claim for claim in paper2.CLAIMS if claim.id == "P2-1"]
    assert reviewers.command(material, two_stages) == "make reproduce PROFILE=one_to_eleven"
    filled_in = dataclasses.replace(two_stages, id="P2-16", published=("another sentence",))
    assert reviewers.command(material, filled_in) == "make reproduce PROFILE=one_to_eleven"
    assert ledger.summary_row(ledger.ledger_rows(material), "P2-1").difference.value is not None
    own = ledger.summary_row(ledger.ledger_rows(material.own), "P2-1")
    assert own is None or own.difference.value is None  # this machine has trained none: nothing was obtained here


def test_a_claim_with_several_published_figures_has_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    claims = [
        SimpleNamespace(id="P1-2", run="reasoning", baseline="vanilla", figure=figure, groups=()) for figure in ("auc", "hter")
    ]
    monkeypatch.setattr(reviewers.ledger, "summary_row", lambda rows, claim: SimpleNamespace(difference=Figure(0.1, 0.0, 0.2)))
    monkeypatch.setattr(reviewers.rule, "compared", lambda row: "reasoning - vanilla")
    rows = [SimpleNamespace(claim=claim) for claim in claims]
    material = SimpleNamespace(recorded=[], sections={}, runs=["vanilla", "reasoning"])
    assert [row[0] for row in cells(reviewers.claims_table(material, rows, rows))] == ["claim", "P1-2"]
