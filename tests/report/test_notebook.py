"""Studies: what a notebook shows of an ablation, and what it prints if results are missing."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml
from IPython.display import HTML, Image

from fasrepro import config, files, paths, schema
from fasrepro.commands import jobs
from fasrepro.evaluation import results
from fasrepro.report import notebook, recorded
from tests.layout import ROOT
from tests.report.samples import cell_metrics, difference, metrics

RUNS = ("label_only", "vanilla", "reasoning")
ENTRY = {"notebook": "paper1/caption_style", "experiment": "style", "baseline": "vanilla"}


def write_project(root: Path, entry: dict[str, Any], given: results.Metrics, experiments: dict[str, Any] | None = None) -> Path:
    """Write a project of one ablation; returns the folder of its notebook."""
    params = config.read_yaml(ROOT / "params.yaml")
    params["ablations"] = {"mine": entry}
    default = {"style": {"protocols": ["ocm_i", "oci_m"], "runs": list(RUNS), "seeds": [0]}}
    params["experiments"] = default if experiments is None else experiments
    files.write_text(root / paths.PARAMS, yaml.safe_dump(params))
    results.write(root / paths.METRICS, given, 6)
    folder = root / "notebooks" / "paper1"
    folder.mkdir(parents=True)
    return folder


def cells(runs: tuple[str, ...] = RUNS) -> list[Any]:
    return [cell_metrics(cell, run) for cell in ("oci_m", "oci_w", "ocm_i") for run in runs]


GIVEN = metrics(
    difference("oci_m", -0.25, 0.0625), difference("ocm_i", -0.5, -0.25), difference("oci_w", 0.0, 0.5), cells=cells()
)


def test_a_study_has_the_experiments_cells_in_its_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_project(tmp_path, ENTRY, GIVEN)
    study = notebook.open_study("mine", folder)
    assert [cell.key for cell in study.cells[:3]] == ["ocm_i-label_only", "ocm_i-vanilla", "ocm_i-reasoning"]
    assert [cell.cell for cell in study.cells[3:]] == ["oci_m"] * 3 + ["oci_w"] * 3
    assert capsys.readouterr().out == f"{notebook.ALL_PRESENT}\n"


def test_targets_and_omitted_runs_narrow_a_study(tmp_path: Path) -> None:
    folder = write_project(tmp_path, {**ENTRY, "targets": ["siw_mv2"], "omit": ["label_only"]}, GIVEN)
    study = notebook.open_study("mine", folder)
    assert [cell.key for cell in study.cells] == ["oci_w-vanilla", "oci_w-reasoning"]
    assert study.trained_runs == ["vanilla", "reasoning"]


def test_a_study_shows_tables_figures_and_numbers(tmp_path: Path) -> None:
    study = notebook.open_study("mine", write_project(tmp_path, ENTRY, GIVEN))
    table = study.table("hter_dev", "auc")
    assert "<th>HTER, dev threshold</th><th>AUC</th>" in table.data
    assert "<td>oci_m</td><td>reasoning</td><td>0.300 [0.200, 0.400]</td>" in table.data
    for shown in (study.figure("auc"), study.difference_figure("hter_dev"), study.verdict_figure("hter")):
        assert isinstance(shown, Image)
    assert "<td>lexical</td>" in study.verdicts("hter").data
    frame = study.frame("auc", level="frame")
    assert list(frame.columns) == ["protocol", "run", "seeds", "metric", "value", "low", "high"]
    assert set(frame["value"]) == {0.3} and len(frame) == len(study.cells)


def test_a_target_of_still_images_is_shown_by_frame_alone(tmp_path: Path) -> None:
    one = cell_metrics("oci_m", "vanilla")
    readers = {name: dataclasses.replace(levels, video=None) for name, levels in one.mean.readers.items()}
    still = dataclasses.replace(one, mean=dataclasses.replace(one.mean, video=None, readers=readers), by_seed={})
    study = notebook.open_study("mine", write_project(tmp_path, ENTRY, metrics(cells=[still])))
    assert "<td>no video</td>" in study.table("auc").data
    assert "<td>no video</td>" in study.verdicts("hter").data
    assert "<td>0.300 [0.200, 0.400]</td>" in study.table("auc", level="frame").data
    assert (len(study.frame("auc")), len(study.frame("auc", level="frame"))) == (0, 1)
    assert isinstance(study.figure("auc"), Image)


@pytest.mark.parametrize(("baseline", "wanted"), [("vanilla", (-0.25, 0.0625)), ("reasoning", (-0.0625, 0.25))])
def test_any_run_may_be_the_baseline(baseline: str, wanted: tuple[float, float], tmp_path: Path) -> None:
    study = notebook.open_study("mine", write_project(tmp_path, {**ENTRY, "baseline": baseline}, GIVEN))
    rows = study.against_baseline("hter_dev")
    assert [row.cell for row in rows] == ["ocm_i", "oci_m", "oci_w"]
    assert (rows[1].low, rows[1].high) == wanted
    assert {row.baseline for row in rows} == {baseline}


def test_a_study_without_a_common_seed_says_so(tmp_path: Path) -> None:
    study = notebook.open_study("mine", write_project(tmp_path, ENTRY, dataclasses.replace(GIVEN, paired=[])))
    assert "both need a seed in common" in study.differences("auc").data
    assert study.difference_figure("auc").data == ""


def test_missing_runs_are_listed_with_what_to_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_project(tmp_path, ENTRY, metrics(cells=cells(("vanilla",))))
    notebook.open_study("mine", folder)
    text = capsys.readouterr().out
    assert "  reasoning on oci_m\n" in text and "vanilla on" not in text
    assert "fasrepro jobs\n  dvc repro" in text


def test_a_missing_experiment_is_written_out_as_an_entry_that_config_accepts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_project(tmp_path, ENTRY, GIVEN, experiments={})
    study = notebook.open_study("mine", folder)
    text = capsys.readouterr().out
    assert not study.cells and study.table("auc").data == "" and isinstance(study.figure("auc"), HTML)
    (line,) = [line for line in text.splitlines() if line.startswith("  style:")]
    entry = yaml.safe_load(line)["style"]
    assert schema.build(config.Experiment, entry, "params.yaml: experiments.style").protocols == ["oci_m", "ocm_i"]
    assert "fasrepro jobs" in text and "dvc repro" in text


def test_a_missing_experiment_is_written_out_so_that_it_shares_the_baselines_models(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    experiments = {"other": {"protocols": ["oci_m"], "runs": ["vanilla", "reasoning"], "seeds": [0]}}
    folder = write_project(tmp_path, ENTRY, GIVEN, experiments)
    notebook.open_study("mine", folder)
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  style:")]
    params = config.load(*jobs.KEYS, path=tmp_path / paths.PARAMS)
    added = yaml.safe_load(line.replace("your_run", "label_only"))["style"]
    params.experiments["style"] = schema.build(config.Experiment, added, "params.yaml")
    params.snapshots = config.Snapshots("oci_m", "vanilla", 0, 1)
    params.counterfactual = config.Counterfactual([], [], 6)
    assert "ocm_i-vanilla-0" in jobs.planned(params).jobs


def record(root: Path, given: results.Metrics, *runs: str, test: list[str] | None = None) -> None:
    """Record a run of the project's params, whose one experiment has these runs on icm_o."""
    sections = recorded.sections(config.read_yaml(root / paths.PARAMS))
    experiments = {"recipes": config.Experiment(["icm_o"], list(runs), [0, 1], test or [])}
    one = recorded.Run("study", "9.9", "a", 0.9, 1.5, 0, sections, {}, {}, given, {}, experiments)
    recorded.write(one, root / paths.RECORDED / "study")


