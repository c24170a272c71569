"""The import graph of our own modules, read from the sources without importing anything."""

from __future__ import annotations

import ast
import functools
import json
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = "fasrepro"
# Imported by stages without determining their bytes: values are tracked as params, places as deps and outs.
UNTRACKED = {"fasrepro", "fasrepro.config", "fasrepro.names", "fasrepro.paths", "fasrepro.stages"}

# Folders whose modules change the same results: a stage lists one whole where it uses more than half of its modules.
WHOLE = (
    "fasrepro/archives",
    "fasrepro/captions",
    "fasrepro/foundation",
    "fasrepro/llm",
    "fasrepro/models",
    "fasrepro/peers",
    "fasrepro/report",
    "fasrepro/simulation/annotator",
    "fasrepro/simulation/drawing",
    "fasrepro/simulation/effects",
)
# Folders that a stage of seconds lists whole, and an expensive stage module by module: a new row type leaves those alone.
WHOLE_IF_CHEAP = ("fasrepro/evaluation", "fasrepro/rows")
EXPENSIVE = (
    "annotate",
    "archives",
    "caption",
    "caption_detector",
    "caption_samples",
    "counterfactual",
    "encoders",
    "foundation",
    "grpo",
    "index",
    "pair_orders",
    "predict",
    "probe_pairs",
    "read_outs",
    "sft",
    "snapshots",
    "train",
    "tune",
)


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
    return frozenset(imports_of(path_of(module).read_text(encoding="utf-8")))


def imports_of(source: str) -> set[str]:
    """Return every name that a piece of code imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def imported_by_notebooks() -> set[str]:
    """Return our modules that notebooks import."""
    names: set[str] = set()
    for path in sorted((ROOT / "notebooks").rglob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        names = names.union(*(imports_of("".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"))
    return {name for name in names if name in modules() and holds_code(name)}


def ours(module: str) -> set[str]:
    """Return our modules that `module` imports directly; a package counts only where its `__init__` holds code."""
    return {name for name in imported(module) if name in modules() and holds_code(name)}


@functools.cache
def holds_code(module: str) -> bool:
    """Return whether a module is more than a docstring, as most `__init__.py` are not."""
    body = ast.parse(path_of(module).read_text(encoding="utf-8")).body
    return any(not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) for node in body)


def closure(module: str) -> set[str]:
    """Return `module` and all of ours that it imports, directly or not, packages with code on the way included."""
    seen: set[str] = set()
    waiting = {module}
    while waiting:
        name = waiting.pop()
        seen.add(name)
        if name in UNTRACKED and name != module:
            continue
        parents = {name.rpartition(".")[0]} if "." in name else set()
        parents = {parent for parent in parents if parent and holds_code(parent)}
        waiting |= (ours(name) | parents) - seen
    return seen


def tracked(stage: str) -> list[str]:
    """Return the files and folders, relative to the root, that dvc.yaml must list for a stage's entry point.

    The stage `notebook` imports little: it starts a kernel, which imports what the notebooks name.
    A module's data file bears its name (`prices.py` would read `prices.yaml`) and determines as much as the module does. A folder
    of `WHOLE` takes the place of its modules where a stage uses most of them; one of `WHOLE_IF_CHEAP`, in every cheap stage.
    """
    roots = {f"{PACKAGE}.stages.{stage}"} | (imported_by_notebooks() if stage == "notebook" else set())
    sources = [path_of(name) for name in set().union(*map(closure, roots)) - UNTRACKED]
    data = [path.with_suffix(".yaml") for path in sources if path.with_suffix(".yaml").is_file()]
    listed = {str(path.relative_to(ROOT)) for path in (*sources, *data)}
    for folder in WHOLE if stage in EXPENSIVE else (*WHOLE, *WHOLE_IF_CHEAP):
        inside = {path for path in listed if Path(path).is_relative_to(folder)}
        modules = list((ROOT / folder).rglob("[!_]*.py"))
        if inside and (folder in WHOLE_IF_CHEAP or 2 * len(inside) > len(modules)):
            listed = listed - inside | {folder}
    return sorted(listed)


if __name__ == "__main__":
    import sys

    for stage in sys.argv[1:]:
        print(stage)
        print("".join(f"      - {path}\n" for path in tracked(stage)))
