"""The project's notebooks: each runs top to bottom from its own folder, with results and without, in few short cells."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from fasrepro import config, files, paths
from fasrepro.evaluation import results
from fasrepro.evaluation.results import Grounding, Metrics, Optimism, VerdictAgreement
from fasrepro.evaluation.results.optimism import OptimismSettings
from fasrepro.report import execute, recorded
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Score
from fasrepro.stages import notebook as stage
from tests.report.conftest import make_world
from tests.report.pages import test_explanations, test_optimism, test_unseen
from tests.report.samples import cell_metrics, difference, metrics, settings
from tests.report.studies import test_annotators

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
MOST_CELLS, MOST_LINES = 5, 5
CELLS = ("oci_m", "ocm_i", "oci_w")
RUNS = ("label_only", "vanilla", "reasoning")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Rows of a small world, whose scores the notebook on thresholds reads."""
    return make_world(tmp_path_factory.mktemp("crops"))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's root with its params and notebooks, and no results."""
    (tmp_path / paths.PARAMS).write_bytes((ROOT / paths.PARAMS).read_bytes())
    for path in NOTEBOOKS:
        target = tmp_path / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def write_results(world: SimpleNamespace) -> None:
    """Write one small result of each kind."""
    rows = [
        difference(cell, -0.25, 0.0625, difference=-0.125, metric=metric)
        for cell in CELLS
        for metric in ("hter_dev", "auc", "apcer_pooled", "bpcer")
    ]
    write(metrics(*rows, cells=[cell_metrics(cell, run) for cell in CELLS for run in RUNS]))
    results.write(paths.VERDICT_AGREEMENT, test_explanations.AGREEMENT, 6)
    grounding = test_explanations.grounding("oci_m", "reasoning", 0.5)
    results.write(paths.GROUNDING, Grounding({grounding.key: grounding}), 6)
    results.write(paths.ANNOTATORS, test_annotators.REPORT, 6)
    optimism = test_optimism.cell("oci_m", "vanilla", 0.25)
    results.write(paths.OPTIMISM, Optimism({optimism.key: optimism}, [], None, OptimismSettings(settings().evaluation, 0.01)), 6)
    results.write(paths.UNSEEN, test_unseen.results("oci_w"), 6)
    table.write(paths.faces("all"), world.faces, Face)
    own = [row for row in world.scores if (row.protocol, row.run) == ("oci_m", "vanilla")]
    table.write(paths.scores("oci_m-vanilla-0"), own, Score)


def write_record(profile: str) -> None:
    """Record a profile with the runs of its own experiments."""
    of_profile = config.read_yaml(ROOT / "profiles" / f"{profile}.yaml")["experiments"]
    experiments = {name: config.Experiment(**entry) for name, entry in of_profile.items()}
    cells = [cell_metrics("icm_o", run) for experiment in experiments.values() for run in experiment.runs]
    rows = [difference("icm_o", -0.25, 0.0625, run="prose", baseline="reasoning_only")]
    sections = recorded.sections(config.read_yaml(paths.PARAMS))
    one = recorded.Run(profile, "9.9", "a", 0.9, 1.5, 0, sections, {}, {}, metrics(*rows, cells=cells), {}, experiments)
    recorded.write(one, paths.RECORDED / profile)


def write(given: Metrics) -> None:
    results.write(paths.METRICS, given, 6)


def outputs(name: str) -> str:
    cells = nbformat.read(paths.EXECUTED / f"{name}.ipynb", as_version=4).cells
    return json.dumps([cell.get("outputs") for cell in cells], ensure_ascii=False)


# What each shows of these results: a text, and how many figures.
SHOWN = {
    "caption_style": ("-0.125 [-0.250, +0.062]", 3),
    "controls": ("there is no recorded run of profile controls", 0),
    "annotators": ("By construction it misses", 2),
    "explanations": ("+0.500 [+0.500, +0.500]", 1),
    "shares": ("there is no recorded run of profile shares", 0),
    "loss_weights": ("there is no recorded run of profile recipes", 0),
    "unseen_attacks": ("silicone mask", 1),
    "threshold_choice": ("called attack, dev threshold", 2),
}


