"""The index of small official trees, with the faults that real ones have."""

import contextlib
import dataclasses
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from fasrepro import crops
from fasrepro.archives import archive, replay, wmca
from fasrepro.archives import plan as plan_of
from fasrepro.archives.layout import ArchiveError, MediaFile, Presentation
from fasrepro.crops import read_crop
from fasrepro.data import faces as face_boxes
from fasrepro.data import frames, index
from fasrepro.data.cropping import CROPS
from fasrepro.data.settings import IndexSettings
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from tests import trees, videos

SETTINGS = IndexSettings(every=5, first=4, min_face=30, neighbours=4, crop="tight", max_exclusion_rate=0.05)
SIZES = {"msu": {"train": 1, "test": 2}, "casia": {"train": 1, "test": 1}}
UPSIDE_DOWN = "scene01/real/real_client003_android_SD_scene01.mp4"
LIVE = "scene01/real/real_client001_android_SD_scene01.mp4"
PHOTO = "scene01/attack/attack_client001_android_SD_printed_photo_scene01.mp4"
REPLAY = "scene01/attack/attack_client001_laptop_SD_ipad_video_scene01.mov"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def trees_of_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Official trees that tests do not change."""
    return trees.make(tmp_path_factory.mktemp("archives"), SIZES)


@pytest.fixture
def archives(trees_of_two: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    return Path(shutil.copytree(trees_of_two, tmp_path / "archives"))


def build(archives: Path, folder: Path, name: str, **changes: object) -> dict:
    """Index a data set into `folder` with changed settings, and return its report."""
    return index.build(archives, name, folder, dataclasses.replace(SETTINGS, **changes))


def faces(folder: Path, name: str) -> list[Face]:
    return table.read(folder / f"{name}.parquet", Face)


def test_faces_crops_and_report_agree(trees_of_two: Path, tmp_path: Path) -> None:
    reports = {name: build(trees_of_two, tmp_path, name) for name in SIZES}
    for name in SIZES:
        rows = faces(tmp_path, name)
        with zipfile.ZipFile(tmp_path / "crops" / f"{name}.zip") as pack:
            members = pack.namelist()
        assert members == sorted(members)
        assert {row.crop for row in rows} == {f"{name}/{member}" for member in members}
        assert {row.frame for row in rows} == {20, 45}  # 10 candidates: positions 4 and 9
        for row in rows:
            assert read_crop(tmp_path / "crops", row.crop, row.crop_sha256).size == row.box[2:]
    assert faces(tmp_path, "casia")[0].crop == "casia/test_release/1/1_0020.png"
    assert {(row.subject, row.split) for row in faces(tmp_path, "msu")} == {
        ("msu/client001", "train"),
        ("msu/client002", "test"),
        ("msu/client003", "test"),
    }
    assert {row.presentation for row in faces(tmp_path, "msu") if row.box_source != "sidecar"} == {
        f"msu/{UPSIDE_DOWN.removesuffix('.mp4')}"
    }
    assert all(row.box_source != "sidecar" for row in faces(tmp_path, "casia"))
    msu, casia = reports["msu"], reports["casia"]
    assert (msu["videos"], msu["faces"]) == (24, 48)
    assert msu["videos_by_box_source"] == {"detector": 1, "sidecar": 23}
    assert msu["videos_by_split"]["test"] == {"bona_fide": 4, "print": 4, "replay_video": 8}
    assert casia["videos"] == sum(casia["videos_by_box_source"].values()) == 24
    assert casia["excluded"] == casia["excluded_by"] == {}
    assert casia["faces_by_eye_source"] == {}  # a tight crop needs none


def test_the_memory_cap_does_not_change_the_result(archives: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = trees.frames()
    pictures[45] = np.full_like(pictures[0], 100)  # so that a neighbour stands in
    videos.write(archives / "CASIA-FASD/train_release/1/1.avi", pictures)
    report = build(archives, tmp_path / "whole", "casia")
    monkeypatch.setattr(frames, "KEPT_BYTES", 60_000)  # three frames
    assert build(archives, tmp_path / "capped", "casia") == report
    assert tree(tmp_path / "capped") == tree(tmp_path / "whole")


def test_one_video_is_held_at_a_time(trees_of_two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The crops of a video are packed before the next video is decoded."""
    events = []
    index_video, packed = index.index_video, crops.packed

    def watched_index(root: Path, presentation: Presentation, *rest: object) -> object:
        events.append(("decode", presentation.id))
        return index_video(root, presentation, *rest)

    @contextlib.contextmanager
    def watched_pack(folder: Path) -> Iterator[Callable[[str, bytes], None]]:
        with packed(folder) as pack:
            yield lambda name, data: (events.append(("pack", name.rpartition("_")[0])), pack(name, data))

    monkeypatch.setattr(index, "index_video", watched_index)
    monkeypatch.setattr(crops, "packed", watched_pack)
    build(trees_of_two, tmp_path, "casia")
    assert [kind for kind, _ in events] == ["decode", "pack", "pack"] * 24
    assert all(len({name for _, name in events[start : start + 3]}) == 1 for start in range(0, len(events), 3))


