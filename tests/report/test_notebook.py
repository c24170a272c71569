"""Frames for notebooks, and what they print for results that are not there."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from fasrepro import config, files, paths
from fasrepro.report import notebook, recorded
from fasrepro.rows.faces import Face, Label, face_id
from fasrepro.rows.scores import Score


def test_results_frame_holds_what_is_there(world: SimpleNamespace) -> None:
    frame = notebook.results_frame(world.metrics, ["ocm_i"], ["vanilla", "nothing"], measures=["auc"])
    assert frame.to_dict("records") == [
        {
            "protocol": "ocm_i",
            "run": "vanilla",
            "seeds": 1,
            "measure": "auc",
            **world.metrics["jobs"]["ocm_i-vanilla"]["mean"]["video"]["auc"],
        }
    ]


@pytest.mark.parametrize("baseline", ["label_only", "reasoning"])
def test_any_run_may_be_the_baseline(world: SimpleNamespace, baseline: str) -> None:
    ours = notebook.paired_frame(world.metrics, ["oci_m"], ["vanilla"], baseline)
    theirs = notebook.paired_frame(world.metrics, ["oci_m"], [baseline], "vanilla")
    jobs = world.metrics["jobs"]
    figures = [jobs[f"oci_m-{run}"]["mean"]["video"]["hter_dev"]["value"] for run in ("vanilla", baseline)]
    assert ours.difference[0] == pytest.approx(figures[0] - figures[1], abs=2e-6)
    assert (ours.difference[0], ours.low[0], ours.high[0]) == (-theirs.difference[0], -theirs.high[0], -theirs.low[0])
    assert ours.low[0] < ours.high[0]
    assert notebook.paired_frame(world.metrics, ["oci_m"], [baseline], baseline).empty


def test_paired_frame_is_against_the_baseline_alone(world: SimpleNamespace) -> None:
    frame = notebook.paired_frame(world.metrics, ["oci_m", "ocm_i"], ["label_only", "reasoning", "vanilla"], "vanilla")
    assert list(zip(frame.protocol, frame.run, strict=True)) == [
        ("oci_m", "label_only"),
        ("oci_m", "reasoning"),
        ("ocm_i", "label_only"),
        ("ocm_i", "reasoning"),
    ]
    assert set(frame.metric) == {"hter_dev"}


def test_frames_without_results_keep_their_columns() -> None:
    nothing = {"jobs": {}, "paired": []}
    assert list(notebook.results_frame(nothing, ["oci_m"], ["x"]).columns)[:2] == ["protocol", "run"]
    assert notebook.paired_frame(nothing, ["oci_m"], ["x"], "y").empty


def test_a_recorded_run_by_the_same_params_stands_in_where_a_run_is_lacking(
    world: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files.write_json(paths.METRICS, world.metrics)
    files.write_text(paths.PARAMS, "training: {steps: 3}")
    cell = {**world.metrics["jobs"]["oci_m-vanilla"], "seeds": ["0"]}
    other = {"jobs": {"a": {**cell, "run": "vanilla"}, "b": {**cell, "run": "prose"}}, "paired": []}
    entry = {"profile": "more", "world": "a", "spurious_strength": 0.9, "hours": 0.5, "metrics": other}
    hashes = {"sections_sha256": recorded.sections(paths.PARAMS), "code_md5": {}, "untimed_stages": 0}
    files.write_json(paths.RECORDED / "more.json", entry | hashes)

    assert notebook.results(["oci_m"], ["vanilla"], "more") == (world.metrics, notebook.ALL_THERE)
    metrics, told = notebook.results(["oci_m"], ["vanilla", "prose"], "more")
    assert metrics == other and "profile more" in told and "0.5 hours" in told
    for named, runs in (("", ["prose"]), ("less", ["prose"]), ("more", ["prose", "blind"])):
        metrics, told = notebook.results(["oci_m"], runs, named)
        assert metrics == world.metrics and told.startswith("No results for")
    for changed in ("training: {steps: 4}", "training: {steps: 3}\nruns: {prose: {steps: 4}}"):
        files.write_text(paths.PARAMS, changed)
        assert notebook.results(["oci_m"], ["prose"], "more")[0] == world.metrics


def test_nothing_is_missing(world: SimpleNamespace) -> None:
    assert notebook.missing(world.metrics, ["oci_m", "ocm_i"], ["vanilla", "reasoning"]) == ""


def test_what_is_missing_is_printed_as_an_entry_that_params_take(world: SimpleNamespace) -> None:
    text = notebook.missing(world.metrics, ["oci_m", "omi_c"], ["vanilla", "blind"])
    assert "blind on oci_m" in text
    assert "vanilla on oci_m" not in text
    assert "fasrepro jobs" in text
    assert "dvc repro" in text
    (line,) = [line for line in text.splitlines() if "my_ablation:" in line]
    entries = config.build(dict[str, config.Experiment], yaml.safe_load(line), "printed")
    assert entries["my_ablation"] == config.Experiment(protocols=["oci_m", "omi_c"], runs=["blind", "vanilla"], seeds=[0])


def test_videos_are_means_of_one_seeds_faces_on_the_targets_test_and_decisions_go_by_the_threshold() -> None:
    def face(dataset: str, split: str, video: str, frame: int, label: int) -> Face:
        presentation = f"{dataset}/{video}"
        return Face(face_id(presentation, frame), dataset, split, f"{dataset}/1", presentation, frame, Label(label),
                    "print" if label else "bona_fide", "", "", (0, 0, 9, 9), "sidecar", "x", "y")  # fmt: skip

    faces = [face("msu", "test", "a", 4, 1), face("msu", "test", "a", 20, 1), face("msu", "test", "b", 4, 0)]
    faces += [face("msu", "train", "c", 4, 1), face("casia", "test", "d", 4, 1)]
    given = dict(zip((one.face_id for one in faces), (0.25, 0.75, 0.5, 0.9, 0.9), strict=True))
    scores = [Score("oc_m", "r", 0, name, value) for name, value in given.items()]
    scores += [Score("oc_m", "r", 1, name, 0.0) for name in given]
    frame = notebook.videos_frame(scores, {one.face_id: one for one in faces}, "msu", 0)
    assert frame.to_dict("records") == [
        {"video": "msu/a", "species": "print", "label": "attack", "score": 0.5},
        {"video": "msu/b", "species": "bona_fide", "label": "bona fide", "score": 0.5},
    ]
    decided = notebook.decisions_frame(frame, {"dev": 0.5, "oracle": 0.625})
    assert decided["dev"].tolist() == ["attack", "attack"]  # a score that equals the threshold is an attack
    assert decided["oracle"].tolist() == ["bona fide", "bona fide"]