def test_every_ablation_has_its_own_notebook() -> None:
    entries = config.load("ablations", path=ROOT / paths.PARAMS).ablations
    of_paper_2 = config.read_yaml(ROOT / "profiles" / "one_to_eleven.yaml")["ablations"]
    named = {entry.notebook for entry in entries.values()} | {entry["notebook"] for entry in of_paper_2.values()}
    assert {ROOT / paths.NOTEBOOKS / f"{name}.ipynb" for name in named} == set(NOTEBOOKS)
    assert entries.keys() == SHOWN.keys()


@pytest.mark.parametrize("name", SHOWN)
def test_a_notebook_runs_from_its_own_folder_and_shows_its_results(name: str, project: Path, world: SimpleNamespace) -> None:
    write_results(world)
    stage.main(["--name", name])
    text, figures = SHOWN[name]
    assert text in outputs(name)
    assert outputs(name).count("image/png") == figures


@pytest.mark.parametrize(("name", "profile"), [("controls", "controls"), ("shares", "shares"), ("loss_weights", "recipes")])
def test_a_notebook_on_recorded_runs_shows_the_record(name: str, profile: str, project: Path, world: SimpleNamespace) -> None:
    write_results(world)
    write_record(profile)
    stage.main(["--name", name])
    assert f"recorded run of profile {profile} of version 9.9" in outputs(name)
    assert "No results for" not in outputs(name)
    assert outputs(name).count("image/png") == (3 if name == "controls" else 2)  # the others have no differences here


@pytest.mark.parametrize("name", ["caption_style", "explanations", "unseen_attacks", "threshold_choice"])
def test_a_notebook_without_results_says_what_to_type(name: str, project: Path) -> None:
    write(metrics())
    for path, empty in ((paths.VERDICT_AGREEMENT, VerdictAgreement({})), (paths.GROUNDING, Grounding({}))):
        results.write(path, empty, 6)
    results.write(paths.OPTIMISM, Optimism({}, [], None, OptimismSettings(settings().evaluation, 0.01)), 6)
    results.write(paths.UNSEEN, test_unseen.Unseen("prose", "vanilla", {}), 6)
    stage.main(["--name", name])
    assert "fasrepro jobs" in outputs(name)
    assert "image/png" not in outputs(name)
    assert ("under `unseen:` in params.yaml" in outputs(name)) == (name == "unseen_attacks")


def code_cells(path: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_has_few_short_cells_and_no_outputs(path: Path) -> None:
    cells = code_cells(path)
    assert len(cells) <= MOST_CELLS
    assert max(len(cell.splitlines()) for cell in cells) <= MOST_LINES
    assert not any(cell.get("outputs") for cell in nbformat.read(path, as_version=4).cells)


def test_no_function_is_defined_in_a_notebook_and_none_is_copied() -> None:
    """Two notebooks may show the same tables; what they would compute belongs to a module."""
    everything = [cell for path in NOTEBOOKS for cell in code_cells(path)]
    assert not [cell for cell in everything if "def " in cell or " for " in cell]
    assert all(len(cell.splitlines()) <= 2 for cell, times in Counter(everything).items() if times > 1)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_begins_with_its_question_and_its_answer(path: Path) -> None:
    first = nbformat.read(path, as_version=4).cells[0].source
    assert first.startswith("# ")
    assert first.index("**Question.**") < first.index("**Answer.**")


def test_an_unknown_ablation_names_the_nearest(project: Path) -> None:
    with pytest.raises(config.ConfigError, match=r"unknown ablation 'caption_styl'. Did you mean 'caption_style'"):
        stage.main(["--name", "caption_styl"])


def test_a_copied_notebook_must_open_its_own_study(project: Path) -> None:
    """As book/ablation.md describes it: copy a notebook, and name the study in its first cell."""
    params = config.read_yaml(paths.PARAMS)
    params["ablations"]["mine"] = {**params["ablations"]["caption_style"], "notebook": "paper1/mine"}
    files.write_json(paths.PARAMS, params)  # JSON is YAML too
    copy = paths.NOTEBOOKS / "paper1" / "mine.ipynb"
    copy.write_bytes((paths.NOTEBOOKS / "paper1" / "caption_style.ipynb").read_bytes())
    with pytest.raises(execute.NotebookError, match=r'opens \'caption_style\'.*open_study\("mine"\)'):
        stage.main(["--name", "mine"])
