"""dvc.yaml, jobs.yaml and the profiles: a stage depends on what determines its bytes, and on nothing else."""

from __future__ import annotations

import ast
import functools
import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from fasrepro import config
from fasrepro.commands import jobs, recorded_outputs, reproduce
from fasrepro.report import notebook, recorded, shown
from tests import layout
from tests.layout import ROOT

TRAINING = ("tune", "train", "snapshots")
COMPARE_RECORDED = {"notebook", "report"}  # with every section that decides a result
# What no training and no prediction may hang on: a metric, a page, an archive, a template, a cue, another row type.
CHEAP = (
    "fasrepro/archives/msu.py",
    "fasrepro/captions/styles.py",
    "fasrepro/data/index.py",
    "fasrepro/datasets.py",
    "fasrepro/evaluation/metrics.py",
    "fasrepro/llm/client.py",
    "fasrepro/report/figures.py",
    "fasrepro/regions.py",
    "fasrepro/rows/truth.py",
    "fasrepro/simulation/annotator/templates.py",
    "fasrepro/vocabulary.py",
)


@functools.cache
def stages() -> dict[str, dict[str, Any]]:
    """Return each stage of dvc.yaml by name, a `foreach` one as its template."""
    content = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    return {name: stage.get("do", stage) for name, stage in content["stages"].items()}


def entry_point(stage: str) -> str:
    """Return the name of the module in fasrepro/stages that a stage runs."""
    match = re.search(r"fasrepro\.stages\.(\w+)", stages()[stage]["cmd"])
    assert match, f"{stage}: no entry point in {stages()[stage]['cmd']}"
    return match[1]


def code_of(stage: str) -> list[str]:
    """Return the files and folders of code that a stage lists."""
    return sorted(str(dep) for dep in stages()[stage]["deps"] if str(dep).startswith("fasrepro/"))


def sections_of(stage: str) -> list[str]:
    """Return the params of params.yaml that a stage lists."""
    return [key for key in stages()[stage].get("params", []) if isinstance(key, str)]


@pytest.mark.parametrize("stage", sorted(stages()))
def test_a_stage_lists_the_code_that_determines_its_bytes(stage: str) -> None:
    entry = entry_point(stage)
    assert code_of(stage) == layout.tracked(entry), f"run `python -m tests.layout {entry}` and paste its list into dvc.yaml"


@pytest.mark.parametrize("changed", CHEAP)
@pytest.mark.parametrize("stage", [*TRAINING, "predict"])
def test_no_training_or_prediction_hangs_on_what_is_cheap(stage: str, changed: str) -> None:
    assert (ROOT / changed).is_file()
    assert not [dep for dep in code_of(stage) if Path(changed).is_relative_to(dep)]


@pytest.mark.parametrize("stage", ["train", "predict"])
def test_a_job_hangs_on_its_own_recipe_and_data(stage: str) -> None:
    recipe = [key for entry in stages()[stage]["params"] if isinstance(entry, dict) for key in entry["jobs.yaml"]]
    assert recipe[0] == "jobs.${key}.recipe"
    assert not {"training", "runs", "experiments", "captions", "archives"} & set(sections_of(stage))
    assert not {"jobs.yaml", "results/faces", "results/captions", "results/trainsets"} & set(stages()[stage]["deps"])


@pytest.mark.parametrize("stage", ["tune", "train", "predict", "snapshots"])
def test_a_job_s_stage_lists_what_it_reads_of_the_job(stage: str) -> None:
    """Protocol, run, seed and training set are in its name or among its files; a learning rate is chosen with its own seed."""
    source = layout.path_of(f"fasrepro.stages.{stage}").read_text(encoding="utf-8")
    read = {"recipe"} | ({"test"} if "job.test" in source else set()) | ({"seed"} if stage == "tune" else set())
    listed = {
        key.rpartition(".")[2] for entry in stages()[stage]["params"] if isinstance(entry, dict) for key in entry["jobs.yaml"]
    }
    assert listed == read


READ_BY = {
    "load_cells": {"jobs.yaml", "results/splits"},
    "faces_by_id": {"results/faces"},
    "visible_cues": {"results/truth"},
    "thresholds": {"results/metrics.json"},
    "explanations": {"results/predictions"},
}


@pytest.mark.parametrize("stage", sorted(stages()))
def test_a_stage_that_reads_through_predictions_lists_the_files(stage: str) -> None:
    source = layout.path_of(f"fasrepro.stages.{entry_point(stage)}").read_text(encoding="utf-8")
    needed = set().union(*(files for name, files in READ_BY.items() if re.search(rf"(predictions|entry)\.{name}\(", source)))
    assert needed <= set(stages()[stage]["deps"])


