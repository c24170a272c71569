"""A notebook run by papermill in its own folder, and stripped of everything that differs between two runs on the same results."""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterator
from pathlib import Path

import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError

from fasrepro import files

# Metadata that hold times, durations or versions.
_CELL_METADATA = ("papermill", "execution", "ExecuteTime")
_NOTEBOOK_METADATA = ("papermill", "execution", "widgets")
OPEN_STUDY = "open_study"  # the function by which a notebook names its ablation


class NotebookError(ValueError):
    """A notebook that is missing, opens another study, or failed; the message names notebook and cell."""


def stripped(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return `notebook` without times, ids and versions: cell ids count from 0, in order."""
    for name in _NOTEBOOK_METADATA:
        notebook.metadata.pop(name, None)
    notebook.metadata.get("language_info", {}).pop("version", None)
    for number, cell in enumerate(notebook.cells):
        for name in _CELL_METADATA:
            cell.metadata.pop(name, None)
        cell["id"] = f"cell-{number:03d}"
    return notebook


def opened_studies(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """Yield the names of the studies that a notebook's cells open."""
    for cell in notebook.cells:
        if cell.cell_type != "code" or OPEN_STUDY not in cell.source:
            continue
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:
            continue  # reported when the cell is run
        for node in ast.walk(tree):
            is_call = isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == OPEN_STUDY
            if is_call and node.args and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)


def execute(source: Path, target: Path, ablation: str) -> None:
    """Run the notebook `source` in its own folder, and write the result, stripped, to `target`: whole or not at all.

    Raises:
        NotebookError: if the notebook is missing, opens another study than `ablation`, or a cell fails.
    """
    if not source.is_file():
        raise NotebookError(f"{source}: no such notebook; create it, or correct `ablations.{ablation}` in params.yaml")
    opened = list(opened_studies(nbformat.read(source, as_version=4)))
    if opened != [ablation]:
        raise NotebookError(
            f"{source}: opens {', '.join(map(repr, opened)) or 'no study'}, and is the notebook of the ablation"
            f" {ablation!r}: it must"
            f' open that one, {OPEN_STUDY}("{ablation}")'
        )
    logging.getLogger("papermill").setLevel(logging.WARNING)
    with files.replaced(target) as temporary:
        raw = temporary.with_suffix(".raw.ipynb")
        try:
            papermill.execute_notebook(
                source, raw, kernel_name="python3", language="python", progress_bar=False, cwd=source.parent
            )
            # papermill leaves a blank at the end of sources; nbformat writes them the same way each time.
            nbformat.write(stripped(nbformat.read(raw, as_version=4)), temporary)
        except PapermillExecutionError as error:
            raise NotebookError(
                f"{source}: cell {error.cell_index} fails with {error.ename}: {error.evalue}; nothing was written"
            ) from None
        finally:
            raw.unlink(missing_ok=True)
