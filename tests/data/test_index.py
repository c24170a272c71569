"""The index over small official trees, with faults at their real places."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from fasrepro import config, files, paths
from fasrepro.archives import ARCHIVES
from fasrepro.archives.fingerprint import fingerprint
from fasrepro.archives.layout import ArchiveError
from fasrepro.commands import reproduce
from fasrepro.crops import read_crop
from fasrepro.data import faces as finding
from fasrepro.data import frames, index
from fasrepro.data.cropping import CROPS
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.stages import index as index_stage
from tests import trees, videos

RULE = index.Rule(every=5, first=4, min_face=30, neighbours=4)
SIZES = {"msu": {"train": 1, "test": 2}, "casia": {"train": 1, "test": 1}}
UPSIDE_DOWN = "scene01/real/real_client003_android_SD_scene01.mp4"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trees.make(tmp_path_factory.mktemp("archives"), SIZES)


@pytest.fixture
def archives(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    return Path(shutil.copytree(made, tmp_path / "archives"))


def build(archives: Path, folder: Path, rate: float = 0.05, rule: index.Rule = RULE, names: list[str] | None = None) -> dict:
    return index.build(archives, names or list(SIZES), folder, rule, rate, processes=1)


def faces(folder: Path) -> list[Face]:
    return table.read(folder / "faces.parquet", Face)


def test_faces_crops_and_report_agree(made: Path, tmp_path: Path) -> None:
    report = build(made, tmp_path / "index")
    rows = faces(tmp_path / "index")
    for name in SIZES:
        with zipfile.ZipFile(tmp_path / "index" / "crops" / f"{name}.zip") as pack:
            members = pack.namelist()
        assert members == sorted(members)
        assert {row.crop for row in rows if row.dataset == name} == {f"{name}/{member}" for member in members}
    assert rows[0].crop == "casia/test_release/1/1_0020.png"
    assert {row.frame for row in rows} == {20, 45}  # 10 candidates: positions 4 and 9
    assert {(row.subject, row.split) for row in rows if row.dataset == "msu"} == {
        ("msu/client001", "train"),
        ("msu/client002", "test"),
        ("msu/client003", "test"),
    }
    assert {row.presentation for row in rows if row.dataset == "msu" and row.box_source != "sidecar"} == {
        f"msu/{UPSIDE_DOWN.removesuffix('.mp4')}"
    }
    assert all(row.box_source != "sidecar" for row in rows if row.dataset == "casia")
    for row in rows:
        image = read_crop(tmp_path / "index" / "crops", row.crop, row.crop_sha256)
        assert image.size == row.box[2:]
    assert report["msu"]["videos"] == 24
    assert report["msu"]["faces"] == 48
    assert report["msu"]["videos_by_box_source"] == {"detector": 1, "sidecar": 23}
    assert report["msu"]["videos_by_split"]["test"] == {"bona_fide": 4, "print": 4, "replay_video": 8}
    assert report["casia"]["videos"] == 24
    assert sum(report["casia"]["videos_by_box_source"].values()) == 24
    assert report["casia"]["excluded"] == report["casia"]["excluded_by"] == {}
    assert report["casia"]["faces_by_eye_source"] == {}  # a tight crop needs none


def test_the_number_of_processes_changes_nothing(made: Path, tmp_path: Path) -> None:
    reports = [index.build(made, list(SIZES), tmp_path / str(n), RULE, 0.05, processes=n) for n in (1, 2)]
    assert reports[0] == reports[1]
    assert tree(tmp_path / "1") == tree(tmp_path / "2")


def test_the_memory_cap_does_not_change_the_result(archives: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = trees.frames()
    pictures[45] = np.full_like(pictures[0], 100)  # so that a neighbour stands in
    videos.write(archives / "CASIA-FASD/train_release/1/1.avi", pictures)
    report = build(archives, tmp_path / "whole")
    monkeypatch.setattr(frames, "KEPT_BYTES", 60_000)  # three frames
    assert build(archives, tmp_path / "capped") == report
    assert tree(tmp_path / "capped") == tree(tmp_path / "whole")


def test_an_upside_down_video_is_read_upright(made: Path, tmp_path: Path) -> None:
    report = build(made, tmp_path / "index", names=["msu"])
    assert report["msu"]["turned"] == {UPSIDE_DOWN: 2}
    [row] = [
        r for r in faces(tmp_path / "index") if r.presentation.endswith("real_client003_android_SD_scene01") and r.frame == 20
    ]
    x, y, width, height = row.box
    there = trees.frames()[20][y : y + height, x : x + width]
    crop = np.asarray(read_crop(tmp_path / "index" / "crops", row.crop, row.crop_sha256))
    assert np.abs(crop.astype(int) - there).mean() < 6
    assert np.abs(crop[::-1, ::-1].astype(int) - there).mean() > 20


def test_the_files_own_rotation_applies_only_without_sidecar(archives: Path, tmp_path: Path) -> None:
    small = {"siw": {"share": 0.001}}
    trees.make(archives, small)
    root = archives / "SiW-Mv2"
    sideways = [np.ascontiguousarray(np.rot90(picture)) for picture in trees.frames()]
    videos.write(root / "Live/Live_1.mp4", sideways)
    (root / "Live/Live_1.mov").unlink()
    videos.ask_to_turn(root / "Live/Live_1.mp4", 90)
    msu = archives / "MSU-MFSD/scene01/real/real_client001_android_SD_scene01.mp4"
    videos.ask_to_turn(msu, 180)
    report = build(archives, tmp_path / "index", names=["msu", "siw"])
    assert report["siw"]["turned"] == {"Live/Live_1.mp4": 3}
    assert report["siw"]["videos_by_box_source"] == {"detector": 45}
    assert list(report["msu"]["turned"]) == [UPSIDE_DOWN]
    assert report["siw"]["subjects"] == {"test": 30, "train": 15}


def test_unreadable_videos_and_stray_files_are_reported(archives: Path, tmp_path: Path) -> None:
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
    assert report["casia"]["excluded_by"] == {"the archive's layout or lists": 2, "a broken video or sidecar": 1}
    assert report["msu"]["excluded"]["scene01/real/real_client001_android_SD_scene01.mp4"] == "empty file"
    reason = report["msu"]["excluded"]["scene01/real/real_client002_android_SD_scene01.mp4"]
    assert reason.startswith("scene01/real/real_client002_android_SD_scene01.face, line 1: 2 numbers")
    assert report["msu"]["faces"] == 44
    assert "casia/train_release/1/3" not in {row.presentation for row in faces(tmp_path / "index")}


def test_more_unreadable_videos_than_allowed_is_an_error(archives: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        (archives / f"CASIA-FASD/train_release/1/{number}.avi").write_bytes(b"")
    with pytest.raises(index.ArchivesError, match=r"2 of 24 videos unreadable.*max_exclusion_rate = 0\.05.*1\.avi: empty file"):
        build(archives, tmp_path / "index")


def fail_on(error: Exception, video: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the search for a face in one video end in an error."""
    find = finding.find

    def odd(path: Path, *rest: object) -> object:
        if path.as_posix().endswith(video):
            raise error
        return find(path, *rest)

    monkeypatch.setattr(finding, "find", odd)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(5, "Input/output error"), "OSError: [Errno 5] Input/output error"),
        (cv2.error("empty\n picture"), "error: empty picture"),
        (ValueError("pixel format"), "ValueError: pixel format"),
    ],
)
def test_a_video_that_fails_to_decode_is_excluded_with_its_reason(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    fail_on(error, "train_release/1/3.avi", monkeypatch)
    report = build(made, tmp_path / "index", names=["casia"])
    assert report["casia"]["excluded"] == {"train_release/1/3.avi": reason}
    assert report["casia"]["unreadable_videos"] == 1
    with pytest.raises(index.ArchivesError, match=r"1 of 24 videos unreadable.*the first: train_release/1/3\.avi: "):
        build(made, tmp_path / "strict", rate=0.0, names=["casia"])


@pytest.mark.parametrize("processes", [1, 2])
def test_an_unexpected_error_stops_the_index_and_names_the_video(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    if processes == 1:
        fail_on(RuntimeError("no detector"), "train_release/1/3.avi", monkeypatch)
        with pytest.raises(index.ArchivesError, match=r"CASIA-FASD/train_release/1/3\.avi: RuntimeError: no detector"):
            build(made, tmp_path / "index", names=["casia"])
    else:  # a rule that cannot be is an error in every process
        rule = index.Rule(5, 4, "wide")  # type: ignore[arg-type]
        with pytest.raises(index.ArchivesError, match=r"CASIA-FASD/test_release/1/1\.avi: TypeError: "):
            index.build(made, ["casia"], tmp_path / "index", rule, 0.05, processes=2)


def test_a_video_without_a_face_gets_the_centre_and_is_counted(archives: Path, tmp_path: Path) -> None:
    wall = [np.full((90, 120, 3), 100, np.uint8)] * 50
    videos.write(archives / "CASIA-FASD/train_release/1/1.avi", wall)
    report = build(archives, tmp_path / "index")
    rows = [row for row in faces(tmp_path / "index") if row.box_source == "centre"]
    assert [(row.presentation, row.box) for row in rows] == [("casia/train_release/1/1", (33, 18, 54, 54))] * 2
    assert report["casia"]["videos_by_box_source"] == {"centre": 1, "detector": 23}
    assert report["casia"]["centre"] == ["train_release/1/1.avi"]
    assert report["casia"]["centre_count"] == 1
    assert report["msu"]["centre"] == []


def test_a_video_with_a_single_face_is_reported_with_its_reason(archives: Path, tmp_path: Path) -> None:
    video = "scene01/real/real_client001_android_SD_scene01.mp4"
    sidecar = (archives / "MSU-MFSD" / video).with_suffix(".face")
    lines = sidecar.read_text().splitlines(keepends=True)
    sidecar.write_text("".join(lines[:11]))  # boxes for frames 0 to 10: three of the ten candidates 0, 5, ..., 45
    report = build(archives, tmp_path / "index")
    assert report["msu"]["single_face"] == {video: "3 of 10 candidate frames with a face"}
    assert report["msu"]["single_face_count"] == 1
    assert report["msu"]["faces"] == 47


def test_a_neighbour_stands_in_for_a_frame_without_a_face(archives: Path, tmp_path: Path) -> None:
    video = "scene01/real/real_client001_android_SD_scene01.mp4"
    sidecar = (archives / "MSU-MFSD" / video).with_suffix(".face")
    lines = sidecar.read_text().splitlines(keepends=True)
    sidecar.write_text("".join(line for number, line in enumerate(lines) if number not in (19, 20, 21)))
    detected = "train_release/1/1.avi"
    pictures = trees.frames()
    pictures[45] = np.full_like(pictures[0], 100)
    videos.write(archives / "CASIA-FASD" / detected, pictures)
    report = build(archives, tmp_path / "index")
    assert report["msu"]["stand_ins"] == {video: "frame 22 for 20"}  # 19 and 21 have none either
    assert report["casia"]["stand_ins"] == {detected: "frame 46 for 45"}
    taken = {row.presentation: [] for row in faces(tmp_path / "index")}
    for row in faces(tmp_path / "index"):
        taken[row.presentation].append((row.frame, row.box))
    assert taken[f"msu/{video.removesuffix('.mp4')}"] == [(22, trees.box(22)), (45, trees.box(45))]
    assert [frame for frame, _ in taken["casia/train_release/1/1"]] == [20, 46]
    alone = build(archives, tmp_path / "alone", rule=index.Rule(5, 4, 30))
    assert alone["msu"]["stand_ins"] == alone["casia"]["stand_ins"] == {}
    assert [row.frame for row in faces(tmp_path / "alone") if row.presentation == "casia/train_release/1/1"] == [20, 40]


def test_a_crop_convention_is_chosen_by_name(made: Path, tmp_path: Path) -> None:
    rule = index.Rule(5, 4, 30, crop="instructflip/padding_37")
    report = build(made, tmp_path / "index", rule=rule)
    assert report["msu"]["faces_by_eye_source"]["sidecar"] == 46
    assert report["casia"]["faces_by_eye_source"].keys() <= {"detector", "box"}
    rows = faces(tmp_path / "index")
    for row in rows:
        assert read_crop(tmp_path / "index" / "crops", row.crop, row.crop_sha256).size == (224, 224)
        assert row.box[0] + row.box[2] <= trees.WIDTH
        assert row.box[1] + row.box[3] <= trees.HEIGHT
    with pytest.raises(index.ArchivesError, match=r"index\.crop: 'loose' is none of tight, ssdg/aligned_256"):
        index.Rule(5, 4, 30, crop="loose")
    with pytest.raises(index.ArchivesError, match="every must be at least 1"):
        index.Rule(0, 4, 30)


def test_a_subject_in_two_splits_is_an_error(tmp_path: Path) -> None:
    root = tmp_path / "Replay-Attack"
    for shown in ARCHIVES["replay"].plan(1, 0, 0)[:1]:
        for path in (shown.path, shown.path.replace("train/", "test/")):
            (root / path).parent.mkdir(parents=True)
            (root / path).write_bytes(b"")
    with pytest.raises(index.ArchivesError, match=r"replay/client001 is in test and in train: a subject in two splits"):
        index.read_archives(tmp_path, ["replay"])


def test_an_archive_without_a_known_video_is_an_error(tmp_path: Path) -> None:
    root = tmp_path / "CASIA-FASD"
    root.mkdir()
    with pytest.raises(index.ArchivesError, match=r"CASIA-FASD: no video recognised; there is no file in it"):
        index.read_archives(tmp_path, ["casia"])
    for name in ("a.avi", "train/1/1.avi"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    with pytest.raises(
        index.ArchivesError,
        match=r"no video recognised; 2 left out, the first: a\.avi: no CASIA-FASD name: a\.avi; restore the official tree",
    ):
        index.read_archives(tmp_path, ["casia"])


def test_an_archive_without_any_face_is_an_error(archives: Path, tmp_path: Path) -> None:
    for video in (archives / "CASIA-FASD").rglob("*.avi"):
        video.write_bytes(b"")
    with pytest.raises(
        index.ArchivesError, match=r"CASIA-FASD: no face; 24 left out, the first: test_release/1/1\.avi: empty file"
    ):
        build(archives, tmp_path / "index", rate=1.0)


def test_videos_whose_suffix_is_in_capitals_are_indexed(archives: Path, tmp_path: Path) -> None:
    before = build(archives, tmp_path / "small")
    for video in [*archives.rglob("*.avi"), *archives.rglob("*.mp4"), *archives.rglob("*.mov")]:
        video.rename(video.with_suffix(video.suffix.upper()))
    report = build(archives, tmp_path / "capital")
    assert tree(tmp_path / "capital") == tree(tmp_path / "small")
    assert report["msu"]["turned"] == {UPSIDE_DOWN.replace(".mp4", ".MP4"): 2}
    assert report["msu"]["videos_by_box_source"] == before["msu"]["videos_by_box_source"]


def test_a_missing_split_list_stops_the_index(archives: Path, tmp_path: Path) -> None:
    (archives / "MSU-MFSD/train_sub_list.txt").unlink()
    with pytest.raises(ArchiveError, match=r"train_sub_list\.txt: missing split list"):
        build(archives, tmp_path / "index")


def test_the_devel_folder_of_replay_is_its_dev_split(tmp_path: Path) -> None:
    trees.make(tmp_path, {"replay": {"train": 0, "devel": 1, "test": 0}})
    report = build(tmp_path, tmp_path / "index", names=["replay"])
    assert report["replay"]["subjects"] == {"dev": 1}
    assert report["replay"]["videos_by_split"] == {"dev": {"bona_fide": 4, "print": 4, "replay_photo": 8, "replay_video": 8}}


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's root, as the working folder, in which the archives stage has run on licensed archives."""
    folder = tmp_path / "project"
    (folder / paths.ARCHIVES).mkdir(parents=True)
    params = reproduce.merge(config.read_yaml(ROOT / "params.yaml"), {"archives": {"source": "licensed"}})
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    known = {"source": "licensed", "datasets": fingerprint(made, contents=False)}
    files.write_json(folder / paths.FINGERPRINT, known)
    monkeypatch.setenv("FASREPRO_ARCHIVES", str(made))
    monkeypatch.chdir(folder)
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_stage_writes_the_same_bytes_twice(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index_stage.main([])
    first = tree(project / "results")
    assert {"index/faces.parquet", "index/crops/msu.zip", "index/crops/casia.zip", "index.json"} <= first.keys()
    assert not any(name.endswith(".png") for name in first)
    index_stage.main([])
    assert tree(project / "results") == first
    assert tree(project / ".work") == {}
    assert "index: msu: 48 faces, 24 videos (1 detector, 23 sidecar)" in capsys.readouterr().out


@pytest.mark.parametrize(("room", "file"), [(1500, r"casia\.zip"), (150_000, r"casia\.zip")])
def test_a_full_disk_leaves_nothing_half_written(project: Path, room: int, file: str) -> None:
    """No file may grow beyond `room` bytes: the first crop does not fit, or a later one."""
    before = tree(project / "results")
    run = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}));"
        "from fasrepro import stages; from fasrepro.stages import index; stages.run(index.main)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", run], cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.search(file + ": cannot be written: .*File too large.*make room", done.stderr, re.IGNORECASE)
    assert len(done.stderr.splitlines()) == 1
    assert tree(project / "results") == before
    assert tree(project / ".work") == {}


def test_a_table_that_cannot_be_written_is_an_error(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(table, "write", full)
    with pytest.raises(index.ArchivesError, match=r"faces\.parquet: cannot be written: No space left on device; make room"):
        build(made, tmp_path / "index", names=["casia"])


def test_a_fingerprint_of_another_source_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = files.read_json(project / paths.FINGERPRINT)
    files.write_json(project / paths.FINGERPRINT, known | {"source": "synthetic"})
    with pytest.raises(ValueError, match=r"of synthetic archives, params.yaml asks for licensed"):
        index_stage.main([])


def test_params_yaml_names_every_convention() -> None:
    line = next(line for line in (ROOT / "params.yaml").read_text().splitlines() if line.strip().startswith("crop:"))
    assert line.partition("#")[2].strip() == " | ".join(CROPS)
