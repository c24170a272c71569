"""Choosing frames, boxes and crops."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.data import faces
from fasrepro.data.frames import decode
from fasrepro.synthetic import drawing, people
from fasrepro.synthetic.video import write_video


@pytest.mark.parametrize(
    ("numbers", "picked"),
    [
        (list(range(0, 55, 5)), [20, 45]),  # 11 frames with a face: positions 4 and 4 + 5 = 9
        (list(range(0, 30, 5)), [20, 25]),  # 6: positions 4 and min(4 + 3, 5)
        ([0, 5, 10, 15, 20], [20]),  # 5: position 4 twice
        ([15, 0], [15]),  # fewer than 5: the last
        ([], []),
        ([0, 20, 25, 30, 35, 40, 45], [35, 45]),  # 7, some frames without a face: 4 and min(4 + 3, 6)
    ],
)
def test_the_papers_two_frames(numbers: list[int], picked: list[int]) -> None:
    assert faces.pick(numbers, 4) == picked


@given(st.sets(st.integers(0, 500), min_size=1), st.integers(0, 10))
def test_picked_frames_are_among_the_given_and_at_most_two(numbers: set[int], first: int) -> None:
    picked = faces.pick(list(numbers), first)
    assert set(picked) <= numbers
    assert 1 <= len(picked) <= 2
    assert picked == sorted(picked)


@given(*(st.integers(-300, 300) for _ in range(2)), *(st.integers(1, 400) for _ in range(2)))
def test_a_clipped_box_lies_in_the_frame(x: int, y: int, width: int, height: int) -> None:
    clipped = faces.clip((x, y, width, height), 180, 240)
    overlaps = x < 240 and y < 180 and x + width > 0 and y + height > 0
    assert (clipped is not None) == overlaps
    if clipped:
        cx, cy, cw, ch = clipped
        assert 0 <= cx < cx + cw <= 240
        assert 0 <= cy < cy + ch <= 180


def portrait() -> np.ndarray:
    who = people.dataclasses.replace(people.person(1), skin="fair", hair="black", style="short", beard="none", glasses="none")
    where = people.dataclasses.replace(people.sitting(4), light="front", background="wall", turn=0.0, tilt=0.0)
    figure = drawing.figure(who, where, 180, 240, drawing.Place(120, 85, 43))
    behind = drawing.background(where, 180, 240)
    return ((behind + (figure.rgb - behind) * figure.alpha[..., None]) * 255).astype(np.uint8)


def test_sidecar_then_detector_then_centre(tmp_path: Path) -> None:
    write_video(tmp_path / "face.avi", [portrait()] * 6, 25, 2)
    write_video(tmp_path / "wall.avi", [np.full((180, 240, 3), 90, np.uint8)] * 6, 25, 2)
    face, wall = decode(tmp_path / "face.avi", 5), decode(tmp_path / "wall.avi", 5)
    assert faces.find(face, {0: (-5, 10, 50, 60), 3: (1, 1, 9, 9)}, 40) == ({0: (0, 10, 45, 60)}, "sidecar")
    boxes, source = faces.find(face, None, 40)
    assert source == "detector"
    x, y, width, height = boxes[0]
    assert abs(x + width / 2 - 120) < 8
    assert abs(y + height / 2 - 90) < 12
    assert 70 < width < 120
    # a sidecar without any box on a kept frame is as none
    assert faces.find(face, {3: (1, 1, 9, 9), 5: (500, 0, 9, 9)}, 40) == (boxes, "detector")
    assert faces.find(wall, None, 40) == ({0: (66, 36, 108, 108), 5: (66, 36, 108, 108)}, "centre")
    assert faces.find(face, None, 170)[1] == "centre"  # no face is that large


WIDE = (10, 10, 80, 80)


@pytest.mark.parametrize(
    ("found", "frames"),
    [
        ([None] * 12, []),
        ([WIDE] + [None] * 11, []),  # one false detection in twelve frames does not keep the video from the fallback
        ([WIDE] * 5 + [None] * 6, []),  # 5 of 11 is less than half
        ([WIDE] * 6 + [None] * 6, [0, 1, 2, 3, 4, 5]),  # half is enough
        ([WIDE] * 10 + [(0, 0, 109, 109), (0, 0, 59, 59)], list(range(10))),  # 80 x 1.35 = 108 and 80 / 1.35 = 59.3
        ([WIDE] * 10 + [(0, 0, 108, 108), (0, 0, 60, 60)], list(range(12))),
        ([WIDE] * 5 + [(0, 0, 40, 40)] + [None] * 6, []),  # half fire, but one of them is no face
        ([(0, 0, 40, 40), (0, 0, 160, 160), None, None], []),  # no two agree
    ],
)
def test_a_detector_is_believed_by_how_often_and_how_alike_it_fires(found: list[faces.Box | None], frames: list[int]) -> None:
    kept = faces.believed(dict(enumerate(found)))
    assert kept == {number: found[number] for number in frames}


def test_a_face_in_few_frames_gives_all_frames_the_centre(tmp_path: Path) -> None:
    wall = np.full((180, 240, 3), 90, np.uint8)
    write_video(tmp_path / "few.avi", [portrait()] * 5 + [wall] * 25, 25, 2)
    write_video(tmp_path / "half.avi", [portrait()] * 15 + [wall] * 15, 25, 2)
    centre = faces.centre(180, 240)
    assert faces.find(decode(tmp_path / "few.avi", 5), None, 40) == (dict.fromkeys(range(0, 30, 5), centre), "centre")
    boxes, source = faces.find(decode(tmp_path / "half.avi", 5), None, 40)
    assert (list(boxes), source) == ([0, 5, 10], "detector")


def test_a_large_frame_gives_the_box_in_its_own_pixels() -> None:
    grey = cv2.cvtColor(portrait(), cv2.COLOR_RGB2GRAY)
    large = cv2.resize(grey, None, fx=4, fy=4, interpolation=cv2.INTER_LINEAR)
    box = faces.detect(large, 160)
    assert box is not None
    assert abs(box[0] + box[2] / 2 - 480) < 40
    assert 280 < box[2] < 480


def test_a_crop_is_tight() -> None:
    rgb = np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)
    cut = faces.crop(rgb, (4, 5, 6, 7))
    assert cut.shape == (7, 6, 3)
    assert np.array_equal(cut[0, 0], rgb[5, 4])