def test_an_upside_down_video_is_read_upright(trees_of_two: Path, tmp_path: Path) -> None:
    report = build(trees_of_two, tmp_path, "msu")
    assert report["turned"] == {UPSIDE_DOWN: 2}
    presentation = f"msu/{UPSIDE_DOWN.removesuffix('.mp4')}"
    [row] = [row for row in faces(tmp_path, "msu") if row.presentation == presentation and row.frame == 20]
    x, y, width, height = row.box
    upright = trees.frames()[20][y : y + height, x : x + width]
    crop = np.asarray(read_crop(tmp_path / "crops", row.crop, row.crop_sha256))
    assert np.abs(crop.astype(int) - upright).mean() < 6
    assert np.abs(crop[::-1, ::-1].astype(int) - upright).mean() > 20


def test_the_files_own_rotation_applies_only_without_sidecar(archives: Path, tmp_path: Path) -> None:
    trees.make(archives, {"siw_mv2": {"share": 0.001}})
    root = archives / "SiW-Mv2"
    sideways = [np.ascontiguousarray(np.rot90(picture)) for picture in trees.frames()]
    videos.write(root / "Live/Live_1.mp4", sideways)
    (root / "Live/Live_1.mov").unlink()
    videos.ask_to_turn(root / "Live/Live_1.mp4", 90)
    videos.ask_to_turn(archives / "MSU-MFSD/scene01/real/real_client001_android_SD_scene01.mp4", 180)
    siw_mv2 = build(archives, tmp_path, "siw_mv2")
    assert siw_mv2["turned"] == {"Live/Live_1.mp4": 3}
    assert siw_mv2["videos_by_box_source"] == {"detector": 45}
    assert siw_mv2["subjects"] == {"test": 30, "train": 15}
    assert list(build(archives, tmp_path, "msu")["turned"]) == [UPSIDE_DOWN]


def test_unreadable_videos_and_stray_files_are_reported(archives: Path, tmp_path: Path) -> None:
    folder = archives / "CASIA-FASD"
    broken = folder / "train_release/1/3.avi"
    broken.write_bytes(broken.read_bytes()[:3000])
    (folder / "train_release/1/notes.doc").write_bytes(b"x")
    (folder / "test_release/1/99.avi").write_bytes(b"x")
    report = build(archives, tmp_path, "casia", max_exclusion_rate=0.2)
    assert list(report["excluded"]) == ["test_release/1/99.avi", "train_release/1/3.avi", "train_release/1/notes.doc"]
    assert "CASIA-FASD name" in report["excluded"]["test_release/1/99.avi"]
    assert report["unreadable_videos"] == 1
    assert report["excluded_by"] == {"the archive's layout or lists": 2, "a broken video or sidecar": 1}
    assert "casia/train_release/1/3" not in {row.presentation for row in faces(tmp_path, "casia")}


