"""The import graph of our own modules, read from the sources without importing anything."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = "fasrepro"
# Imported by stages without determining their bytes: values are tracked as params, places as deps and outs.
UNTRACKED = {"fasrepro", "fasrepro.config", "fasrepro.paths", "fasrepro.stages"}


def path_of(module: str) -> Path:
    """Return the source file of one of our modules."""
    base = ROOT / Path(*module.split("."))
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


@functools.cache
def modules() -> tuple[str, ...]:
    """Return the names of all our modules."""
    files = sorted((ROOT / PACKAGE).rglob("*.py"))
    return tuple(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files)


@functools.cache
def imported(module: str) -> frozenset[str]:
    """Return every name, ours or not, that `module` imports anywhere: `a.b` for `import a.b`, `a.b` for `from a import b`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path_of(module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(names)


def ours(module: str) -> set[str]:
    """Return our modules that `module` imports directly; a package counts only where its `__init__` holds code."""
    found = {name for name in imported(module) if name in modules()}
    return {name for name in found if path_of(name).name != "__init__.py" or path_of(name).stat().st_size > 0}


def closure(module: str) -> set[str]:
    """Return `module` and all of ours that it imports, directly or not, packages with code on the way included."""
    seen: set[str] = set()
    waiting = {module}
    while waiting:
        name = waiting.pop()
        seen.add(name)
        parents = {name.rpartition(".")[0]} if "." in name else set()
        parents = {parent for parent in parents if parent and path_of(parent).stat().st_size > 0}
        waiting |= (ours(name) | parents) - seen
    return seen


def tracked(stage: str) -> list[str]:
    """Return the files, relative to the root, that dvc.yaml must list for a stage's entry point.

    A module's data file bears its name (`published.py` reads `published.yaml`), and determines as much as the module does.
    """
    sources = [path_of(name) for name in closure(f"{PACKAGE}.stages.{stage}") - UNTRACKED]
    data = [path.with_suffix(".yaml") for path in sources if path.with_suffix(".yaml").is_file()]
    return sorted(str(path.relative_to(ROOT)) for path in (*sources, *data))


if __name__ == "__main__":
    import sys

    for stage in sys.argv[1:]:
        print(stage)
        print("".join(f"      - {path}\n" for path in tracked(stage)))
