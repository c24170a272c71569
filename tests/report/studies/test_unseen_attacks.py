"""Unseen attacks by protocol: gains of the study's own two runs, and what to do if unseen.json compares others."""

from __future__ import annotations

import pytest

from fasrepro import config
from fasrepro.evaluation.results import Unseen
from fasrepro.report.notebook import Study
from fasrepro.report.studies import unseen_attacks
from tests.report.pages.test_unseen import results
from tests.report.samples import cell_metrics, material, metrics


def study(unseen: Unseen, *runs: str) -> Study:
    entry = config.Ablation("paper1/unseen_attacks", baseline="vanilla")
    cells = [cell_metrics(cell, run) for cell in ("oci_w", "omi_w") for run in runs]
    return Study("mine", entry, material(unseen=unseen), metrics(), cells, list(runs))


def test_gains_are_shown_for_the_cells_that_have_them() -> None:
    given = study(results("oci_w"), "vanilla", "reasoning")
    assert [name for name, _, _ in unseen_attacks.gains_of(given)] == ["oci_w"]
    table = unseen_attacks.line_table(given).data
    assert "<td>oci_w</td><td>APCER</td><td>+1.500 [+0.500, +2.500]</td>" in table
    species = unseen_attacks.species_table(given).data
    assert species.index("<td>print</td>") < species.index("<td>silicone mask</td>")
    assert unseen_attacks.notice(given) == ""


def test_gains_of_other_runs_are_not_shown() -> None:
    given = study(Unseen("prose", "vanilla", results("oci_w").targets), "vanilla", "reasoning")
    assert not list(unseen_attacks.gains_of(given))
    assert "results/unseen.json compares &#x27;prose&#x27; with" in unseen_attacks.line_table(given).data
    nowhere = study(Unseen("reasoning", "vanilla", {}), "vanilla", "reasoning")
    assert "has no gains on these protocols" in unseen_attacks.line_table(nowhere).data


def test_a_study_needs_exactly_one_run_besides_its_baseline() -> None:
    with pytest.raises(
        config.ConfigError, match=r"ablations\.mine: needs one run besides its baseline, and has label_only, reasoning"
    ):
        unseen_attacks.compared(study(results("oci_w"), "label_only", "vanilla", "reasoning"))
