"""What README, CONTRIBUTING, the manual and their like name exists: paths, verbs, options, targets, stages, keys of params."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import re
import shlex

import pytest
import yaml

from fasrepro import config
from fasrepro.archives import ARCHIVES, manifest
from fasrepro.cli import COMMANDS
from fasrepro.models.backbones import BACKBONES
from tests.layout import ROOT

DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "book/manual.md",
    "book/ablation.md",
    "reviews/README.md",
    "results/recorded/README.md",
    "recorded/README.md",
)
# Names that a pipeline, an archive or a reader of these texts makes.
GENERATED = (
    ".venv",
    ".venv-book",
    ".build",
    ".work",
    ".store",
    ".dvc/cache",
    "results/crops",
    "counterfactual",
    "SiW-Mv2/Live",
    "source_SiW_Mv2",
)
GENERATED_FILES = (
    "faces.jsonl",
    "scores.csv",
    "report.json",
    "my_question",
    "dvc.lock",
    "without.png",
    "with.png",
    "region.png",
    "reviews/reasoning.jsonl",
    "out.json",
    "out.jsonl",
    "in.json",
)


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def code(document: str) -> list[str]:
    """Return the code of a document: each inline span, and each line of a fenced block that is not YAML."""
    text = text_of(document)
    blocks = re.findall(r"^ *```(\w*)\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", rest)]
    lines = [line for language, block in blocks if language in ("", "bash") for line in block.splitlines()]
    return [*spans, *(line.split("  #")[0].strip() for line in lines)]


def commands(document: str, program: str) -> list[list[str]]:
    """Return the arguments of every command of a program that a document names."""
    lines = [line for line in code(document) if line.startswith(f"{program} ")]
    return [shlex.split(line, comments=True)[1:] for line in lines]


@functools.cache
def verbs() -> dict[str, argparse.ArgumentParser]:
    parsers = {}
    for name, module in COMMANDS.items():
        parsers[name] = argparse.ArgumentParser(prog=name, exit_on_error=False)
        module.add_arguments(parsers[name])
    return parsers


@functools.cache
def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))


@functools.cache
def stages() -> dict[str, object]:
    return yaml.safe_load(text_of("dvc.yaml"))["stages"]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_verb_and_its_options_exist(document: str) -> None:
    for arguments in commands(document, "fasrepro"):
        if arguments[0] == "VERB":
            continue
        assert arguments[0] in verbs(), f"fasrepro {arguments[0]}"
        known = verbs()[arguments[0]].format_help()
        before_dvc = arguments[: arguments.index("--")] if "--" in arguments else arguments
        for option in (argument for argument in before_dvc if argument.startswith("--")):
            assert re.search(rf"{option}\b", known), f"fasrepro {arguments[0]} {option}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_and_profile_exists(document: str) -> None:
    profiles = {path.stem for path in (ROOT / "profiles").glob("*.yaml")} | {"NAME", "x", "<profile>"}
    for target, *variables in commands(document, "make"):
        assert target in make_targets(), f"make {target}"
        for name, _, value in (variable.partition("=") for variable in variables):
            assert name in ("PROFILE", "TORCH_INDEX")
            assert name != "PROFILE" or value in profiles, value


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_stage_exists(document: str) -> None:
    for arguments in commands(document, "dvc"):
        if arguments[0] != "repro":
            continue
        for name in (argument for argument in arguments[1:] if not argument.startswith("-")):
            assert name == "STAGE" or name.partition("@")[0] in stages(), f"dvc repro {name}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_module_that_is_run_exists(document: str) -> None:
    for arguments in [*commands(document, "python"), *commands(document, ".venv/bin/python")]:
        module = arguments[1].replace(".", "/")
        if arguments[0] == "-m" and module not in ("pytest", "benchmarks/NAME"):
            assert (ROOT / f"{module}.py").is_file(), module


def looks_like_a_path(span: str) -> bool:
    named = "/" in span or re.search(r"\.(md|py|yaml|yml|lock|jsonl|csv|toml|cff)$", span)
    return bool(named) and not re.search(r"[\s<>$:*]|^https?|NAME|FOLDER", span)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_exists(document: str) -> None:
    folders = {one.FOLDER for one in ARCHIVES.values()}
    names_in_package = {path.name for path in (ROOT / "fasrepro").rglob("*.py")}
    packages = {path.name for path in (ROOT / "fasrepro").rglob("*") if path.is_dir()}
    for span in filter(looks_like_a_path, code(document)):
        path = span.rstrip("/")
        if path.startswith(GENERATED) or path in GENERATED_FILES or path in folders:
            continue
        known = (ROOT / path).exists() or (ROOT / "notebooks" / path).exists()
        assert known or path in names_in_package or path in packages, f"{document}: {span}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_to_a_file(document: str) -> None:
    folder = (ROOT / document).parent
    for link in re.findall(r"\]\(([^)\s]+)\)", text_of(document)):
        target, _, anchor = link.partition("#")
        if re.match(r"https?:|manual-", link):
            continue
        assert (folder / target).exists(), f"{document}: {link}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", (folder / target).read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}, link


def test_every_section_of_the_manual_that_is_linked_is_there() -> None:
    text = text_of("book/manual.md")
    assert set(re.findall(r"\]\((manual-\w+)\)", text)) <= set(re.findall(r"^\((manual-\w+)\)=$", text, re.MULTILINE))


def keys_of(mapping: dict, prefix: str = "") -> set[str]:
    keys = set()
    for key, value in mapping.items():
        keys.add(f"{prefix}{key}")
        keys |= keys_of(value, f"{prefix}{key}.") if isinstance(value, dict) else set()
    return keys


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_key_of_params_exists(document: str) -> None:
    optional = {f"archives.{field.name}" for field in dataclasses.fields(config.Archives)}
    known = keys_of(config.read_yaml(ROOT / "params.yaml")) | optional
    for span in code(document):
        match = re.fullmatch(r"(\w+(?:\.\w+)*):?(?: \w+)?", span)
        if match and match[1].split(".")[0] in config.SECTIONS and "." in match[1]:
            assert match[1] in known, f"{document}: {span}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_example_in_yaml_has_keys_of_params(document: str) -> None:
    for block in re.findall(r"^ *```yaml\n(.*?)^ *```", text_of(document), re.DOTALL | re.MULTILINE):
        example = yaml.safe_load(block)
        assert example.keys() <= config.SECTIONS.keys()
        if "ablations" in example:
            config.build(dict[str, config.Ablation], example["ablations"], document)
        if "experiments" in example:
            config.build(dict[str, config.Experiment], example["experiments"], document)
        for section in ("annotator", "judging", "training"):
            assert example.get(section, {}).keys() <= config.read_yaml(ROOT / "params.yaml")[section].keys()


def test_the_manual_lists_every_backbone() -> None:
    assert not [name for name in BACKBONES if f"`{name}`" not in text_of("book/manual.md")]


def test_every_message_in_the_table_of_faults_is_read_by_a_test() -> None:
    rows = text_of("book/manual.md").partition("(manual-faults)=")[2].partition("\n(manual-")[0]
    messages = re.findall(r"^\| .* \| `(.*)` \|$", rows, re.MULTILINE)
    folders = ("tests/archives", "tests/commands", "tests/data", "tests/stages")
    tests = "".join(path.read_text(encoding="utf-8") for folder in folders for path in (ROOT / folder).glob("*.py"))
    assert len(messages) > 30
    assert not [message for message in messages if message not in tests.replace("\\", "")]


def test_the_manual_names_every_column_of_a_manifest() -> None:
    columns = re.findall(r"^\| `(\w+)` \| (yes|no|for attacks) \|", text_of("book/manual.md"), re.MULTILINE)
    assert tuple(name for name, _ in columns) == manifest.COLUMNS
    assert tuple(name for name, required in columns if required == "yes") == manifest.REQUIRED


def test_the_manual_lists_every_profile() -> None:
    assert not [path.stem for path in (ROOT / "profiles").glob("*.yaml") if f"`{path.stem}`" not in text_of("book/manual.md")]


def test_contributing_lists_every_benchmark_and_make_runs_it() -> None:
    parts = {path.stem for path in (ROOT / "benchmarks").glob("*.py")} - {"fixtures", "first_step"}
    assert not [part for part in parts if f"| `{part}` |" not in text_of("CONTRIBUTING.md")]
    assert not [part for part in parts if f"python -m benchmarks.{part}\n" not in text_of("Makefile")]


def test_the_changelog_begins_with_what_is_unreleased_and_ends_with_the_released_version() -> None:
    versions = re.findall(r"^## \[?([\w.]+)", text_of("CHANGELOG.md"), re.MULTILINE)
    assert versions[0] == "Unreleased"
    assert versions[-1] == "0.1.0"


def test_the_file_for_zenodo_says_what_the_citation_says() -> None:
    citation, deposit = yaml.safe_load(text_of("CITATION.cff")), json.loads(text_of(".zenodo.json"))
    names = ("title", "license", "version")
    assert {name: deposit[name] for name in names} == {name: citation[name] for name in names}
    assert [one["name"] for one in deposit["creators"]] == [one["name"] for one in citation["authors"]]
    cited = {citation["references"][0]["doi"], citation["references"][1]["url"].rpartition("/")[2]}
    assert {one["identifier"].removeprefix("arXiv:") for one in deposit["related_identifiers"]} == cited


def test_the_citation_has_what_its_format_requires() -> None:
    """By the schema of CFF 1.2.0: what every file and every reference must have, and what an author may be."""
    citation = yaml.safe_load(text_of("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    released = re.findall(r"^## \[?(\d[\w.]*)", text_of("CHANGELOG.md"), re.MULTILINE)[0]
    assert (citation["type"], citation["version"], citation["license"]) == ("software", released, "Apache-2.0")
    assert citation["message"] and citation["title"]
    types = [one["type"] for one in citation["references"]]
    assert types == ["article", "conference-paper"]
    for work in (citation, *citation["references"]):
        assert work["title"]
        assert work["authors"]
        assert all(author.keys() == {"name"} or "family-names" in author for author in work["authors"])
    article, paper = citation["references"]
    assert re.fullmatch(r"10\.\d{4,9}/\S+", article["doi"])
    assert paper["conference"].keys() == {"name"} and paper["url"].startswith("https://")
    assert all(isinstance(work["year"], int) for work in (article, paper))


def test_the_file_for_zenodo_has_what_a_deposit_requires() -> None:
    """By Zenodo's documentation of deposit metadata: required keys, and its words for relations and types."""
    deposit = json.loads(text_of(".zenodo.json"))
    assert {"title", "upload_type", "description", "creators"} <= deposit.keys()
    assert deposit["upload_type"] == "software"
    assert deposit["creators"] and all(one["name"] for one in deposit["creators"])
    assert all(isinstance(word, str) for word in deposit["keywords"])
    known = {"isSupplementTo", "isDerivedFrom", "cites", "references"}
    for one in deposit["related_identifiers"]:
        assert one["relation"] in known and one["resource_type"].startswith("publication-")
        assert re.fullmatch(r"10\.\d{4,9}/\S+|arXiv:\d{4}\.\d{5}", one["identifier"])


def test_the_readme_fits_on_one_screen_and_begins_with_the_first_door() -> None:
    assert len(text_of("README.md").splitlines()) <= 80
    table = text_of("README.md").partition("## Three doors")[2]
    assert re.findall(r"`make ([a-z]+)`", table)[:2] == ["book", "reproduce"]
