"""The stages `counterfactual` and `faithfulness` on two attacks and an untrained model; and where nothing can be drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from fasrepro import config, crops, files, paths, schema
from fasrepro.evaluation import results
from fasrepro.rows import table
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.scores import Explanation, Score
from fasrepro.rows.truth import Truth
from fasrepro.simulation import cue_pairs, rerender, truth
from fasrepro.stages import counterfactual, faithfulness
from tests.layout import ROOT
from tests.small_models import PROMPT, save_trained
from tests.stages import projects
from tests.training.small_runs import recipe

RUN, NUMBER, CHOSEN = "label_only", 4, 2
JOB = f"c_m-{RUN}-0"


def source_faces() -> list[Face]:
    """Return what a protocol needs of its source: a face in train, one in dev."""
    rows = []
    for split in ("train", "test"):
        name = f"casia/{split}"
        head = f"{name}#0004", "casia", split, name, name, 4, Label(0), "bona_fide", "", ""
        rows.append(Face(*head, (0, 0, 9, 9), "centre", "", ""))
    return rows


def draw_attacks(path: Path, count: int) -> tuple[list[Face], list[Truth]]:
    """Draw a frame of some attacks of MSU's test split, pack their crops, and return faces and truths as the index has them."""
    params = config.load("archives", "synthetic", path=path)
    archives = rerender.drawn_archives(params.archives, params.synthetic)
    attacks = [
        shown
        for shown in archives.presentations.values()
        if shown.dataset == "msu" and shown.split == "test" and shown.label is Label.ATTACK
    ]
    faces, truths = [], []
    with crops.packed(paths.CROPS) as pack:
        for shown in attacks[:count]:
            survey = rerender.survey(archives, shown.id)
            row = next(row for row in truth.frames_of(survey).truths if row.face_id.endswith(f"#{NUMBER:04d}"))
            x, y, width, height = truth.place(survey.recording, survey.layers, NUMBER)[0]
            box, cue = (max(x, 0), max(y, 0), width, height), row.cues[0]
            frame = cue_pairs.pair(survey.recording, cue, survey.recording.cues[cue], NUMBER).present
            data, sha256 = crops.encode(np.ascontiguousarray(frame[box[1] : y + height, box[0] : x + width]))
            crop = f"{shown.id}_{NUMBER:04d}.png"
            pack(crop, data)
            head = (row.face_id, "msu", "test", shown.subject, shown.id, NUMBER, shown.label, shown.species)
            faces.append(Face(*head, shown.instrument, shown.camera, box, "sidecar", crop, sha256))
            truths.append(row)
    return faces, truths


