"""What `llm` and `captions` can do without: each of their modules imports although some of our packages are missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.layout import ROOT, modules

PROGRAM = """
import importlib, importlib.abc, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if any(name == package or name.startswith(package + ".") for package in sys.argv[1].split()):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
for name in sys.argv[2].split():
    importlib.import_module(name)
"""


@pytest.mark.parametrize(
    ("package", "missing"),
    [
        ("llm", ["fasrepro.simulation", "fasrepro.captions", "fasrepro.rows"]),
        ("captions", ["fasrepro.simulation", "torch", "transformers"]),
    ],
)
def test_every_module_imports_without(package: str, missing: list[str]) -> None:
    names = [name for name in modules() if name.startswith(f"fasrepro.{package}.")]
    assert len(names) > 5
    command = [sys.executable, "-c", PROGRAM, " ".join(missing), " ".join(names)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr


def test_a_module_that_needs_a_missing_package_is_noticed() -> None:
    command = [sys.executable, "-c", PROGRAM, "fasrepro.simulation", "fasrepro.stages.annotation"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert "No module named 'fasrepro.simulation'" in run.stderr