RECIPES = {"notebook": "paper1/loss_weights", "experiment": "recipes", "recorded": "study", "baseline": "reasoning"}


def test_a_comparable_recorded_run_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_project(tmp_path, RECIPES, GIVEN)
    ran = ("reasoning", "reasoning_even")
    in_record = [cell_metrics(cell, run, seeds=(0, 1)) for cell in ("icm_o", "icm_w") for run in (*ran, "vanilla")]
    record(tmp_path, metrics(cells=in_record), *ran, test=["oulu"])
    study = notebook.open_study("mine", folder)
    assert [cell.key for cell in study.cells] == ["icm_o-reasoning", "icm_o-reasoning_even"]  # as the experiment has them
    printed = capsys.readouterr().out
    assert "recorded run of profile study of version 9.9 (2 seeds, 1.5 hours)" in printed.replace("\n", " ")
    assert max(map(len, printed.splitlines())) <= notebook.LINE  # longer lines are cut off in the book


def test_a_run_that_params_add_to_a_recorded_experiment_is_shown_beside_it(tmp_path: Path) -> None:
    experiments = {"recipes": {"protocols": ["icm_o"], "runs": ["reasoning", "prose"], "seeds": [0]}}
    own = metrics(cells=[cell_metrics("icm_o", run) for run in ("reasoning", "prose")])
    folder = write_project(tmp_path, RECIPES, own, experiments)
    record(tmp_path, metrics(cells=[cell_metrics("icm_o", "reasoning", seeds=(0, 1))]), "reasoning")
    study = notebook.open_study("mine", folder)
    assert [(cell.run, cell.seeds) for cell in study.cells] == [("reasoning", [0, 1]), ("prose", [0])]


