"""The tiny profile from archives to pages, in a temporary copy, and what must hold of a pipeline that has run."""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import yaml

from fasrepro import config
from fasrepro.commands import jobs, plan, reproduce
from fasrepro.report import claims, pairwise_tests, published
from fasrepro.report.pages import optimism
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Judgement, Score
from fasrepro.rows.training import TrainRow
from fasrepro.rows.truth import Truth

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.pipeline

# Everything that a reader or a later stage sees.
PRODUCTS = ("results/**/*", "book/_generated/**/*", "book/executed/*", "book/_build/html/**/*")


def dvc(copy: Path, *words: str) -> str:
    """Run DVC in the copy and return what it printed; a failure shows its output."""
    command = [sys.executable, "-m", "dvc", *words]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def stages_in(output: str) -> set[str]:
    return {line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage '")}


def hashes(copy: Path) -> dict[str, str]:
    files = {path for pattern in PRODUCTS for path in copy.glob(pattern) if path.is_file() and path.name != ".gitignore"}
    return {str(path.relative_to(copy)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The tiny profile, run from nothing. $FASREPRO_TEST_COPY keeps it for the browser's test."""
    kept = os.environ.get("FASREPRO_TEST_COPY")
    folder = ROOT / kept if kept else tmp_path_factory.mktemp("tiny")
    folder.mkdir(parents=True, exist_ok=True)
    patch = pytest.MonkeyPatch()
    patch.setenv("FASREPRO_STORE", str(folder / ".store"))
    reproduce.make_copy(ROOT, "tiny", folder)
    began = time.monotonic()
    output = dvc(folder, "repro")
    print(f"tiny from nothing: {time.monotonic() - began:.0f} s, {len(stages_in(output))} stages")
    yield folder
    patch.undo()


def test_every_job_has_figures_and_every_page_exists(copy: Path) -> None:
    metrics = json.loads((copy / "results" / "metrics.json").read_text(encoding="utf-8"))
    assert set(metrics["jobs"]) == set(config.load_jobs(copy / "jobs.yaml"))
    toc = yaml.safe_load((copy / "book" / "_toc.yml").read_text(encoding="utf-8"))
    listed = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    html = copy / "book" / "_build" / "html"
    for page in [toc["root"], *listed]:
        assert (html / f"{page}.html").stat().st_size > 5000
    assert list(html.rglob("caption_style.html"))
    assert list(html.rglob("unseen_attacks.html"))
    assert "By construction it misses" in next(html.rglob("annotators.html")).read_text(encoding="utf-8")


def test_a_row_can_be_walked_from_archive_to_verdict(copy: Path) -> None:
    results = copy / "results"
    faces = {face.face_id: face for face in table.read(results / "index" / "faces.parquet", Face)}
    truths = {truth.face_id for truth in table.read(results / "archives" / "truth.parquet", Truth)}
    captions = {row.face_id for row in table.read(results / "captions" / "reasoning.parquet", Caption)}
    trained = {row.face_id for row in table.read(next((results / "trainsets").glob("oci_m-reasoning*")), TrainRow)}
    scores = {row.face_id for row in table.read(results / "predictions" / "oci_m-reasoning" / "scores.parquet", Score)}
    judgements = table.read(results / "judgements.parquet", Judgement)
    judged = {row.face_id for row in judgements if row.protocol == "oci_m"}
    assert {faces[row.face_id].dataset for row in judgements if row.protocol == "oci_w"} == {"siw"}
    assert set(faces) <= truths
    assert captions == {name for name, face in faces.items() if face.split == "train" and face.dataset != "siw"}
    assert any(face.split == "train" and face.dataset == "siw" for face in faces.values())  # and is no source
    assert trained <= captions
    assert not scores & trained
    assert judged <= scores
    assert {faces[name].dataset for name in judged} == {"msu"}
    assert {faces[name].dataset for name in trained} == {"oulu", "casia", "replay"}


def test_every_number_with_a_mark_in_the_pages_is_a_published_figure(copy: Path) -> None:
    """A mark says where a number was read; one that is not in published.yaml was typed by hand."""
    figures = published.load()
    pairs = [(figures[honest], figures[oracle]) for honest, oracle in optimism.PUBLISHED.values()]
    derived = {f"{honest.value - oracle.value:.2f} points [2, D]" for honest, oracle in pairs}
    known = {figure.shown for figure in figures.values()} | {pairwise_tests.claimed_difference(figures)} | derived
    marked = re.compile(r"\d[\d.]*(?: %| points)? \[[V2D](?:, [V2D])*\]")
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


def test_no_figure_is_typed_into_a_page(copy: Path) -> None:
    """Numbers with decimals or percents come from results, params or published.yaml; code and links may hold any."""
    for source in (*(ROOT / "book").glob("*.md"), *(ROOT / "notebooks").glob("*.ipynb")):
        if source.suffix == ".md":
            text = re.sub(r"```.*?```", "", source.read_text(encoding="utf-8"), flags=re.DOTALL)
        else:
            cells = nbformat.read(source, as_version=4).cells
            text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        text = re.sub(r"`[^`]*`|\]\([^)]*\)|arXiv \S+|\{\{.*?\}\}", "", text)
        assert not re.findall(r"\b\d+\.\d+\b|\d ?%", text), source.name
    for claim in claims.CLAIMS:
        assert not re.findall(r"\d\.\d|\d ?%", re.sub(r"\{.*?\}", "", claim.text + claim.reason)), claim.id


def test_every_control_has_a_caption_of_each_face_and_every_captioned_job_its_grounding(copy: Path) -> None:
    results = copy / "results"
    params = config.load("controls", path=copy / "params.yaml")
    faces = {row.face_id for row in table.read(results / "captions" / "reasoning.parquet", Caption)}
    for name in params.controls:
        assert {row.face_id for row in table.read(results / "captions" / f"{name}.parquet", Caption)} == faces
    annotators = json.loads((results / "annotators.json").read_text(encoding="utf-8"))
    assert {name: style["label_aware"] for name, style in annotators["styles"].items()} == {
        "vanilla": True,
        "reasoning": True,
        "blind": False,
    }
    grounding = json.loads((results / "grounding.json").read_text(encoding="utf-8"))
    assert set(grounding) == {name for name, job in config.load_jobs(copy / "jobs.yaml").items() if job.run != "label_only"}


def test_a_second_run_runs_nothing(copy: Path) -> None:
    assert not stages_in(dvc(copy, "repro"))
    assert "up to date" in dvc(copy, "status")


def test_editing_a_page_rebuilds_the_book_alone(copy: Path) -> None:
    page = copy / "book" / "index.md"
    before = page.read_text(encoding="utf-8")
    try:
        page.write_text(before + "\nOne more sentence.\n", encoding="utf-8")
        assert plan.stages(copy) == ["book"]
        assert stages_in(dvc(copy, "repro", "--dry")) == {"book"}
    finally:
        page.write_text(before, encoding="utf-8")


def test_an_experiment_more_lists_its_jobs_and_what_follows_alone(copy: Path) -> None:
    before = {name: (copy / name).read_text(encoding="utf-8") for name in ("params.yaml", "jobs.yaml")}
    params = yaml.safe_load(before["params.yaml"])
    params["experiments"]["limited_source"] = {"protocols": ["mo_c"], "runs": ["vanilla"], "seeds": [0]}
    try:
        (copy / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
        (copy / "jobs.yaml").write_text(jobs.text(copy / "params.yaml"), encoding="utf-8")
        listed = set(plan.stages(copy))
    finally:
        for name, text in before.items():
            (copy / name).write_text(text, encoding="utf-8")
    assert plan.stages(copy) == []
    new = {"trainset@mo_c-vanilla", "train@mo_c-vanilla", "predict@mo_c-vanilla"}
    notebooks = {f"notebook@{name}" for name in params["ablations"]}
    assert listed == new | notebooks | {"judge", "evaluate", "report", "book"} | {
        "ground",
        "readings",
        "habits",
        "unseen",
        "counterfactual",  # it takes the models of several jobs, so any new one has it look again
        "faithful",
    }


def test_a_newcomers_ablation_becomes_a_page(copy: Path) -> None:
    """As book/ablation.md tells it: copy the notebook, change its parameters, add one entry, `dvc repro`."""
    params = yaml.safe_load((copy / "params.yaml").read_text(encoding="utf-8"))
    shutil.copyfile(copy / "notebooks" / "caption_style.ipynb", copy / "notebooks" / "my_ablation.ipynb")
    notebook = nbformat.read(copy / "notebooks" / "my_ablation.ipynb", as_version=4)
    cell = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    cell.source += '\nruns = ["vanilla", "wide_lora"]\n'
    nbformat.write(notebook, copy / "notebooks" / "my_ablation.ipynb")
    params["ablations"]["my_ablation"] = {"notebook": "my_ablation", "parameters": {"protocols": ["oci_m"]}}
    (copy / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    ran = stages_in(dvc(copy, "repro"))
    assert ran == {"notebook@my_ablation", "report", "book"}
    page = next((copy / "book" / "_build" / "html").rglob("my_ablation.html")).read_text(encoding="utf-8")
    assert "wide_lora" in page
    assert "experiments:" in page
    assert "fasrepro jobs" in page
    assert "dvc repro" in page


def test_force_gives_the_same_bytes(copy: Path) -> None:
    before = hashes(copy)
    assert len(before) > 100
    shutil.rmtree(copy / ".store")  # so that the annotator is asked again
    dvc(copy, "repro", "--force")
    after = hashes(copy)
    assert sorted(before) == sorted(after)
    assert [name for name in before if before[name] != after[name]] == []
