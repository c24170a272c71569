"""The stages `counterfactual` and `faithful` on two attacks and an untrained model; and of archives that were not drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from fasrepro import config, crops, files, paths
from fasrepro.models import backbones, vlm
from fasrepro.rows import table
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.scores import Explanation, Score
from fasrepro.rows.truth import Truth
from fasrepro.simulation import cue_pairs, rerender, truth
from fasrepro.stages import counterfactual, faithfulness

ROOT = Path(__file__).parents[2]
RUN, NUMBER, CHOSEN = "label_only", 4, 2


def others() -> list[Face]:
    """Return what a protocol needs of its source: a face in train, one in dev."""
    rows = []
    for split in ("train", "test"):
        name = f"casia/{split}"
        rows.append(
            Face(f"{name}#0004", "casia", split, name, name, 4, Label(0), "bona_fide", "", "", (0, 0, 9, 9), "centre", "", "")
        )
    return rows


def drawn(params: dict[str, Any], count: int) -> tuple[list[Face], list[Truth]]:
    """Draw a frame of some attacks of MSU's test split, pack their crops, and return faces and truths as the index has them."""
    known = rerender.archives(params["archives"], params["synthetic"])
    plan = [p for p in known.plan.values() if p.dataset == "msu" and p.split == "test" and p.label is Label.ATTACK][:count]
    faces, truths = [], []
    with crops.packed(paths.CROPS) as pack:
        for shown in plan:
            found = rerender.survey(known, shown.id)
            row = next(row for row in truth.frames(found).truths if row.face_id.endswith(f"#{NUMBER:04d}"))
            x, y, width, height = truth.place(found.take, found.layers, NUMBER)[0]
            box, cue = (max(x, 0), max(y, 0), width, height), row.cues[0]
            frame = cue_pairs.pair(found.take, cue, found.take.cues[cue], NUMBER).present
            data, sha256 = crops.encode(np.ascontiguousarray(frame[box[1] : y + height, box[0] : x + width]))
            crop = f"{shown.id}_{NUMBER:04d}.png"
            pack(crop, data)
            head = (row.face_id, "msu", "test", shown.subject, shown.id, NUMBER, shown.label, shown.species)
            faces.append(Face(*head, shown.instrument, shown.camera, box, "sidecar", crop, sha256))
            truths.append(row)
    return faces, truths


@pytest.fixture
def project(tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A project's root with a job of one seed, and its params."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["synthetic"] |= {"frames": 50, "width": 160, "height": 120}
    params["training"]["backbone"] = str(checkpoint)
    params["prediction"] |= {"max_new_tokens": 5}
    params["counterfactual"] = {"protocols": ["c_m"], "runs": [RUN], "faces": CHOSEN}
    params["evaluation"]["replicates"] = 20
    monkeypatch.chdir(tmp_path)
    paths.PARAMS.write_text(yaml.safe_dump(params), encoding="utf-8")
    job = {"protocol": "c_m", "run": RUN, "seeds": [0], "trainset": "t", "tuned": RUN}
    paths.JOBS.write_text(yaml.safe_dump({"jobs": {f"c_m-{RUN}": job}, "transfers": {}}), encoding="utf-8")
    base, _ = backbones.load(str(checkpoint))
    model = vlm.create(base, site="vision", rank=4, alpha=8, lora_vision=True, train_embeddings=True, seed=1)
    folder = paths.checkpoint(f"c_m-{RUN}", 0)
    folder.mkdir(parents=True)
    vlm.save(model, folder)
    return params


def test_both_crops_are_scored_explained_and_compared(project: dict[str, Any]) -> None:
    faces, truths = drawn(project, CHOSEN + 1)
    table.write(paths.FACES, [*faces, *others()], Face)
    table.write(paths.TRUTH, truths, Truth)
    counterfactual.main([])
    made = files.read_json(paths.PAIRS)
    known, cues = {face.face_id: face for face in faces}, {row.face_id: row.cues for row in truths}
    assert len(made) == CHOSEN
    for face_id, row in made.items():
        assert row["cue"] in cues[face_id]
        one, other = (crops.read_crop(paths.PAIR_CROPS, row[part]["crop"], row[part]["crop_sha256"]) for part in rerender.PARTS)
        face = known[face_id]
        own = crops.read_crop(paths.CROPS, face.crop, face.crop_sha256)
        assert one.size == other.size == own.size
        apart = [np.abs(np.asarray(part, float) - np.asarray(own)).mean() for part in (one, other)]
        assert apart[1] < apart[0]  # the index's crop has the cue: what was drawn again with it is nearer
    scored = {row.face_id for row in table.read(paths.PAIR_SCORES, Score)}
    both = {row[part]["face_id"] for row in made.values() for part in rerender.PARTS}
    assert scored == both | set(made)
    assert {row.face_id for row in table.read(paths.PAIR_EXPLANATIONS, Explanation)} == both
    first = {path: path.read_bytes() for path in sorted(paths.COUNTERFACTUAL.rglob("*")) if path.is_file()}
    counterfactual.main([])
    assert first == {path: path.read_bytes() for path in sorted(paths.COUNTERFACTUAL.rglob("*")) if path.is_file()}

    faithfulness.main([])
    report = files.read_json(paths.FAITHFULNESS)[f"c_m-{RUN}"]
    assert (report["counts"]["faces"], report["counts"]["seeds"]) == (CHOSEN, 1)
    scores = {row.face_id: row.p_attack for row in table.read(paths.PAIR_SCORES, Score)}
    change = np.mean([scores[row["with"]["face_id"]] - scores[row["without"]["face_id"]] for row in made.values()])
    assert report["measures"]["score_change"]["value"] == pytest.approx(change, abs=1e-6)


@pytest.mark.parametrize("section", [{"archives": {"source": "licensed"}}, {"counterfactual": {"protocols": []}}])
def test_licensed_archives_or_no_protocols_give_empty_results(project: dict[str, Any], section: dict[str, Any]) -> None:
    changed = project | {name: project[name] | values for name, values in section.items()}
    paths.PARAMS.write_text(yaml.safe_dump(changed), encoding="utf-8")
    table.write(paths.FACES, others(), Face)
    table.write(paths.TRUTH, [], Truth)
    counterfactual.main([])
    faithfulness.main([])
    assert files.read_json(paths.PAIRS) == files.read_json(paths.FAITHFULNESS) == {}
    assert table.read(paths.PAIR_SCORES, Score) == table.read(paths.PAIR_EXPLANATIONS, Explanation) == []


def test_a_run_without_a_job_is_an_error(project: dict[str, Any]) -> None:
    project["counterfactual"]["runs"] = ["label_onyl"]
    paths.PARAMS.write_text(yaml.safe_dump(project), encoding="utf-8")
    with pytest.raises(config.ConfigError, match=r"unknown job 'c_m-label_onyl'\. Did you mean 'c_m-label_only'"):
        counterfactual.main([])
