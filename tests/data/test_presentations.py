"""Faces of crops and of listed pictures and videos."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fasrepro.archives.layout import WHOLE, Exclusion, MediaFile, Presentation
from fasrepro.data import index
from fasrepro.data.index_report import IndexedVideo
from fasrepro.data.presentations import picked
from fasrepro.data.settings import IndexSettings
from fasrepro.rows.faces import Label
from tests import trees, videos

SETTINGS = IndexSettings(every=5, first=4, min_face=30, neighbours=4, crop="tight", max_exclusion_rate=0.05)
SHOWN = Presentation("ours", "v7", "test", "ours/s1", Label.BONA_FIDE, "bona_fide", "", "unknown")
NOISE = np.random.default_rng(0).integers(0, 255, (48, 40, 3), dtype=np.uint8)


def put(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def faces(root: Path, *listed: MediaFile, **changes: object) -> tuple[IndexedVideo, list[np.ndarray]]:
    result = index.index_video(root, SHOWN, dataclasses.replace(SETTINGS, **changes), list(listed))
    assert not isinstance(result, Exclusion), result
    return result[0], [np.asarray(Image.open(io.BytesIO(picture))) for picture in result[1]]


def test_a_crop_is_taken_as_it_is(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        put(tmp_path / name, NOISE)
    video, crops = faces(tmp_path, MediaFile("a.png", None, WHOLE), MediaFile("b.png", None, WHOLE))
    assert [(row.face_id, row.box) for row in video.rows] == [("ours/v7#0000", (0, 0, 40, 48)), ("ours/v7#0001", (0, 0, 40, 48))]
    assert all(np.array_equal(crop, NOISE) for crop in crops)
    assert video.unknown == ["box", "frame", "box", "frame"]
    assert video.eye_sources == ["", ""]


def test_a_crop_gets_the_size_of_the_conventions_crops(tmp_path: Path) -> None:
    put(tmp_path / "a.png", np.full((50, 40, 3), 90, np.uint8))
    video, [crop] = faces(tmp_path, MediaFile("a.png", 10, WHOLE), crop="flip/aligned_224")
    assert np.array_equal(crop, np.full((224, 224, 3), 90, np.uint8))
    assert (video.rows[0].frame, video.rows[0].box, video.unknown) == (10, (0, 0, 40, 50), ["box"])


def test_of_many_pictures_the_papers_rule_takes_two() -> None:
    def numbers(*frames: int | None) -> list[int]:
        return [number for number, _ in picked([MediaFile("x.png", frame, WHOLE) for frame in frames], SETTINGS)]

    assert numbers(*range(50)) == [20, 45]  # candidates 0, 5, ..., 45: positions 4 and 9
    assert numbers(*range(1, 51)) == [21, 46]
    assert numbers(*range(0, 250, 5)) == [20, 145]
    assert numbers(7, 13) == [7, 13]
    assert numbers(30, 7, 13) == [30]  # one candidate at position 4 and later: the last
    assert numbers(None, None) == [0, 1]
    assert numbers(*[None] * 10) == [4, 9]


def test_the_face_of_a_whole_picture_is_searched(tmp_path: Path) -> None:
    put(tmp_path / "a.png", trees.frames()[0])
    video, [crop] = faces(tmp_path, MediaFile("a.png", 3, None))
    [row] = video.rows
    x, y, w, h = trees.box(0)
    assert (row.frame, row.box_source, video.unknown) == (3, "detector", [])
    assert abs(row.box[0] + row.box[2] / 2 - (x + w / 2)) < 6 and abs(row.box[1] + row.box[3] / 2 - (y + h / 2)) < 8
    assert crop.shape[:2] == (row.box[3], row.box[2])


def test_a_listed_box_cuts_the_picture(tmp_path: Path) -> None:
    put(tmp_path / "a.png", NOISE)
    video, [crop] = faces(tmp_path, MediaFile("a.png", None, (5, -10, 32, 40)))
    assert (video.rows[0].box, video.rows[0].box_source) == ((5, 0, 32, 30), "sidecar")
    assert np.array_equal(crop, NOISE[0:30, 5:37])


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (MediaFile("a.png", None, (60, 0, 32, 40)), "a.png: its box 60 0 32 40 in a picture of 40 x 48 pixels: no face of"),
        (MediaFile("a.png", None, (5, 5, 20, 30)), "a.png: its box 5 5 20 30 in a picture of 40 x 48 pixels: no face of"),
        (
            MediaFile("small.png", None, WHOLE),
            "small.png: a crop of 20 x 24 pixels: no face of index.min_face = 30 pixels' width",
        ),
        (MediaFile("empty.png", None, WHOLE), "empty.png: empty file"),
        (MediaFile("gone.png", None, WHOLE), "FileNotFoundError"),
        (MediaFile("v.avi", 60, (5, 5, 30, 30)), "no frame 60"),
        (MediaFile("v.avi", 6, (130, 5, 30, 30)), "its box 130 5 30 30 in a picture of 120 x 90 pixels"),
    ],
)
def test_a_file_that_gives_no_face_is_named(file: MediaFile, reason: str, tmp_path: Path) -> None:
    put(tmp_path / "a.png", NOISE)
    put(tmp_path / "small.png", NOISE[::2, ::2])
    (tmp_path / "empty.png").write_bytes(b"")
    if file.path == "v.avi":
        videos.write(tmp_path / "v.avi", trees.frames())
    result = index.index_video(tmp_path, SHOWN, SETTINGS, [file])
    assert isinstance(result, Exclusion)
    assert reason in result.reason


def test_a_listed_video_is_read_like_any_other_unless_its_frame_is_given(tmp_path: Path) -> None:
    videos.write(tmp_path / "v.avi", trees.frames())
    video, _ = faces(tmp_path, MediaFile("v.avi", None, None))
    assert [row.frame for row in video.rows] == [20, 45]
    video, _ = faces(tmp_path, MediaFile("v.avi", 33, None))
    assert [(row.frame, row.box_source) for row in video.rows] == [(33, "detector")]
    video, [crop] = faces(tmp_path, MediaFile("v.avi", 33, trees.box(33)))
    assert [(row.frame, row.box_source, row.box) for row in video.rows] == [(33, "sidecar", trees.box(33))]
    assert crop.shape == (58, 48, 3)
