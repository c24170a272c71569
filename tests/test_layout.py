"""The rules of the layout: who may import whom, and what a DVC stage must list."""

from __future__ import annotations

import ast
import functools
import importlib
import re
from pathlib import Path

import pytest
import yaml

from fasrepro import config
from fasrepro.commands import jobs, reproduce
from tests import layout
from tests.layout import ROOT

LEAVES = ("names", "files", "schema", "hashing", "paths", "crops", "regions", "vocabulary", "datasets", "rows")
EVERYONE = ("fasrepro", *(f"fasrepro.{leaf}" for leaf in LEAVES))
# What each package may import of ours besides itself, as prefixes.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "stages": ("fasrepro",),
    "commands": ("fasrepro",),
    "report": ("fasrepro.evaluation.results", "fasrepro.evaluation.metrics", "fasrepro.evaluation.bootstrap"),
    "evaluation": ("fasrepro.models", "fasrepro.llm"),
    "training": ("fasrepro.models",),
    "foundation": ("fasrepro.models", "fasrepro.training"),
    "captions": ("fasrepro.llm",),
    "simulation": (
        "fasrepro.archives",
        "fasrepro.captions.layouts",
        "fasrepro.captions.styles",
        "fasrepro.config",
        "fasrepro.llm",
    ),
    "data": ("fasrepro.archives",),
    "archives": (),
    "models": (),
    "llm": (),
    "rows": (),
}
HEAVY = {"torch", "transformers", "peft"}


def package(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_modules_import_only_what_the_design_allows() -> None:
    faults = []
    for module in layout.modules():
        if package(module) not in MAY_IMPORT:
            continue
        allowed = (*MAY_IMPORT[package(module)], f"fasrepro.{package(module)}", *EVERYONE[1:])
        for name in layout.ours(module) - {"fasrepro"}:
            if not any(name == prefix or name.startswith(prefix + ".") for prefix in allowed):
                faults.append(f"{module} imports {name}")
    assert not faults


def test_models_and_the_client_are_imported_in_one_place_of_evaluation() -> None:
    users = {
        module: {name for name in layout.ours(module) if name.startswith(("fasrepro.models", "fasrepro.llm"))}
        for module in layout.modules()
        if package(module) == "evaluation"
    }
    assert {module for module, names in users.items() if any("models" in name for name in names)} <= {
        "fasrepro.evaluation.predict"
    }
    assert {module for module, names in users.items() if any("llm" in name for name in names)} <= {
        "fasrepro.evaluation.readers.registry"
    }


def heavy(module: str) -> set[str]:
    return {name.split(".")[0] for name in layout.imported(module)} & HEAVY


def test_metrics_statistics_and_report_never_import_torch() -> None:
    light = [m for m in layout.modules() if m in ("fasrepro.evaluation.metrics", "fasrepro.evaluation.bootstrap")]
    light += [module for module in layout.modules() if package(module) == "report"]
    assert len(light) > 4
    assert not {module: names for module in light if (names := set().union(*map(heavy, layout.closure(module))))}


def test_only_the_client_imports_openai() -> None:
    assert {m for m in layout.modules() if "openai" in {n.split(".")[0] for n in layout.imported(m)}} == {"fasrepro.llm.client"}


def test_only_config_reads_yaml() -> None:
    readers = {module for module in layout.modules() if "yaml" in layout.imported(module)}
    # The report and the price table read their own data files; commands and the book's stage write YAML.
    assert {m for m in readers if package(m) not in ("report", "commands")} == {"fasrepro.config", "fasrepro.llm.pricing"}


def test_no_module_is_too_long() -> None:
    lengths = {module: len(layout.path_of(module).read_text(encoding="utf-8").splitlines()) for module in layout.modules()}
    assert not {module: length for module, length in lengths.items() if length > 400}


@functools.cache
def stages() -> dict[str, dict[str, object]]:
    """Return each stage of dvc.yaml by name, a `foreach` one as its template."""
    content = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    return {name: stage.get("do", stage) for name, stage in content["stages"].items()}


@pytest.mark.parametrize("stage", sorted(stages()))
def test_a_stage_lists_the_modules_that_determine_its_bytes(stage: str) -> None:
    entry = re.search(r"fasrepro\.stages\.(\w+)", str(stages()[stage]["cmd"]))
    assert entry, f"{stage}: no entry point in {stages()[stage]['cmd']}"
    listed = sorted(str(dep) for dep in stages()[stage]["deps"] if str(dep).startswith("fasrepro/"))
    assert listed == layout.tracked(entry[1]), f"run `python -m tests.layout {entry[1]}` and paste its list into dvc.yaml"


def loaded_keys(stage: str) -> set[str]:
    """Return the params sections that a stage's entry point asks `config.load` for."""
    source = layout.path_of(f"fasrepro.stages.{stage}").read_text(encoding="utf-8")
    calls = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and ast.unparse(node.func) == "config.load"
    ]
    arguments = [argument for call in calls for argument in call.args]
    starred = {argument.value.id for argument in arguments if isinstance(argument, ast.Starred)}
    module = importlib.import_module(f"fasrepro.stages.{stage}") if starred else None
    named = {argument.value for argument in arguments if isinstance(argument, ast.Constant)}
    return named.union(*(getattr(module, name) for name in starred))


@pytest.mark.parametrize("stage", sorted(stages()))
def test_a_stage_lists_the_params_it_reads(stage: str) -> None:
    entry = re.search(r"fasrepro\.stages\.(\w+)", str(stages()[stage]["cmd"]))
    assert entry
    listed = {str(key).split(".")[0] for key in stages()[stage].get("params", [])}
    assert listed == loaded_keys(entry[1])
    assert listed <= set(config.SECTIONS)


@pytest.mark.parametrize("stage", sorted(stages()))
def test_a_stage_that_lists_keys_of_a_section_reads_those_and_no_others(stage: str) -> None:
    entry = re.search(r"fasrepro\.stages\.(\w+)", str(stages()[stage]["cmd"]))
    assert entry
    source = layout.path_of(f"fasrepro.stages.{entry[1]}").read_text(encoding="utf-8")
    pairs = [str(key).split(".") for key in stages()[stage].get("params", []) if "." in str(key) and "$" not in str(key)]
    for section in {section for section, _ in pairs}:
        read = set(re.findall(rf"\bparams\.{section}\b(?:\.(\w+))?", source))  # "" where the whole section is handed on
        assert read == {key for name, key in pairs if name == section}, f"{stage}: {section}"


def test_jobs_yaml_goes_with_params_yaml() -> None:
    assert (ROOT / "jobs.yaml").read_text(encoding="utf-8") == jobs.text(ROOT / "params.yaml"), "run `fasrepro jobs`"


def test_environment_yml_is_the_lock_and_nothing_else() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["dependencies"] == ["python=3.11", "pip", {"pip": ["-r requirements.lock"]}]


def test_every_pin_of_the_lock_is_exact_and_torch_names_no_build() -> None:
    lines = [line for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in lines)
    assert "torch==2.13.0" in lines
    assert not {line.split("==")[0] for line in lines} & {"torchvision", "torchaudio"}


def test_every_profile_merges_into_valid_params(tmp_path: Path) -> None:
    base = config.read_yaml(ROOT / "params.yaml")
    profiles = sorted((ROOT / "profiles").glob("*.yaml"))
    assert profiles
    for profile in profiles:
        path = tmp_path / profile.name
        path.write_text(yaml.safe_dump(reproduce.merge(base, config.read_yaml(profile))), encoding="utf-8")
        config.load(*config.SECTIONS, path=path)
        jobs.text(path)
