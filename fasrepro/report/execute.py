"""A notebook run by papermill, and stripped of all that differs between two runs of the same notebook on the same results."""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError

from fasrepro import files, names

# Metadata that hold times, durations or versions.
_CELL_METADATA = ("papermill", "execution", "ExecuteTime")
_NOTEBOOK_METADATA = ("papermill", "execution", "widgets")


class NotebookError(ValueError):
    """A notebook that is missing, takes no parameters, or failed; the message names notebook and cell."""


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


def parameters_of(cell: str) -> list[str]:
    """Return the names that the source of a `parameters` cell assigns. Raises `SyntaxError` where it is no Python."""
    names: list[str] = []
    for statement in ast.parse(cell).body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        targets += [statement.target] if isinstance(statement, ast.AnnAssign) else []
        named = (node for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))
        names += [node.id for node in named if isinstance(node.ctx, ast.Store)]
    return names


def check_parameters(source: Path, cell: str, parameters: Iterable[str]) -> None:
    """Raise `NotebookError` for a parameter that the `parameters` cell does not set: papermill would only log it."""
    try:
        known = parameters_of(cell)
    except SyntaxError as error:
        raise NotebookError(
            f"{source}: the `parameters` cell is no Python ({error.msg}, line {error.lineno}); keep assignments alone in it"
        ) from None
    for name in parameters:
        if name not in known:
            raise NotebookError(f"{source}: `parameters` cell: {names.unknown(name, known, 'parameter')}")


def execute(source: Path, target: Path, parameters: dict[str, Any]) -> None:
    """Run the notebook `source` with `parameters` from the project's root and write what comes, stripped, to `target`.

    The file is written whole or not at all. Raises `NotebookError` if the notebook is missing, has not exactly
    one cell tagged `parameters`, that cell does not set one of `parameters`, or a cell fails.
    """
    if not source.is_file():
        raise NotebookError(
            f"{source}: no such notebook; copy one of {source.parent}/*.ipynb there, or mend `ablations:` in params.yaml"
        )
    cells = nbformat.read(source, as_version=4).cells
    tagged = [number for number, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise NotebookError(
            f"{source}: {len(tagged)} cells are tagged `parameters`, exactly one must be; tag the cell that sets them"
        )
    check_parameters(source, cells[tagged[0]].source, parameters)
    logging.getLogger("papermill").setLevel(logging.WARNING)
    with files.replaced(target) as temporary:
        raw = temporary.with_suffix(".raw.ipynb")
        try:
            papermill.execute_notebook(source, raw, parameters, kernel_name="python3", language="python", progress_bar=False)
            # Source files would differ by the blank that papermill leaves at the end; nbformat writes it the same way each time.
            nbformat.write(stripped(nbformat.read(raw, as_version=4)), temporary)
        except PapermillExecutionError as error:
            # papermill counts the cell it injects the parameters in; the reader's notebook has none.
            number = error.cell_index - (1 if error.cell_index > tagged[0] else 0)
            raise NotebookError(
                f"{source}: cell {number} fails with {error.ename}: {error.evalue}; nothing was written"
            ) from None
        finally:
            raw.unlink(missing_ok=True)
