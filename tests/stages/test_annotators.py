"""The stage `annotators` on captions of three styles, without truth, and the notebook that reads what it wrote."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
import yaml

from fasrepro import files, paths, vocabulary
from fasrepro.rows import table
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.truth import Truth
from fasrepro.stages import annotators as stage
from fasrepro.stages import notebook
from tests.regions import box_region

ROOT = Path(__file__).parents[2]
BOX = (0, 0, 80, 60)


def face(subject: int, species: str) -> Face:
    name = f"msu/{subject}_{species}"
    return Face(f"{name}#0004", "msu", "train", f"msu/{subject}", name, 4, Label(species != "bona_fide"), species, "", "", BOX,
                "sidecar", "", "")  # fmt: skip


FACES = [face(subject, species) for subject in (1, 2, 3) for species in ("bona_fide", "replay_video")]
SAID = {"vanilla": ["moire"], "reasoning": ["moire", "bezel"], "blind": ["moire"], "neutral": []}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's root whose replays show moire in the crop, and a bezel outside of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["evaluation"]["replicates"] = 50
    paths.PARAMS.write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    paths.NOTEBOOKS.mkdir()
    (paths.NOTEBOOKS / "annotators.ipynb").write_bytes((ROOT / paths.NOTEBOOKS / "annotators.ipynb").read_bytes())
    table.write(paths.FACES, FACES, Face)
    masks = (box_region(0, 0, 40, 40), box_region(120, 100, 140, 120))
    truths = [Truth(f.face_id, ("moire", "bezel"), (0.5, 0.5), masks, (), (), "{}") for f in FACES if f.label]
    table.write(paths.TRUTH, truths + [Truth(f.face_id, (), (), (), (), (), "{}") for f in FACES if not f.label], Truth)
    for style, names in SAID.items():
        text = " and ".join(vocabulary.CUES[name].phrasings[0] for name in names)
        rows = [
            Caption(f.face_id, style, text if f.label and text else "A face.", Verdict.UNDECIDED, "v", "model",
                    style in ("vanilla", "reasoning"), 1, "k")
            for f in FACES
        ]  # fmt: skip
        table.write(paths.captions(style), rows, Caption)
    return tmp_path


def shown(name: str) -> str:
    cells = nbformat.read(paths.EXECUTED / f"{name}.ipynb", as_version=4).cells
    return json.dumps([cell.get("outputs") for cell in cells], ensure_ascii=False)


def test_a_cue_outside_of_the_crop_is_not_there_and_neutral_has_no_entry(project: Path) -> None:
    stage.main([])
    first, found = paths.ANNOTATORS.read_bytes(), files.read_json(paths.ANNOTATORS)
    assert set(found["styles"]) == {"vanilla", "reasoning", "blind"}
    assert [found["styles"][name]["pooled"]["precision"]["value"] for name in ("vanilla", "reasoning")] == [1.0, 0.5]
    assert {(p["style"], p["baseline"]): p["same_task"] for p in found["pairs"]} == {
        ("vanilla", "blind"): False,
        ("reasoning", "blind"): True,
    }
    assert found["pairs"][1]["difference"]["precision"] == {"value": -0.5, "low": -0.5, "high": -0.5}
    simulated = yaml.safe_load(paths.PARAMS.read_text(encoding="utf-8"))["simulated"]
    assert found["by_construction"] == {name: simulated[name] for name in ("missed_cue", "invented_cue")}
    stage.main([])
    assert paths.ANNOTATORS.read_bytes() == first
    notebook.main(["--name", "annotators"])
    page = shown("annotators")
    assert page.count("image/png") == 2
    assert "By construction it misses" in page and "-0.500 [-0.500, -0.500]" in page


def test_without_truth_the_report_is_empty_and_the_page_says_so(project: Path) -> None:
    table.write(paths.TRUTH, [], Truth)
    params = yaml.safe_load(paths.PARAMS.read_text(encoding="utf-8"))
    params["annotator"]["base_url"] = "https://example.invalid/v1"
    paths.PARAMS.write_text(yaml.safe_dump(params), encoding="utf-8")
    stage.main([])
    assert files.read_json(paths.ANNOTATORS) == {"styles": {}, "pairs": [], "by_construction": None}
    notebook.main(["--name", "annotators"])
    page = shown("annotators")
    assert "known of synthetic archives alone" in page and "image/png" not in page
