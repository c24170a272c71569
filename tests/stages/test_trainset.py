from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml

from fasrepro import config, paths
from fasrepro.config import Trainset
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face
from fasrepro.rows.training import TrainRow
from fasrepro.stages import trainset
from tests.data.test_trainsets import captions, faces

FACES = faces({"bona_fide": 3, "print": 3})
SETS = {
    "both": Trainset("oci_m", {"vanilla": 0.5, "cot": 0.5}, ["cot", "vanilla"]),
    "labels": Trainset("oci_m", {}, ["vanilla"]),
    "derived": Trainset("oci_m", {"cot": 1.0}, ["vanilla"]),
}
MAPPINGS = ("silver", "derived", "joined", "splits", "tunings", "jobs", "read_out_jobs", "snapshot_jobs", "sft_jobs", "grpo_jobs")
MAPPINGS += ("caption_detectors",)
LISTS = ("written", "captioned", "two_stage_jobs", "captioner_names", "skipped")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with train faces, two caption sets that lack a face each, and a third that is no table at all."""
    monkeypatch.chdir(tmp_path)
    contents: dict[str, Any] = {key: {} for key in MAPPINGS} | {key: [] for key in LISTS}
    jobs = config.Jobs(**contents, trainsets=SETS)
    paths.JOBS.write_text(yaml.safe_dump(dataclasses.asdict(jobs)))
    table.write(paths.split("oci_m", "train"), FACES, Face)
    table.write(paths.captions("vanilla"), captions(FACES[1:], "vanilla"), Caption)
    table.write(paths.captions("cot"), captions(FACES[:-1], "cot"), Caption)
    paths.captions("other").write_text("not compared, not read")
    return tmp_path


def test_only_faces_with_a_caption_in_every_compared_set_are_kept(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trainset.main(["both"])
    rows = table.read(paths.trainset("both"), TrainRow)
    assert [row.face_id for row in rows] == [face.face_id for face in FACES[1:-1]]
    assert {row.style for row in rows} == {"vanilla", "cot"}
    out = capsys.readouterr().out
    assert f"both: {FACES[0].face_id} is left out: a caption is missing, see results/captions_report" in out
    assert f"both: {FACES[-1].face_id} is left out" in out and out.count("\n") == 2


def test_labels_alone_leave_out_the_same_faces_as_what_they_are_compared_with(project: Path) -> None:
    trainset.main(["labels"])
    rows = table.read(paths.trainset("labels"), TrainRow)
    assert [row.face_id for row in rows] == [face.face_id for face in FACES[1:]]
    assert {row.caption for row in rows} == {""}


def test_a_set_that_is_trained_on_counts_as_compared(project: Path) -> None:
    trainset.main(["derived"])
    assert [row.face_id for row in table.read(paths.trainset("derived"), TrainRow)] == [face.face_id for face in FACES[1:-1]]


def test_an_unknown_training_set_and_missing_captions_are_named(project: Path) -> None:
    with pytest.raises(config.ConfigError, match=r"unknown training set 'bot'\. Did you mean 'both'"):
        trainset.main(["bot"])
    paths.captions("cot").unlink()
    with pytest.raises(table.RowError, match=r"captions/cot\.parquet: no such table; `dvc repro` makes it"):
        trainset.main(["both"])
