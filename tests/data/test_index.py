"""The index over small archives that the writer made, with faults at their real places."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from fasrepro import config, records
from fasrepro.archives import ARCHIVES
from fasrepro.archives.layout import ArchiveError
from fasrepro.crops import read_crop
from fasrepro.data import index
from fasrepro.stages import archives as archives_stage
from fasrepro.stages import index as index_stage
from fasrepro.synthetic import render, world
from fasrepro.synthetic.video import write_video

RULE = index.Rule(every=5, first=4, min_face=30)
SIZES = {"msu": {"train": 1, "test": 1}, "casia": {"train": 1, "test": 1}}
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archives")
    world.build(folder, SIZES, render.Scene(1, 50, 120, 90, 0.2), 25, "procedural", processes=2)
    return folder


@pytest.fixture
def archives(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    return Path(shutil.copytree(made, tmp_path / "archives"))


def build(archives: Path, folder: Path, rate: float = 0.05) -> dict:
    return index.build(archives, list(SIZES), folder, RULE, rate, processes=1)


def test_faces_crops_and_report_agree(archives: Path, tmp_path: Path) -> None:
    report = build(archives, tmp_path / "index")
    rows = records.read(tmp_path / "index" / "faces.parquet", records.Face)
    crops = {p.relative_to(tmp_path / "index" / "crops").as_posix() for p in (tmp_path / "index" / "crops").rglob("*.png")}
    assert {row.crop for row in rows} == crops
    assert {row.frame for row in rows if row.dataset == "msu"} == {20, 45}  # 10 candidates: positions 4 and 9
    assert {(row.subject, row.split) for row in rows if row.dataset == "msu"} == {
        ("msu/client001", "train"),
        ("msu/client002", "test"),
    }
    assert {row.box_source for row in rows if row.dataset == "msu"} == {"sidecar"}
    assert all(row.box_source != "sidecar" for row in rows if row.dataset == "casia")
    for row in rows:
        image = read_crop(tmp_path / "index" / "crops", row.crop, row.crop_sha256)
        assert image.size == row.box[2:]
    truths = {row.face_id for row in records.read(archives / "truth.parquet", records.Truth)}
    assert {row.face_id for row in rows} <= truths
    assert report["msu"]["videos"] == 16
    assert report["msu"]["faces"] == 32
    assert report["msu"]["videos_by_box_source"] == {"sidecar": 16}
    assert report["msu"]["videos_by_split"]["test"] == {"bona_fide": 2, "print": 2, "replay_video": 4}
    assert report["casia"]["videos"] == 24
    assert sum(report["casia"]["videos_by_box_source"].values()) == 24
    assert report["casia"]["excluded"] == {}


def test_unreadable_videos_and_strays_are_named_and_counted(archives: Path, tmp_path: Path) -> None:
    casia, msu = archives / "CASIA-FASD", archives / "MSU-MFSD/scene01"
    broken, blank = casia / "train_release/1/3.avi", msu / "real/real_client001_android_SD_scene01.mp4"
    broken.write_bytes(broken.read_bytes()[:3000])
    blank.write_bytes(b"")
    (casia / "train_release/1/Thumbs.db").write_bytes(b"x")
    (casia / "test_release/1/99.avi").write_bytes(b"x")
    sidecar = msu / "real/real_client002_android_SD_scene01.face"
    sidecar.write_text("1,2\n")
    report = build(archives, tmp_path / "index", rate=0.2)
    assert list(report["casia"]["excluded"]) == [
        "test_release/1/99.avi",
        "train_release/1/3.avi",
        "train_release/1/Thumbs.db",
    ]
    assert "CASIA-FASD name" in report["casia"]["excluded"]["test_release/1/99.avi"]
    assert report["casia"]["unreadable_videos"] == 1
    assert report["msu"]["excluded"]["scene01/real/real_client001_android_SD_scene01.mp4"] == "empty file"
    assert "line 1" in report["msu"]["excluded"]["scene01/real/real_client002_android_SD_scene01.mp4"]
    assert report["msu"]["faces"] == 28
    rows = records.read(tmp_path / "index" / "faces.parquet", records.Face)
    assert "casia/train_release/1/3" not in {row.presentation for row in rows}


def test_more_unreadable_videos_than_allowed_is_an_error(archives: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        (archives / f"CASIA-FASD/train_release/1/{number}.avi").write_bytes(b"")
    with pytest.raises(index.ArchivesError, match=r"2 of 24 videos unreadable.*max_exclusion_rate = 0\.05.*1\.avi: empty file"):
        build(archives, tmp_path / "index")


def test_a_video_without_a_face_gets_the_counted_centre(archives: Path, tmp_path: Path) -> None:
    wall = [np.full((90, 120, 3), 100, np.uint8)] * 50
    write_video(archives / "CASIA-FASD/train_release/1/1.avi", wall, 25, 3)
    report = build(archives, tmp_path / "index")
    rows = [
        r for r in records.read(tmp_path / "index" / "faces.parquet", records.Face) if r.presentation == "casia/train_release/1/1"
    ]
    assert [(row.box_source, row.box) for row in rows] == [("centre", (33, 18, 54, 54))] * 2
    assert report["casia"]["videos_by_box_source"]["centre"] == report["casia"]["centre_count"]
    assert "train_release/1/1.avi" in report["casia"]["centre"]
    assert {"casia/" + path.removesuffix(".avi") for path in report["casia"]["centre"]} == {
        row.presentation
        for row in records.read(tmp_path / "index" / "faces.parquet", records.Face)
        if row.dataset == "casia" and row.box_source == "centre"
    }
    assert report["msu"]["centre"] == []


def test_a_video_with_a_single_face_is_named_with_its_reason(archives: Path, tmp_path: Path) -> None:
    video = "scene01/real/real_client001_android_SD_scene01.mp4"
    sidecar = (archives / "MSU-MFSD" / video).with_suffix(".face")
    lines = sidecar.read_text().splitlines(keepends=True)
    sidecar.write_text("".join(lines[:11]))  # boxes for frames 0 to 10: three of the ten candidates 0, 5, ..., 45
    report = build(archives, tmp_path / "index")
    assert report["msu"]["single_face"] == {video: "3 of 10 candidate frames with a face"}
    assert report["msu"]["single_face_count"] == 1
    assert report["msu"]["faces"] == 31


def test_a_subject_in_two_splits_is_an_error(tmp_path: Path) -> None:
    root = tmp_path / "Replay-Attack"
    for shown in ARCHIVES["replay"].plan(1, 0, 0)[:1]:
        for path in (shown.path, shown.path.replace("train/", "test/")):
            (root / path).parent.mkdir(parents=True)
            (root / path).write_bytes(b"")
    with pytest.raises(index.ArchivesError, match=r"replay/client001 is in test and in train: a subject in two splits"):
        index.read_archives(tmp_path, ["replay"])


def test_a_missing_split_list_stops_the_index(archives: Path, tmp_path: Path) -> None:
    (archives / "MSU-MFSD/train_sub_list.txt").unlink()
    with pytest.raises(ArchiveError, match=r"train_sub_list\.txt: missing split list"):
        build(archives, tmp_path / "index")


SMALL = {
    "archives": {
        "msu": {"train": 1, "test": 1},
        "casia": {"train": 1, "test": 0},
        "replay": {"train": 0, "devel": 0, "test": 0},
        "oulu": {"train": 1, "dev": 0, "test": 0, "phones": 1, "sessions": 1},
    },
    "synthetic": {"scene_width": 120, "scene_height": 90, "frames": 50},
}


def write_params(folder: Path, override: dict) -> None:
    params = config.merge(config.read_yaml(ROOT / "params.yaml"), {key: SMALL[key] | override.get(key, {}) for key in SMALL})
    (folder / "params.yaml").write_text(yaml.safe_dump(params))


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project's root with small archives, in which the archives stage has run."""
    folder = tmp_path_factory.mktemp("project")
    write_params(folder, {})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        archives_stage.main([])
    return folder