def loaded_keys(entry: str) -> set[str]:
    """Return the params sections that a stage's entry point asks `config.load` for."""
    source = layout.path_of(f"fasrepro.stages.{entry}").read_text(encoding="utf-8")
    calls = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and ast.unparse(node.func) == "config.load"
    ]
    arguments = [argument for call in calls for argument in call.args]
    starred = {argument.value.id for argument in arguments if isinstance(argument, ast.Starred)}
    module = importlib.import_module(f"fasrepro.stages.{entry}") if starred else None
    named = {argument.value for argument in arguments if isinstance(argument, ast.Constant)}
    return named.union(*(getattr(module, name) for name in starred))


@pytest.mark.parametrize("stage", sorted(stages().keys() - COMPARE_RECORDED))
def test_a_stage_lists_the_params_it_reads(stage: str) -> None:
    listed = {key.split(".")[0] for key in sections_of(stage)}
    assert listed == loaded_keys(entry_point(stage))
    assert listed <= set(config.SECTIONS)


def test_the_report_depends_on_every_param() -> None:
    """It compares recorded runs section by section."""
    assert stages()["report"]["params"] == [{"params.yaml": None}]


def test_a_notebook_depends_on_its_own_entry_and_on_what_decides_a_recorded_run() -> None:
    deciding = set(config.SECTIONS) - recorded.PRESENTATION
    deciding |= {
        section for name in ("optimism", "unseen") for section in shown.DECIDING[name]
    }  # the analyses that notebooks read
    assert set(sections_of("notebook")) == {"ablations.${key}", *notebook.PARAMS, *deciding} - {"ablations"}


def test_the_notebooks_depend_on_what_they_import() -> None:
    assert "fasrepro/report" in code_of("notebook")


@pytest.mark.parametrize("stage", sorted(stages()))
def test_a_stage_that_lists_keys_of_a_section_reads_those_and_no_others(stage: str) -> None:
    source = layout.path_of(f"fasrepro.stages.{entry_point(stage)}").read_text(encoding="utf-8")
    pairs = [key.split(".") for key in sections_of(stage) if "." in key and "$" not in key]
    for section in {section for section, _ in pairs}:
        read = set(re.findall(rf"\bparams\.{section}\b(?:\.(\w+))?", source))  # "" where the whole section is handed on
        assert read == {key for name, key in pairs if name == section}, f"{stage}: {section}"


def test_the_book_depends_on_every_page() -> None:
    parts = yaml.safe_load((ROOT / "book/_toc.yml").read_text(encoding="utf-8"))["parts"]
    pages = {"book/index.md", *(f"book/{chapter['file']}.md" for part in parts for chapter in part["chapters"])}
    assert {dep for dep in stages()["book"]["deps"] if dep.endswith(".md")} == {page for page in pages if (ROOT / page).is_file()}


def outputs_of(stage: str) -> dict[str, bool]:
    """Return whether `make recorded` keeps each output of a stage that DVC caches, by path."""
    pushed = {}
    for out in stages()[stage].get("outs", []):
        (path, options), *_ = out.items() if isinstance(out, dict) else {out: {}}.items()
        pushed[path] = options.get("push", True)
    return pushed


@pytest.mark.parametrize("stage", sorted(stages()))
def test_what_report_and_notebooks_read_is_recorded_and_nothing_else(stage: str) -> None:
    """So the book is built from a clone. Recorded are whole outputs: a folder that is fetched in part counts as changed."""
    read = [Path(dep) for name in ("report", "notebook") for dep in stages()[name]["deps"] if dep.startswith("results/")]
    for path, pushed in outputs_of(stage).items():
        assert pushed == any(Path(path).is_relative_to(one) for one in read), path
        assert not any(one != Path(path) and one.is_relative_to(path) for one in read), f"{path}: read in part"


def test_the_recorded_outputs_are_those_of_the_lock() -> None:
    manifest = recorded_outputs.read_manifest(ROOT)
    if manifest is None:
        pytest.skip("no outputs are recorded yet")
    locked = recorded_outputs.outputs_of(config.read_yaml(ROOT / "dvc.lock")["stages"])
    assert {path: locked.get(path) for path in manifest.outputs} == manifest.outputs, "run `make recorded`"


def test_params_yaml_and_jobs_yaml_share_no_name() -> None:
    """DVC reads both into one namespace, and refuses or mixes what both name."""
    both = [config.read_yaml(ROOT / name) for name in ("params.yaml", "jobs.yaml")]
    assert not both[0].keys() & both[1].keys()


def test_jobs_yaml_goes_with_params_yaml() -> None:
    assert (ROOT / "jobs.yaml").read_text(encoding="utf-8") == jobs.text(ROOT / "params.yaml"), "run `fasrepro jobs`"


def test_every_profile_merges_into_valid_params(tmp_path: Path) -> None:
    profiles = {path.stem: config.read_yaml(path) for path in sorted((ROOT / "profiles").glob("*.yaml"))}
    runnable = [name for name, profile in profiles.items() if reproduce.PLAN not in profile]
    assert len(runnable) > 1
    for name in runnable:
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump(reproduce.profile_params(ROOT, name)), encoding="utf-8")
        config.load(*config.SECTIONS, path=path)
        jobs.text(path)
