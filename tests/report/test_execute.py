"""Running a notebook: the same bytes twice, a failing cell named, and nothing half-written."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from fasrepro.report import execute

DEFINITION = "def open_study(name):\n    return name"


def write(path: Path, *sources: str) -> Path:
    cells = [nbformat.v4.new_markdown_cell("# A page"), *map(nbformat.v4.new_code_cell, sources)]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_stripping_removes_only_what_differs_between_two_runs() -> None:
    cell = nbformat.v4.new_code_cell("1 + 1", id="8f3a", metadata={"papermill": {"duration": 1.0}, "tags": ["t"]})
    cell.metadata.update({"execution": {"iopub.execute_input": "2026"}, "ExecuteTime": {"start_time": "2026"}})
    metadata = {"papermill": {"start_time": "2026"}, "language_info": {"name": "python", "version": "3.11.9"}}
    stripped = execute.stripped(
        nbformat.v4.new_notebook(cells=[cell, nbformat.v4.new_markdown_cell("x", id="77")], metadata=metadata)
    )
    assert [one["id"] for one in stripped.cells] == ["cell-000", "cell-001"]
    assert stripped.cells[0].metadata == {"tags": ["t"]}
    assert stripped.cells[0].source == "1 + 1"
    assert stripped.metadata == {"language_info": {"name": "python"}}


def test_two_executions_are_byte_equal_in_the_notebooks_folder(tmp_path: Path) -> None:
    source = write(tmp_path / "notebooks" / "n.ipynb", DEFINITION, "open_study('n')", "import os; os.path.basename(os.getcwd())")
    for copy in ("a.ipynb", "b.ipynb"):
        execute.execute(source, tmp_path / copy, "n")
    content = (tmp_path / "a.ipynb").read_bytes()
    assert content == (tmp_path / "b.ipynb").read_bytes()
    outputs = [cell.outputs for cell in nbformat.read(tmp_path / "a.ipynb", as_version=4).cells if cell.get("outputs")]
    assert outputs[1][0]["data"]["text/plain"] == "'notebooks'"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ipynb", "b.ipynb", "notebooks"]


def test_a_failing_cell_is_named_and_the_old_page_stays(tmp_path: Path) -> None:
    source = write(tmp_path / "n.ipynb", DEFINITION, "open_study('n')", "raise KeyError('no such run')")
    (tmp_path / "out.ipynb").write_text("the page of before", encoding="utf-8")
    with pytest.raises(execute.NotebookError, match=r"n\.ipynb: cell 3 fails with KeyError: .*no such run"):
        execute.execute(source, tmp_path / "out.ipynb", "n")
    assert (tmp_path / "out.ipynb").read_text(encoding="utf-8") == "the page of before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["n.ipynb", "out.ipynb"]


def test_a_missing_notebook_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(execute.NotebookError, match=r"gone\.ipynb: no such notebook; create it, or correct `ablations.gone`"):
        execute.execute(tmp_path / "gone.ipynb", tmp_path / "out.ipynb", "gone")


@pytest.mark.parametrize(
    ("source", "opened"),
    [("study = notebook.open_study('other')", "'other'"), ("x = 1", "no study"), ("open_study(", "no study")],
)
def test_a_notebook_must_open_its_own_ablation(tmp_path: Path, source: str, opened: str) -> None:
    path = write(tmp_path / "n.ipynb", source)
    with pytest.raises(execute.NotebookError, match=rf'n\.ipynb: opens {opened}.*must open that one, open_study\("mine"\)'):
        execute.execute(path, tmp_path / "out.ipynb", "mine")
    assert not (tmp_path / "out.ipynb").exists()