def test_empty_videos_and_broken_sidecars_are_reported(archives: Path, tmp_path: Path) -> None:
    folder = archives / "MSU-MFSD/scene01/real"
    (folder / "real_client001_android_SD_scene01.mp4").write_bytes(b"")
    (folder / "real_client002_android_SD_scene01.face").write_text("1,2\n")
    report = build(archives, tmp_path, "msu", max_exclusion_rate=0.2)
    assert report["excluded"]["scene01/real/real_client001_android_SD_scene01.mp4"] == "empty file"
    reason = report["excluded"]["scene01/real/real_client002_android_SD_scene01.mp4"]
    assert reason.startswith("scene01/real/real_client002_android_SD_scene01.face, line 1: 2 numbers")
    assert report["faces"] == 44


def test_more_unreadable_videos_than_allowed_is_an_error(archives: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        (archives / f"CASIA-FASD/train_release/1/{number}.avi").write_bytes(b"")
    message = (
        r"2 files left out or unreadable, more than index.max_exclusion_rate allows of 24 videos \(0\.05\).*1\.avi: empty file"
    )
    with pytest.raises(index.IndexingError, match=message):
        build(archives, tmp_path, "casia")


def test_the_index_stops_as_soon_as_the_limit_is_certain_to_be_passed(
    archives: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most 2 of 24 videos may be unreadable: the third ends it, though the last is broken in another way."""
    decoded = []
    index_video = index.index_video

    def counted(root: Path, presentation: Presentation, settings: IndexSettings, listed: list[MediaFile]) -> object:
        decoded.append(presentation.path.removeprefix("test_release/1/"))
        return index_video(root, presentation, settings, listed)

    monkeypatch.setattr(index, "index_video", counted)
    folder = archives / "CASIA-FASD/test_release/1"
    (folder / "2.avi").write_bytes(b"")
    (folder / "4.avi").write_bytes(b"not a video")
    (folder / "5.avi").write_bytes(b"")
    message = r"3 files left out or unreadable, .*: 2 like test_release/1/2\.avi: empty file; 1 like test_release/1/4\.avi: "
    with pytest.raises(index.IndexingError, match=message):
        build(archives, tmp_path, "casia", max_exclusion_rate=0.1)
    assert decoded == ["1.avi", "2.avi", "3.avi", "4.avi", "5.avi"]


def test_a_video_is_decoded_again_only_if_it_or_its_sidecar_has_changed(
    archives: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a run that failed at the end: one video is replaced, one box is moved, one was unreadable."""
    videos.write(archives / "MSU-MFSD" / PHOTO, trees.frames(shift=1))
    unreadable = archives / "MSU-MFSD" / REPLAY
    whole = unreadable.read_bytes()
    unreadable.write_bytes(b"")
    with monkeypatch.context() as failing:
        failing.setattr(table, "write", no_room)
        with pytest.raises(index.IndexingError, match="No space left on device"):
            build(archives, tmp_path / "resumed", "msu")
    videos.write(archives / "MSU-MFSD" / PHOTO, trees.frames())
    unreadable.write_bytes(whole)
    sidecar = (archives / "MSU-MFSD" / LIVE).with_suffix(".face")
    sidecar.write_text(sidecar.read_text().replace("21,38,22,", "21,39,22,"))
    decoded = []
    index_video = index.index_video

    def counted(root: Path, presentation: Presentation, settings: IndexSettings, listed: list[MediaFile]) -> object:
        decoded.append(presentation.path)
        return index_video(root, presentation, settings, listed)

    monkeypatch.setattr(index, "index_video", counted)
    resumed = build(archives, tmp_path / "resumed", "msu")
    assert sorted(decoded) == sorted([LIVE, PHOTO, REPLAY])
    assert resumed == build(archives, tmp_path / "anew", "msu")
    assert tree(tmp_path / "resumed") == tree(tmp_path / "anew")


def fail_on(error: Exception, video: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the search for a face in one video end in an error."""
    find = face_boxes.find

    def failing(path: Path, *rest: object) -> object:
        if path.as_posix().endswith(video):
            raise error
        return find(path, *rest)

    monkeypatch.setattr(face_boxes, "find", failing)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(5, "Input/output error"), "OSError: [Errno 5] Input/output error"),
        (cv2.error("empty\n picture"), "error: empty picture"),
        (ValueError("pixel format"), "ValueError: pixel format"),
    ],
)
def test_a_video_that_fails_to_decode_is_excluded_with_its_reason(
    trees_of_two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    fail_on(error, "train_release/1/3.avi", monkeypatch)
    report = build(trees_of_two, tmp_path / "index", "casia")
    assert report["excluded"] == {"train_release/1/3.avi": reason}
    assert report["unreadable_videos"] == 1
    with pytest.raises(index.IndexingError, match=r"1 files left out or unreadable.*: 1 like train_release/1/3\.avi: "):
        build(trees_of_two, tmp_path / "strict", "casia", max_exclusion_rate=0.0)


def test_an_unexpected_error_stops_the_index_and_names_the_video(
    trees_of_two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on(RuntimeError("no detector"), "train_release/1/3.avi", monkeypatch)
    with pytest.raises(index.IndexingError, match=r"CASIA-FASD/train_release/1/3\.avi: RuntimeError: no detector"):
        build(trees_of_two, tmp_path, "casia")


def test_a_video_without_a_face_gets_the_centre_and_is_counted(archives: Path, tmp_path: Path) -> None:
    wall = [np.full((90, 120, 3), 100, np.uint8)] * 50
    videos.write(archives / "CASIA-FASD/train_release/1/1.avi", wall)
    report = build(archives, tmp_path, "casia")
    rows = [row for row in faces(tmp_path, "casia") if row.box_source == "centre"]
    assert [(row.presentation, row.box) for row in rows] == [("casia/train_release/1/1", (33, 18, 54, 54))] * 2
    assert report["videos_by_box_source"] == {"centre": 1, "detector": 23}
    assert report["centre"] == ["train_release/1/1.avi"]
    assert report["centre_count"] == 1


def test_a_video_with_a_single_face_is_reported_with_its_reason(archives: Path, tmp_path: Path) -> None:
    video = "scene01/real/real_client001_android_SD_scene01.mp4"
    sidecar = (archives / "MSU-MFSD" / video).with_suffix(".face")
    lines = sidecar.read_text().splitlines(keepends=True)
    sidecar.write_text("".join(lines[:11]))  # boxes for frames 0 to 10: three of the ten candidates 0, 5, ..., 45
    report = build(archives, tmp_path, "msu")
    assert report["single_face"] == {video: "3 of 10 candidate frames with a face"}
    assert report["single_face_count"] == 1
    assert report["faces"] == 47


def test_a_neighbour_with_a_sidecar_box_stands_in_for_a_missed_frame(archives: Path, tmp_path: Path) -> None:
    video = "scene01/real/real_client001_android_SD_scene01.mp4"
    sidecar = (archives / "MSU-MFSD" / video).with_suffix(".face")
    lines = sidecar.read_text().splitlines(keepends=True)
    sidecar.write_text("".join(line for number, line in enumerate(lines) if number not in (19, 20, 21)))
    report = build(archives, tmp_path / "index", "msu")
    assert report["stand_ins"] == {video: "frame 22 for 20"}  # 19 and 21 have none either
    rows = [row for row in faces(tmp_path / "index", "msu") if row.presentation == f"msu/{video.removesuffix('.mp4')}"]
    assert [(row.frame, row.box) for row in rows] == [(22, trees.box(22)), (45, trees.box(45))]
    assert build(archives, tmp_path / "without", "msu", neighbours=0)["stand_ins"] == {}


def test_a_detected_neighbour_stands_in_for_a_missed_frame(archives: Path, tmp_path: Path) -> None:
    video = "train_release/1/1.avi"
    pictures = trees.frames()
    pictures[45] = np.full_like(pictures[0], 100)
    videos.write(archives / "CASIA-FASD" / video, pictures)
    report = build(archives, tmp_path / "index", "casia")
    assert report["stand_ins"] == {video: "frame 46 for 45"}
    taken = {}
    for folder, neighbours in (("index", 4), ("without", 0)):
        build(archives, tmp_path / folder, "casia", neighbours=neighbours)
        rows = faces(tmp_path / folder, "casia")
        taken[folder] = [row.frame for row in rows if row.presentation == "casia/train_release/1/1"]
    assert taken == {"index": [20, 46], "without": [20, 40]}


def test_a_crop_convention_is_chosen_by_name(trees_of_two: Path, tmp_path: Path) -> None:
    reports = {name: build(trees_of_two, tmp_path, name, crop="instructflip/padding_37") for name in SIZES}
    assert reports["msu"]["faces_by_eye_source"]["sidecar"] == 46
    assert reports["casia"]["faces_by_eye_source"].keys() <= {"detector", "box"}
    for row in faces(tmp_path, "msu") + faces(tmp_path, "casia"):
        assert read_crop(tmp_path / "crops", row.crop, row.crop_sha256).size == (224, 224)
        assert row.box[0] + row.box[2] <= trees.WIDTH
        assert row.box[1] + row.box[3] <= trees.HEIGHT


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"crop": "tigth"}, r"index\.crop: unknown crop convention 'tigth'\. Did you mean 'tight'"),
        ({"every": 0}, "every must be at least 1"),
        ({"neighbours": -1}, "neighbours at least 0"),
    ],
)
def test_settings_that_cannot_be_are_errors(tmp_path: Path, change: dict[str, object], message: str) -> None:
    with pytest.raises(index.IndexingError, match=message):
        build(tmp_path, tmp_path, "casia", **change)


def test_a_subject_in_two_splits_is_an_error(tmp_path: Path) -> None:
    root = tmp_path / "Replay-Attack"
    plan = replay.plan(replay.Size(1, 1, 1))
    copy = plan[0].path.replace("train/", "test/")
    for path in [*(presentation.path for presentation in plan), copy]:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"")
    with pytest.raises(index.IndexingError, match=r"replay/client001 is in test and in train: a subject in two splits"):
        index.read_archive(tmp_path, "replay")


def test_an_archive_without_a_known_video_is_an_error(tmp_path: Path) -> None:
    root = tmp_path / "CASIA-FASD"
    root.mkdir()
    with pytest.raises(index.IndexingError, match=r"CASIA-FASD: no video recognised; the folder is empty"):
        index.read_archive(tmp_path, "casia")
    for name in ("a.avi", "b.avi"):
        (root / name).write_bytes(b"")
    message = r"no video recognised; 2 excluded, the first: a\.avi: not a CASIA-FASD name: a\.avi; restore the official tree"
    with pytest.raises(index.IndexingError, match=message):
        index.read_archive(tmp_path, "casia")


def test_the_report_on_wmca_names_the_videos_that_may_be_printed(tmp_path: Path) -> None:
    root = tmp_path / "archives" / "WMCA"
    shown = wmca.plan(wmca.Size(0.001))
    for one in shown:
        wmca.write_frames(root / one.path, np.full((25, 128, 128, 3), 90, np.uint8))
    wmca.write_lists(root, shown)
    listed = Path(shown[-1].path)
    (root / "documentation").mkdir()
    (root / "documentation" / "attack_illustration_files.csv").write_text(f"{listed.parent.name}/{listed.name}\n")
    report = build(tmp_path / "archives", tmp_path / "work", "wmca")
    assert report["printable"] == [listed.stem]
    presentations = {face.presentation for face in faces(tmp_path / "work", "wmca")}
    assert len(presentations) == len(shown)
    assert [name for name in presentations if name.rpartition("/")[2] == listed.stem] == [shown[-1].id]  # as a page compares them


def test_an_absent_archive_is_an_error_that_names_the_params_key(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"CASIA-FASD: no such folder, .*remove casia from archives\.datasets in params"):
        build(tmp_path, tmp_path / "index", "casia")


def test_an_unknown_data_set_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"archives\.datasets: unknown data set 'cassia'\. Did you mean 'casia'"):
        build(tmp_path, tmp_path / "index", "cassia")


def test_an_archive_without_any_face_is_an_error(archives: Path, tmp_path: Path) -> None:
    for video in (archives / "CASIA-FASD").rglob("*.avi"):
        video.write_bytes(b"")
    message = r"CASIA-FASD: no face; 24 excluded, the first: test_release/1/1\.avi: empty file"
    with pytest.raises(index.IndexingError, match=message):
        build(archives, tmp_path, "casia", max_exclusion_rate=1.0)


@pytest.mark.parametrize("name", SIZES)
def test_videos_whose_suffix_is_in_capitals_are_indexed(name: str, archives: Path, tmp_path: Path) -> None:
    before = build(archives, tmp_path / "small", name)
    for video in [*archives.rglob("*.avi"), *archives.rglob("*.mp4"), *archives.rglob("*.mov")]:
        video.rename(video.with_suffix(video.suffix.upper()))
    report = build(archives, tmp_path / "capital", name)
    assert tree(tmp_path / "capital") == tree(tmp_path / "small")
    assert report["turned"] == {path.replace(".mp4", ".MP4"): turns for path, turns in before["turned"].items()}
    assert report["videos_by_box_source"] == before["videos_by_box_source"]


def test_a_missing_split_list_stops_the_index(archives: Path, tmp_path: Path) -> None:
    (archives / "MSU-MFSD/train_sub_list.txt").unlink()
    with pytest.raises(ArchiveError, match=r"train_sub_list\.txt: missing split list"):
        build(archives, tmp_path, "msu")


def test_the_devel_folder_of_replay_is_its_dev_split(tmp_path: Path) -> None:
    trees.make(tmp_path, {"replay": {"train": 1, "devel": 1, "test": 1}})
    report = build(tmp_path, tmp_path / "index", "replay")
    assert report["subjects"] == {"dev": 1, "test": 1, "train": 1}
    assert report["videos_by_split"]["dev"] == {"bona_fide": 4, "print": 4, "replay_photo": 8, "replay_video": 8}


@pytest.mark.parametrize(
    ("name", "sizes", "gone", "message"),
    [
        ("replay", {"train": 1, "devel": 1, "test": 1}, "devel", "no bona fide presentation in dev, no attack in dev"),
        ("casia", {"train": 1, "test": 1}, "test_release", "no bona fide presentation in test, no attack in test"),
        ("siw_mv2", {"share": 0.001}, "Spoof", "no attack in train, no attack in test"),
    ],
)
def test_a_missing_class_or_split_is_an_error_with_its_name(
    tmp_path: Path, name: str, sizes: dict[str, int], gone: str, message: str
) -> None:
    """Replay-Attack without `devel` once let its test people choose thresholds, in silence."""
    root = tmp_path / archive(name).FOLDER
    plan = plan_of(name, sizes)
    for presentation in plan:
        (root / presentation.path).parent.mkdir(parents=True, exist_ok=True)
        (root / presentation.path).write_bytes(b"")
    archive(name).write_lists(root, plan)
    shutil.rmtree(root / gone)
    with pytest.raises(index.IndexingError, match=f"{message}; restore the official tree"):
        index.read_archive(tmp_path, name)


def test_files_left_out_for_their_names_count_towards_the_limit(archives: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        (archives / f"CASIA-FASD/train_release/1/HR_{number}.avi").rename(archives / f"CASIA-FASD/train_release/1/HR{number}.avi")
    message = r"2 files left out .*: 2 like train_release/1/HR1\.avi: not a CASIA-FASD name"
    with pytest.raises(index.IndexingError, match=message):
        build(archives, tmp_path, "casia")
    assert not tmp_path.joinpath("casia.journal").exists()  # known from the names, before any video is decoded


def test_a_table_that_cannot_be_written_is_an_error(trees_of_two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "write", no_room)
    with pytest.raises(index.IndexingError, match=r"casia\.parquet: cannot be written: No space left on device; make room"):
        build(trees_of_two, tmp_path, "casia")


def no_room(*_: object) -> None:
    raise OSError(28, "No space left on device")


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_params_yaml_names_every_convention() -> None:
    lines = (ROOT / "params.yaml").read_text().splitlines()
    first = next(number for number, line in enumerate(lines) if line.strip().startswith("crop:"))
    comment = [line.partition("#")[2].strip() for line in (lines[first], lines[first + 1])]
    assert " ".join(comment) == " | ".join(CROPS)
