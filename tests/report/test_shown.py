"""What pages show: the record's figures where params are the same, this machine's own where they differ or it has more."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from fasrepro import paths
from fasrepro.evaluation import results
from fasrepro.evaluation.results import Metrics, Unseen
from fasrepro.report import recorded, shown
from fasrepro.report.material import Material
from fasrepro.report.recorded import Run
from tests.report.samples import cell_metrics, difference, metrics, params, settings

SECTIONS = {"foundation": "same", "unseen": "same"}


def record(given: Metrics, **more: object) -> Run:
    return dataclasses.replace(Run("study", "9.9", "a", 0.9, 2.0, 0, SECTIONS, {}, {}, given), **more)


def given(value: float, *runs: str, seeds: tuple[int, ...] = (0,)) -> Metrics:
    rows = [difference("oci_m", value - 0.1, value + 0.1, run=run, baseline="vanilla") for run in runs if run != "vanilla"]
    return metrics(*rows, cells=[cell_metrics("oci_m", run, value, seeds) for run in runs])


STUDY = record(given(0.3, "vanilla", "reasoning", seeds=(0, 1, 2)))


def write(folder: Path, own: Metrics) -> None:
    recorded.write(STUDY, folder / paths.RECORDED / "study")
    results.write(folder / paths.METRICS, own, 6)


def material(folder: Path, **sections: str) -> Material:
    return Material(params(), root=folder, sections=SECTIONS | sections)


def test_figures_come_from_a_record_with_the_same_params(tmp_path: Path) -> None:
    write(tmp_path, given(0.4, "vanilla", "reasoning"))
    one = material(tmp_path)
    assert one.metrics.cells["oci_m-vanilla"].seeds == [0, 1, 2]
    assert one.own.metrics.cells["oci_m-vanilla"].seeds == [0]
    assert one.provenance == (
        "Figures and verdicts come from the recorded run of profile study of version 9.9 (3 seeds, 2.0 hours). The run in"
        " results/ agrees with it in 6 of 6 figures, within 0.15 for a training and 0.075 for a mean."
    )


def test_with_other_params_all_figures_are_this_machines(tmp_path: Path) -> None:
    write(tmp_path, given(0.4, "vanilla", "reasoning"))
    one = material(tmp_path, foundation="other")
    assert one.record is None
    assert one.recorded and not one.own.recorded  # what others recorded is not this machine's
    assert one.own.own is one.own
    assert one.metrics.cells["oci_m-vanilla"].seeds == [0]
    assert one.provenance == "Figures and verdicts are those of the run in results/ (1 seed)."
    assert Material(params(), root=tmp_path, sections=SECTIONS, profile="").metrics == one.metrics


def test_a_run_that_the_record_lacks_is_this_machines_and_marked() -> None:
    own = given(0.4, "vanilla", "reasoning", "mine")
    both = shown.analysis("metrics", STUDY, own, SECTIONS)
    assert both.cells.keys() == {"oci_m-vanilla", "oci_m-reasoning", "oci_m-mine"}
    assert both.cells["oci_m-vanilla"].seeds == [0, 1, 2]
    assert [(row.run, row.difference, row.recorded) for row in both.paired] == [
        ("reasoning", STUDY.metrics.paired[0].difference, ""),
        ("mine", own.paired[1].difference, shown.OWN_RUN),
    ]


def test_the_rule_of_verdicts_is_that_of_params() -> None:
    own = metrics(of=settings(min_seeds=7))
    assert shown.analysis("metrics", STUDY, own, SECTIONS).settings.ledger.min_seeds == 7


def test_an_analysis_of_other_runs_is_not_taken_from_the_record() -> None:
    study = record(STUDY.metrics, unseen=Unseen("reasoning", "vanilla", {}))
    own = Unseen("mine", "vanilla", {})
    assert shown.analysis("unseen", study, own, SECTIONS) == study.unseen
    assert shown.analysis("unseen", study, own, SECTIONS | {"unseen": "other"}) is own
    assert shown.analysis("unseen", STUDY, own, SECTIONS) is own  # the record has none


def test_what_is_recorded_with_the_same_params_is_shown_as_one_record_the_asked_profile_first(tmp_path: Path) -> None:
    write(tmp_path, given(0.4, "vanilla"))
    part = dataclasses.replace(record(given(0.2, "vanilla", "prose", seeds=(0, 1, 2, 3, 4))), profile="controls")
    recorded.write(part, tmp_path / paths.RECORDED / "controls")
    other = dataclasses.replace(part, profile="plain", sections_sha256={"foundation": "plain"})
    recorded.write(other, tmp_path / paths.RECORDED / "plain")
    one = material(tmp_path)
    assert one.record is not None and one.record.profiles == ["study", "controls"]
    assert [len(one.metrics.cells[f"oci_m-{run}"].seeds) for run in ("vanilla", "prose")] == [3, 5]
    assert "the recorded runs of profiles study, controls of version 9.9 (3 to 5 seeds, 4.0 hours)" in one.provenance
    asked = Material(params(), root=tmp_path, sections=SECTIONS, profile="controls")
    assert asked.record is not None and asked.record.profiles == ["controls", "study"]
    assert len(asked.metrics.cells["oci_m-vanilla"].seeds) == 5


def test_provenance_says_what_time_is_unknown_and_what_a_reader_must_know_of_the_record() -> None:
    noted = dataclasses.replace(STUDY, untimed_stages=3, note="It is provisional.")
    text = shown.provenance(noted, given(0.3, "vanilla"))
    assert "(3 seeds, 2.0 hours and 3 stages that were not timed)" in text
    assert text.endswith("It is provisional.")
    assert shown.provenance(STUDY, given(0.3, "vanilla")).endswith("for a mean.")
