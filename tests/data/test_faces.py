"""The choice of frames and boxes."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.data import faces
from fasrepro.data.frames import decode
from tests import videos
from tests.cartoon import cartoon


@pytest.mark.parametrize("size", [(4000, 1), (60_000, 2), (11, 300), (300, 11)])
def test_a_frame_too_narrow_for_a_face_has_none(size: tuple[int, int]) -> None:
    assert faces.detect(np.full((*size, 3), 128, np.uint8), 40) is None


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
def test_at_most_two_of_the_given_frames_are_picked(numbers: set[int], first: int) -> None:
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
    return cartoon(180, 240, 120, 90, 43)


def test_sidecar_then_detector_then_centre(tmp_path: Path) -> None:
    videos.write(tmp_path / "face.avi", [portrait()] * 6)
    videos.write(tmp_path / "wall.avi", [np.full((180, 240, 3), 90, np.uint8)] * 6)
    face, wall = decode(tmp_path / "face.avi", 5), decode(tmp_path / "wall.avi", 5)
    portrait_video, wall_video = (tmp_path / "face.avi", face), (tmp_path / "wall.avi", wall)
    assert faces.find(*portrait_video, {0: (-5, 10, 50, 60), 3: (1, 1, 9, 9)}, 40)[1:] == ({0: (0, 10, 45, 60)}, "sidecar")
    upright, boxes, source = faces.find(*portrait_video, None, 40)
    assert upright == face
    assert source == "detector"
    x, y, width, height = boxes[0]
    assert abs(x + width / 2 - 120) < 8
    assert abs(y + height / 2 - 90) < 12
    assert 65 < width < 100
    # A sidecar without a box of a face's size in any candidate frame counts as none.
    nowhere = {0: (10, 10, 39, 90), 3: (1, 1, 90, 90), 5: (500, 0, 90, 90)}
    assert faces.find(*portrait_video, nowhere, 40)[1:] == (boxes, "detector")
    assert faces.find(*wall_video, None, 40) == (wall, {0: (66, 36, 108, 108), 5: (66, 36, 108, 108)}, "centre")
    assert faces.find(*portrait_video, None, 170)[2] == "centre"  # no face is that large


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_face_that_lies_on_its_side_is_found_by_turning_the_frames(tmp_path: Path, turns: int) -> None:
    videos.write(tmp_path / "lying.avi", [np.ascontiguousarray(np.rot90(portrait(), -turns))] * 6)
    frames, boxes, source = faces.find(tmp_path / "lying.avi", decode(tmp_path / "lying.avi", 5), None, 40)
    assert (frames.turns, source) == (turns, "detector")
    x, y, width, height = boxes[0]
    assert abs(x + width / 2 - 120) < 8
    assert abs(y + height / 2 - 90) < 12


WIDE = (10, 10, 80, 80)


@pytest.mark.parametrize(
    ("detections", "frames"),
    [
        ([None] * 12, []),
        ([WIDE] + [None] * 11, []),  # one false detection in twelve frames does not prevent the fallback
        ([WIDE] * 5 + [None] * 6, []),  # 5 of 11 is less than half
        ([WIDE] * 6 + [None] * 6, [0, 1, 2, 3, 4, 5]),  # half is enough
        ([WIDE] * 10 + [(0, 0, 109, 109), (0, 0, 59, 59)], list(range(10))),  # 80 x 1.35 = 108 and 80 / 1.35 = 59.3
        ([WIDE] * 10 + [(0, 0, 108, 108), (0, 0, 60, 60)], list(range(12))),
        ([WIDE] * 5 + [(0, 0, 40, 40)] + [None] * 6, []),  # half fire, but one of them is no face
        ([(0, 0, 40, 40), (0, 0, 160, 160), None, None], []),  # no two agree
    ],
)
def test_detections_are_accepted_if_frequent_and_of_similar_size(detections: list[faces.Box | None], frames: list[int]) -> None:
    boxes = faces.trusted(dict(enumerate(detections)))
    assert boxes == {number: detections[number] for number in frames}


def test_too_few_detections_give_all_frames_the_centre(tmp_path: Path) -> None:
    wall = np.full((180, 240, 3), 90, np.uint8)
    videos.write(tmp_path / "few.avi", [portrait()] * 5 + [wall] * 25)
    videos.write(tmp_path / "half.avi", [portrait()] * 15 + [wall] * 15)
    centre = faces.centre(180, 240)
    _, boxes, source = faces.find(tmp_path / "few.avi", decode(tmp_path / "few.avi", 5), None, 40)
    assert (boxes, source) == (dict.fromkeys(range(0, 30, 5), centre), "centre")
    _, boxes, source = faces.find(tmp_path / "half.avi", decode(tmp_path / "half.avi", 5), None, 40)
    assert (list(boxes), source) == ([0, 5, 10], "detector")


def test_the_box_of_a_large_frame_is_in_its_own_pixels() -> None:
    large = cv2.resize(portrait(), None, fx=4, fy=4, interpolation=cv2.INTER_LINEAR)
    found = faces.detect(large, 160)
    assert found is not None
    box = found.box
    assert abs((found.eyes[0] + found.eyes[2]) / 2 - 480) < 20
    assert abs(box[0] + box[2] / 2 - 480) < 40
    assert 260 < box[2] < 400


@pytest.mark.parametrize(
    ("missed", "reach", "every", "expected"),
    [
        (20, 4, 5, [21, 19, 22, 18, 23, 17, 24, 16]),
        (20, 2, 5, [21, 19, 22, 18]),
        (0, 2, 5, [1, 2]),
        (20, 6, 5, [21, 19, 22, 18, 23, 17, 24, 16, 26, 14]),  # 25 and 15 are candidates themselves
        (20, 3, 1, []),  # every frame is
        (20, 0, 5, []),
    ],
)
def test_neighbours_are_tried_nearest_first(missed: int, reach: int, every: int, expected: list[int]) -> None:
    assert faces.neighbours(missed, reach, every) == expected


def test_stand_ins_have_a_similar_size_and_are_used_once(tmp_path: Path) -> None:
    wall = np.full((180, 240, 3), 90, np.uint8)
    small = cartoon(180, 240, 120, 90, 24)
    film = [portrait()] * 16
    film[5], film[6], film[10] = wall, small, wall  # frame 6 has a face of another size, so 4 stands in for 5
    videos.write(tmp_path / "v.avi", film)
    frames = decode(tmp_path / "v.avi", 5)
    _, boxes, source = faces.find(tmp_path / "v.avi", frames, None, 40)
    assert (list(boxes), source) == ([0, 15], "detector")
    neighbours_of = {missed: faces.neighbours(missed, 4, 5) for missed in (5, 10)}
    stand_ins = faces.stand_ins(tmp_path / "v.avi", frames, boxes, neighbours_of, 40, None)
    assert {missed: number for missed, (number, _) in stand_ins.items()} == {5: 4, 10: 11}
    assert all(abs(box[2] - boxes[0][2]) < 8 for _, box in stand_ins.values())
    # From a sidecar: 9 lies outside the picture, and 8 can stand in for 5 or for 10, not for both.
    sidecar = {0: (10, 10, 50, 60), 8: (11, 10, 50, 60), 9: (900, 10, 50, 60), 15: (12, 10, 50, 60)}
    _, boxes, _ = faces.find(tmp_path / "v.avi", frames, sidecar, 40)
    stand_ins = faces.stand_ins(tmp_path / "v.avi", frames, boxes, neighbours_of, 40, sidecar)
    assert stand_ins == {5: (8, (11, 10, 50, 60))}
    assert faces.stand_ins(tmp_path / "v.avi", frames, {}, neighbours_of, 40, None) == {}