def test_without_recorded_in_its_entry_a_study_is_this_machines(tmp_path: Path) -> None:
    folder = write_project(tmp_path, ENTRY, GIVEN)
    record(tmp_path, metrics(cells=[cell_metrics("oci_m", run, seeds=(0, 1, 2)) for run in RUNS]), *RUNS)
    assert {tuple(cell.seeds) for cell in notebook.open_study("mine", folder).cells} == {(0,)}


def test_a_recorded_run_that_cannot_be_shown_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_project(tmp_path, {**RECIPES, "experiment": "shares"}, GIVEN)
    assert not notebook.open_study("mine", folder).cells
    assert "there is no recorded run of profile study.\nRun `make reproduce PROFILE=study`" in capsys.readouterr().out
    record(tmp_path, metrics(cells=[cell_metrics("icm_o", "reasoning")]), "reasoning")
    assert not notebook.open_study("mine", folder).cells
    assert "the recorded run of profile study has no experiment 'shares'" in capsys.readouterr().out
    params = config.read_yaml(tmp_path / paths.PARAMS)
    params["prediction"]["batch_size"] += 1
    files.write_text(tmp_path / paths.PARAMS, yaml.safe_dump(params))
    assert not notebook.open_study("mine", folder).cells
    assert "made by other params (prediction).\nRun `make reproduce PROFILE=study`" in capsys.readouterr().out


def test_unknown_names_are_refused_with_the_nearest(tmp_path: Path) -> None:
    folder = write_project(tmp_path, {**ENTRY, "options": {"reader": "lexical"}}, GIVEN)
    with pytest.raises(config.ConfigError, match=r"ablations: unknown ablation 'mind'. Did you mean 'mine'"):
        notebook.open_study("mind", folder)
    study = notebook.open_study("mine", folder)
    assert study.option("reader") == "lexical"
    with pytest.raises(config.ConfigError, match=r"ablations\.mine\.options: unknown option 'readr'. Did you mean 'reader'"):
        study.option("readr")


def test_outside_a_project_the_error_says_where_to_work(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no params\.yaml in .* or above it: work inside the project's folder"):
        notebook.open_study("mine", tmp_path)


def test_cells_of_a_table_are_escaped() -> None:
    assert "<td>&lt;b&gt;</td>" in notebook.html_table(["a"], [["<b>"]]).data
    assert notebook.html_table(["a"], []).data == ""
