"""What was computed here against a recorded run: a row a figure, tolerances, bytes, and what cannot be compared."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml

from fasrepro import cli, config, files, paths
from fasrepro.evaluation import results
from fasrepro.evaluation.results import Metrics
from fasrepro.report import recorded
from tests.layout import ROOT
from tests.report.samples import cell_metrics, metrics


def lock(folder: Path, md5: str) -> None:
    """Write a dvc.lock in which one training's predictions have this MD5."""
    out = {"path": "results/predictions/oci_m-vanilla-0", "md5": md5}
    files.write_text(folder / "dvc.lock", yaml.safe_dump({"stages": {"predict@oci_m-vanilla-0": {"outs": [out]}}}))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose trainings all have figures of 0.3, and the record of two of them, with figures of 0.3."""
    monkeypatch.chdir(tmp_path)
    params = config.read_yaml(ROOT / "params.yaml")
    files.write_text(tmp_path / paths.PARAMS, yaml.safe_dump(params))
    lock(tmp_path, "a")
    record(0.3)
    write(0.3)
    return tmp_path


def write(value: float) -> None:
    results.write(paths.METRICS, metrics(cells=[cell_metrics("oci_m", run, value, (0, 1)) for run in ("vanilla", "prose")]), 6)


def record(value: float, **changes: Any) -> None:
    kept: Metrics = metrics(cells=[cell_metrics("oci_m", "vanilla", value, (0, 2))])
    sections = recorded.sections(config.read_yaml(paths.PARAMS))
    outputs = recorded.outputs_md5(Path())
    one = recorded.Run("study", "9.9", "a", 0.9, 1.0, 0, sections, {}, {}, kept, outputs)
    recorded.write(dataclasses.replace(one, **changes), paths.RECORDED / "study")


@pytest.mark.usefixtures("project")
def test_each_figure_of_a_common_training_has_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["verify"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 3 + 1  # seed 0 alone is on both sides
    assert lines[1].split() == ["oci_m-vanilla-0", "msu", "hter_dev", "(head)", "0.3000", "0.3000", "+0.0000", "the", "same"]
    assert lines[-1] == (
        "3 figures: 0 differ by more than 0.15 (a training) or 0.075 (a mean); of 3 the predictions have the same bytes"
    )


@pytest.mark.parametrize(("value", "status", "outside"), [(0.4, 0, 0), (0.5, 1, 3)])
def test_figures_may_differ_by_the_tolerance(
    project: Path, value: float, status: int, outside: int, capsys: pytest.CaptureFixture[str]
) -> None:
    write(value)
    lock(project, "b")
    assert cli.main(["verify"]) == status
    printed = capsys.readouterr().out
    assert f"{value - 0.3:+.4f}  differ" in printed
    assert f"{outside} differ by more than 0.15 (a training) or 0.075 (a mean); of 0 the predictions" in printed


@pytest.mark.usefixtures("project")
def test_what_cannot_be_compared_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["verify", "--profile", "studdy"]) == 1
    assert "no recorded run 'studdy'; there are: study" in capsys.readouterr().err
    sections = recorded.sections(config.read_yaml(paths.PARAMS)) | {"synthetic": "another"}
    record(0.3, sections_sha256=sections)
    assert cli.main(["verify"]) == 1
    assert "params.yaml: synthetic differ from those of the recorded run study" in capsys.readouterr().err
