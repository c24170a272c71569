from __future__ import annotations

import html
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fasrepro import crops, files, paths, vocabulary
from fasrepro.report import faithful, gallery
from fasrepro.rows import table
from fasrepro.rows.faces import Label
from fasrepro.rows.scores import Explanation, Score


def figure(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1}


def job(run: str) -> dict[str, Any]:
    measures = {name: figure(0.25) for name in (*faithful.COLUMNS, "logit_change", "newly_named")}
    one = {name: figure(0.5) for name in faithful.OF_A_CUE} | {"counts": {"faces": 3, "subjects": 2}}
    return {
        "protocol": "oci_m",
        "run": run,
        "measures": measures,
        "cues": {"moire": one},
        "counts": {"faces": 7, "subjects": 4, "seeds": 3},
    }


FOUND = {"oci_m-vanilla": job("vanilla"), "oci_m-label_only": job("label_only")}
RUNS = ["label_only", "vanilla"]


def test_tables_stand_in_the_order_of_runs_and_without_pairs_say_so() -> None:
    rows = [html.unescape(line).split(" | ") for line in faithful.table(FOUND, RUNS).splitlines()[2:]]
    assert [(row[1], row[2], row[3]) for row in rows] == [("label_only", "7", "4"), ("vanilla", "7", "4")]
    assert rows[0][4].startswith("+0.250")
    by_cue = [html.unescape(line).split(" | ") for line in faithful.by_cue(FOUND, RUNS).splitlines()[2:]]
    assert [row[2:4] for row in by_cue] == [["moire", "3"]] * 2
    assert faithful.table({}, RUNS) == faithful.by_cue({}, RUNS) == faithful.UNKNOWN


def test_the_figure_has_the_same_bytes_twice_and_without_pairs_there_is_none(tmp_path: Path) -> None:
    other = job("vanilla") | {"protocol": "icm_o", "cues": {}}
    for copy in ("a", "b"):
        text = faithful.drawn({**FOUND, "icm_o-vanilla": other}, RUNS, tmp_path / copy)
        assert "/_generated/figures/faithfulness.png" in text
    content = (tmp_path / "a/figures/faithfulness.png").read_bytes()
    assert content == (tmp_path / "b/figures/faithfulness.png").read_bytes()
    assert faithful.drawn({}, RUNS, tmp_path / "none") == faithful.UNKNOWN
    assert not (tmp_path / "none").exists()


def test_of_the_last_job_its_own_first_seed_is_shown(world: SimpleNamespace, tmp_path: Path) -> None:
    face = next(f for f in world.faces if f.label is Label.ATTACK)
    row = {"cue": "moire", **{part: {"face_id": f"{face.face_id}/{part}"} for part in ("without", "with")}}
    ids = [row[part]["face_id"] for part in ("without", "with")]
    scores = [Score("oci_m", run, seed, i, 0.5) for run, seed in (("label_only", 0), ("vanilla", 3)) for i in ids]
    texts = [Explanation(row.protocol, row.run, row.seed, row.face_id, "A face.", 3, True) for row in scores]
    picture = gallery.Pictures(tmp_path, tmp_path, "x", False)
    shown = faithful.examples({face.face_id: row}, scores, texts, {face.face_id: face}, picture)
    assert shown.count("A face.") == 2


@pytest.mark.parametrize("show", [True, False])
def test_a_pair_is_shown_with_the_cue_marked_that_was_taken_out(
    world: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, show: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    face = next(f for f in world.faces if f.label is Label.ATTACK)
    row: dict[str, Any] = {"cue": "moire", "strength": 0.5, "share": 0.2}
    with crops.packed(paths.PAIR_CROPS) as pack:
        for part in ("without", "with"):
            data, sha = crops.encode(np.full((12, 10, 3), 90 if part == "with" else 30, np.uint8))
            pack(f"{part}.png", data)
            row[part] = {"face_id": f"{face.face_id}/{part}", "crop": f"{part}.png", "crop_sha256": sha}
    files.write_json(paths.PAIRS, {face.face_id: row})
    phrase, other = vocabulary.CUES["moire"].phrasings[0], vocabulary.CUES["bezel"].phrasings[0]
    texts = [
        Explanation("oci_m", "vanilla", 0, row["without"]["face_id"], f"I see {phrase}. <script>", 9, True),
        Explanation("oci_m", "vanilla", 0, row["with"]["face_id"], f"I see {phrase} and {other}.", 9, True),
    ]
    table.write(paths.PAIR_EXPLANATIONS, texts, Explanation)
    scores = [Score("oci_m", "vanilla", 0, text.face_id, 0.25) for text in texts]
    table.write(paths.PAIR_SCORES, scores, Score)
    made = faithful.fragments_of(FOUND, RUNS, {face.face_id: face}, show, tmp_path / "work")
    text = made["faithfulness_pairs"]
    assert text.count('<mark class="cue-present">') == text.count('<mark class="cue-absent">') == 1
    assert other in html.unescape(text)  # named, but not what was taken out
    assert "<script>" not in text
    assert text.count("score 0.250") == 2
    assert len(list((tmp_path / "work" / "pairs").glob("*.png"))) == (2 if show else 0)
