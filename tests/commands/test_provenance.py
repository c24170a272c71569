"""What is behind a figure: recorded or computed here, whether anything has changed since, and what would run."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from fasrepro import config, files
from fasrepro.commands import provenance, recorded_outputs, why
from fasrepro.commands.provenance import Origin, Stage
from fasrepro.report import material
from fasrepro.report.pages import PAGES
from tests.layout import ROOT
from tests.test_dvc import stages as stages_of_dvc_yaml


def stage(name: str, *waits_for: str, changed: tuple[str, ...] = (), is_complete: bool = True) -> Stage:
    """A stage `x` that writes results/x from the results of those that it waits for."""
    reads = tuple(Path(f"results/{other}") for other in waits_for)
    return Stage(name, frozenset(waits_for), reads, ("seed",), (Path(f"results/{name}"),), changed, is_complete)


def chain(**stages: Stage) -> dict[str, Stage]:
    """archives -> index -> train -> evaluate, with some stages replaced."""
    names = ["archives", "index", "train", "evaluate"]
    plain = {name: stage(name, *names[max(0, place - 1) : place]) for place, name in enumerate(names)}
    return plain | stages


def test_a_figure_rests_on_all_stages_that_lead_to_its_files() -> None:
    stages = chain(side=stage("side", "index"))
    assert provenance.leading_to(stages, [Path("results/train")]) == ["archives", "index", "train"]
    assert provenance.leading_to(stages, [Path("results/evaluate/a.json")])[-1] == "evaluate"
    assert provenance.leading_to(stages, [Path("params.yaml")]) == []


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        (chain(), []),
        (chain(train=stage("train", "index", changed=("loss.py",))), ["train", "evaluate"]),
        # Recorded outputs: what was not fetched is made again where a stage that runs reads it, and else is not missed.
        (chain(archives=stage("archives", is_complete=False)), []),
        (
            chain(
                index=stage("index", "archives", is_complete=False),
                train=stage("train", "index", is_complete=False),
                evaluate=stage("evaluate", "train", changed=("metrics.py",)),
            ),
            ["index", "train", "evaluate"],
        ),
        (chain(evaluate=stage("evaluate", "train", is_complete=False)), ["evaluate"]),
    ],
    ids=["nothing", "a change", "missing and not read", "missing and read", "the last"],
)
def test_what_making_a_figure_anew_would_run(stages: dict[str, Stage], expected: list[str]) -> None:
    assert list(provenance.to_run(stages, list(stages))) == expected


ORIGIN = Origin((Path("results/evaluate"),), ("train", "evaluate"), (), "1.2", "abc", None, ())


@pytest.mark.parametrize(
    ("changes", "badges"),
    [
        ({}, ["recorded at version 1.2"]),
        ({"changed": ("loss.py",)}, ["recorded at version 1.2", "changed since"]),
        ({"recorded_version": "", "computed": ("train", "evaluate")}, ["computed here"]),
        ({"computed": ("evaluate",)}, ["recorded at version 1.2", "computed here"]),
        ({"stages": (), "recorded_version": "", "commit": ""}, ["kept in git"]),
    ],
)
def test_badges_say_what_was_recorded_computed_and_changed(changes: dict[str, object], badges: list[str]) -> None:
    assert dataclasses.replace(ORIGIN, **changes).badges == badges


def test_a_stage_without_an_entry_in_the_lock_is_not_recorded(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes(Path("params.yaml").read_bytes())
    files.write_json(tmp_path / recorded_outputs.MANIFEST, {"version": "1.2", "commit": "abc", "outputs": {"m.json": "1"}})
    metrics = dataclasses.replace(stage("metrics"), outputs=material.FILES["metrics"])
    for entry, computed in (({}, ("metrics",)), ({"metrics": {"outs": [{"path": "m.json", "md5": "1"}]}}, ())):
        files.write_json(tmp_path / recorded_outputs.LOCK, {"stages": entry})  # JSON is YAML
        origin = provenance.origins(tmp_path, {"metrics": metrics})("results")
        assert (origin.computed, origin.recorded_version) == (computed, "" if computed else "1.2")


def test_figures_of_paper_2_come_from_its_own_record() -> None:
    origin = provenance.origins(ROOT, {})
    of_1, of_2 = origin("results").run, origin("caption_model").run
    assert of_1 is not None and of_1.profile == "study"
    assert of_2 is not None and of_2.profile == "one_to_eleven"


def test_a_param_that_differs_from_a_recorded_profiles_is_a_change(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    for source in ("params.yaml", "profiles/one_to_eleven.yaml", "profiles/study.yaml"):
        (tmp_path / source).write_bytes((ROOT / source).read_bytes())
    of_1, of_2 = (provenance.origins(ROOT, {})(page).run for page in ("results", "caption_model"))
    assert of_1 is not None and of_2 is not None
    assert provenance.changed_params(of_1, tmp_path) == []  # a rate that the study chose is the one that params name
    before = provenance.changed_params(of_2, tmp_path)
    params = (tmp_path / "params.yaml").read_text(encoding="utf-8")
    (tmp_path / "params.yaml").write_text(params.replace("warmup_steps: 90", "warmup_steps: 91"), encoding="utf-8")
    assert set(provenance.changed_params(of_2, tmp_path)) - set(before) == {"params.yaml: training"}
    (tmp_path / "profiles/one_to_eleven.yaml").unlink()
    assert provenance.changed_params(of_2, tmp_path) == ["profiles: one_to_eleven"]


def test_why_names_files_stages_and_cost() -> None:
    stages = chain(train=stage("train", "index", changed=("loss.py",)))
    origin = dataclasses.replace(ORIGIN, stages=("archives", "index", "train", "evaluate"), changed=("loss.py",))
    lines = list(why.report(origin, stages, {"train": 60.0, "evaluate": 5.0, "index": 1.0, "archives": 2.0}, 1, "evaluate"))
    assert lines[0] == "recorded at version 1.2, changed since"
    assert "commit        abc" in lines
    assert "files         results/evaluate" in lines
    assert "changed since loss.py" in lines
    assert "up to date    2 stages, 1:05 with 1 at once: train, evaluate" in lines
    assert "from nothing  4 stages, 1:08 with 1 at once: archives, index, train, evaluate" in lines


def test_an_unknown_page_names_the_nearest() -> None:
    assert why.page_of("caption_style", Path(), ["caption_style"]) == "executed/caption_style"
    with pytest.raises(ValueError, match=r"unknown page or ablation 'resluts'\. Did you mean 'results'"):
        why.page_of("resluts", Path(), [])


def test_an_ablation_that_has_the_name_of_a_page_is_another_page() -> None:
    assert {"explanations", "executed/explanations"} <= set(provenance.pages(["explanations"]))
    assert why.page_of("explanations", Path(), ["explanations"]) == "explanations"
    assert why.page_of("executed/explanations", Path(), ["explanations"]) == "executed/explanations"


def test_a_figure_of_a_book_that_is_not_built_says_what_builds_it(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"the book is not built here: run `make book`, or name a page, as in 'results'"):
        why.page_of("results/hter", tmp_path, [])
    (tmp_path / "book/_generated/results/figures").mkdir(parents=True)
    (tmp_path / "book/_generated/results/figures/hter.png").touch()
    assert why.page_of("results/hter", tmp_path, []) == "results"
    with pytest.raises(ValueError, match=r"unknown figure 'results/htre'\. Did you mean 'results/hter'"):
        why.page_of("results/htre", tmp_path, [])


def test_every_page_and_ablation_of_the_book_has_an_origin() -> None:
    stages = provenance.read_stages(ROOT)
    origin = provenance.origins(ROOT, stages)
    for place in provenance.pages(config.read_yaml(ROOT / "params.yaml")["ablations"]):
        lines = list(why.report(origin(place), stages, {}, 2, provenance.stage_of(place)))
        assert lines[0] != "shows no results", place
        assert lines[-1].startswith("from nothing"), place


def test_every_input_of_a_page_is_a_file_that_the_report_depends_on() -> None:
    own = {"published", "difficulty", "foundation_trials", "recipe_trials"}  # files of the package
    assert material.FILES.keys() == material.LOADERS.keys() - own
    deps = [Path(dep) for dep in stages_of_dvc_yaml()["report"]["deps"]]
    read = {path for page in PAGES.values() for name in page.needs.inputs for path in material.FILES.get(name, ())}
    assert not [path for path in read if not any(path.is_relative_to(dep) for dep in deps)]
