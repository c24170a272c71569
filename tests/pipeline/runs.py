"""Runs of the tiny profile in a copy of the project."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from fasrepro.commands import reproduce, site
from tests.layout import ROOT

# Everything that a reader or a later stage sees.
PRODUCTS = ("results/**/*", "book/_generated/**/*", "book/executed/*", "book/_build/html/**/*")


def dvc(copy: Path, *words: str) -> str:
    """Run DVC in the copy and return what it printed; a failure shows its output."""
    command = [sys.executable, "-m", "dvc", *words]
    own = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "FASREPRO_STORE": str(copy / ".store")}
    environment = {**os.environ, **own}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def stages_in(output: str) -> set[str]:
    return {line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage '")}


def hashes(copy: Path) -> dict[str, str]:
    files = {path for pattern in PRODUCTS for path in copy.glob(pattern) if path.is_file() and path.name != ".gitignore"}
    return {str(path.relative_to(copy)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}


def run_tiny(folder: Path) -> Path:
    """Run the tiny profile from nothing in a folder, and return the folder."""
    reproduce.make_copy(ROOT, "tiny", folder)
    dvc(folder, "repro")
    site.write(folder)
    return folder