@pytest.fixture
def project(tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A project's root with a trained job of one seed, and its params."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["synthetic"] |= {"frames": 50, "width": 160, "height": 120}
    params["prediction"] |= {"max_new_tokens": 5}
    params["counterfactual"] = {"protocols": ["c_m"], "runs": [RUN], "faces": CHOSEN}
    params["evaluation"]["replicates"] = 20
    monkeypatch.chdir(tmp_path)
    write_params(params)
    data = schema.plain(recipe(checkpoint, prompt=PROMPT))
    del data["captions"], data["learning_rates"]
    job = {"protocol": "c_m", "run": RUN, "seed": 0, "test": ["msu"], "trainset": "t", "tuned": RUN, "recipe": data}
    empty: dict[str, Any] = {
        "written": [],
        "silver": {},
        "derived": {},
        "joined": {},
        "captioned": [],
        "trainsets": {},
        "tunings": {},
        "snapshot_jobs": {},
    }
    empty |= {"read_out_jobs": {}, "two_stage_jobs": [], "sft_jobs": {}, "grpo_jobs": {}, "captioner_names": [], "skipped": []}
    empty |= {"caption_detectors": {}}
    content = {**empty, "splits": {"c_m": {"train": ["casia"], "test": ["msu"]}}, "jobs": {JOB: job}}
    paths.JOBS.write_text(yaml.safe_dump(content), encoding="utf-8")
    save_trained(checkpoint, paths.checkpoint(JOB))
    return params


def write_params(params: dict[str, Any]) -> None:
    paths.PARAMS.write_text(yaml.safe_dump(params), encoding="utf-8")


def write_index(faces: list[Face], truths: list[Truth]) -> None:
    """Write faces, truths and the split as the stages before leave them, but that the target has attacks alone."""
    projects.write_faces([*faces, *source_faces()])
    for dataset in ("msu", "casia"):
        table.write(paths.truth(dataset), truths if dataset == "msu" else [], Truth)


def test_both_crops_are_scored_explained_and_compared(project: dict[str, Any]) -> None:
    faces, truths = draw_attacks(paths.PARAMS, CHOSEN + 1)
    write_index(faces, truths)
    counterfactual.main([])
    pairs = files.read_json(paths.PAIRS)
    face_by_id, cues_by_id = {face.face_id: face for face in faces}, {row.face_id: row.cues for row in truths}
    assert len(pairs) == CHOSEN
    for face_id, row in pairs.items():
        assert row["cue"] in cues_by_id[face_id]
        without, present = (
            crops.read_crop(paths.PAIR_CROPS, row[part]["crop"], row[part]["crop_sha256"]) for part in rerender.PARTS
        )
        face = face_by_id[face_id]
        own = crops.read_crop(paths.CROPS, face.crop, face.crop_sha256)
        assert without.size == present.size == own.size
        distance = [np.abs(np.asarray(crop, float) - np.asarray(own)).mean() for crop in (without, present)]
        assert distance[1] < distance[0]  # the index's crop has the cue, so the crop drawn with it is nearer
    scored = {row.face_id for row in table.read(paths.PAIR_SCORES, Score)}
    both = {row[part]["face_id"] for row in pairs.values() for part in rerender.PARTS}
    assert scored == both | set(pairs)
    assert {row.face_id for row in table.read(paths.PAIR_EXPLANATIONS, Explanation)} == both
    first = {path: path.read_bytes() for path in sorted(paths.COUNTERFACTUAL.rglob("*")) if path.is_file()}
    counterfactual.main([])
    assert first == {path: path.read_bytes() for path in sorted(paths.COUNTERFACTUAL.rglob("*")) if path.is_file()}

    faithfulness.main([])
    entry = results.read(paths.FAITHFULNESS, results.Faithfulness).cells[f"c_m-{RUN}"]
    assert (entry.counts.faces, entry.counts.seeds) == (CHOSEN, 1)
    scores = {row.face_id: row.p_attack for row in table.read(paths.PAIR_SCORES, Score)}
    change = np.mean([scores[row["with"]["face_id"]] - scores[row["without"]["face_id"]] for row in pairs.values()])
    assert entry.figures["score_change"].value == pytest.approx(change, abs=1e-6)


@pytest.mark.parametrize(
    "section",
    [{"archives": {"source": "licensed"}}, {"counterfactual": {"protocols": []}}, {"counterfactual": {"protocols": ["c_o"]}}],
)
def test_where_nothing_can_be_drawn_or_is_asked_for_all_is_empty(project: dict[str, Any], section: dict[str, Any]) -> None:
    write_params(project | {name: project[name] | values for name, values in section.items()})
    table.write(paths.faces("casia"), source_faces(), Face)
    counterfactual.main([])
    faithfulness.main([])
    assert files.read_json(paths.PAIRS) == {}
    assert results.read(paths.FAITHFULNESS, results.Faithfulness).cells == {}
    assert table.read(paths.PAIR_SCORES, Score) == table.read(paths.PAIR_EXPLANATIONS, Explanation) == []


def test_a_run_that_no_job_trains_is_named(project: dict[str, Any]) -> None:
    project["counterfactual"]["runs"] = ["label_onyl"]
    write_params(project)
    with pytest.raises(config.ConfigError, match=r"unknown protocol and run 'c_m-label_onyl'\. Did you mean 'c_m-label_only'"):
        counterfactual.main([])
