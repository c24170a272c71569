"""The rules of the layout: who may import whom, and what a DVC stage must list."""

from __future__ import annotations

import yaml

from tests import layout
from tests.layout import ROOT

LEAVES = ("names", "files", "schema", "hashing", "paths", "crops", "regions", "vocabulary", "datasets", "rows", "local_page")
EVERYONE = ("fasrepro", *(f"fasrepro.{leaf}" for leaf in LEAVES))
# What each package may import of ours besides itself, as prefixes.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "stages": ("fasrepro",),
    "commands": ("fasrepro",),
    # A notebook opens its study by params.yaml and jobs.yaml.
    "report": (
        "fasrepro.config",
        "fasrepro.peers.catalogue",
        *(f"fasrepro.evaluation.{module}" for module in ("results", "metrics", "bootstrap", "inference")),
    ),
    "evaluation": ("fasrepro.models", "fasrepro.llm"),
    # A threshold on one's own pictures is chosen by the rule of dev.
    "deployment": (
        "fasrepro.models",
        "fasrepro.data",
        "fasrepro.archives",
        *(f"fasrepro.evaluation.{module}" for module in ("results", "metrics", "roc", "bootstrap")),
    ),
    "training": ("fasrepro.models", "fasrepro.captions.layouts"),
    "foundation": ("fasrepro.models", "fasrepro.training"),
    "captions": ("fasrepro.llm",),
    "reviewing": ("fasrepro.captions", "fasrepro.llm"),
    "simulation": (
        "fasrepro.archives",
        "fasrepro.captions.decisions",
        "fasrepro.captions.layouts",
        "fasrepro.captions.styles",
        "fasrepro.config",
        "fasrepro.llm",
    ),
    "data": ("fasrepro.archives",),
    "archives": (),
    "models": (),
    "peers": (),
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


def test_report_metrics_recipes_and_layouts_never_import_torch() -> None:
    names = (
        "evaluation.metrics",
        "evaluation.bootstrap",
        "evaluation.inference",
        "training.recipe",
        "training.rewards",
        "captions.layouts",
    )
    light = [f"fasrepro.{name}" for name in names]
    light += [module for module in layout.modules() if package(module) == "report" or ".evaluation.results" in module]
    assert set(light) <= set(layout.modules())
    torch_users = {module: set().union(*map(heavy, layout.closure(module))) for module in light}
    assert not {module: users for module, users in torch_users.items() if users}


def test_only_the_client_imports_openai() -> None:
    assert {m for m in layout.modules() if "openai" in {n.split(".")[0] for n in layout.imported(m)}} == {"fasrepro.llm.client"}


def test_only_config_reads_yaml() -> None:
    readers = {module for module in layout.modules() if "yaml" in layout.imported(module)}
    # The report, the price table and the published protocols read their own data files; commands and the book's stage write YAML.
    own_files = {"fasrepro.data.published_protocols", "fasrepro.llm.pricing"}
    assert {m for m in readers if package(m) not in ("report", "commands")} == {"fasrepro.config", *own_files}


def test_no_module_is_too_long() -> None:
    lengths = {module: len(layout.path_of(module).read_text(encoding="utf-8").splitlines()) for module in layout.modules()}
    assert not {module: length for module, length in lengths.items() if length > 400}


def test_environment_yml_is_the_lock_and_nothing_else() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["dependencies"] == ["python=3.11", "pip", {"pip": ["-r requirements.lock"]}]
