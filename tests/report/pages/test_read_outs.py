"""The page on read-outs: three read-outs of a run beside each other, forced chains, and whose figures are shown."""

from __future__ import annotations

from pathlib import Path

from fasrepro.evaluation.results import Counts, Figure, ReadOutFigures
from fasrepro.evaluation.results.read_outs import CellReadOuts, ChainCounts, ReadOuts, ReadOutSettings, RunReadOuts
from fasrepro.report import recorded
from fasrepro.report.material import Material
from fasrepro.report.pages import read_outs as page
from tests.report.conftest import cells
from tests.report.samples import metrics

SETTINGS = ReadOutSettings(5, 0.7, 120)


def of(value: float) -> Figure:
    return Figure(value, value - 0.125, value + 0.125)


FIGURES = ReadOuts(
    by_read_out={
        "answer": {"hter": of(0.25), "auc": of(0.75)},
        "chain": {"hter": of(0.5), "auc": of(0.625)},
        "sampled_chains": {"hter": of(0.375), "auc": of(0.75)},
    },
    differences={name: {"hter": of(0.25), "auc": of(-0.125)} for name in ("chain", "sampled_chains")},
    disagreement={"answer/chain": of(0.5), "answer/sampled_chains": of(0.25), "chain/sampled_chains": Figure(None, None, None)},
    forced={name: of(0.5) for name in page.FORCED},
)
CELL = CellReadOuts(
    "two_to_eleven", "cepl", "casia", "two_to_eleven/casia", [0, 1], Counts(6, 18, 12), ChainCounts(48, 1, 240, 30), 92, FIGURES
)
RUNS = [
    RunReadOuts("two_to_eleven", run, [0, 1], ["casia"], ChainCounts(80, 2, 400, 7), FIGURES) for run in ("single_stage", "cepl")
]
READ = ReadOutFigures({"two_to_eleven/casia-cepl": CELL}, {f"two_to_eleven-{run.run}": run for run in RUNS}, SETTINGS)
NONE = ReadOutFigures({}, {}, SETTINGS)
PARAMS = {"runs": {"cepl": {}, "single_stage": {}}, "read_outs": SETTINGS}


def render(tmp_path: Path, own: ReadOutFigures, *runs: recorded.Run) -> dict[str, str]:
    inputs = {"read_out_figures": own, "recorded": list(runs)}
    return page.render(Material(PARAMS, page.NEEDS, tmp_path, "read_outs", loaded=inputs))


def record(profile: str, figures: ReadOutFigures | None) -> recorded.Run:
    return recorded.Run(profile, "1", "a", 0.9, None, 0, {}, {}, {}, metrics(), read_out_figures=figures)


def test_a_read_out_stands_beside_its_difference_from_the_answer(tmp_path: Path) -> None:
    rows = cells(render(tmp_path, READ)["means"])
    assert rows[1] == [*("two_to_eleven", "cepl", "1", "2", "answer"), "0.250 [0.125, 0.375]", "0.750 [0.625, 0.875]", "–", "–"]
    assert rows[2][4:] == [
        *("own chain", "0.500 [0.375, 0.625]", "0.625 [0.500, 0.750]"),
        *("+0.250 [+0.125, +0.375]", "-0.125 [-0.250, +0.000]"),
    ]
    assert [row[1] for row in rows[1:]] == ["cepl"] * 3 + ["single_stage"] * 3


def test_a_pair_of_read_outs_without_a_figure_has_a_dash(tmp_path: Path) -> None:
    titles, first, _ = cells(render(tmp_path, READ)["disagreement"])
    assert titles[4:] == ["answer, own chain", "answer, sampled chains", "own chain, sampled chains"]
    assert first[4:] == ["0.500 [0.375, 0.625]", "0.250 [0.125, 0.375]", "–"]


def test_effects_are_signed_and_means_are_not(tmp_path: Path) -> None:
    fragments = render(tmp_path, READ)
    row = cells(fragments["forced_by_target"])[1]
    assert row[:4] == ["two_to_eleven", "cepl", "CASIA-FASD", "24 / 12"]
    assert row[4] == row[-1] == "0.500 [0.375, 0.625]"
    assert row[8:10] == ["+0.500 [+0.375, +0.625]"] * 2


def test_unfinished_chains_are_counted_for_dev_and_target(tmp_path: Path) -> None:
    rows = cells(render(tmp_path, READ)["chains"])
    assert rows[1][2:] == ["dev of the sources", "80", "2", "400", "7"]
    assert rows[-1][2:] == ["CASIA-FASD", "48", "1", "240", "30"]


def test_the_answer_has_a_line_for_each_run(tmp_path: Path) -> None:
    text = render(tmp_path, READ)["answer"]
    assert "HTER 0.250 by its answer, 0.500 by its own chain, 0.375 by its sampled chains" in text
    assert text.count("\n- ") == 2


def test_this_machine_comes_before_a_record_and_the_profile_s_record_before_others(tmp_path: Path) -> None:
    assert render(tmp_path, READ, record("one_to_eleven", READ))["source"] == "Figures are those of this machine.\n"
    shown = render(tmp_path, NONE, record("a", READ), record("one_to_eleven", READ))
    assert shown["source"] == "Figures are those of a recorded run, profile one_to_eleven of version 1.\n"
    assert "profile a of" in render(tmp_path, NONE, record("a", READ), record("one_to_eleven", None))["source"]


def test_without_read_outs_the_answer_alone_says_what_to_type(tmp_path: Path) -> None:
    fragments = render(tmp_path, NONE, record("study", None))
    assert [name for name, text in fragments.items() if "make reproduce PROFILE=one_to_eleven" in text] == ["answer"]
    assert {text.strip() for name, text in fragments.items() if name != "answer"} == {"–"}
    assert fragments.keys() == render(tmp_path, READ).keys()
