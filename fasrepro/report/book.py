"""The book, built offline by Jupyter Book 1: sources + generated fragments + executed notebooks -> HTML.

Jupyter Book can succeed with empty pages, or with none, so every page of the table of contents is checked afterwards.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat

from fasrepro import files

ABLATIONS = "Ablations"  # the part of the table of contents
# Inserted below the title of every executed notebook: where its results come from.
_NOTE = "```{include} ../_generated/index/note.md\n```"
_BUILD = "from jupyter_book.cli.main import main; main()"


class BookError(ValueError):
    """A book that cannot be built; the message names the page and what to do."""


def with_ablations(toc: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return the table of contents with a last part that holds a page for each ablation; unchanged if there is none."""
    if not names:
        return dict(toc)
    part = {"caption": ABLATIONS, "chapters": [{"file": f"executed/{name}"} for name in names]}
    return {**toc, "parts": [*toc.get("parts", []), part]}


def with_substitutions(config: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """Return Jupyter Book's configuration with the `values` that a page substitutes for ``{{ name }}``."""
    return {**config, "parse": {**config.get("parse", {}), "myst_substitutions": dict(values)}}


def values(generated: Path) -> dict[str, str]:
    """Return the values that the pages substitute, from the values.json of every page in `generated`."""
    merged: dict[str, str] = {}
    for path in sorted(generated.glob("*/values.json")):
        merged |= files.read_json(path)
    return merged


def pages(toc: Mapping[str, Any]) -> list[str]:
    """Return the pages of a table of contents, without suffix, in its order."""
    parts = [chapter["file"] for part in toc.get("parts", []) for chapter in part["chapters"]]
    return [toc["root"], *(chapter["file"] for chapter in toc.get("chapters", [])), *parts]


def lay_out(sources: Path, target: Path, toc: Mapping[str, Any], config: Mapping[str, Any], executed: Sequence[Path]) -> None:
    """Copy the book's `sources` to the new folder `target`, with this table of contents, configuration and executed notebooks.

    Both are written as JSON, which is YAML too.

    Raises:
        BookError: for a notebook that was not executed.
    """
    shutil.copytree(sources, target, ignore=shutil.ignore_patterns("_build", "executed", ".*"))
    (target / "executed").mkdir()
    for notebook in executed:
        if not notebook.is_file():
            raise BookError(f"{notebook}: no such page; `dvc repro notebook@{notebook.stem}` makes it")
        page = nbformat.read(notebook, as_version=4)
        page.cells.insert(1, nbformat.v4.new_markdown_cell(_NOTE, id="note"))
        nbformat.write(page, target / "executed" / notebook.name)
    for name, content in (("_toc.yml", toc), ("_config.yml", config)):
        (target / name).write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")


def build(sources: Path, output: Path) -> Path:
    """Build the laid-out book under `output`, warnings being errors, and return the folder of its pages."""
    options = ["--warningiserror", "--keep-going", "--path-output", str(output)]
    command = [sys.executable, "-c", _BUILD, "build", *options, str(sources)]
    environment = {**os.environ, "PYTHONHASHSEED": "0", "NO_COLOR": "1", "PYTHONWARNINGS": "ignore"}
    process = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    html = output / "_build" / "html"
    if process.returncode or not html.is_dir():
        text = re.sub(r"\x1b\[[0-9;]*m", "", f"{process.stdout}\n{process.stderr}")
        faults = [line for line in text.splitlines() if re.search(r"WARNING|ERROR|Sphinx\w+:|^\w+Error:", line)]
        raise BookError("jupyter-book cannot build the book:\n" + "\n".join(faults[:20] or text.splitlines()[-20:]))
    # It serves incremental builds, which are never made, and hashes the folder that the theme is installed in.
    (html / ".buildinfo").unlink(missing_ok=True)
    return html


def check(html: Path, toc: Mapping[str, Any]) -> None:
    """Raise `BookError` if index.html or a page of `toc` is missing or holds no text of its own."""
    for page in ["index", *pages(toc)]:
        path = html / f"{page}.html"
        if not path.is_file():
            raise BookError(f"{path}: the book has no such page; is jupyter-book older than 2?")
        article = re.search(r"<article.*?</article>", path.read_text(encoding="utf-8"), re.DOTALL)
        words = re.sub(r"<[^>]+>", " ", article.group() if article else "").split()
        if len(words) < 20:
            raise BookError(f"{path}: the page is empty")
        if "{{" in words:
            raise BookError(f"{path}: a value was not substituted (a substitution within `code` never is)")
