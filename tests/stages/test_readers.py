from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from fasrepro.rows import table
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.scores import Explanation, Judgement
from fasrepro.rows.table import RowError
from fasrepro.rows.training import TrainRow
from fasrepro.stages import readers

ROOT = Path(__file__).parents[2]
SPECIES = ("bona_fide", "print")


def face(number: int) -> Face:
    name, label = f"msu/x{number}", number % 2
    return Face(
        f"{name}#0004", "msu", "test", "s", name, 4, Label(label), SPECIES[label], "", "", (0, 0, 9, 9), "sidecar", "", ""
    )


TEXTS = ["Fine skin. This is a bona fide face.", "Dots. This is a presentation attack.", "A person with brown hair", ""]


def test_every_reader_judges_every_explanation_of_every_job_and_again_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["simulated"]["reader_error"] = 0.0
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    shared = {"protocol": "oci_m", "seeds": [0], "trainset": "t"}
    jobs = {f"oci_m-{run}": {**shared, "run": run, "tuned": run} for run in ("vanilla", "label_only")}
    (tmp_path / "jobs.yaml").write_text(yaml.safe_dump({"jobs": jobs, "trainsets": {}}))
    for name, job in jobs.items():
        rows = [Explanation("oci_m", job["run"], 0, f"msu/x{n}#0004", text, 9, True) for n, text in enumerate(TEXTS)]
        table.write(tmp_path / "results" / "predictions" / name / "explanations.parquet", rows, Explanation)
    faces = [face(n) for n in range(len(TEXTS))]
    table.write(tmp_path / "results" / "index" / "faces.parquet", faces, Face)
    captions = [("fine skin", 0), ("dots", 1)] * 3
    rows = [
        TrainRow(f"replay/t{n}#0004", "replay", SPECIES[label], Label(label), "", "", "vanilla", caption)
        for n, (caption, label) in enumerate(captions)
    ]
    table.write(tmp_path / "results" / "trainsets" / "t.parquet", rows, TrainRow)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FASREPRO_STORE", raising=False)
    readers.main([])
    path = tmp_path / "results" / "judgements.parquet"
    first, rows = path.read_bytes(), table.read(path, Judgement)
    live, attack, undecided = Verdict.BONA_FIDE, Verdict.ATTACK, Verdict.UNDECIDED
    wanted = {
        "lexical": [live, attack, undecided, undecided],
        "lexical_cut": [undecided] * 4,  # neither "fine skin" nor "dots" is a sign that the rule knows
        "lexical_flipped": [attack, live, undecided, undecided],
        "tfidf": [live, attack, undecided, undecided],
        "tfidf_cut": [live, attack, undecided, undecided],
        "tfidf_flipped": [live, attack, undecided, undecided],
        "api": [live, attack, undecided, undecided],
        "api_cut": [undecided] * 4,
        "api_flipped": [attack, live, undecided, undecided],
    }
    assert len(rows) == 2 * len(wanted) * len(TEXTS)
    for run in ("vanilla", "label_only"):
        for reader, verdicts in wanted.items():
            assert [row.verdict for row in rows if (row.reader, row.run) == (reader, run)] == verdicts, reader
    shutil.rmtree(tmp_path / ".store")
    readers.main([])
    assert path.read_bytes() == first

    (tmp_path / "results" / "predictions" / "oci_m-vanilla" / "explanations.parquet").unlink()
    with pytest.raises(RowError, match=r"oci_m-vanilla/explanations\.parquet: no such table"):
        readers.main([])
