"""`make` says what is missing before it makes anything."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.layout import ROOT


@pytest.mark.parametrize("target", ["book", "environment"])
def test_a_missing_interpreter_is_named_with_the_remedy(tmp_path: Path, target: str) -> None:
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-book.lock"):
        shutil.copy(ROOT / name, tmp_path)
    made = subprocess.run(
        ["make", "--silent", target, "PYTHON=python_of_nobody"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert made.returncode == 2
    assert made.stderr.startswith("python_of_nobody: not found. Install CPython 3.11 with venv, or set PYTHON\n")
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".venv")]
