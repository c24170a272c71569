"""The simulation behind its face: which names the rest of the project uses, and which modules import without it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

from fasrepro import simulation
from tests import layout

PACKAGE = "fasrepro.simulation"
# Modules that draw, or that choose between the simulated annotator and a real one, and those that import them.
DEPENDENT = {
    "fasrepro.cli",
    "fasrepro.commands.annotate",
    "fasrepro.commands.publish",
    "fasrepro.commands.review",
    "fasrepro.stages.annotate",
    "fasrepro.stages.annotation",
    "fasrepro.stages.annotators",
    "fasrepro.stages.archives",
    "fasrepro.stages.counterfactual",
    "fasrepro.stages.foundation",
    "fasrepro.stages.probe_pairs",
    "fasrepro.stages.readers",
    "fasrepro.stages.world",
}
IMPORT_WITHOUT_SIMULATION = """
import importlib, importlib.abc, sys

class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "fasrepro.simulation" or name.startswith("fasrepro.simulation."):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("fasrepro.simulation"):
            raise
        print(name)
"""


def outside() -> list[str]:
    return [module for module in layout.modules() if not module.startswith(PACKAGE)]


def test_only_drawing_stages_and_the_simulated_endpoint_need_the_simulation() -> None:
    command = [sys.executable, "-c", IMPORT_WITHOUT_SIMULATION, *outside()]
    run = subprocess.run(command, cwd=layout.ROOT, capture_output=True, text=True, check=True)
    assert set(run.stdout.split()) == DEPENDENT


def used_names(module: str) -> set[str]:
    """Return what a module uses of the simulation, as `module.name`."""
    tree = ast.parse(layout.path_of(module).read_text(encoding="utf-8"))
    names: set[str] = set()
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            aliases |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and str(node.module).startswith(PACKAGE + "."):
            source = str(node.module).removeprefix(PACKAGE + ".")
            names |= {f"{source}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
            names.add(f"{aliases[node.value.id]}.{node.attr}")
    return names


def test_the_package_documents_what_others_use_of_it() -> None:
    listed = "\n".join(line for line in str(simulation.__doc__).splitlines() if line.startswith(("- ", "  ")))
    documented = set(re.findall(r"`(\w+\.\w+)`", listed))
    assert set().union(*map(used_names, outside())) == documented
