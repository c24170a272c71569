"""Crop conventions: the places of eyes in a crop, the box that it covers, and the sources of eyes."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.data import cropping, mtcnn
from fasrepro.data.cropping import CROPS
from tests.cartoon import cartoon, eyes

HEIGHT, WIDTH = 180, 240
BOX = (77, 45, 88, 100)
# convention -> side of the crop, distance of the eyes, and their height in it, in pixels, by hand from each project's numbers
EXPECTED = {
    "ssdg/aligned_256": (256, 80.5, 117.9),  # 256 x 35.24 / 112, 256 x 51.6 / 112
    "flip/aligned_224": (224, 70.5, 103.2),
    "instructflip/padding_37": (224, 68.5, 74.9),  # 224 x 0.532 / 1.74, 224 x 0.582 / 1.74
    "safas/eyes_3x": (400, 133.3, 123.8),  # a third; the nose, 0.571 eye distances below, in the middle
    "gdfas/padding_60": (224, 54.2, 82.7),  # 224 x 0.532 / 2.2, 224 x 0.812 / 2.2
}


def test_a_tight_crop_is_the_box_as_it_is() -> None:
    rgb = np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)
    cut, box, source = cropping.crop(rgb, (4, 5, 6, 7), CROPS["tight"], (1.0, 1.0, 2.0, 1.0))
    assert cut.shape == (7, 6, 3)
    assert np.array_equal(cut, rgb[5:12, 4:10])
    assert (box, source) == ((4, 5, 6, 7), "")


def test_a_crop_through_few_pixels_keeps_its_size_and_loses_what_they_do_not_hold() -> None:
    rgb = np.zeros((96, 192, 3), np.uint8)
    rgb[:, ::2] = 255  # a grid of one pixel's width: 48 pixels for 192 columns hold its mean alone
    cut, box, source = cropping.crop(rgb, (0, 0, 192, 96), CROPS["tight/through_48"], None)
    assert cut.shape == rgb.shape and (box, source) == ((0, 0, 192, 96), "")
    assert set(np.unique(cut)) <= {127, 128}
    edge = np.zeros((96, 192, 3), np.uint8)
    edge[:, 96:] = 255
    kept = cropping.resized(edge, CROPS["tight/through_48"])
    assert np.array_equal(kept[:, :90], edge[:, :90]) and np.array_equal(kept[:, 102:], edge[:, 102:])
    small = np.arange(48 * 48 * 3, dtype=np.uint8).reshape(48, 48, 3)
    assert np.array_equal(cropping.resized(small, CROPS["tight/through_48"]), small)


@pytest.mark.parametrize("degrees", [0.0, 10.0, -15.0])
@pytest.mark.parametrize("name", EXPECTED)
def test_eyes_are_level_at_the_conventions_place(name: str, degrees: float) -> None:
    side, apart, down = EXPECTED[name]
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    known = eyes(120, 90, 40, degrees)
    for x, y in (known[:2], known[2:]):
        cv2.circle(picture, (round(x * 16), round(y * 16)), 3 * 16, (255, 255, 255), -1, cv2.LINE_AA, 4)
    cut, _, source = cropping.crop(picture, BOX, CROPS[name], known)
    assert cut.shape == (side, side, 3)
    assert source == "sidecar"
    rows, columns = np.nonzero(cut[..., 0] > 100)
    left, right = columns < side / 2, columns >= side / 2
    assert rows[left].mean() == pytest.approx(down - 0.5, abs=1.5)
    assert rows[right].mean() == pytest.approx(down - 0.5, abs=1.5)
    assert columns[right].mean() - columns[left].mean() == pytest.approx(apart, abs=1.5)
    assert columns.mean() == pytest.approx(side / 2 - 0.5, abs=1.5)


def test_every_convention_is_tested() -> None:
    assert CROPS.keys() == {"tight", "tight/through_48", *EXPECTED}


@given(st.floats(-50, 290), st.floats(-50, 230), st.floats(1, 200), st.floats(1, 200), st.floats(-math.pi, math.pi))
def test_bounds_hold_the_corners_and_lie_in_the_frame(x: float, y: float, width: float, height: float, angle: float) -> None:
    box = cropping.bounds(cropping.Area(x, y, width, height, angle), HEIGHT, WIDTH)
    corners = [
        (
            x + a * width / 2 * math.cos(angle) - b * height / 2 * math.sin(angle),
            y + a * width / 2 * math.sin(angle) + b * height / 2 * math.cos(angle),
        )
        for a in (-1, 1)
        for b in (-1, 1)
    ]
    if box is None:
        inside = [0 < cx < WIDTH and 0 < cy < HEIGHT for cx, cy in corners]
        assert not any(inside)
        return
    left, top, wide, high = box
    assert 0 <= left < left + wide <= WIDTH
    assert 0 <= top < top + high <= HEIGHT
    for cx, cy in corners:
        assert min(max(cx, 0), WIDTH) >= left - 1e-6
        assert min(max(cx, 0), WIDTH) <= left + wide + 1e-6
        assert min(max(cy, 0), HEIGHT) >= top - 1e-6
        assert min(max(cy, 0), HEIGHT) <= top + high + 1e-6


def test_the_area_beyond_the_frame_is_black_or_mirrored() -> None:
    white = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    known = (4.0, 40.0, 34.0, 40.0)
    black, box, _ = cropping.crop(white, (0, 20, 40, 60), CROPS["gdfas/padding_60"], known)
    assert black[100, 10].tolist() == [0, 0, 0]
    assert black[100, 200].tolist() == [255, 255, 255]
    assert box[0] == 0
    mirrored, _, _ = cropping.crop(white, (0, 20, 40, 60), CROPS["safas/eyes_3x"], known)
    assert mirrored.min() == 255


@pytest.mark.parametrize("degrees", [0.0, 8.0, -12.0])
def test_eyes_missing_from_the_archive_are_detected(degrees: float) -> None:
    picture = cartoon(HEIGHT, WIDTH, 120, 92, 44, degrees)
    [face] = mtcnn.detect(picture, 40)
    detected = cropping.detect_eyes(picture, face.box)
    assert detected == pytest.approx(eyes(120, 92, 44, degrees), abs=3)
    _, _, source = cropping.crop(picture, face.box, CROPS["flip/aligned_224"], None)
    assert source == "detector"
    _, _, source = cropping.crop(
        picture, face.box, CROPS["flip/aligned_224"], (5.0, 5.0, 5.0, 5.0)
    )  # one point is not a pair of eyes
    assert source == "detector"


def test_eyes_are_those_of_the_face_in_the_box() -> None:
    two = np.concatenate([cartoon(HEIGHT, 120, 60, 92, 30), cartoon(HEIGHT, 120, 60, 92, 40)], axis=1)
    assert cropping.detect_eyes(two, (30, 56, 60, 78)) == pytest.approx(eyes(60, 92, 30), abs=3)
    assert cropping.detect_eyes(two, (140, 44, 80, 104)) == pytest.approx(eyes(180, 92, 40), abs=3)
    assert cropping.detect_eyes(two, (0, 0, 30, 30)) is None


def test_undetected_eyes_are_placed_by_the_box() -> None:
    wall = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
    assert cropping.detect_eyes(wall, BOX) is None
    assert cropping.expected_eyes((10, 20, 100, 120)) == pytest.approx((39, 68, 81, 68))
    _, _, source = cropping.crop(wall, BOX, CROPS["ssdg/aligned_256"], None)
    assert source == "box"