@pytest.fixture
def project(rendered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy that a test may break, as the working folder."""
    folder = Path(shutil.copytree(rendered, tmp_path / "project"))
    monkeypatch.chdir(folder)
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_both_stages_give_the_same_bytes_again(project: Path) -> None:
    index_stage.main([])
    first = tree(project / "results")
    assert {"archives/fingerprint.json", "archives/truth.parquet", "index/faces.parquet", "index.json"} <= first.keys()
    archives_stage.main([])
    index_stage.main([])
    assert tree(project / "results") == first
    assert not list((project / ".work").rglob("*.png"))


@pytest.mark.parametrize(("room", "file"), [(1500, r"\.png"), (6000, r"faces\.parquet")])
def test_a_full_disk_leaves_nothing_half_written(project: Path, room: int, file: str) -> None:
    """No file may grow beyond `room` bytes: first the crops, then the table do not fit."""
    before = tree(project / "results")
    run = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}));"
        "from fasrepro import stages; from fasrepro.stages import index; stages.run(index.main)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", run], cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.search(file + ": cannot be written: .*File too large.*make room", done.stderr, re.IGNORECASE)
    assert tree(project / "results") == before
    assert tree(project / ".work") == {}


def test_licensed_archives_are_fingerprinted_and_read_where_they_are(
    project: Path, archives: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_params(project, {"archives": {"source": "licensed"}})
    with pytest.raises(ValueError, match=r"of synthetic archives, params.yaml asks for licensed"):
        index_stage.main([])
    monkeypatch.delenv("FASREPRO_ARCHIVES", raising=False)
    with pytest.raises(ValueError, match="set FASREPRO_ARCHIVES"):
        archives_stage.main([])
    monkeypatch.setenv("FASREPRO_ARCHIVES", str(archives))
    archives_stage.main([])
    assert list(tree(project / "results/archives")) == ["fingerprint.json", "truth.parquet"]
    assert str(archives) not in (project / "results/archives/fingerprint.json").read_text()
    index_stage.main([])
    rows = records.read(project / "results/index/faces.parquet", records.Face)
    assert {row.dataset for row in rows} == {"msu", "casia"}


def test_an_unknown_source_names_the_known_ones(project: Path) -> None:
    write_params(project, {"archives": {"source": "licenced"}})
    with pytest.raises(config.ConfigError, match=r"'licenced'.*Did you mean 'licensed'"):
        archives_stage.main([])
