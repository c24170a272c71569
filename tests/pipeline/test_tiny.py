"""The tiny profile from archives to pages, in a temporary copy, and what must hold of a pipeline that has run."""

from __future__ import annotations

import contextlib
import html
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest
import yaml

from fasrepro import config, paths
from fasrepro.commands import jobs, scheduling
from fasrepro.evaluation import results
from fasrepro.evaluation.results.own_pictures import OwnPictures
from fasrepro.models import vlm
from fasrepro.report import pairwise_tests, published
from fasrepro.report.pages import optimism
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Judgement, Score
from fasrepro.rows.training import TrainRow
from fasrepro.rows.truth import Truth
from tests.pipeline.runs import dvc, run_tiny, stages_in

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny profile, run from nothing. $FASREPRO_TEST_COPY keeps it for the browser's test."""
    kept = os.environ.get("FASREPRO_TEST_COPY")
    return run_tiny(ROOT / kept if kept else tmp_path_factory.mktemp("tiny"))


def test_every_cell_has_figures_and_every_page_exists(copy: Path) -> None:
    metrics = results.read(copy / paths.METRICS, results.Metrics)
    jobs_by_name = config.load_jobs(copy / paths.JOBS)
    assert {(cell.protocol, cell.run, cell.target) for cell in metrics.cells.values()} == {
        (job.protocol, job.run, target) for job in jobs_by_name.values() for target in job.test
    }
    toc = yaml.safe_load((copy / "book" / "_toc.yml").read_text(encoding="utf-8"))
    listed = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    html = copy / "book" / "_build" / "html"
    for page in [toc["root"], *listed]:
        assert (html / f"{page}.html").stat().st_size > 5000
    assert list(html.rglob("caption_style.html"))
    assert list(html.rglob("unseen_attacks.html"))
    assert "By construction it misses" in next(html.rglob("annotators.html")).read_text(encoding="utf-8")


def test_every_kind_of_file_is_shown_with_its_state(copy: Path) -> None:
    answers = results.read(copy / paths.OWN_ANSWERS, OwnPictures)
    state_of = {one.name: one.state for one in answers.shown}
    names = ("two.jpg", "small.jpg", "hidden.jpg", "half.jpg", "note.jpg")
    assert [state_of[name] for name in names] == ["several_faces", "too_small", "no_face", "unreadable", "not_a_picture"]
    assert {one.label for one in answers.shown if one.state == "scored"} == {"attack", "bona_fide"}
    assert all((copy / paths.OWN_PICTURES / one.picture).is_file() for one in answers.shown if one.picture)


def test_a_row_can_be_walked_from_archive_to_verdict(copy: Path) -> None:
    faces = {face.face_id: face for face in table.read_all(copy / paths.FACES, Face)}
    truths = {truth.face_id for truth in table.read_all(copy / paths.TRUTH, Truth)}
    captions = {row.face_id for row in table.read(copy / paths.captions("reasoning"), Caption)}
    job = config.load_job("oci_m-reasoning-0", copy / paths.JOBS)
    trained = {row.face_id for row in table.read(copy / paths.trainset(job.trainset), TrainRow)}
    scores = {row.face_id for row in table.read(copy / paths.scores(job.name), Score)}
    judged = {row.face_id for row in table.read(copy / paths.JUDGEMENTS, Judgement)}
    assert set(faces) <= truths
    assert captions == {name for name, face in faces.items() if face.split == "train" and face.dataset != "siw_mv2"}
    assert any(face.split == "train" and face.dataset == "siw_mv2" for face in faces.values())  # and is no source
    assert trained <= captions
    assert not scores & trained
    assert judged <= scores
    assert {faces[name].dataset for name in judged} == set(job.test) == {"msu", "siw_mv2"}
    assert {faces[name].dataset for name in trained} == {"oulu", "casia", "replay"}
    assert vlm.read_made_of(copy / paths.checkpoint(job.name)).prompt == job.recipe["prompt"]


