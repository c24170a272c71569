"""The notebook stage: the same bytes on every run, a failing cell named, nothing half-written; and the real notebook."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from fasrepro import files, paths
from fasrepro.config import ConfigError
from fasrepro.report import execute
from fasrepro.stages import notebook as stage
from tests.report.test_unseen import results as unseen_results

ROOT = Path(__file__).parents[2]


def write(path: Path, *sources: str, tag: str = "parameters") -> Path:
    cells = [nbformat.v4.new_markdown_cell("# A page"), nbformat.v4.new_code_cell("runs = ['a']", metadata={"tags": [tag]})]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[*cells, *map(nbformat.v4.new_code_cell, sources)]), path)
    return path


def test_stripping_removes_what_differs_between_two_runs_and_nothing_else() -> None:
    cell = nbformat.v4.new_code_cell("1 + 1", id="8f3a", metadata={"papermill": {"duration": 1.0}, "tags": ["t"]})
    cell.metadata.update({"execution": {"iopub.execute_input": "2026"}, "ExecuteTime": {"start_time": "2026"}})
    metadata = {"papermill": {"start_time": "2026"}, "language_info": {"name": "python", "version": "3.11.9"}}
    done = execute.stripped(
        nbformat.v4.new_notebook(cells=[cell, nbformat.v4.new_markdown_cell("x", id="77")], metadata=metadata)
    )
    assert [found["id"] for found in done.cells] == ["cell-000", "cell-001"]
    assert done.cells[0].metadata == {"tags": ["t"]}
    assert done.cells[0].source == "1 + 1"
    assert done.metadata == {"language_info": {"name": "python"}}


def test_two_executions_are_byte_equal_and_take_the_parameters(tmp_path: Path) -> None:
    source = write(tmp_path / "n.ipynb", "print(runs)", "1 / len(runs)")
    for copy in ("a.ipynb", "b.ipynb"):
        execute.execute(source, tmp_path / copy, {"runs": ["x", "y"]})
    content = (tmp_path / "a.ipynb").read_bytes()
    assert content == (tmp_path / "b.ipynb").read_bytes()
    outputs = [cell.outputs for cell in nbformat.read(tmp_path / "a.ipynb", as_version=4).cells if cell.get("outputs")]
    assert outputs[0][0]["text"] == "['x', 'y']\n"
    assert outputs[1][0]["data"]["text/plain"] == "0.5"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ipynb", "b.ipynb", "n.ipynb"]


def test_a_failing_cell_is_named_by_its_place_in_the_notebook_and_the_old_page_stays(tmp_path: Path) -> None:
    source = write(tmp_path / "n.ipynb", "runs", "raise KeyError('no such run')")
    (tmp_path / "out.ipynb").write_text("the page of before", encoding="utf-8")
    with pytest.raises(execute.NotebookError, match=r"n\.ipynb: cell 3 fails with KeyError: .*no such run"):
        execute.execute(source, tmp_path / "out.ipynb", {"runs": []})
    assert (tmp_path / "out.ipynb").read_text(encoding="utf-8") == "the page of before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["n.ipynb", "out.ipynb"]


def test_a_missing_notebook_and_one_without_a_parameters_cell_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(execute.NotebookError, match=r"gone\.ipynb: no such notebook; copy one"):
        execute.execute(tmp_path / "gone.ipynb", tmp_path / "out.ipynb", {})
    source = write(tmp_path / "n.ipynb", tag="other")
    with pytest.raises(execute.NotebookError, match="0 cells are tagged `parameters`"):
        execute.execute(source, tmp_path / "out.ipynb", {})


def test_a_parameter_that_the_cell_does_not_set_is_an_error_that_names_the_nearest(tmp_path: Path) -> None:
    source = write(tmp_path / "n.ipynb", "runs")
    with pytest.raises(execute.NotebookError, match=r"n\.ipynb: unknown parameter 'run'\. Did you mean 'runs'\? .* sets: runs$"):
        execute.execute(source, tmp_path / "out.ipynb", {"runs": ["x"], "run": []})
    assert not (tmp_path / "out.ipynb").exists()


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("a = b = 1", ["a", "b"]),
        ("a: int = 1\nb, (c, *d) = 1, (2, 3)", ["a", "b", "c", "d"]),
        ("import os\nnames['x'] = 1\nlist(y for y in ())", []),
        ("# nothing", []),
    ],
)
def test_the_names_that_a_cell_sets(cell: str, names: list[str]) -> None:
    assert execute.parameters_of(cell) == names


def test_a_parameters_cell_that_is_no_python_is_named(tmp_path: Path) -> None:
    with pytest.raises(execute.NotebookError, match=r"n\.ipynb: the `parameters` cell is no Python"):
        execute.check_parameters(tmp_path / "n.ipynb", "%matplotlib inline", [])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's root with the real notebook, and metrics that hold two runs."""
    (tmp_path / "notebooks").mkdir()
    for name in ("params.yaml", "notebooks/caption_style.ipynb", "notebooks/unseen_attacks.ipynb"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def figure(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1}


def metrics() -> dict:
    level = {**{name: figure(0.3) for name in ("hter_dev", "auc", "apcer_max", "bpcer", "acer")}, "apcer": {"print": figure(0.4)}}
    reader = {name: figure(0.4) for name in ("hter", "accuracy", "undecided")}
    mean = {"video": level, "frame": level, "readers": {"lexical": {"video": reader, "frame": reader}}}
    jobs = {
        f"oci_m-{run}": {"protocol": "oci_m", "run": run, "seeds": {"0": mean}, "mean": mean} for run in ("vanilla", "reasoning")
    }
    row = SimpleNamespace(
        protocol="oci_m", run="reasoning", baseline="vanilla", channel="head", level="video", seeds=1, subjects=8
    )
    numbers = {"difference": -0.125, "low": -0.25, "high": 0.0625}
    return {"jobs": jobs, "paired": [{**vars(row), "metric": name, **numbers} for name in ("hter_dev", "auc")]}


def outputs(path: Path) -> str:
    return json.dumps([cell.get("outputs") for cell in nbformat.read(path, as_version=4).cells], ensure_ascii=False)


def test_caption_style_shows_what_is_there_and_how_to_make_what_is_not(project: Path) -> None:
    files.write_json(paths.METRICS, metrics())
    stage.main(["--name", "caption_style"])
    shown = outputs(paths.EXECUTED / "caption_style.ipynb")
    assert "-0.125 [-0.250, +0.062]" in shown
    assert shown.count("image/png") == 3
    assert "label_only" in shown
    assert "fasrepro jobs" in shown


def test_caption_style_without_any_result_is_a_page_that_says_so(project: Path) -> None:
    files.write_json(paths.METRICS, {"jobs": {}, "paired": []})
    stage.main(["--name", "caption_style"])
    shown = outputs(paths.EXECUTED / "caption_style.ipynb")
    assert "fasrepro jobs" in shown
    assert "image/png" not in shown


def test_unseen_attacks_shows_each_protocol_and_how_to_make_those_that_are_not_there(project: Path) -> None:
    rows = [{**row, "protocol": "oci_w"} for row in metrics()["paired"]]
    jobs = {f"oci_w-{run}": {"protocol": "oci_w", "run": run, "seeds": {"0": {}}} for run in ("vanilla", "reasoning")}
    files.write_json(paths.METRICS, {"jobs": jobs, "paired": rows})
    files.write_json(paths.UNSEEN, unseen_results("oci_w"))
    stage.main(["--name", "unseen_attacks"])
    shown = outputs(paths.EXECUTED / "unseen_attacks.ipynb")
    assert shown.count("image/png") == 1
    assert "+1.500 [" in shown
    assert "silicone mask" in shown
    assert "reasoning on icm_w" in shown  # lacking, and said to be


@pytest.mark.parametrize("run", ["reasoning", "prose"])
def test_unseen_attacks_without_results_or_with_those_of_another_run_says_so(project: Path, run: str) -> None:
    files.write_json(paths.METRICS, {"jobs": {}, "paired": []})
    files.write_json(paths.UNSEEN, {"run": run, "baseline": "vanilla", "targets": {}})
    stage.main(["--name", "unseen_attacks"])
    shown = outputs(paths.EXECUTED / "unseen_attacks.ipynb")
    assert "image/png" not in shown
    assert "results/unseen.json holds none of" in shown
    assert ("under `unseen:` in params.yaml" in shown) == (run != "reasoning")


def test_an_unknown_ablation_names_the_known_ones(project: Path) -> None:
    with pytest.raises(ConfigError, match=r"unknown ablation 'caption_styl'. Did you mean 'caption_style'"):
        stage.main(["--name", "caption_styl"])
