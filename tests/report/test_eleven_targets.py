"""Whose figures of paper 2 are shown: this machine's first, then the record of its own profile, then any other."""

from __future__ import annotations

import dataclasses

import pytest

from fasrepro.evaluation.results import Metrics
from fasrepro.report import eleven_targets, recorded
from tests.report import groups
from tests.report.pages.test_caption_model import MODELS, NONE
from tests.report.samples import cell_metrics, difference, metrics, settings

PLACE = {"protocol": "two_to_eleven", "target": "casia", "cell": "two_to_eleven/casia"}
OF_ELEVEN = metrics(
    dataclasses.replace(difference("oci_m", -0.2, -0.1, run="cepl", baseline="label_two_stage"), **PLACE),
    cells=[dataclasses.replace(cell_metrics("oci_m", "cepl"), **PLACE)],
)
OF_PAPER_1 = metrics(cells=[cell_metrics("oci_m", "vanilla")], of=settings(min_seeds=9))


def run(profile: str, figures: Metrics, **more: object) -> recorded.Run:
    return recorded.Run(profile, "1", "a", 0.9, None, 0, {}, {}, {}, figures, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("figures", "models"), [(OF_ELEVEN, NONE), (OF_PAPER_1, MODELS)])
def test_this_machines_figures_come_first(figures: Metrics, models: object) -> None:
    shown = eleven_targets.results(figures, models, [run("one_to_eleven", OF_ELEVEN)])  # type: ignore[arg-type]
    assert (shown.source, shown.metrics) == ("this machine", figures)


def test_the_record_of_the_profile_stands_in_and_says_so() -> None:
    runs = [run("another", OF_ELEVEN), run("one_to_eleven", OF_ELEVEN, caption_models=MODELS), run("study", OF_PAPER_1)]
    shown = eleven_targets.results(OF_PAPER_1, NONE, runs)
    assert shown.source == "a recorded run, profile one_to_eleven of version 1"
    assert [row.recorded for row in shown.metrics.paired] == [shown.source]
    assert [cell.run for cell in shown.cells] == ["cepl"]
    assert shown.caption_models == MODELS
    assert shown.metrics.settings.ledger.min_seeds == 9  # the rule is this machine's


def test_without_any_record_there_are_no_cells() -> None:
    shown = eleven_targets.results(OF_PAPER_1, NONE, [run("study", OF_PAPER_1)])
    assert (shown.source, shown.cells) == ("this machine", [])


def test_figures_by_group_come_from_the_first_that_has_any_of_paper_2() -> None:
    of_paper_1 = groups.fairness()
    entry = dataclasses.replace(groups.run_groups("cepl"), protocols=["two_to_eleven"])
    both = dataclasses.replace(of_paper_1, runs={**of_paper_1.runs, "x": entry})
    records = [run("another", OF_ELEVEN), run("one_to_eleven", OF_ELEVEN, fairness=both)]
    shown, source = eleven_targets.fairness(of_paper_1, records)
    assert (list(shown.runs), shown.changes) == (["x"], [])
    assert source == "a recorded run, profile one_to_eleven of version 1"
    assert eleven_targets.fairness(both, records)[1] == eleven_targets.OWN
    assert eleven_targets.fairness(of_paper_1, []) == (groups.NONE, eleven_targets.OWN)