def test_every_number_with_a_mark_in_the_pages_is_a_published_figure(copy: Path) -> None:
    """A mark says where a number was read; one that is not in published.yaml was typed by hand."""
    figures = published.load()
    pairs = [(figures[honest], figures[oracle]) for honest, oracle in optimism.PUBLISHED.values()]
    derived = {f"{honest.value - oracle.value:.2f} points [2, D]" for honest, oracle in pairs}
    known = {figure.shown for figure in figures.values()} | {pairwise_tests.claimed_difference(figures)} | derived
    marked = re.compile(r"\d[\d.,]*(?: %| points)? \[[V2D](?:, [V2D])*\]")
    found = set()
    for page in (copy / "book" / "_build" / "html").rglob("*.html"):
        words = html.unescape(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8")))
        found |= set(marked.findall(words.replace("\xa0", " ")))
    assert found <= known
    assert len(found) > 10


def test_every_published_figure_stands_in_the_book_beside_its_source_and_mark(copy: Path) -> None:
    page = (copy / "book" / "_build" / "html" / "ledger.html").read_text(encoding="utf-8")
    rows = [html.unescape(re.sub(r"<[^>]+>", "\n", row)) for row in re.findall(r"<tr.*?</tr>", page, re.DOTALL)]
    rows = [row.replace("\xa0", " ").replace("\u2019", "'") for row in rows]
    for name, figure in published.load().items():
        assert any(figure.source in row and figure.shown in row and figure.method in row for row in rows), name


def test_every_derived_set_has_a_caption_of_each_face_and_every_captioned_cell_its_grounding(copy: Path) -> None:
    faces = {row.face_id for row in table.read(copy / paths.captions("reasoning"), Caption)}
    for name in config.read_jobs(copy / paths.JOBS).derived:
        assert {row.face_id for row in table.read(copy / paths.captions(name), Caption)} == faces
    annotators = results.read(copy / paths.ANNOTATORS, results.Annotators)
    assert {name: entry.label_aware for name, entry in annotators.sets.items()} == {
        "vanilla": True,
        "reasoning": True,
        "blind": False,
    }
    grounding = results.read(copy / paths.GROUNDING, results.Grounding)
    metrics = results.read(copy / paths.METRICS, results.Metrics)
    assert set(grounding.cells) == {name for name, cell in metrics.cells.items() if cell.run != "label_only"}


def test_a_second_run_runs_nothing(copy: Path) -> None:
    assert not stages_in(dvc(copy, "repro"))
    assert "up to date" in dvc(copy, "status")


def test_editing_a_page_rebuilds_the_book_alone(copy: Path) -> None:
    page = copy / "book" / "index.md"
    before = page.read_text(encoding="utf-8")
    try:
        page.write_text(before + "\nOne more sentence.\n", encoding="utf-8")
        assert list(scheduling.stages_to_run(copy)) == ["book"]
        assert stages_in(dvc(copy, "repro", "--dry")) == {"book"}
    finally:
        page.write_text(before, encoding="utf-8")


@contextlib.contextmanager
def edited(copy: Path) -> Iterator[dict[str, Any]]:
    """Give the copy's params to be changed; `planned_for` then says what would run. Both files are put back at the end."""
    before = {name: (copy / name).read_text(encoding="utf-8") for name in ("params.yaml", "jobs.yaml")}
    try:
        yield yaml.safe_load(before["params.yaml"])
    finally:
        for name, text in before.items():
            (copy / name).write_text(text, encoding="utf-8")


def planned_for(copy: Path, params: dict[str, Any]) -> set[str]:
    """Write params.yaml and jobs.yaml, and return the stages that would run."""
    (copy / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    (copy / "jobs.yaml").write_text(jobs.text(copy / "params.yaml"), encoding="utf-8")
    return set(scheduling.stages_to_run(copy))


def test_an_experiment_more_lists_its_jobs_and_what_follows_alone(copy: Path) -> None:
    with edited(copy) as params:
        params["experiments"]["limited_source"] = {"protocols": ["mo_c"], "runs": ["vanilla"], "seeds": [0]}
        params["runs"]["idle"] = {"captions": {"neutral": 1.0}}  # a run that no experiment names changes nothing
        listed = planned_for(copy, params)
    assert scheduling.stages_to_run(copy) == {}
    new = {"splits@mo_c", "trainset@mo_c-limited_source-vanilla", "train@mo_c-vanilla-0", "predict@mo_c-vanilla-0"}
    new.add("encoders@mo_c-vanilla-0")
    analyses = {"verdict_agreement", "grounding", "optimism", "unseen", "counterfactual", "faithfulness", "encoder_gains"}
    analyses |= {"read_out_figures", "pair_gains", "caption_detectors", "own_pictures"}
    analyses |= {"fairness", "baselines", "training_losses"}
    notebooks = {f"notebook@{name}" for name in params["ablations"]}
    pages = {"pictures", "report", "book"}
    assert listed == new | analyses | notebooks | pages | {"audit", "caption_models", "readers", "evaluate"}


@pytest.mark.parametrize(
    ("changed", "again"),
    [
        (("runs", "vanilla", "batch_size", 7), {"tune@vanilla", "train@oci_m-vanilla-0", "predict@oci_m-vanilla-0"}),
        (("protocols", "spare", "test", ["msu"]), set()),
    ],
    ids=["a recipe", "a protocol that no experiment names"],
)
def test_a_changed_entry_trains_its_own_jobs_alone(copy: Path, changed: tuple[str, str, str, Any], again: set[str]) -> None:
    section, name, key, value = changed
    with edited(copy) as params:
        params[section][name] = {**params[section].get(name, {"train": ["casia"]}), key: value}
        listed = planned_for(copy, params)
    costly = ("annotate@", "tune@", "train@", "predict@", "archives@", "index@", "foundation")
    assert {stage for stage in listed if stage.startswith(costly)} == again


def test_a_new_caption_set_is_written_and_leaves_every_training_set_as_it_was(copy: Path) -> None:
    lock = (copy / "dvc.lock").read_text(encoding="utf-8")
    with edited(copy) as params:
        params["captions"]["spare"] = {"style": "neutral", "author": "annotator"}
        planned_for(copy, params)
        try:
            ran = stages_in(dvc(copy, "repro", "trainset"))
            assert "annotate@spare" in ran
            assert {stage.partition("@")[0] for stage in ran} == {"annotate", "trainset"}
            assert "up to date" in dvc(copy, "status", "train")
        finally:
            (copy / paths.captions("spare")).unlink(missing_ok=True)
            (copy / paths.captions_report("spare")).unlink(missing_ok=True)
            (copy / "dvc.lock").write_text(lock, encoding="utf-8")
    assert scheduling.stages_to_run(copy) == {}


@pytest.mark.parametrize("notebook", sorted(path.stem for path in (ROOT / "notebooks" / "paper1").glob("*.ipynb")))
def test_a_notebook_runs_from_its_own_folder(copy: Path, notebook: str) -> None:
    folder = copy / "notebooks" / "paper1"
    cells = nbformat.read(folder / f"{notebook}.ipynb", as_version=4)
    nbclient.NotebookClient(cells, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    assert sum(cell.cell_type == "code" for cell in cells.cells) <= 5
    assert max(len(cell.source.splitlines()) for cell in cells.cells if cell.cell_type == "code") <= 5


def test_a_newcomers_ablation_becomes_a_page(copy: Path) -> None:
    """As book/ablation.md tells it: copy a notebook, add one entry to params.yaml, `dvc repro`."""
    params = yaml.safe_load((copy / "params.yaml").read_text(encoding="utf-8"))
    folder = copy / "notebooks" / "paper1"
    shutil.copyfile(folder / "caption_style.ipynb", folder / "my_ablation.ipynb")
    notebook = nbformat.read(folder / "my_ablation.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("caption_style", "my_ablation")
    nbformat.write(notebook, folder / "my_ablation.ipynb")
    params["experiments"]["wide"] = {"protocols": ["oci_m"], "runs": ["vanilla", "wide_lora"], "seeds": [0]}
    params["runs"]["wide_lora"] = {"like": "vanilla", "lora": {"rank": 64}}
    params["ablations"]["my_ablation"] = {"notebook": "paper1/my_ablation", "experiment": "wide", "baseline": "vanilla"}
    (copy / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    ran = stages_in(dvc(copy, "repro"))
    notebooks = {f"notebook@{name}" for name in params["ablations"]}  # each, and `pictures`, reads `runs`
    assert ran == notebooks | {"pictures", "report", "book"}
    page = next((copy / "book" / "_build" / "html").rglob("my_ablation.html")).read_text(encoding="utf-8")
    assert "wide_lora" in page
    assert "fasrepro jobs" in page
    assert "dvc repro" in page
